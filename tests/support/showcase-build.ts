import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import type { RubricMapper } from '../../src/rubrics/mapper.ts';
import type { ArchiveCard, ArchiveQuery, RequisiteWrite, SedArchive } from '../../src/sed/port.ts';
import type { BuildDeps, Showcase } from '../../src/showcase/deps.ts';
import { showcasePath } from '../../src/showcase/files.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { loadTerms, type Terms } from '../../src/terms/index.ts';
import type { TestDatabase } from './database.ts';

export const CODE_A = '0003.0009.0099.0742';
export const CODE_B = '0005.0005.0056.1160';
export const CODE_5 = '0003.0009.0099.0742.0110';
export const OPA_ID = '900001';
export const NOON = Date.UTC(2026, 5, 15, 9);

/** A good card with one question; what a test is about goes over it. */
export function cardOf(key: string, over: Partial<ArchiveCard> = {}): ArchiveCard {
  return {
    key,
    isn: key,
    regNumber: `А-${key}/26`,
    regDate: '2026-03-02',
    cardfile: '0.A.',
    docGroup: '0.D.',
    rubrics: [{ code: CODE_A, name: 'Дороги' }],
    kind: 'APPEAL_59FZ',
    state: 'IN_WORK',
    repeated: false,
    ...over,
  };
}

/** Rubrics by their codes. */
export function rubricsOf(...codes: string[]): ArchiveCard['rubrics'] {
  return codes.map((code) => ({ code, name: `Рубрика ${code}` }));
}

/** A mapper by a table from codes; a code that is not in it has no rule. */
export function tableMapper(table: Readonly<Record<string, string>>): RubricMapper {
  return {
    version: 1,
    readsText: false,
    map: ({ otkCode }) => {
      const subjectId = table[otkCode];
      return subjectId === undefined ? { unmapped: 'no-rule' } : { subjectId, ruleId: otkCode };
    },
  };
}

export const MAPPER = tableMapper({ [CODE_A]: '11', [CODE_B]: '22', [CODE_5]: '33' });

export interface FakeArchive extends SedArchive {
  cardsNow: ArchiveCard[];
  /** Fails before this page, counted from 0. */
  failAtPage: number | undefined;
  failure: Error;
  /** Fails the next writing of requisites. */
  writeFailure: Error | undefined;
  readonly writes: RequisiteWrite[];
  readonly queries: ArchiveQuery[];
}

/** An archive in memory, in pages of two cards. */
export function fakeArchive(cards: readonly ArchiveCard[] = [], pageSize = 2): FakeArchive {
  const archive: FakeArchive = {
    cardsNow: [...cards],
    failAtPage: undefined,
    failure: new Error('archive gone'),
    writeFailure: undefined,
    writes: [],
    queries: [],
    async *cards(query) {
      archive.queries.push(query);
      const list = [...archive.cardsNow];
      for (let at = 0; at * pageSize < list.length || at === 0; at += 1) {
        if (archive.failAtPage === at) throw archive.failure;
        yield list.slice(at * pageSize, (at + 1) * pageSize);
      }
    },
    async writeRequisites(writes) {
      const { writeFailure } = archive;
      archive.writeFailure = undefined;
      if (writeFailure !== undefined) throw writeFailure;
      archive.writes.push(...writes);
      return writes.map(() => ({ ok: true }));
    },
    findCard: async () => undefined,
    cardfiles: async () => [],
    check: async () => undefined,
    close: async () => undefined,
  };
  return archive;
}

export function showcaseOf(over: Partial<Showcase> = {}): Showcase {
  return {
    id: 'yakutsk',
    cabinet: 'yakutsk',
    archive: 'delo',
    region: '14',
    cardfiles: ['0.A.', '0.B.'],
    from: '2026-01-01',
    ogrn: '1021400000000',
    includePlatformBorn: false,
    schedule: '30 2 * * *',
    maxRecords: 10_000,
    reportInterval: 15_000,
    digestAt: '07:00',
    mailTo: [],
    opaId: OPA_ID,
    timeZone: 'Asia/Yakutsk',
    ...over,
  };
}

