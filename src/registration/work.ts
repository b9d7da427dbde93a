import { writeJournal } from '../alerts/journal.ts';
import { Fault, toFault } from '../model/errors.ts';
import type { AppealRef, JobOf } from '../queue/queue.ts';
import { inTransaction, preparing } from '../store/data-source.ts';
import type { RegistrationDeps } from './deps.ts';
import { fetchFiles } from './files.ts';
import { nextStep, type Step } from './plan.ts';
import { type AppealState, loadAppeals } from './state.ts';
import { beginPackage, type StepResult, writePackage } from './write-card.ts';

/** More steps than any appeal needs in one job: a loop that does not move is a defect, not a busy process. */
const MOST_STEPS = 300;

/**
 * Moves a batch of appeals on, each as far as it goes now. Never throws for one appeal's sake: what went wrong
 * is stored with it, and the bell rings for it again. Rejects only when the database is gone; then the jobs come back.
 */
export async function workAppeals(deps: RegistrationDeps, jobs: readonly JobOf<AppealRef>[]): Promise<void> {
  const ids = [...new Set(jobs.map((job) => job.data.appealId))];
  const states = await loadAppeals(preparing(deps.dataSource), ids);
  // After the appeals, never beside them: whoever asks for work sets `due_at` with it, so a time that was read earlier
  // shows that the asking came later and must not be cleared.
  const replies = await deps.replies?.load(ids);
  // All are waited for, whatever becomes of one: a batch that is given back must not go on behind our back.
  const ends = await Promise.allSettled(
    states.map(async (state) => {
      const job = jobs.find((candidate) => candidate.data.appealId === state.id);
      if (job === undefined) return;
      try {
        const rest = await workAppeal(deps, state, job.signal);
        const until = replies?.has(state.id) ? await deps.replies?.work(state.id, job.signal) : null;
        await setDue(deps, rest.state, earlier(rest.until, until ?? null));
        if (state.isFailed) await forgetDefect(deps, state);
      } catch (error) {
        await settleDefect(deps, state, error);
      }
    }),
  );
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Whatever no step foresaw: the appeal keeps its place and is tried again in a while, with the reason in front. */
async function settleDefect(deps: RegistrationDeps, state: AppealState, error: unknown): Promise<void> {
  const fault = toFault(error);
  if (fault.code === 'DATABASE_UNREACHABLE') throw error;
  deps.log.error({ posId: state.posId, opaId: state.opaId, err: error }, 'appeal work failed');
  await deps.db.query(
    `UPDATE appeal SET error_code = $2, error_detail = $3, due_at = now() + interval '1 hour' WHERE id = $1`,
    [state.id, fault.code, fault.detail ?? null],
  );
  await deps.incidents.open(deps.db, fault.code, 'registration');
}

/** It went through this time: nothing is wrong with the appeal any more. */
async function forgetDefect(deps: RegistrationDeps, state: AppealState): Promise<void> {
  await deps.db.query(
    `UPDATE appeal SET error_code = NULL, error_detail = NULL WHERE id = $1 AND error_code <> 'APPEAL_SHAPE_UNKNOWN'`,
    [state.id],
  );
}

/** Where registration leaves an appeal, and when to ring for it again. */
interface Rest {
  readonly state: AppealState;
  readonly until: number | null;
}

async function workAppeal(deps: RegistrationDeps, loaded: AppealState, signal: AbortSignal): Promise<Rest> {
  let state = loaded;
  let freshlyBegun = false;
  for (let steps = 0; steps < MOST_STEPS && !signal.aborted; steps += 1) {
    const step = nextStep(state, { waitForFilesMs: deps.waitForFilesMs }, state.now);
    if (step.do === 'rest') return { state, until: null };
    if (step.do === 'wait') return { state, until: step.until };
    const result = await doStep(deps, state, step, signal, freshlyBegun);
    freshlyBegun = step.do === 'begin';
    state = result.state;
    if (result.stop !== undefined) return { state, until: result.stop.until };
  }
  if (!signal.aborted) throw new Fault('DEFECT', { detail: 'the appeal does not come to rest' });
  // Stopped in the middle: the job counts as done, so the bell must know that there is more.
  return { state, until: state.now };
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

async function doStep(
  deps: RegistrationDeps,
  state: AppealState,
  step: Exclude<Step, { do: 'rest' | 'wait' }>,
  signal: AbortSignal,
  freshlyBegun: boolean,
): Promise<StepResult> {
  const cabinet = deps.cabinet(state.opaId);
  if (cabinet === undefined) {
    deps.log.warn({ opaId: state.opaId, posId: state.posId }, 'cabinet is not configured any more');
    return { state, stop: { until: state.now + deps.retry.cap } };
  }
  if ((step.do === 'begin' || step.do === 'write') && deps.dry?.covers(state.opaId) === true) {
    return { state, stop: { until: await deps.dry.card(state, step, cabinet) } };
  }
  switch (step.do) {
    case 'fetch':
      return {
        state: { ...state, attachments: await fetchFiles(deps, state, step.attachments, cabinet, signal) },
      };
    case 'begin':
      return await beginPackage(deps, state, step, cabinet);
    case 'write':
      return await writePackage(deps, state, step, cabinet, signal, freshlyBegun);
    case 'note':
      return await noteChange(deps, state, step.change.id);
    case 'cancel':
      return await cancelAppeal(deps, state);
  }
}

async function noteChange(deps: RegistrationDeps, state: AppealState, changeId: string): Promise<StepResult> {
  await deps.db.query(`UPDATE appeal_change SET handled_at = now() WHERE id = $1`, [changeId]);
  return { state: { ...state, pending: state.pending.filter((change) => change.id !== changeId) } };
}

/** Withdrawn before its card was begun: no card. */
async function cancelAppeal(deps: RegistrationDeps, state: AppealState): Promise<StepResult> {
  const known = state.pending.map((change) => change.id);
  const cancelled = await inTransaction(deps.dataSource, async (tx) => {
    await tx.query(`SELECT 1 FROM appeal WHERE id = $1 FOR UPDATE`, [state.id]);
    // What came meanwhile may have reopened it: then it is looked at again.
    const news = await tx.query(
      `SELECT 1 FROM appeal_change WHERE appeal_id = $1 AND handled_at IS NULL AND readable
         AND id <> ALL ($2::bigint[]) LIMIT 1`,
      [state.id, known],
    );
    if (news.length > 0) return false;
    await tx.query(`UPDATE appeal SET stage = 'withdrawn', stage_reason = 'withdrawn' WHERE id = $1`, [
      state.id,
    ]);
    await tx.query(`UPDATE card SET stage = 'cancelled' WHERE appeal_id = $1 AND stage = 'planned'`, [
      state.id,
    ]);
    await tx.query(`UPDATE appeal_change SET handled_at = now() WHERE id = ANY($1::bigint[])`, [known]);
    await writeJournal(tx, [{ opaId: state.opaId, appealId: state.id, event: 'appeal-withdrawn' }]);
    return true;
  });
  if (!cancelled) return { state, stop: { until: state.now } };
  return { state: { ...state, stage: 'withdrawn', pending: [] } };
}

/** Sets when the bell rings next, unless somebody set it meanwhile: theirs is newer. */
async function setDue(deps: RegistrationDeps, state: AppealState, until: number | null): Promise<void> {
  if (until === null && state.dueAt === null) return;
  const seconds = until === null ? null : Math.max(0, until - state.now) / 1000;
  await deps.db.query(
    `UPDATE appeal SET due_at = now() + make_interval(secs => $2::float8)
     WHERE id = $1 AND due_at::text IS NOT DISTINCT FROM $3`,
    [state.id, seconds, state.dueAt],
  );
}
