import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { ErrorCode } from '../model/error-codes.ts';
import { toFault } from '../model/errors.ts';
import type { SedSink } from '../sed/port.ts';
import type { RegistrationDeps } from './deps.ts';

/** First key of the advisory locks of channel readers; the second is the hash of the channel's id. */
const LOCK_SPACE = 7_074_002;
/** How often a reader that does not hold the lock asks for it, ms. */
const TRY_AGAIN_MS = 2000;
/** The lock's connection is tried this often: one that died silently must not leave a channel unread. */
const PROBE_MS = 5000;

export interface ReadingOptions {
  readonly sweepMs: number;
  readonly signal: AbortSignal;
  /** 2 s unless told. */
  readonly tryAgainMs?: number;
  /** 5 s unless told. */
  readonly probeMs?: number;
}
/** No step of the lock's connection may take longer, its farewell included: a dead network answers nothing. */
const CONNECTION_LIMIT_MS = 10_000;

/**
 * Reads a channel's `in` folder while this process holds the channel's lock: a PostgreSQL session lock, so that of
 * several daemons one reads and another takes over when it dies. Goes on until aborted; never rejects.
 */
export async function readChannel(
  deps: RegistrationDeps,
  databaseUrl: string,
  channel: string,
  sink: SedSink,
  options: ReadingOptions,
): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await holdAndRead(deps, databaseUrl, channel, sink, options);
    } catch (error) {
      deps.log.error({ channel, err: error }, 'channel reader failed');
    }
    await delay(options.tryAgainMs ?? TRY_AGAIN_MS, undefined, { signal: options.signal }).catch(
      () => undefined,
    );
  }
}

async function holdAndRead(
  deps: RegistrationDeps,
  databaseUrl: string,
  channel: string,
  sink: SedSink,
  { sweepMs, signal, probeMs = PROBE_MS }: ReadingOptions,
): Promise<void> {
  const lost = new AbortController();
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'posrednik-reader',
    keepAlive: true,
    connectionTimeoutMillis: CONNECTION_LIMIT_MS,
    query_timeout: CONNECTION_LIMIT_MS,
  });
  client.on('error', () => lost.abort());
  client.on('end', () => lost.abort());
  try {
    await client.connect();
    const answer = await client.query<{ held: boolean }>(
      'SELECT pg_try_advisory_lock($1, hashtext($2)) AS held',
      [LOCK_SPACE, channel],
    );
    if (answer.rows[0]?.held !== true) return;
    const both = AbortSignal.any([signal, lost.signal]);
    deps.log.info({ channel }, 'channel is read here');
    const trouble = followTrouble(deps, channel, 2 * sweepMs + probeMs);
    const probing = probeLock(client, both, probeMs, () => lost.abort(), trouble.check);
    try {
      await deps.sed.read(channel, sink, { signal: both, sweepMs, onFault: trouble.tell });
    } finally {
      lost.abort();
      await probing;
    }
  } finally {
    const gone = new AbortController();
    await Promise.race([
      client.end().catch(() => undefined),
      delay(CONNECTION_LIMIT_MS, undefined, { signal: gone.signal }).catch(() => undefined),
    ]);
    gone.abort();
  }
}

async function probeLock(
  client: Client,
  signal: AbortSignal,
  probeMs: number,
  onLost: () => void,
  onAlive: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await delay(probeMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const alive = await Promise.race([
      client.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      delay(probeMs, false, { signal }).catch(() => false),
    ]);
    if (!alive) return onLost();
    await onAlive();
  }
}

/**
 * The incidents of a folder's reading: opened by a fault, closed when there has been none for `quietMs`; those that an
 * earlier reader left open too.
 */
function followTrouble(
  deps: RegistrationDeps,
  channel: string,
  quietMs: number,
): { tell(error: unknown): void; check(): Promise<void> } {
  const scope = `channel:${channel}:in`;
  let lastAt = performance.now();
  let mayBeOpen = true;
  return {
    tell(error) {
      const fault = toFault(error);
      lastAt = performance.now();
      mayBeOpen = true;
      deps.log.warn({ channel, code: fault.code, detail: fault.detail }, 'channel folder not read');
      deps.incidents.open(deps.db, fault.code, scope, fault.detail).catch(() => undefined);
    },
    async check() {
      if (!mayBeOpen || performance.now() - lastAt < quietMs) return;
      mayBeOpen = false;
      try {
        const open = await deps.db.query<{ code: ErrorCode }>(
          `SELECT code FROM incident WHERE scope = $1 AND closed_at IS NULL`,
          [scope],
        );
        for (const { code } of open) await deps.incidents.close(deps.db, code, scope);
      } catch (error) {
        mayBeOpen = true;
        deps.log.warn({ channel, err: error }, 'incidents of the channel not closed');
      }
    },
  };
}
