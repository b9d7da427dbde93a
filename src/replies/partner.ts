import { nextDelay } from '../endpoints/backoff.ts';
import { Fault, toFault } from '../model/errors.ts';
import type { SedExchange } from '../sed/port.ts';
import type { RepliesDeps } from './deps.ts';
import { buildReport } from './partner-request.ts';
import { claimReports, dropReports, markWritten, type OwedReport, putBack } from './partner-rows.ts';

/** What the reports to the СЭД stand on. */
export interface PartnerDeps
  extends Pick<RepliesDeps, 'dataSource' | 'db' | 'breakers' | 'log' | 'retry' | 'cabinet' | 'random'> {
  readonly sed: Pick<SedExchange, 'report' | 'renderReport' | 'waiting'>;
  /** opaIds of cabinets whose reports are not to be written now: the dry ones. */
  heldCabinets?(): readonly string[];
}

/** Reports claimed at once: what a death in the middle makes wait for the lease. */
const BATCH = 20;
/** How long a report waits again for the СЭД to take the one before it. */
const HELD_MS = 2000;
/** The zone of a cabinet that is no longer in the settings. */
const DEFAULT_ZONE = 'Europe/Moscow';

/**
 * Writes the reports that we owe a channel's СЭД about its answers (contracts/sev.md, «We report back»): Reception, then
 * Registration when the platform took the answer, Failure when it needs attention. They go to the channel that brought
 * the answer, whose СЭД alone knows its ReturnID. Each waits until those before it are taken away: the СЭД may read the
 * folder in any order, and a Failure must not come behind the Registration. Ends when nothing is due, at the first
 * trouble with the folder, or when aborted; returns how many were written. Several processes may do it at once; a death
 * between writing and marking writes the same message again. Throws only when the database is gone.
 */
export async function writePartnerReports(
  deps: PartnerDeps,
  channel: { readonly id: string; readonly partnerReports: boolean },
  signal: AbortSignal,
): Promise<number> {
  if (!channel.partnerReports) {
    await dropReports(deps.db, channel.id);
    return 0;
  }
  let written = 0;
  // A paused folder is not even asked for: its reports spend no attempts.
  while (!signal.aborted && deps.breakers.waitMs(`channel:${channel.id}`) === 0) {
    const claimed = await claimReports(deps.db, channel.id, BATCH, deps.heldCabinets?.());
    if (claimed.length === 0) break;
    const count = await writeClaimed(deps, channel.id, claimed, signal);
    written += count.written;
    if (count.stopped) break;
  }
  return written;
}

async function writeClaimed(
  deps: PartnerDeps,
  channel: string,
  claimed: readonly OwedReport[],
  signal: AbortSignal,
): Promise<{ readonly written: number; readonly stopped: boolean }> {
  const held = await findHeld(deps, channel, claimed);
  let written = 0;
  for (const [index, report] of claimed.entries()) {
    const outcome =
      held instanceof Fault
        ? await settleFailure(deps, channel, report, held, signal)
        : await writeOne(deps, channel, report, held, signal);
    if (outcome === 'written') written += 1;
    if (outcome !== 'stopped') continue;
    for (const rest of claimed.slice(index + 1)) await putBack(deps, rest, 0);
    return { written, stopped: true };
  }
  return { written, stopped: false };
}

/** Reports before which another about the same answer still waits in the folder; one listing for all of them. */
async function findHeld(
  deps: PartnerDeps,
  channel: string,
  claimed: readonly OwedReport[],
): Promise<ReadonlySet<string> | Fault> {
  const before = new Map(claimed.map((report) => [report.id, dirsBefore(deps, channel, report)]));
  const dirs = [...before.values()].flat();
  if (dirs.length === 0) return new Set();
  try {
    const waiting = await deps.sed.waiting(channel, dirs);
    return new Set([...before].flatMap(([id, own]) => (own.some((dir) => waiting.has(dir)) ? [id] : [])));
  } catch (error) {
    // Only its failure is the breaker's: a folder that can be listed but not written must not look well.
    return await deps.breakers.run(`channel:${channel}`, () => Promise.reject(error)).catch(toFault);
  }
}

/** Folders of what was written about the same answer before; a report that cannot even be made is told by its writing. */
function dirsBefore(deps: PartnerDeps, channel: string, report: OwedReport): string[] {
  try {
    return report.earlier.map((told) => {
      const request = buildReport(channel, { ...report, ...told }, DEFAULT_ZONE);
      return deps.sed.renderReport(request).identity.messageDir;
    });
  } catch {
    return [];
  }
}

/** `skipped`: this report alone has to wait; `stopped`: the folder has a fault, or we are to end. */
async function writeOne(
  deps: PartnerDeps,
  channel: string,
  report: OwedReport,
  held: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<'written' | 'skipped' | 'stopped'> {
  if (held.has(report.id)) {
    await putBack(deps, report, HELD_MS);
    return 'skipped';
  }
  try {
    if (signal.aborted) throw new Fault('STOPPED');
    const zone = deps.cabinet(report.opaId)?.config.timeZone ?? DEFAULT_ZONE;
    const request = buildReport(channel, report, zone);
    await deps.breakers.run(`channel:${channel}`, () => deps.sed.report(request, signal));
  } catch (error) {
    return await settleFailure(deps, channel, report, toFault(error), signal);
  }
  await markWritten(deps, report);
  return 'written';
}

async function settleFailure(
  deps: PartnerDeps,
  channel: string,
  report: OwedReport,
  fault: Fault,
  signal: AbortSignal,
): Promise<'skipped' | 'stopped'> {
  const { code, detail, retryAfterMs } = fault;
  const fields = { channel, posId: report.posId, kind: report.kind, code, detail };
  if (signal.aborted || code === 'ENDPOINT_PAUSED') {
    await putBack(deps, report, retryAfterMs ?? 0);
    return 'stopped';
  }
  if (fault.kind === 'transient' || fault.kind === 'unknown') {
    deps.log.warn(fields, 'report to the СЭД not written, will be repeated');
    const delayMs = nextDelay(report.failures + 1, deps.retry, deps.random, retryAfterMs);
    await putBack(deps, report, delayMs, { code, tell: false });
    return 'stopped';
  }
  // Never given up: a new version or other settings may write it. Told once, tried as seldom as anything is.
  const err = fault.kind === 'defect' ? { err: fault.cause ?? fault } : {};
  deps.log.error({ ...fields, ...err }, 'report to the СЭД cannot be written');
  await putBack(deps, report, deps.retry.cap, { code, tell: report.failures === 0 });
  return 'skipped';
}
