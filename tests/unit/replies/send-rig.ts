import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { tellBreakerChange } from '../../../src/alerts/breaker-changes.ts';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import type { PolledCabinet } from '../../../src/intake/intake.ts';
import { answerLimits, createRestPlatform, loadPlatformMapping } from '../../../src/platform/rest/index.ts';
import type { RepliesDeps } from '../../../src/replies/deps.ts';
import { createReplies } from '../../../src/replies/work.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { openSpool } from '../../../src/store/spool.ts';
import { type KeyMode, startPlatform } from '../../simulators/platform/index.ts';
import { createTestDatabase } from '../../support/database.ts';
import { rulesWith } from './interpret-support.ts';

export const OPA_ID = '100001';
const SETTLE_AFTER_MS = 120_000;

export interface SentRow {
  readonly id: string;
  readonly seq: number;
  readonly key: string;
  readonly kind: string;
  readonly state: string;
  readonly attempts: number;
  readonly baseline: number | null;
  readonly error_code: string | null;
  readonly error_detail: string | null;
  readonly error_field: string | null;
}

export interface Case {
  readonly appealId: string;
  readonly posId: number;
  readonly cardId: string;
  tell(kind: string, data?: Record<string, unknown>, more?: { subject?: string; at?: string }): Promise<void>;
  /** An answer document with these files, by name. */
  tellAnswer(files?: Readonly<Record<string, string>>, facts?: Record<string, unknown>): Promise<void>;
  rows(): Promise<SentRow[]>;
  /** What the cabinet has entered, in order. */
  sent(): string[];
  journal(): Promise<string[]>;
  work(deps?: RepliesDeps): Promise<number | null>;
  /** Lets time pass for the store and the breakers. */
  move(ms: number): Promise<void>;
  /** Works and lets time pass until nothing is left to do; a death ends one process, not the work. */
  rest(deps?: RepliesDeps): Promise<void>;
}

