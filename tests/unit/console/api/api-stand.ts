import { loadConfig } from '../../../../src/config/index.ts';
import { addApi } from '../../../../src/console/api/app.ts';
import { apiRoutes } from '../../../../src/console/api/index.ts';
import type { ApiRoute } from '../../../../src/console/api/route.ts';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { addToken, type NewToken } from '../../../../src/console/users/tokens.ts';
import { createLog } from '../../../../src/log.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import { type PlatformSimulator, startPlatform } from '../../../simulators/platform/index.ts';
import { startTestConsole, type TestConsole } from '../../../support/console.ts';
import { consoleDeps } from '../../../support/console-deps.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { makeStand, type Stand } from '../../../support/stand.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface ApiStand {
  readonly url: string;
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly deps: ConsoleDeps;
  readonly platform: PlatformSimulator;
  readonly stand: Stand;
  readonly routes: readonly ApiRoute[];
  /** A token's secret, of all rights unless told. */
  token(more?: Partial<NewToken>): Promise<string>;
  call(token: string | undefined, method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

/** The console's API on a real database, with a platform that lets `lko-1` in and a showcase `main` in the settings. */
export async function startApi(): Promise<ApiStand> {
  const platform = await startPlatform();
  const stand = await makeStand({ platformUrl: platform.url, cabinets: 2 });
  const [first] = stand.cabinets;
  if (first !== undefined) platform.addCabinet(first);
  const database = await createTestDatabase();
  const db = queryable(database.dataSource);
  const loaded = await loadConfig({ path: stand.configPath, env: {}, cwd: stand.dir });
  const showcase = { id: 'main', cabinet: 'lko-1' } as (typeof loaded.config.showcases)[number];
  const made = await consoleDeps(database.dataSource, loaded);
  const deps = { ...made, loaded: { ...loaded, config: { ...loaded.config, showcases: [showcase] } } };
  const routes = apiRoutes(deps);
  const options = { db, log: createLog('silent'), routes };
  const served: TestConsole = await startTestConsole(db, [], {
    limits: { requests: 100_000, signIns: 10 },
    more: [(app, who) => addApi(app, options, who)],
  });
  let tokens = 0;
  return {
    url: served.url,
    database,
    db,
    deps,
    platform,
    stand,
    routes,
    token: (more = {}) => {
      tokens += 1;
      return addToken(db, {
        name: `t${tokens}`,
        role: 'admin',
        scopes: ['all'],
        createdBy: 'проба',
        ...more,
      });
    },
    async call(token, method, path, body) {
      const response = await fetch(`${served.url}/api/v1${path}`, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        headers: response.headers,
        body: (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>,
      };
    },
    async stop() {
      await served.close();
      await deps.platform.close();
      await database.drop();
      await platform.close();
      await stand.remove();
    },
  };
}
