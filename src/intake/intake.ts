import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from '../alerts/incidents.ts';
import type { CabinetConfig } from '../config/schema.ts';
import type { Breakers } from '../endpoints/breaker.ts';
import type { CabinetAccess, Platform } from '../platform/port.ts';
import type { Queue } from '../queue/queue.ts';
import type { Queryable } from '../store/data-source.ts';
import { releaseDeadLeases } from './lease.ts';
import { pollCabinet } from './poll.ts';

export interface PolledCabinet {
  readonly config: CabinetConfig;
  readonly access: CabinetAccess;
}

export interface IntakeDeps {
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly queue: Queue;
  readonly platform: Platform;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  /** Names this process in leases. */
  readonly owner: string;
  readonly pageSize: number;
  /** Cabinets read at once by this process. */
  readonly concurrency: number;
  readonly statuses: {
    readonly cardStatuses: ReadonlySet<string>;
    readonly finalStatuses: ReadonlySet<string>;
  };
  /** Read anew at each turn, so that a changed configuration counts at once. */
  cabinets(): readonly PolledCabinet[];
  now(): number;
  random(): number;
}

/** How long an idle reader waits before it looks again for a cabinet whose turn has come, ms. */
const LOOK_AGAIN_MS = 1000;

/**
 * Reads all cabinets, each on its own interval, at most `concurrency` at once in this process, until aborted.
 * Daemons of one database share the cabinets by a lease in the cabinet's row; a dead one's lease runs out.
 */
export async function runIntake(deps: IntakeDeps, signal: AbortSignal): Promise<void> {
  const states = new Map<string, string>();
  await releaseDeadLeases(deps).catch((error: unknown) =>
    deps.log.error({ err: error }, 'leases of dead readers not released'),
  );
  const readers = Array.from({ length: deps.concurrency }, () => readInTurn(deps, states, signal));
  await Promise.all(readers);
}

async function readInTurn(deps: IntakeDeps, states: Map<string, string>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const claim = await claimDue(deps);
      if (claim !== undefined) {
        const { cabinet } = claim;
        forgetRefusal(deps, states, claim);
        const outcome = await pollCabinet(deps, cabinet, signal);
        if (signal.aborted) await handBack(deps, cabinet);
        else await release(deps, claim, outcome.fault?.retryAfterMs);
        if (outcome.items > 0)
          deps.log.info({ cabinet: cabinet.config.id, items: outcome.items }, 'feed read');
        continue;
      }
    } catch (error) {
      deps.log.error({ err: error }, 'intake turn failed');
    }
    await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

interface Claim {
  readonly cabinet: PolledCabinet;
  /** The turn that is being served, exactly as stored: one asked for meanwhile is noticed by it. */
  readonly turn: string;
  /** When it came into its present state, exactly as stored. */
  readonly stateSince: string;
}

/**
 * Whoever let a blocked cabinet work again (a «check», another daemon) did so in the database: the refusal that this
 * process remembers is then history, and the log-in is worth a try.
 */
function forgetRefusal(
  deps: IntakeDeps,
  states: Map<string, string>,
  { cabinet: { config }, stateSince }: Claim,
): void {
  const before = states.get(config.opaId);
  if (before !== undefined && before !== stateSince) deps.platform.forget(config.opaId);
  states.set(config.opaId, stateSince);
}

async function claimDue(deps: IntakeDeps): Promise<Claim | undefined> {
  const cabinets = deps.cabinets().filter((cabinet) => cabinet.config.enabled);
  const [row] = await deps.db.query<{ opa_id: string; turn: string; since: string }>(
    `UPDATE cabinet SET polling_owner = $1, polling_until = now() + interval '2 minutes'
     WHERE opa_id = (
       SELECT opa_id FROM cabinet
       WHERE opa_id = ANY($2) AND state <> 'paused' AND next_poll_at <= now()
         AND (polling_until IS NULL OR polling_until < now())
       ORDER BY next_poll_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING opa_id, next_poll_at::text AS turn, state_since::text AS since`,
    [deps.owner, cabinets.map((cabinet) => cabinet.config.opaId)],
  );
  const cabinet = cabinets.find((candidate) => candidate.config.opaId === row?.opa_id);
  return cabinet === undefined || row === undefined
    ? undefined
    : { cabinet, turn: row.turn, stateSince: row.since };
}

async function release(
  deps: IntakeDeps,
  { cabinet, turn }: Claim,
  waitMs: number | undefined,
): Promise<void> {
  // Jitter of ±10 % keeps many cabinets from asking in step.
  const interval = Math.max(cabinet.config.pollInterval * (0.9 + 0.2 * deps.random()), waitMs ?? 0);
  await deps.db.query(
    `UPDATE cabinet SET polling_owner = NULL, polling_until = NULL,
       next_poll_at = CASE WHEN next_poll_at::text <> $4 THEN next_poll_at
                           WHEN state = 'active' THEN now() + make_interval(secs => $3)
                           ELSE now() + interval '1 hour' END
     WHERE opa_id = $1 AND polling_owner = $2`,
    [cabinet.config.opaId, deps.owner, interval / 1000, turn],
  );
}

/** Stopped on the way: the cabinet's turn is not over, another daemon or the next start may go on at once. */
async function handBack(deps: IntakeDeps, cabinet: PolledCabinet): Promise<void> {
  await deps.db.query(
    `UPDATE cabinet SET polling_owner = NULL, polling_until = NULL WHERE opa_id = $1 AND polling_owner = $2`,
    [cabinet.config.opaId, deps.owner],
  );
}
