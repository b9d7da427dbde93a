import type { LoadedConfig } from '../../../../src/config/index.ts';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { showcaseRoutes } from '../../../../src/console/pages/showcase/index.ts';
import type { Role } from '../../../../src/console/web/viewer.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  startTestConsole,
  type TestConsole,
  type Visitor,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

export interface ShowcaseRig {
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly served: TestConsole;
  person(role: Role): Promise<Visitor>;
  close(): Promise<void>;
}

export const SHOWCASES = ['yakutsk', 'mirny'];

/** Settings with these showcases, all of one cabinet; only the archive of the second tells addresses of cards. */
export function settingsOf(ids: readonly string[]): LoadedConfig {
  const showcases = ids.map((id, at) => ({
    ...{ id, region: '14', schedule: '30 2 * * *', cabinet: 'c' },
    archive: `archive-${at}`,
  }));
  return {
    config: { showcases, archives: [{ id: 'archive-1', cardUrl: 'https://delo.test/?card={isn}&x' }] },
    cabinets: [{ id: 'c', timeZone: 'Asia/Yakutsk' }],
  } as unknown as LoadedConfig;
}

/** The pages of the showcase on an empty database with two showcases in the settings. */
export async function openShowcaseRig(ids: readonly string[] = SHOWCASES): Promise<ShowcaseRig> {
  const database = await createTestDatabase();
  const { dataSource } = database;
  const db = queryable(dataSource);
  await db.query(`INSERT INTO cabinet (opa_id, name, start_from) VALUES ('1', 'c', now())`);
  const deps = { db, dataSource, cabinets: () => [], loaded: settingsOf(ids) } as unknown as ConsoleDeps;
  const served = await startTestConsole(db, [...showcaseRoutes(deps), ...accountRoutes(deps)], {
    limits: { requests: 10_000, signIns: 1000 },
  });
  const known = new Map<Role, Visitor>();
  return {
    database,
    db,
    served,
    async person(role) {
      const found = known.get(role);
      if (found !== undefined) return found;
      await addTestUser(db, role, role);
      const made = visitor(served.url);
      await made.signIn(role);
      known.set(role, made);
      return made;
    },
    async close() {
      await served.close();
      await database.drop();
    },
  };
}

export interface TestRecord {
  readonly showcase?: string;
  readonly key: string;
  readonly verdict?: 'send' | 'remove' | 'refuse' | 'unmapped';
  readonly code?: string;
  readonly field?: string;
  readonly detail?: string;
  readonly otk?: string;
  readonly cardfile?: string;
  readonly number?: string;
  readonly upload?: number;
  /** The platform has refused exactly this content. */
  readonly isRefused?: boolean;
  readonly isAccepted?: boolean;
}

/** One record of a showcase with the facts that its state follows from. */
export async function addRecord(db: Queryable, record: TestRecord): Promise<void> {
  const { verdict = 'unmapped' } = record;
  const isOwn = verdict === 'refuse' || verdict === 'unmapped';
  const hash = Buffer.from(record.key);
  const content = JSON.stringify({ oktmo: '98701000', subjectId: '2001', regDate: '2026-03-02' });
  await db.query(
    `INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date, cardfile, verdict,
       own_code, own_field, own_detail, error_code, error_field, error_detail, content, hash, refused_hash, accepted_hash, upload_id, since, build_id)
     VALUES ($1, $2, 1, $3, $2, $4, '2026-03-02', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, now(), 1)`,
    [
      record.showcase ?? 'yakutsk',
      record.key,
      record.otk ?? '0003.0009.0099.0742',
      record.number ?? `А-${record.key}/26`,
      record.cardfile ?? '0.A.',
      verdict,
      ...[record.code, record.field, record.detail].map((value) => (isOwn ? (value ?? null) : null)),
      ...[record.code, record.field, record.detail].map((value) => (isOwn ? null : (value ?? null))),
      isOwn ? null : content,
      isOwn ? null : hash,
      record.isRefused === true ? hash : null,
      record.isAccepted === true ? hash : null,
      record.upload ?? null,
    ],
  );
}

/** A file of a showcase in a state; gives its number. */
export async function addUpload(
  db: Queryable,
  state: string,
  over: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const row = { showcase: 'yakutsk', records: 10, ...over } as Record<string, unknown>;
  const names = Object.keys(row);
  const [made] = await db.query<{ id: string }>(
    `INSERT INTO showcase_upload (opa_id, key, state, file, size, sha256, ${names.join(', ')})
     VALUES ('1', gen_random_uuid()::text, $1, 'f', 1, 'x', ${names.map((_name, at) => `$${at + 2}`).join(', ')}) RETURNING id`,
    [state, ...names.map((name) => row[name])],
  );
  return Number(made?.id);
}
