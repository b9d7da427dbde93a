import { type Db, type JobWithMetadata, PgBoss } from 'pg-boss';
import type { Logger } from 'pino';
import type { Queryable } from '../store/data-source.ts';
import { passOverActiveKeys } from './active-keys.ts';
import { dropSchedules, openTimedQueue, type TimedQueue, type TimedQueueName } from './timed-queue.ts';

/** «Appeal X has work»: the one kind of job that moves an appeal on. */
const APPEAL_QUEUE = 'appeal';
/** «Attachment X is large»: a transfer of its own, so that it never holds a batch of appeals. */
const FILE_QUEUE = 'file';

const YEAR_SECONDS = 365 * 86_400;

export interface AppealRef {
  readonly appealId: string;
  readonly opaId: string;
}

export interface FileRef extends AppealRef {
  readonly attachmentId: string;
}

export interface JobOf<T> {
  readonly data: T;
  readonly signal: AbortSignal;
}

/** How many appeals a worker takes at a time. */
const BATCH = 16;

/** The queue on pg-boss, in the same database as our tables. */
export interface Queue {
  /**
   * Rings for appeals inside the caller's transaction. One queued job beside one active (policy
   * `stately`), so ringing again is free and no wake-up is lost.
   */
  ringAppeals(tx: Queryable, appeals: readonly AppealRef[]): Promise<void>;
  ringFiles(tx: Queryable, files: readonly FileRef[]): Promise<void>;
  workAppeals(
    concurrency: number,
    handle: (jobs: readonly JobOf<AppealRef>[]) => Promise<void>,
  ): Promise<void>;
  workFiles(concurrency: number, handle: (job: JobOf<FileRef>) => Promise<void>): Promise<void>;
  /** Jobs waiting and running, by queue, for the metrics. */
  depth(): Promise<{ queue: string; waiting: number; active: number }[]>;
  /** Takes no new job and lets the running ones finish for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** The queue as a daemon has it: with the work that comes by the clock. */
export interface DaemonQueue extends Queue {
  timed(name: TimedQueueName): Promise<TimedQueue>;
  /** Removes the schedules of work that the settings do not have any more. */
  dropSchedules(name: TimedQueueName): Promise<void>;
}

/**
 * Starts pg-boss with the settings of the design: a killed worker's job comes back within seconds,
 * a paused cabinet's jobs are kept for a year. Throws what the database throws.
 */
export async function openQueue(options: { connectionString: string; log: Logger }): Promise<DaemonQueue> {
  const boss = new PgBoss({
    connectionString: options.connectionString,
    application_name: 'posrednik-queue',
    max: 6,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    // Keys with an active job are passed over by this cache: at its default of a minute, an appeal rung while it was
    // being worked on waited that long for its next turn.
    queueCacheIntervalSeconds: 1,
    useListenNotify: true,
  });
  // A worker's error comes as a plain object; the log takes name, place and bare text of it.
  boss.on('error', (error) => options.log.error({ err: error }, 'queue error'));
  boss.on('warning', (warning) => options.log.warn({ warning: warning.message }, 'queue warning'));
  passOverActiveKeys(boss.getDb());
  await boss.start();
  const settings = {
    notify: true,
    heartbeatSeconds: 10,
    retentionSeconds: YEAR_SECONDS,
    deleteAfterSeconds: 300,
    retryLimit: 1000,
    retryDelay: 2,
    warningQueueSize: 1_000_000,
  } as const;
  for (const [name, expireInSeconds] of [[APPEAL_QUEUE, 900] as const, [FILE_QUEUE, 86_000] as const]) {
    await boss.createQueue(name, { ...settings, policy: 'stately', expireInSeconds });
    // One made by an earlier version would keep its settings.
    await boss.updateQueue(name, { ...settings, expireInSeconds });
  }

  return {
    async ringAppeals(tx, appeals) {
      if (appeals.length === 0) return;
      const jobs = appeals.map((appeal) => ({
        data: { appealId: appeal.appealId, opaId: appeal.opaId },
        singletonKey: appeal.appealId,
        group: { id: appeal.opaId },
      }));
      await boss.insert(APPEAL_QUEUE, jobs, { db: asBossDatabase(tx) });
    },
    async ringFiles(tx, files) {
      if (files.length === 0) return;
      const jobs = files.map((file) => ({
        data: file,
        singletonKey: file.attachmentId,
        group: { id: file.opaId },
      }));
      await boss.insert(FILE_QUEUE, jobs, { db: asBossDatabase(tx) });
    },
    async workAppeals(concurrency, handle) {
      for (const { batchSize, workers, share } of placesOf(concurrency, BATCH)) {
        await boss.work<AppealRef>(
          APPEAL_QUEUE,
          { ...WAKING, batchSize, localConcurrency: workers, groupConcurrency: share },
          async (jobs) => handle(jobs.map(asJob)),
        );
      }
    },
    async workFiles(concurrency, handle) {
      for (const { batchSize, workers, share } of placesOf(concurrency, 1)) {
        await boss.work<FileRef>(
          FILE_QUEUE,
          { ...WAKING, batchSize, localConcurrency: workers, groupConcurrency: share },
          async (jobs) => {
            for (const job of jobs) await handle(asJob(job));
          },
        );
      }
    },
    timed: (name) => openTimedQueue(boss, name, asBossDatabase),
    dropSchedules: (name) => dropSchedules(boss, name),
    async depth() {
      const stats = await boss.getQueues([APPEAL_QUEUE, FILE_QUEUE]);
      return stats.map((queue) => ({
        queue: queue.name,
        waiting: queue.queuedCount,
        active: queue.activeCount,
      }));
    },
    async stop(graceMs) {
      await boss.stop({ graceful: true, close: true, timeout: graceMs });
    },
  };
}

/** When a worker looks again by itself: at once while there is more, else as a net below the notices. */
const WAKING = {
  pollingIntervalSeconds: 0.5,
  notifyPollingIntervalSeconds: 0.5,
  burstWhenBatchFull: true,
  // Batches of one are never «full»: those go on while the queue is known to hold more.
  burstWhenReadyExceeds: 1,
} as const;

export interface WorkerPlaces {
  readonly workers: number;
  readonly batchSize: number;
  /** A worker takes nothing of a cabinet that has this many jobs running, in all daemons together. */
  readonly share: number;
}

/**
 * How `concurrency` places are shared out. Jobs are taken oldest first, so a cabinet with a long backlog would hold
 * all of them: one worker is kept back for cabinets of which little is running.
 */
export function placesOf(concurrency: number, largestBatch: number): WorkerPlaces[] {
  const batchSize = Math.max(1, Math.min(largestBatch, Math.floor(concurrency / 4)));
  const workers = Math.floor(concurrency / batchSize);
  if (workers === 1) return [{ workers, batchSize, share: batchSize }];
  return [
    { workers: workers - 1, batchSize, share: (workers - 1) * batchSize },
    { workers: 1, batchSize, share: batchSize },
  ];
}

function asJob<T>(job: { data: T; signal: AbortSignal } | JobWithMetadata<T>): JobOf<T> {
  return { data: job.data, signal: job.signal };
}

function asBossDatabase(tx: Queryable): Db {
  return {
    async executeSql(text, values) {
      return { rows: await tx.query(text, values ?? []) };
    },
  };
}
