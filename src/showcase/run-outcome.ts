import type { Logger } from 'pino';
import { RECORD_STATE_OF } from '../alerts/incident/sources.ts';
import type { Incidents } from '../alerts/incidents.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { toFault } from '../model/errors.ts';
import type { Queryable } from '../store/data-source.ts';
import { showcaseScope, UPLOAD_INCIDENTS } from './tell.ts';

/**
 * Runs a showcase's run and keeps its incident: one while it fails for one cause, closed by the next that goes well.
 * What passes by itself is thrown on, so that the queue tries it again; what only a person can mend is not.
 * @throws Fault of kind transient, unknown or credentials, and SHOWCASE_BUSY
 */
export async function settleRun(
  { db, incidents, log }: { readonly db: Queryable; readonly incidents: Incidents; readonly log: Logger },
  showcase: string,
  run: () => Promise<void>,
): Promise<void> {
  const scope = showcaseScope(showcase);
  try {
    await run();
  } catch (error) {
    const fault = toFault(error);
    const { code, detail, kind } = fault;
    // Another daemon, or a command, is at it; a stop is no failure.
    if (code === 'STOPPED' || code === 'SHOWCASE_BUSY') throw error;
    log.error({ showcase, code, detail, ...(kind === 'defect' ? { err: error } : {}) }, 'showcase not built');
    await incidents.open(db, code, scope, detail);
    await closeOthers(db, incidents, scope, code);
    if (kind === 'rejected' || kind === 'defect') return;
    throw error;
  }
  await closeOthers(db, incidents, scope);
}

/** Incidents of uploads, and of single records, have their own end. */
async function closeOthers(
  db: Queryable,
  incidents: Incidents,
  scope: string,
  still?: ErrorCode,
): Promise<void> {
  const open = await db.query<{ code: ErrorCode }>(
    `SELECT code FROM incident WHERE scope = $1 AND closed_at IS NULL AND NOT (code = ANY($2))`,
    [scope, [...UPLOAD_INCIDENTS, ...Object.keys(RECORD_STATE_OF), ...(still === undefined ? [] : [still])]],
  );
  for (const { code } of open) await incidents.close(db, code, scope);
}
