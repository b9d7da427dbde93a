import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { cabinetSchema, showcaseSchema } from '../../../src/config/schema.ts';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import type { PlatformShowcase } from '../../../src/platform/port.ts';
import { createRestPlatform, loadPlatformMapping } from '../../../src/platform/rest/index.ts';
import type { Showcase } from '../../../src/showcase/deps.ts';
import { contentHash, showcaseDir } from '../../../src/showcase/files.ts';
import { carryUploads } from '../../../src/showcase/upload.ts';
import type { UploadDeps } from '../../../src/showcase/upload-deps.ts';
import { writeUploads } from '../../../src/showcase/uploads.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import {
  type PlatformOptions,
  type PlatformSimulator,
  startPlatform,
} from '../../simulators/platform/index.ts';
import { createTestDatabase } from '../../support/database.ts';

export const OPA = '100200';
export const OGRN = '1027700132195';
const log = pino({ level: 'silent' });

export interface RecordRow {
  readonly no: number;
  readonly state: string;
  readonly content: string;
  readonly accepted: boolean;
  readonly code: string | null;
  readonly field: string | null;
  readonly detail: string | null;
  readonly since: Date | null;
}

export interface Rig {
  readonly simulator: PlatformSimulator;
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly deps: UploadDeps;
  readonly showcase: Showcase;
  readonly spoolDir: string;
  /** Stores a question as building does; `change` makes its content another one. */
  put(no: number, change?: Record<string, unknown>): Promise<void>;
  /** The card is gone: the question goes off the showcase. */
  remove(no: number): Promise<void>;
  /** All ready ones into files; their numbers. */
  write(): Promise<readonly string[]>;
  /** Lets every waiting step begin now. */
  hurry(): Promise<void>;
  /** Carries files on until none is open (at most so many rounds); returns whether none is. */
  drive(rounds?: number): Promise<boolean>;
  records(): Promise<RecordRow[]>;
  uploads(): Promise<UploadState[]>;
  files(): Promise<string[]>;
  mails(): Promise<{ key: string; subject: string; body_text: string; body_html: string }[]>;
  incidents(): Promise<{ code: string; scope: string; open: boolean; count: number }[]>;
  journal(): Promise<string[]>;
  /** What the platform shows, by record id, as JSON text. */
  shown(): Map<string, string>;
  reset(options?: PlatformOptions): Promise<void>;
  close(): Promise<void>;
}

export interface UploadState {
  readonly id: string;
  readonly state: string;
  readonly records: number;
  readonly code: string | null;
  readonly field: string | null;
  readonly attempts: number;
}

export function line(no: number, change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    recordId: `card-${no}#1`,
    regNumber: `К-${no}`,
    regDate: '2026-01-15',
    kind: 'APPEAL_59FZ',
    questionNo: 1,
    questionsTotal: 1,
    otkCode: '0003.0009.0099.0742',
    subjectId: '101',
    subsubjectId: '10101',
    state: 'IN_WORK',
    ...change,
  });
}

