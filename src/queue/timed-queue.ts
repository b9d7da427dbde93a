import { type Db, type PgBoss, scheduleMissedPolicies } from 'pg-boss';
import type { Queryable } from '../store/data-source.ts';

/** Work that is due at set times, or when somebody asks for it. */
export type TimedQueueName = 'showcase' | 'showcase-digest' | 'admin-digest';

export interface TimedEntry {
  /** Of what: one job of a key waits beside one that runs, in the whole cluster. */
  readonly key: string;
  /** Five fields. */
  readonly cron: string;
  /** IANA zone in which the expression is read. */
  readonly timeZone: string;
}

/** A queue whose jobs come by schedule, once in a cluster, and by command. */
export interface TimedQueue {
  /**
   * Makes the schedules those of the settings: new ones are made, changed ones changed, others removed. The settings are
   * checked before (`isCron`): @throws Error of the queue for an expression that cannot be read.
   */
  schedule(entries: readonly TimedEntry[]): Promise<void>;
  /** Asks for work now, inside the caller's transaction. */
  ring(tx: Queryable, keys: readonly string[]): Promise<void>;
  /** A job whose handler throws comes again after a while; at the next time of its schedule it comes anyway. */
  work(handle: (key: string, signal: AbortSignal) => Promise<void>): Promise<void>;
}

/** A run may take the night; its death is noticed by the heartbeat all the same. */
const EXPIRE_SECONDS = 86_000;
const SETTINGS = {
  notify: true,
  heartbeatSeconds: 10,
  expireInSeconds: EXPIRE_SECONDS,
  retryLimit: 24,
  retryDelay: 10,
  retryBackoff: true,
  retryDelayMax: 3600,
  retentionSeconds: 7 * 86_400,
  deleteAfterSeconds: 86_400,
} as const;

interface TimedJob {
  readonly key: string;
}

export async function openTimedQueue(
  boss: PgBoss,
  name: TimedQueueName,
  asDatabase: (tx: Queryable) => Db,
): Promise<TimedQueue> {
  await boss.createQueue(name, { ...SETTINGS, policy: 'stately' });
  // One made by an earlier version would keep its settings.
  await boss.updateQueue(name, SETTINGS);
  return {
    async schedule(entries) {
      const wanted = new Set(entries.map(({ key }) => key));
      for (const { key } of await boss.getSchedules(name)) {
        if (!wanted.has(key)) await boss.unschedule(name, key);
      }
      for (const { key, cron, timeZone } of entries) {
        const once = scheduleMissedPolicies.once;
        await boss.schedule(name, cron, { key } satisfies TimedJob, {
          key,
          tz: timeZone,
          missed: once,
          singletonKey: key,
        });
      }
    },
    async ring(tx, keys) {
      if (keys.length === 0) return;
      await boss.insert(
        name,
        keys.map((key) => ({ data: { key } satisfies TimedJob, singletonKey: key })),
        { db: asDatabase(tx) },
      );
    },
    async work(handle) {
      await boss.work<TimedJob>(
        name,
        { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 2, batchSize: 1, localConcurrency: 2 },
        async (jobs) => {
          for (const job of jobs) await handle(job.data.key, job.signal);
        },
      );
    },
  };
}

/** Removes all schedules of a queue that the settings have no use for; the queue itself need not be there. */
export async function dropSchedules(boss: PgBoss, name: TimedQueueName): Promise<void> {
  for (const { key } of await boss.getSchedules(name)) await boss.unschedule(name, key);
}
