import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { type LoadedConfig, loadConfig } from '../../../src/config/index.ts';
import { type Breakers, createBreakers } from '../../../src/endpoints/breaker.ts';
import { registerCabinets } from '../../../src/intake/cabinets.ts';
import type { IntakeDeps } from '../../../src/intake/intake.ts';
import { pollCabinet } from '../../../src/intake/poll.ts';
import { createRestPlatform, loadPlatformMapping } from '../../../src/platform/rest/index.ts';
import type { AppealRef, FileRef, JobOf, Queue } from '../../../src/queue/queue.ts';
import { ringDue } from '../../../src/registration/bell.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';
import { fetchLargeFile } from '../../../src/registration/files.ts';
import { createSink } from '../../../src/registration/sed-events.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import type { SedExchange } from '../../../src/sed/port.ts';
import { loadCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { createSevExchange } from '../../../src/sed/sev/index.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { openSpool, type Spool } from '../../../src/store/spool.ts';
import { type DeloSimulator, startDelo } from '../../simulators/delo/index.ts';
import { type AppealInput, type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { makeStand, type Stand } from '../../support/stand.ts';

const MAPPINGS = join(import.meta.dirname, '../../../mappings');

/** The queue of one process as far as its workers see it: what was rung, in order, until somebody takes it. */
export interface HandQueue extends Queue {
  takeAppeals(): AppealRef[];
  takeFiles(): FileRef[];
}

export interface RigOptions {
  readonly cabinets?: number;
  readonly channels?: number;
  /** No ДЕЛО at the other end of the channels. */
  readonly withoutDelo?: boolean;
  /** Nobody reads the channels: the test does it. */
  readonly withoutReaders?: boolean;
  readonly waitForFilesMs?: number;
  readonly maxFileBytes?: number;
  readonly retryBaseMs?: number;
  readonly windowMs?: number;
  readonly log?: Logger;
  readonly mappingsDir?: string;
}

export interface Rig {
  readonly database: TestDatabase;
  readonly db: Queryable;
  readonly stand: Stand;
  readonly loaded: LoadedConfig;
  readonly platform: PlatformSimulator;
  readonly delo: DeloSimulator;
  readonly sed: SedExchange;
  readonly spool: Spool;
  readonly queue: HandQueue;
  readonly deps: RegistrationDeps;
  /** Milliseconds added to the breakers' clock. */
  clock: { offset: number };
  breakers: Breakers;
  opaId(cabinet?: number): string;
  /** Another process on the same database: its own name, and whatever else is given. */
  worker(over?: Partial<RegistrationDeps>): RegistrationDeps;
  /** Makes an appeal on the platform and reads it in; its posId. */
  appeal(input?: AppealInput, cabinet?: number): Promise<string>;
  /** Something happens to it on the platform, and is read in. */
  change(
    posId: string,
    kind: Parameters<PlatformSimulator['change']>[2],
    fields?: AppealInput,
  ): Promise<void>;
  /** Reads the feeds of all cabinets to their ends. */
  intake(): Promise<void>;
  /** Works on everything that was rung or is due, until nothing is. */
  drive(deps?: RegistrationDeps): Promise<void>;
  /** Drives until the condition holds. */
  until<T>(what: string, check: () => Promise<T | undefined | false>, limitMs?: number): Promise<T>;
  /** Moves every stored time of an appeal and its parts into the past. */
  age(posId: string, ms: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const database = await createTestDatabase();
  const platform = await startPlatform();
  const stand = await makeStand({
    platformUrl: platform.url,
    cabinets: options.cabinets ?? 1,
    channels: options.channels ?? 1,
  });
  for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
  const delo = await startDelo({
    channels: options.withoutDelo ? [] : stand.channels,
    takenDir: join(stand.dir, 'taken'),
    pollMs: 50,
  });
  const loaded = await loadConfig({ path: stand.configPath, env: {}, cwd: stand.dir });
  const log = options.log ?? pino({ level: 'silent' });
  const db = queryable(database.dataSource);
  await registerCabinets(db, loaded.cabinets);
  const mapping = await loadPlatformMapping(join(MAPPINGS, 'platform.yaml'));
  const rest = createRestPlatform({
    baseUrl: platform.url,
    mapping,
    timeoutMs: 3000,
    idleTimeoutMs: 2000,
    tokenScope: 'sed',
    repeatDelayMs: 5,
  });
  const sed = createSevExchange({
    channels: loaded.config.channels,
    mapping: await loadCardMapping(join(options.mappingsDir ?? MAPPINGS, 'card.yaml')),
    sweepMs: 50,
  });
  const spool = await openSpool(join(stand.dir, 'spool'));
  const queue = createHandQueue();
  const incidents = createIncidents(log);
  const clock = { offset: 0 };
  const breakers = createBreakers({ now: () => performance.now() + clock.offset });
  const polled = loaded.cabinets.map((config) => ({ config, access: config.access }));
  const deps: RegistrationDeps = {
    dataSource: database.dataSource,
    db,
    queue,
    platform: rest,
    sed,
    spool,
    breakers,
    incidents,
    log,
    owner: 'first',
    waitForFilesMs: options.waitForFilesMs ?? 900_000,
    files: {
      maxBytes: options.maxFileBytes ?? 3_000_000,
      allowedExtensions: new Set(loaded.config.files.allowedExtensions),
      timeoutMs: 10_000,
    },
    retry: {
      base: options.retryBaseMs ?? 20,
      factor: 2,
      cap: 200,
      windowMs: options.windowMs ?? 72 * 3_600_000,
    },
    cabinet: (opaId) => polled.find(({ config }) => config.opaId === opaId),
    computeDeadline: () => '2030-01-31',
    now: () => Date.now(),
    random: () => 0.5,
  };
  const intakeDeps: IntakeDeps = {
    ...deps,
    // Of its own: files that fail must not keep a test from reading the feed.
    breakers: createBreakers({ now: () => performance.now() }),
    pageSize: 200,
    concurrency: 1,
    statuses: { cardStatuses: new Set(mapping.cardStatuses), finalStatuses: new Set(mapping.finalStatuses) },
    cabinets: () => polled,
  };
  const reading = new AbortController();
  const sink = createSink(deps);
  const read = options.withoutReaders ? [] : stand.channels;
  const readers = read.map(({ id }) =>
    sed.read(id, sink, { signal: reading.signal, sweepMs: 50, onFault: () => undefined }),
  );

  async function intake(): Promise<void> {
    for (const cabinet of polled) {
      const outcome = await pollCabinet(intakeDeps, cabinet, new AbortController().signal);
      if (outcome.fault !== undefined) throw outcome.fault;
    }
  }

  async function drive(worker: RegistrationDeps = deps): Promise<void> {
    for (;;) {
      await ringDue(database.dataSource, queue);
      const files = queue.takeFiles();
      const appeals = queue.takeAppeals();
      if (files.length + appeals.length === 0) return;
      const { signal } = new AbortController();
      for (const file of files) await fetchLargeFile(worker, file, signal);
      if (appeals.length > 0)
        await workAppeals(
          worker,
          appeals.map((data) => ({ data, signal })),
        );
    }
  }

  const rig: Rig = {
    database,
    db,
    stand,
    loaded,
    platform,
    delo,
    sed,
    spool,
    queue,
    deps,
    clock,
    breakers,
    opaId: (cabinet = 0) => stand.cabinets[cabinet]?.opaId ?? '',
    worker: (over = {}) => ({ ...deps, owner: 'second', ...over }),
    async appeal(input = {}, cabinet = 0) {
      const posId = platform.addAppeal(rig.opaId(cabinet), input);
      await intake();
      return String(posId);
    },
    async change(posId, kind, fields = {}) {
      const opaId = stand.cabinets.find((cabinet) =>
        platform.appeals(cabinet.opaId).some((appeal) => String(appeal.posId) === posId),
      )?.opaId;
      platform.change(opaId ?? '', Number(posId), kind, fields);
      await intake();
    },
    intake,
    drive,
    until: (what, check, limitMs = 10_000) =>
      eventually(
        what,
        async () => {
          await drive();
          return await check();
        },
        limitMs,
      ),
    age: (posId, ms) => ageAppeal(db, posId, ms),
    async stop() {
      reading.abort();
      await Promise.all(readers);
      await delo.stop();
      await rest.close();
      await platform.close();
      await database.drop();
      await stand.remove();
    },
  };
  return rig;
}

function createHandQueue(): HandQueue {
  const appeals = new Map<string, AppealRef>();
  const files = new Map<string, FileRef>();
  return {
    async ringAppeals(_tx, refs) {
      for (const ref of refs) appeals.set(ref.appealId, ref);
    },
    async ringFiles(_tx, refs) {
      for (const ref of refs) files.set(ref.attachmentId, ref);
    },
    workAppeals: async () => undefined,
    workFiles: async () => undefined,
    depth: async () => [],
    stop: async () => undefined,
    takeAppeals() {
      const taken = [...appeals.values()];
      appeals.clear();
      return taken;
    },
    takeFiles() {
      const taken = [...files.values()];
      files.clear();
      return taken;
    },
  };
}

async function ageAppeal(db: Queryable, posId: string, ms: number): Promise<void> {
  const span = `make_interval(secs => ${ms / 1000})`;
  const [row] = await db.query<{ id: string }>(`SELECT id::text AS id FROM appeal WHERE pos_id = $1`, [
    posId,
  ]);
  const id = row?.id ?? '0';
  await db.query(
    `UPDATE appeal SET first_seen_at = first_seen_at - ${span}, due_at = due_at - ${span} WHERE id = $1`,
    [id],
  );
  await db.query(`UPDATE appeal_change SET stored_at = stored_at - ${span} WHERE appeal_id = $1`, [id]);
  await db.query(
    `UPDATE attachment SET seen_at = seen_at - ${span}, next_try_at = next_try_at - ${span} WHERE appeal_id = $1`,
    [id],
  );
  await db.query(
    `UPDATE package SET sent_at = sent_at - ${span}, taken_at = taken_at - ${span}, received_at = received_at - ${span}
     WHERE card_id IN (SELECT id FROM card WHERE appeal_id = $1)`,
    [id],
  );
}

/** A job of the appeal, as the queue hands it over. */
export function jobOf(ref: AppealRef, signal = new AbortController().signal): JobOf<AppealRef> {
  return { data: ref, signal };
}