/** A rest platform without waiting: the breakers of a process whose clock runs fast. */
export async function createRig(options: PlatformOptions = {}): Promise<Rig> {
  const database = await createTestDatabase({ poolSize: 8 });
  const spoolDir = await mkdtemp(join(tmpdir(), 'posrednik-showcase-'));
  const { dataSource } = database;
  const db = queryable(dataSource);
  const mapping = await loadPlatformMapping(join(import.meta.dirname, '../../../mappings/platform.yaml'));
  const cabinetConfig = cabinetSchema.parse({
    id: 'first',
    name: 'Администрация',
    opaId: OPA,
    identifier: 'ident-1',
    channel: 'main',
  });
  const showcase: Showcase = {
    ...showcaseSchema.parse({
      id: 'main',
      cabinet: 'first',
      archive: 'delo',
      region: '80',
      cardfiles: ['0.1.'],
      from: '2025-01-01',
      ogrn: OGRN,
    }),
    opaId: OPA,
    timeZone: 'Europe/Moscow',
  };
  const access = {
    opaId: OPA,
    cabinet: 'first',
    identifier: 'ident-1',
    readPassword: async () => 'secret',
    timeZone: 'Europe/Moscow',
  };
  let simulator = await startPlatform(options);
  let platform = driverAt(simulator.url);
  const fresh = () =>
    simulator.addCabinet({
      opaId: OPA,
      identifier: 'ident-1',
      password: 'secret',
      name: 'Администрация',
      ogrn: OGRN,
    });
  fresh();

  function driverAt(baseUrl: string) {
    return createRestPlatform({
      baseUrl,
      mapping,
      timeoutMs: 5000,
      idleTimeoutMs: 5000,
      tokenScope: 'sed',
      repeatDelayMs: 1,
    });
  }

  const deps: UploadDeps = {
    dataSource,
    db,
    platform: {
      uploadShowcase: (...args) => platform.uploadShowcase(...args),
      readShowcaseReport: (...args) => platform.readShowcaseReport(...args),
    } satisfies PlatformShowcase,
    breakers: createBreakers({ now: () => 0, settings: { failuresInRow: 10_000, windowSize: 100_000 } }),
    incidents: createIncidents(log),
    log,
    retry: { base: 10, factor: 2, cap: 100 },
    spoolDir,
    cabinet: (opaId) => (opaId === OPA ? { config: cabinetConfig, access } : undefined),
    pollFirstMs: () => 10,
    recipients: () => ['admin@example.org'],
    random: Math.random,
  };

  const rig: Rig = {
    get simulator() {
      return simulator;
    },
    dataSource,
    db,
    deps,
    showcase,
    spoolDir,
    async put(no, change = {}) {
      const content = line(no, change);
      await db.query(
        `INSERT INTO showcase_record AS r (showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date, cardfile,
           verdict, content, hash, since, build_id)
         VALUES ('main', $1, 1, '0003.0009.0099.0742', '1', $2, '2026-01-15', '0.1.', 'send', $3, $4, now(), 1)
         ON CONFLICT (showcase, card_key, question_no) DO UPDATE SET verdict = 'send', content = $3, hash = $4,
           since = coalesce(r.since, now())`,
        [`card-${no}`, `К-${no}`, content, contentHash(content)],
      );
    },
    async remove(no) {
      const content = line(no, { state: 'REMOVED' });
      await db.query(
        `UPDATE showcase_record SET verdict = 'remove', content = $2, hash = $3, since = coalesce(since, now())
         WHERE card_key = $1`,
        [`card-${no}`, content, contentHash(content)],
      );
    },
    write: async () =>
      (await writeUploads({ dataSource, db, log, spoolDir }, showcase)).map(({ id }) => String(id)),
    async hurry() {
      await db.query(
        `UPDATE showcase_upload SET next_try_at = now() - interval '1 second' WHERE state IN ('ready', 'sending', 'polling')`,
      );
    },
    async drive(rounds = 400) {
      for (let round = 0; round < rounds; round += 1) {
        await rig.hurry();
        await carryUploads(deps, new AbortController().signal);
        const [open] = await db.query<{ n: number }>(
          `SELECT count(*)::int AS n FROM showcase_upload WHERE state IN ('ready', 'sending', 'polling')`,
        );
        if (open?.n === 0) return true;
      }
      return false;
    },
    records: () =>
      db.query<RecordRow>(
        `SELECT substr(card_key, 6)::int AS no, state, content, accepted_hash = hash AS accepted, error_code AS code,
           error_field AS field, error_detail AS detail, since FROM showcase_record ORDER BY 1`,
      ),
    uploads: () =>
      db.query<UploadState>(
        `SELECT id::text AS id, state, records, error_code AS code, error_field AS field, attempts
         FROM showcase_upload ORDER BY showcase_upload.id`,
      ),
    files: async () => (existsSync(showcaseDir(spoolDir)) ? await readdir(showcaseDir(spoolDir)) : []),
    mails: () => db.query(`SELECT key, subject, body_text, body_html FROM mail ORDER BY id`),
    incidents: () =>
      db.query(
        `SELECT code, scope, closed_at IS NULL AS open, count::int AS count FROM incident ORDER BY id`,
      ),
    journal: async () =>
      (await db.query<{ event: string }>(`SELECT event FROM journal ORDER BY id`)).map(({ event }) => event),
    shown: () =>
      new Map(
        simulator.showcaseRecords(OPA).map((record) => [String(record['recordId']), JSON.stringify(record)]),
      ),
    async reset(next = {}) {
      await db.query(
        `TRUNCATE showcase_error, showcase_upload, showcase_record, mail, mail_recipient, incident, journal RESTART IDENTITY CASCADE`,
      );
      await db.query(`DELETE FROM setting`);
      await db.query(`UPDATE cabinet SET state = 'active'`);
      await rm(showcaseDir(spoolDir), { recursive: true, force: true });
      await platform.close();
      await simulator.close();
      simulator = await startPlatform(next);
      platform = driverAt(simulator.url);
      fresh();
    },
    async close() {
      await platform.close();
      await simulator.close();
      await database.drop();
      await rm(spoolDir, { recursive: true, force: true });
    },
  };
  await db.query(`INSERT INTO cabinet (opa_id, name, start_from) VALUES ($1, 'first', now())`, [OPA]);
  return rig;
}