/** A real database, a simulated platform and the REST driver between them; the clock is moved by hand. */
export async function startSendRig(keyMode: KeyMode) {
  const database = await createTestDatabase();
  const platform = await startPlatform({ keyMode });
  const dir = await mkdtemp(join(tmpdir(), 'send-'));
  const spool = await openSpool(join(dir, 'spool'));
  const db = queryable(database.dataSource);
  const mapping = await loadPlatformMapping(
    new URL('../../../mappings/platform.yaml', import.meta.url).pathname,
  );
  const account = { opaId: OPA_ID, identifier: 'lko', password: 'p', name: 'Мэрия' };
  platform.addCabinet(account);
  await db.query(`INSERT INTO cabinet (opa_id, name, start_from) VALUES ($1, 'Мэрия', now())`, [OPA_ID]);
  const rest = createRestPlatform({
    baseUrl: platform.url,
    mapping,
    timeoutMs: 700,
    idleTimeoutMs: 700,
    tokenScope: 'sed',
    repeatDelayMs: 1,
  });
  const log = pino({ level: 'silent' });
  const incidents = createIncidents(log);
  const clock = { offset: 0 };
  const told: Promise<void>[] = [];
  const cabinet = {
    config: { id: 'lko-1', opaId: OPA_ID, name: 'Мэрия', timeZone: 'Europe/Moscow' },
    access: {
      opaId: OPA_ID,
      cabinet: 'lko-1',
      identifier: 'lko',
      readPassword: async () => account.password,
      timeZone: 'Europe/Moscow',
    },
  } as PolledCabinet;

  /** Another process: own breakers. */
  function worker(over: Partial<RepliesDeps> = {}): RepliesDeps {
    return {
      dataSource: database.dataSource,
      db,
      platform: rest,
      spool,
      incidents,
      log,
      owner: randomUUID(),
      rules: () => rulesWith(),
      limits: answerLimits(mapping),
      settleAfterMs: SETTLE_AFTER_MS,
      retry: { base: 10_000, factor: 4, cap: 3_600_000, windowMs: 72 * 3_600_000 },
      cabinet: () => cabinet,
      random: () => 0.5,
      breakers: createBreakers({
        now: () => performance.now() + clock.offset,
        onChange: (change) => void told.push(tellBreakerChange({ db, incidents, log }, change)),
      }),
      ...over,
    };
  }

  async function open(): Promise<Case> {
    const posId = platform.addAppeal(OPA_ID, {});
    const uid = randomUUID();
    const [made] = await db.query<{ appeal_id: string; card_id: string }>(MAKE, [OPA_ID, posId, uid]);
    const appealId = made?.appeal_id ?? '';
    const cardId = made?.card_id ?? '';
    const usual = worker();

    async function tell(
      kind: string,
      data: Record<string, unknown> = {},
      { subject = randomUUID(), at = '2026-03-10T09:00:00Z' }: { subject?: string; at?: string } = {},
      files: readonly object[] = [],
    ): Promise<void> {
      await db.query(TELL, [
        uid,
        kind,
        subject,
        cardId,
        at,
        JSON.stringify(data),
        randomUUID(),
        JSON.stringify(files),
      ]);
    }
    async function move(ms: number): Promise<void> {
      clock.offset += ms;
      await db.query(
        `UPDATE delivery SET next_try_at = next_try_at - make_interval(secs => $2), ended_at = ended_at - make_interval(secs => $2),
           begun_at = begun_at - make_interval(secs => $2) WHERE appeal_id = $1`,
        [appealId, ms / 1000],
      );
    }
    async function dbNow(): Promise<number> {
      const [row] = await db.query<{ now: number }>(
        `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`,
      );
      return row?.now ?? 0;
    }
    const work = (deps: RepliesDeps = usual) =>
      createReplies(deps).work(appealId, new AbortController().signal);

    const own: Case = {
      appealId,
      posId,
      cardId,
      tell,
      async tellAnswer(texts = {}, facts = {}) {
        const files: object[] = [];
        for (const [name, text] of Object.entries(texts)) {
          const path = join(dir, randomUUID());
          await writeFile(path, text);
          const blob = await spool.putFile(path);
          await db.query(`INSERT INTO blob (sha256, size) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
            blob.sha256,
            blob.size,
          ]);
          files.push({ name, ...blob });
        }
        const named = Object.keys(texts).map((name) => ({ resource: name, description: name }));
        await tell('answer', { ...ANSWER, files: named, ...facts }, { at: '2026-03-20T09:00:00Z' }, files);
      },
      rows: () => db.query<SentRow>(`SELECT * FROM delivery WHERE appeal_id = $1 ORDER BY seq`, [appealId]),
      sent: () =>
        platform
          .history(OPA_ID, posId)
          .map((entry) => entry.status)
          .filter((status) => !status.startsWith('MODERATION')),
      async journal() {
        const rows = await db.query<{ event: string }>(
          `SELECT event FROM journal WHERE appeal_id = $1 ORDER BY id`,
          [appealId],
        );
        return rows.map((row) => row.event);
      },
      work,
      move,
      async rest(deps) {
        for (let jobs = 0; jobs < 60; jobs += 1) {
          const until = await work(deps);
          if (until === null) return;
          await move(Math.max(1, until - (await dbNow())) + 5);
        }
        throw new Error(`does not come to rest: ${JSON.stringify(await own.rows())}`);
      },
    };
    return own;
  }

  return {
    platform,
    db,
    clock,
    cabinet,
    rest,
    worker,
    open,
    /** All that the breakers had to tell is stored. */
    told: () => Promise.all(told),
    uploads: () => platform.files(OPA_ID).filter((file) => file.uploaded).length,
    async stop() {
      await Promise.allSettled(told);
      await rest.close();
      await platform.close();
      await database.drop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export type SendRig = Awaited<ReturnType<typeof startSendRig>>;

/** A process that dies at its `steps`-th touch of the store. */
export function dyingAt(deps: RepliesDeps, steps: number): { deps: RepliesDeps; died(): boolean } {
  let left = steps;
  function step(): void {
    left -= 1;
    if (left <= 0) throw new Error('death');
  }
  const db: Queryable = {
    async query<T>(sql: string, params?: readonly unknown[]): Promise<T[]> {
      step();
      return await deps.db.query<T>(sql, params);
    },
  };
  const dataSource = {
    createQueryRunner() {
      step();
      return deps.dataSource.createQueryRunner();
    },
  } as unknown as DataSource;
  return { deps: { ...deps, db, dataSource }, died: () => left <= 0 };
}

const ANSWER = {
  answerUid: 'A-1',
  linkTypes: [{ name: 'Ответ' }],
  annotation: 'Яма заделана',
  number: 'ОТВ-1/26',
  date: '2026-03-20',
  signer: { fio: 'Никитин Николай Николаевич', post: 'Глава' },
};

const MAKE = `
WITH a AS (
  INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at)
  VALUES ($1, $2::text, 'open', 'MESSAGE', 'MODERATION_ACCEPT', now()) RETURNING id),
k AS (
  INSERT INTO card (appeal_id, document_uid, channel, stage, number, date)
  SELECT id, $3, 'main', 'registered', 'ОГ-1/26', '2026-03-02' FROM a RETURNING id, appeal_id)
SELECT appeal_id::text, id::text AS card_id FROM k`;

const TELL = `
WITH m AS (
  INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, files)
  VALUES ('main', $7, $7, 'Report', '', $8) RETURNING id)
INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, at, data)
SELECT $1, $2, $3, $4::bigint, m.id, $5::timestamptz, $6::jsonb FROM m ON CONFLICT DO NOTHING`;
