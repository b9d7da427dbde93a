import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import type { CabinetConfig } from '../../../src/config/schema.ts';
import { type Breakers, createBreakers } from '../../../src/endpoints/breaker.ts';
import { registerCabinets } from '../../../src/intake/cabinets.ts';
import type { IntakeDeps, PolledCabinet } from '../../../src/intake/intake.ts';
import { pollCabinet } from '../../../src/intake/poll.ts';
import type { Platform } from '../../../src/platform/port.ts';
import { createRestPlatform, loadPlatformMapping } from '../../../src/platform/rest/index.ts';
import { openQueue, type Queue } from '../../../src/queue/queue.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

/** The shipped mapping: what the tests drive is what runs at a site. */
export const mapping = await loadPlatformMapping(
  fileURLToPath(new URL('../../../mappings/platform.yaml', import.meta.url)),
);

export const silent: Logger = pino({ level: 'silent' });
export const NEVER = new AbortController().signal;

/** A cabinet whose secret a test may change, as an administrator changes the file. */
export interface SiteCabinet extends PolledCabinet {
  password: string;
}

/** A database, a queue, a simulated platform and the real driver, for as many cabinets as a file's tests want. */
export interface Site {
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly queue: Queue;
  readonly simulator: PlatformSimulator;
  readonly platform: Platform;
  /** A new cabinet on the platform and in the store, with nothing in its feed. */
  addCabinet(more?: Partial<CabinetConfig>): Promise<SiteCabinet>;
  deps(more?: Partial<IntakeDeps>): IntakeDeps;
  /** Reads the cabinet once, as its turn would. */
  poll(cabinet: PolledCabinet, more?: Partial<IntakeDeps>): ReturnType<typeof pollCabinet>;
  /** Tokens and memories of a driver are gone after a restart. */
  freshPlatform(): Platform;
  close(): Promise<void>;
}

export async function openSite(options: { poolSize?: number } = {}): Promise<Site> {
  const database = await createTestDatabase(options);
  const db = queryable(database.dataSource);
  const queue = await openQueue({ connectionString: database.url, log: silent });
  const simulator = await startPlatform();
  const platforms: Platform[] = [];
  function freshPlatform(): Platform {
    const made = createRestPlatform({
      baseUrl: simulator.url,
      mapping,
      timeoutMs: 5000,
      idleTimeoutMs: 5000,
      tokenScope: 'sed',
      repeatDelayMs: 1,
    });
    platforms.push(made);
    return made;
  }
  const platform = freshPlatform();
  let nextOpaId = 100_001;

  const site: Site = {
    database,
    db,
    queue,
    simulator,
    platform,
    freshPlatform,
    async addCabinet(more = {}) {
      const opaId = String(nextOpaId++);
      const config: CabinetConfig = {
        id: `lko-${opaId}`,
        name: `Администрация № ${opaId}`,
        opaId,
        identifier: `ident-${opaId}`,
        channel: 'delo-1',
        timeZone: 'Europe/Moscow',
        startFrom: '2020-01-01',
        pollInterval: 60_000,
        enabled: true,
        ...more,
      };
      const password = `Пароль-${opaId}`;
      simulator.addCabinet({ opaId, identifier: config.identifier, password, name: config.name });
      await registerCabinets(db, [config]);
      const cabinet: SiteCabinet = {
        config,
        password,
        access: {
          opaId,
          cabinet: config.id,
          identifier: config.identifier,
          timeZone: config.timeZone,
          readPassword: async () => cabinet.password,
        },
      };
      return cabinet;
    },
    deps(more = {}) {
      return {
        dataSource: database.dataSource,
        db,
        queue,
        platform,
        breakers: quietBreakers(),
        incidents: createIncidents(silent),
        log: silent,
        owner: 'test',
        pageSize: 10,
        concurrency: 4,
        statuses: {
          cardStatuses: new Set(mapping.cardStatuses),
          finalStatuses: new Set(mapping.finalStatuses),
        },
        cabinets: () => [],
        now: () => Date.now(),
        random: () => 0.5,
        ...more,
      };
    },
    poll: (cabinet, more) => pollCabinet(site.deps(more), cabinet, NEVER),
    async close() {
      for (const made of platforms) await made.close();
      await queue.stop(1000);
      await simulator.close();
      await database.drop();
    },
  };
  return site;
}

