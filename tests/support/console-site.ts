import { loadConfig } from '../../src/config/index.ts';
import type { ConsoleDeps } from '../../src/console/deps.ts';
import { consoleRoutes } from '../../src/console/pages/index.ts';
import type { Role } from '../../src/console/web/viewer.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { addTestUser, startTestConsole, type TestConsole, type Visitor, visitor } from './console.ts';
import { consoleDeps } from './console-deps.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { makeStand, type Stand } from './stand.ts';

/** All pages of the console on a database and settings of their own, and a visitor of each role. */
export interface ConsoleSite {
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly deps: ConsoleDeps;
  readonly stand: Stand;
  readonly console: TestConsole;
  readonly as: Readonly<Record<Role, Visitor>>;
  close(): Promise<void>;
}

export interface SiteOptions {
  readonly platformUrl?: string;
  readonly cabinets?: number;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly over?: Partial<ConsoleDeps>;
}

/** Close it in `afterAll`. */
export async function openConsoleSite(options: SiteOptions = {}): Promise<ConsoleSite> {
  const database = await createTestDatabase();
  const db = queryable(database.dataSource);
  const stand = await makeStand({
    platformUrl: options.platformUrl ?? 'http://127.0.0.1:9',
    cabinets: options.cabinets ?? 2,
    ...(options.config === undefined ? {} : { config: options.config }),
  });
  const loaded = await loadConfig({ path: stand.configPath, env: options.env ?? {}, cwd: stand.dir });
  const deps = { ...(await consoleDeps(database.dataSource, loaded)), ...options.over };
  const console = await startTestConsole(db, consoleRoutes(deps), {
    limits: { requests: 1_000_000, signIns: 1000 },
  });
  const enter = async (role: Role): Promise<Visitor> => {
    const person = visitor(console.url);
    await person.enter(db, await addTestUser(db, `${role}-1`, role));
    return person;
  };
  const as = {
    viewer: await enter('viewer'),
    operator: await enter('operator'),
    admin: await enter('admin'),
  };
  return {
    database,
    db,
    deps,
    stand,
    console,
    as,
    async close() {
      await console.close();
      await deps.platform.close();
      await database.drop();
      await stand.remove();
    },
  };
}