export interface BuildStand {
  readonly deps: BuildDeps;
  readonly db: Queryable;
  readonly archive: FakeArchive;
  readonly spoolDir: string;
  /** Forgets all showcase rows and files. */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

let terms: Promise<Terms> | undefined;

/** Terms and calendar as shipped. */
export async function shippedTerms(): Promise<Terms> {
  terms ??= loadTerms(new URL('../../mappings', import.meta.url).pathname);
  return await terms;
}

/** What building stands on, with an archive in memory and a spool of its own. */
export async function buildStand(
  { dataSource }: TestDatabase,
  over: Partial<BuildDeps> = {},
): Promise<BuildStand> {
  const spoolDir = await mkdtemp(join(tmpdir(), 'posrednik-showcase-'));
  const archive = fakeArchive();
  const db = queryable(dataSource);
  await db.query(
    `INSERT INTO cabinet (opa_id, name, start_from) VALUES ($1, 'yakutsk', now()) ON CONFLICT DO NOTHING`,
    [OPA_ID],
  );
  const deps: BuildDeps = {
    dataSource,
    db,
    log: pino({ level: 'silent' }),
    archive,
    mapper: MAPPER,
    terms: await shippedTerms(),
    spoolDir,
    now: () => NOON,
    writeFlags: true,
    ...over,
  };
  return {
    deps,
    db,
    archive,
    spoolDir,
    async clear() {
      await db.query('TRUNCATE showcase_record, showcase_upload, showcase_error, showcase_build');
      await db.query(
        `DELETE FROM setting WHERE key LIKE 'organization-ogrn:%' OR key LIKE 'showcase-limit:%'`,
      );
      await rm(join(spoolDir, 'showcase'), { recursive: true, force: true });
      archive.cardsNow = [];
      archive.failAtPage = undefined;
      archive.writes.length = 0;
      archive.queries.length = 0;
    },
    remove: () => rm(spoolDir, { recursive: true, force: true }),
  };
}

export interface RecordRow {
  readonly card_key: string;
  readonly question_no: number;
  readonly otk_code: string;
  readonly verdict: string;
  readonly state: string;
  readonly content: string | null;
  readonly own_code: string | null;
  readonly own_field: string | null;
  readonly own_detail: string | null;
  readonly since: Date | null;
}

/** All rows of the showcase, in the order of cards and numbers. */
export async function rowsOf(db: Queryable): Promise<RecordRow[]> {
  return await db.query<RecordRow>(
    `SELECT card_key, question_no, otk_code, verdict, state, content, own_code, own_field, own_detail, since
     FROM showcase_record ORDER BY card_key, question_no`,
  );
}

/** `card#number state` of each row. */
export async function statesOf(db: Queryable): Promise<string[]> {
  return (await rowsOf(db)).map((row) => `${row.card_key}#${row.question_no} ${row.state}`);
}

/** Lines of a showcase file, parsed; the header first. */
export async function readShowcaseFile(spoolDir: string, file: string): Promise<Record<string, unknown>[]> {
  const text = gunzipSync(await readFile(showcasePath(spoolDir, file))).toString('utf8');
  if (!text.endsWith('\n')) throw new Error('the last line is cut');
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Settles what is in flight of these uploads (all when left out) as the report would, all of it accepted. */
export async function acceptAll(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE showcase_record SET accepted_hash = sent_hash, sent_hash = NULL,
       since = CASE WHEN hash = sent_hash AND verdict IN ('send', 'remove') THEN NULL ELSE since END
     WHERE sent_hash IS NOT NULL`,
  );
  await db.query(`UPDATE showcase_upload SET state = 'settled' WHERE state = 'ready'`);
}

/** The same, all of it refused by the platform. */
export async function refuseAll(db: Queryable): Promise<void> {
  await db.query(
    `UPDATE showcase_record SET refused_hash = sent_hash, sent_hash = NULL, error_code = 'SHOWCASE_RECORD_REFUSED'
     WHERE sent_hash IS NOT NULL`,
  );
  await db.query(`UPDATE showcase_upload SET state = 'settled' WHERE state = 'ready'`);
}