export function quietBreakers(): Breakers {
  return createBreakers({ now: () => performance.now() });
}

export interface AppealRow {
  readonly posId: string;
  readonly stage: string;
  readonly reason: string | null;
  readonly newest: string | null;
  readonly error: string | null;
}

/** The appeals of a cabinet in the order of their numbers. */
export async function appealsOf(site: Site, cabinet: PolledCabinet): Promise<AppealRow[]> {
  return await site.db.query<AppealRow>(
    `SELECT pos_id AS "posId", stage, stage_reason AS reason, newest, error_code AS error
     FROM appeal WHERE opa_id = $1 ORDER BY pos_id::numeric`,
    [cabinet.config.opaId],
  );
}

/** Numbers of the appeals that have a queued job, each as often as it has one. */
export async function jobsOf(site: Site, cabinet: PolledCabinet): Promise<string[]> {
  const rows = await site.db.query<{ pos_id: string }>(
    `SELECT a.pos_id FROM pgboss.job j JOIN appeal a ON a.id::text = j.singleton_key
     WHERE j.name = 'appeal' AND j.state = 'created' AND a.opa_id = $1 ORDER BY a.pos_id::numeric`,
    [cabinet.config.opaId],
  );
  return rows.map((row) => row.pos_id);
}

export async function countOf(site: Site, table: string, cabinet: PolledCabinet): Promise<number> {
  const own =
    table === 'appeal_change' || table === 'attachment'
      ? 'appeal_id IN (SELECT id FROM appeal WHERE opa_id = $1)'
      : 'opa_id = $1';
  const [row] = await site.db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${own}`, [
    cabinet.config.opaId,
  ]);
  return row?.n ?? -1;
}

export interface CabinetRow {
  readonly state: string;
  readonly state_code: string | null;
  readonly cursor: string | null;
  readonly credentials_mark: string | null;
  readonly poll_failures: number;
  readonly polled_at: Date | null;
  /** Seconds until its next turn; null for never. */
  readonly wait: number | null;
  readonly polling_owner: string | null;
  readonly start_from: Date;
}

export async function cabinetRow(site: Site, cabinet: PolledCabinet): Promise<CabinetRow> {
  const [row] = await site.db.query<CabinetRow>(
    `SELECT state, state_code, cursor, credentials_mark, poll_failures, polled_at, polling_owner, start_from,
            CASE WHEN isfinite(next_poll_at) THEN extract(epoch FROM next_poll_at - now())::float8 END AS wait
     FROM cabinet WHERE opa_id = $1`,
    [cabinet.config.opaId],
  );
  if (row === undefined) throw new Error('cabinet without a row');
  return row;
}

/** Open incidents of a cabinet, by code, with how often they happened. */
export async function incidentsOf(
  site: Site,
  cabinet: PolledCabinet,
  state: 'open' | 'closed' = 'open',
): Promise<Record<string, number>> {
  const rows = await site.db.query<{ code: string; count: string }>(
    `SELECT code, count FROM incident WHERE scope = $1 AND (closed_at IS NULL) = $2 ORDER BY id`,
    [`cabinet:${cabinet.config.id}`, state === 'open'],
  );
  return Object.fromEntries(rows.map((row) => [row.code, Number(row.count)]));
}

export function loginsOf(site: Site, cabinet: PolledCabinet): { ok: number; failed: number } {
  return site.simulator.counters().logins[cabinet.config.opaId] ?? { ok: 0, failed: 0 };
}

/** Events of the cabinet's journal, oldest first. */
export async function eventsOf(site: Site, cabinet: PolledCabinet): Promise<string[]> {
  const rows = await site.db.query<{ event: string }>(
    `SELECT event FROM journal WHERE opa_id = $1 ORDER BY id`,
    [cabinet.config.opaId],
  );
  return rows.map((row) => row.event);
}
