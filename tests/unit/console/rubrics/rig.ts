import { createHash } from 'node:crypto';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { accountRoutes } from '../../../../src/console/pages/account/index.ts';
import { rubricRoutes } from '../../../../src/console/pages/rubrics/index.ts';
import type { Role } from '../../../../src/console/web/viewer.ts';
import { importCategories } from '../../../../src/rubrics/import.ts';
import { seedRubrics } from '../../../../src/rubrics/seed.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  type Answer,
  addTestUser,
  startTestConsole,
  type TestConsole,
  type Visitor,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { fixtureCategories, MAPPINGS } from '../../rubrics/support.ts';

export const ROAD = '0003.0009.0099.0742';
export const OTHER = '0003.0009.0099.0743';

export interface RubricRig {
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly served: TestConsole;
  person(role: Role): Promise<Visitor>;
  /** Sends a form whose fields repeat, or one with a file. */
  send(
    person: Visitor,
    path: string,
    fields: readonly (readonly [string, string | Blob, string?])[],
    isFile?: boolean,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** The pages of rubrics on a database with the shipped classifier and rules and the categories of the fixture. */
export async function openRubricRig(over: Partial<ConsoleDeps> = {}): Promise<RubricRig> {
  const database = await createTestDatabase();
  const { dataSource } = database;
  const db = queryable(dataSource);
  await seedRubrics(dataSource, MAPPINGS);
  await importCategories(dataSource, fixtureCategories(), { source: 'тест', who: 'тест' });
  const deps = { db, dataSource, cabinets: () => [], ...over } as ConsoleDeps;
  const served = await startTestConsole(db, [...rubricRoutes(deps), ...accountRoutes(deps)], {
    limits: { requests: 10_000, signIns: 1000 },
  });
  const known = new Map<Role, Visitor>();
  async function person(role: Role): Promise<Visitor> {
    const found = known.get(role);
    if (found !== undefined) return found;
    await addTestUser(db, role, role);
    const made = visitor(served.url);
    await made.signIn(role);
    known.set(role, made);
    return made;
  }
  return {
    database,
    db,
    served,
    person,
    async send(who, path, fields, isFile = false) {
      const csrf = await who.csrf();
      const body = isFile ? new FormData() : new URLSearchParams();
      body.append('csrf', csrf);
      for (const [name, value, fileName] of fields) {
        if (typeof value === 'string') body.append(name, value);
        else (body as FormData).append(name, value, fileName ?? 'file');
      }
      const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(`${served.url}${path}`, {
        method: 'POST',
        body,
        headers: { cookie },
        redirect: 'manual',
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        who.cookies.set(name, value);
      }
      return {
        status: response.status,
        headers: response.headers,
        text: await response.text(),
        location: response.headers.get('location'),
      };
    },
    async close() {
      await served.close();
      await database.drop();
    },
  };
}

/** Cards that wait for a category of this code. */
export async function addWaiting(db: Queryable, code: string, cards: number, from = 0): Promise<void> {
  await db.query(
    `INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date, cardfile, verdict, own_code, since, build_id)
     SELECT 'yakutsk', 'k' || ($3::int + n), 1, $1, 'i' || n, 'А-' || n || '/26', '2026-03-02', '0.A.', 'unmapped', 'RUBRIC_NOT_MAPPED', now(), 1
     FROM generate_series(1, $2::int) n`,
    [code, cards, from],
  );
}

/** How a rule of a code stands now: source and category ids of its newest version. */
export async function rulesOf(db: Queryable, code: string): Promise<readonly Record<string, unknown>[]> {
  return await db.query(
    `SELECT source, subject, subsubject, cardfile, word, note, version FROM rubric_rule
     WHERE code = $1 AND version = (SELECT max(version) FROM rubric_version) ORDER BY rule_id`,
    [code],
  );
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
