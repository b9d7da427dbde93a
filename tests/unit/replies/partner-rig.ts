import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { type BreakerChange, type Breakers, createBreakers } from '../../../src/endpoints/breaker.ts';
import type { PolledCabinet } from '../../../src/intake/intake.ts';
import { type PartnerDeps, writePartnerReports } from '../../../src/replies/partner.ts';
import type { PartnerReportRequest, RenderedPackage, WriteOutcome } from '../../../src/sed/port.ts';
import { identifyReport } from '../../../src/sed/sev/partner-report.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

export const OPA_ID = '100500';

/** A СЭД that takes reports as it is told to. */
export interface HandSed {
  readonly reports: PartnerReportRequest[];
  /** Message folders that nobody has taken away. */
  readonly waitingDirs: Set<string>;
  /** Called before the folder is listed. */
  list(): void;
  /** Called before a report is taken; what it throws, the writing throws. */
  before(request: PartnerReportRequest): void | Promise<void>;
  report(request: PartnerReportRequest, signal?: AbortSignal): Promise<WriteOutcome>;
  renderReport(request: PartnerReportRequest): RenderedPackage;
  waiting(channel: string, messageDirs: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface ReplyRow {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly failures: number;
  readonly due: boolean;
  /** Seconds until it is due. */
  readonly wait: number;
}

export interface AnswerInput {
  readonly channel?: string;
  readonly posId?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly kinds?: readonly PartnerReportRequest['kind'][];
}

export interface PartnerRig {
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly sed: HandSed;
  readonly deps: PartnerDeps;
  readonly logged: string[];
  readonly changes: BreakerChange[];
  readonly clock: { offset: number };
  /** A process that dies when a report stands in the folder and is not marked yet. */
  dying(): PartnerDeps;
  /** Another process: own breakers, same database. */
  worker(over?: Partial<PartnerDeps>): PartnerDeps;
  /** An answer with a delivery and the reports owed for it; the delivery's id. */
  answer(input?: AnswerInput): Promise<string>;
  owe(
    deliveryId: string,
    kind: string,
    more?: { subject?: string; code?: string; text?: string },
  ): Promise<void>;
  rows(deliveryId: string): Promise<ReplyRow[]>;
  /** Makes everything planned due now. */
  ripen(): Promise<void>;
  journal(): Promise<{ event: string; code: string | null; data: Record<string, unknown> }[]>;
  run(channel?: string, deps?: PartnerDeps): Promise<number>;
  stop(): Promise<void>;
}

export async function startPartnerRig(): Promise<PartnerRig> {
  const database = await createTestDatabase();
  const logged: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  const db = queryable(database.dataSource);
  await db.query(`INSERT INTO cabinet (opa_id, name, start_from) VALUES ($1, 'Мэрия', now())`, [OPA_ID]);
  const sed = createHandSed();
  const clock = { offset: 0 };
  const changes: BreakerChange[] = [];
  const breakers = (): Breakers =>
    createBreakers({
      now: () => performance.now() + clock.offset,
      onChange: (change) => void changes.push(change),
    });
  const deps: PartnerDeps = {
    dataSource: database.dataSource,
    db,
    breakers: breakers(),
    log,
    retry: { base: 10_000, factor: 4, cap: 3_600_000, windowMs: 72 * 3_600_000 },
    cabinet: (opaId) =>
      opaId === OPA_ID ? ({ config: { timeZone: 'Asia/Yakutsk' } } as PolledCabinet) : undefined,
    random: () => 0.5,
    sed,
  };
  let seq = 0;

  async function owe(
    deliveryId: string,
    kind: string,
    { subject = '', code, text }: { subject?: string; code?: string; text?: string } = {},
  ): Promise<void> {
    const failure = kind === 'failure' ? (code ?? 'ANSWER_EMPTY') : null;
    await db.query(
      `INSERT INTO sed_reply (delivery_id, kind, subject, header_time, failure_code, failure_text)
       VALUES ($1, $2, $3, '2026-02-11T20:08:09Z', $4, $5)`,
      [deliveryId, kind, subject, failure, text ?? null],
    );
  }

  return {
    database,
    db,
    sed,
    deps,
    logged,
    changes,
    clock,
    dying: () => ({
      ...deps,
      breakers: breakers(),
      dataSource: {
        createQueryRunner: () => {
          throw new Error('death');
        },
      } as never,
    }),
    worker: (over = {}) => ({ ...deps, breakers: breakers(), ...over }),
    async answer({ channel = 'main', posId = randomUUID(), facts = {}, kinds = ['reception'] } = {}) {
      seq += 1;
      const [row] = await db.query<{ id: string }>(ANSWER, [
        OPA_ID,
        posId,
        randomUUID(),
        channel,
        randomUUID(),
        JSON.stringify({ ...FACTS, answerUid: randomUUID(), ...facts }),
        seq,
      ]);
      const id = row?.id ?? '';
      for (const kind of kinds) await owe(id, kind);
      return id;
    },
    owe,
    rows: (deliveryId) =>
      db.query<ReplyRow>(
        `SELECT id::text AS id, kind, state, failures, next_try_at <= now() AS due,
                round(extract(epoch FROM next_try_at - now()))::float8 AS wait
         FROM sed_reply WHERE delivery_id = $1 ORDER BY id`,
        [deliveryId],
      ),
    async ripen() {
      await db.query(`UPDATE sed_reply SET next_try_at = now() WHERE state = 'planned'`);
    },
    journal: () => db.query(`SELECT event, code, data FROM journal ORDER BY id`),
    run: (channel = 'main', worker = deps) =>
      writePartnerReports(worker, { id: channel, partnerReports: true }, new AbortController().signal),
    stop: () => database.drop(),
  };
}

export const FACTS = {
  returnId: 'RETURN-1',
  messageId: 'MESSAGE-1',
  number: 'ОТВ-1/26',
  date: '2026-02-10',
  group: { name: 'Ответы' },
};

function createHandSed(): HandSed {
  return {
    reports: [],
    waitingDirs: new Set(),
    before: () => undefined,
    list: () => undefined,
    renderReport: (request) => ({ identity: identifyReport(request), files: [], envelope: new Uint8Array() }),
    async waiting(_channel, messageDirs) {
      this.list();
      return new Set(messageDirs.filter((dir) => this.waitingDirs.has(dir)));
    },
    async report(request) {
      await this.before(request);
      this.reports.push(request);
      return 'written';
    },
  };
}

const ANSWER = `
WITH a AS (
  INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at) VALUES ($1, $2, 'open', 'MESSAGE', 'IN_WORK', now())
  ON CONFLICT (opa_id, pos_id) DO UPDATE SET changed_at = now() RETURNING id),
k AS (
  INSERT INTO card (appeal_id, repetition, document_uid, channel) SELECT id, $3, $3, $4 FROM a RETURNING id, appeal_id),
m AS (
  INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, files)
  VALUES ($4, $5, $5, 'MainDoc', 'RETURN-1', '[]') RETURNING id),
e AS (
  INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, at, data, handled_at)
  SELECT $3, 'answer', $5, k.id, m.id, '2026-02-10T20:00:00Z', $6::jsonb, now() FROM k, m RETURNING id)
INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state)
SELECT k.appeal_id, k.id, e.id, $7::int, $5, 'answer', 'правило', '{"kind":"answer"}', 'queued' FROM k, e
RETURNING id::text AS id`;
