import { writeJournal } from '../alerts/journal.ts';
import { nextDelay } from '../endpoints/backoff.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import type { Appeal } from '../model/appeal.ts';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { Fault, toFault } from '../model/errors.ts';
import type { CardFile, CardRequest, PackageIdentity, PackageKey, SedExchange } from '../sed/port.ts';
import { inTransaction } from '../store/data-source.ts';
import type { RegistrationDeps } from './deps.ts';
import { findLostFiles } from './lost-files.ts';
import type { Step } from './plan.ts';
import type { AppealState, AttachmentState, CardState, PackageState, PendingChange } from './state.ts';
import { together } from './together.ts';

/** What a step did, as the state it leaves; `stop` ends this job's work on the appeal. */
export interface StepResult {
  readonly state: AppealState;
  readonly stop?: { readonly until: number | null };
}

/** Said of a file that is still being asked for when its card goes. */
const STILL_WANTED = 'ещё не загружен, будет отправлен дополнением';

/**
 * Begins a package: card, identities and content are stored before anything is written, so that whoever
 * goes on after our death writes the same bytes. Another's begun package is left to it (`stop`).
 */
export async function beginPackage(
  deps: RegistrationDeps,
  state: AppealState,
  step: Step & { do: 'begin' },
  cabinet: PolledCabinet,
): Promise<StepResult> {
  const drawn = drawUp(deps, state, step, cabinet);
  const { identity, card, package: pkg } = drawn;
  const handled = shownBy(state, step, pkg.changeId);
  const stored = await together(deps.dataSource).begin({
    appealId: state.id,
    repetition: card.repetition,
    documentUid: identity.documentUid,
    channel: pkg.channel,
    part: pkg.part,
    attempt: pkg.attempt,
    addition: pkg.addition,
    subject: pkg.subject,
    changeId: pkg.changeId,
    attachments: pkg.attachments,
    missing: pkg.missing,
    earlier: pkg.earlier,
    messageId: identity.messageId,
    returnId: identity.returnId,
    messageDir: identity.messageDir,
    owner: deps.owner,
    handled: handled.map((change) => change.id),
  });
  if (stored.packageId === null) return { state, stop: { until: state.now + deps.retry.base } };
  const begun: PackageState = { ...pkg, id: stored.packageId, headerTime: stored.headerTime };
  const pending = state.pending.filter((change) => !handled.includes(change));
  return { state: withPackage({ ...state, pending }, { ...card, id: stored.cardId }, begun) };
}

/** A package that is to begin, as far as it is known before it is stored. */
export interface DrawnPackage {
  readonly identity: PackageIdentity;
  readonly card: CardState;
  readonly package: PackageState;
}

/** What a step begins: identities and content. Pure; ids that the store gives are '', the time is when it was first seen. */
export function drawUp(
  deps: { readonly sed: Pick<SedExchange, 'identify'> },
  state: AppealState,
  step: Step & { do: 'begin' },
  cabinet: PolledCabinet,
): DrawnPackage {
  const { copyOf } = step;
  const ownChange = step.addition === null ? undefined : step.change?.id;
  const changeId = copyOf?.changeId ?? ownChange ?? state.newest?.changeId;
  if (changeId === undefined) throw new Fault('DEFECT', { detail: 'an open appeal without a readable item' });
  const key = { opaId: state.opaId, posId: state.posId, ...pick(step) };
  const identity = deps.sed.identify(key);
  // An addition goes to the ДЕЛО that has the card, wherever its cabinet sends new cards by now.
  const channel = step.part > 0 && step.card !== undefined ? step.card.channel : cabinet.config.channel;
  const fresh: CardState = {
    id: '',
    repetition: key.repetition,
    documentUid: identity.documentUid,
    channel,
    stage: 'planned',
    number: null,
    date: null,
    packages: [],
  };
  const pkg: PackageState = {
    id: '',
    part: key.part,
    attempt: key.attempt,
    addition: step.addition,
    subject: copyOf?.subject ?? step.change?.identity ?? '',
    channel,
    changeId,
    attachments: copyOf?.attachments ?? step.attachments.map((file) => file.id),
    missing: copyOf?.missing ?? step.missing.map((file) => ({ name: file.name, reason: reasonOf(file) })),
    earlier: step.earlier ?? null,
    headerTime: state.firstSeenAt,
    stage: 'writing',
    begun: 1,
    writeFailures: 0,
  };
  return { identity, card: step.card === undefined ? fresh : { ...step.card, channel }, package: pkg };
}

/**
 * Writes a begun package. Written or found written, it is «sent»; a folder that cannot be written costs an
 * attempt and is repeated; what the mapping cannot say puts the card in front of the administrator.
 */
export async function writePackage(
  deps: RegistrationDeps,
  state: AppealState,
  step: Step & { do: 'write' },
  cabinet: PolledCabinet,
  signal: AbortSignal,
  freshlyBegun: boolean,
): Promise<StepResult> {
  const { card, package: pkg } = step;
  if (!freshlyBegun && !(await takeOver(deps, pkg))) {
    return { state, stop: { until: state.now + deps.retry.base } };
  }
  try {
    const request = await buildRequest(deps, state, card, pkg, cabinet);
    await deps.breakers.run(`channel:${pkg.channel}`, () => deps.sed.write(request, signal));
  } catch (error) {
    return await settleFailure(deps, state, card, pkg, toFault(error), signal);
  }
  const isCleared = await together(deps.dataSource).markSent({
    packageId: pkg.id,
    cardId: card.id,
    appealId: state.id,
    opaId: state.opaId,
    dueAt: state.dueAt,
    journal: { part: pkg.part, attempt: pkg.attempt, files: pkg.attachments.length },
  });
  const sent: PackageState = { ...pkg, stage: 'sent' };
  const stage = card.stage === 'planned' ? 'sent' : card.stage;
  const dueAt = isCleared ? null : state.dueAt;
  return { state: withPackage({ ...state, dueAt }, { ...card, stage }, sent) };
}

/** Pending changes of which nothing more is to be told once this package is begun. */
function shownBy(state: AppealState, step: Step & { do: 'begin' }, changeId: string): PendingChange[] {
  if (step.part > 0) return state.pending.filter((change) => change.id === step.change?.id);
  // The card is made of the newest item: it shows whatever was amended before. A withdrawal is told by itself, a
  // repetition opens its own card; what lies before the repetition that opens this one is over.
  const opener = state.pending.findIndex((change) => change.id === step.change?.id);
  return state.pending.filter(
    (change, index) =>
      index <= opener ||
      (Number(change.id) <= Number(changeId) &&
        change.change !== 'WITHDRAWN' &&
        change.change !== 'REPEATED'),
  );
}

/** The fence: of two workers that hold the same package, only the one that counts on goes on. */
async function takeOver(deps: RegistrationDeps, pkg: PackageState): Promise<boolean> {
  const rows = await deps.db.query(
    `UPDATE package SET begun = begun + 1, owner = $3, begun_at = now()
     WHERE id = $1 AND begun = $2 AND stage = 'writing' RETURNING id`,
    [pkg.id, pkg.begun, deps.owner],
  );
  return rows.length > 0;
}

/** The request of a package, from what was pinned when it was begun. */
export async function buildRequest(
  deps: Pick<RegistrationDeps, 'db' | 'platform' | 'spool' | 'computeDeadline'>,
  state: AppealState,
  card: CardState,
  pkg: PackageState,
  cabinet: PolledCabinet,
): Promise<CardRequest> {
  const raw = state.newest?.changeId === pkg.changeId ? state.newest.raw : await readRaw(deps, pkg.changeId);
  const item = deps.platform.parseItem(raw, cabinet.config.timeZone);
  if (!item.ok) throw new Fault('APPEAL_SHAPE_UNKNOWN', { detail: item.issues.join('; ') });
  const appeal: Appeal = item.appeal;
  // The platform's term always wins, and counting days costs more than all the rest of this function.
  const deadline =
    appeal.answerAt === undefined
      ? deps.computeDeadline(cabinet, appeal, new Date(pkg.headerTime))
      : undefined;
  const { config } = cabinet;
  const key: PackageKey = {
    opaId: state.opaId,
    posId: state.posId,
    repetition: card.repetition,
    part: pkg.part,
    attempt: pkg.attempt,
  };
  const pinned = pkg.attachments.flatMap((id) => state.attachments.find((file) => file.id === id) ?? []);
  // Lost from the spool and gone from the platform too: the package can only go without it, and says so.
  const gone = pinned.filter((file) => file.state === 'refused');
  const files = pinned
    .filter((file) => file.state !== 'refused')
    .map((file): CardFile => {
      const { fileId, name, sha256, storedSize } = file;
      if (sha256 === null || storedSize === null) {
        throw new Fault('FILE_DAMAGED', { detail: 'a file of the package is not in the spool' });
      }
      return { fileId, name, sha256, size: storedSize, path: deps.spool.pathOf(sha256) };
    });
  return {
    key,
    channel: pkg.channel,
    cabinet: {
      opaId: config.opaId,
      name: config.name,
      organizationName: appeal.organizationName ?? config.name,
      timeZone: config.timeZone,
      ...(config.region === undefined ? {} : { region: config.region }),
    },
    appeal,
    headerTime: new Date(pkg.headerTime),
    ...(pkg.addition === null ? {} : { addition: pkg.addition }),
    files,
    missingFiles: [...pkg.missing, ...gone.map((file) => ({ name: file.name, reason: reasonOf(file) }))],
    ...(pkg.earlier === null ? {} : { earlier: pkg.earlier }),
    ...(deadline === undefined ? {} : { computedDeadline: deadline }),
  };
}

async function readRaw(deps: Pick<RegistrationDeps, 'db'>, changeId: string): Promise<string> {
  const rows = await deps.db.query<{ raw: string | null }>(`SELECT raw FROM appeal_change WHERE id = $1`, [
    changeId,
  ]);
  const raw = rows[0]?.raw;
  if (raw === undefined || raw === null)
    throw new Fault('DEFECT', { detail: 'the raw item of a begun package is gone' });
  return raw;
}

async function settleFailure(
  deps: RegistrationDeps,
  state: AppealState,
  card: CardState,
  pkg: PackageState,
  fault: Fault,
  signal: AbortSignal,
): Promise<StepResult> {
  const where = { posId: state.posId, channel: pkg.channel, code: fault.code, detail: fault.detail };
  // Stopped by us: the package stays begun and the next process goes on with it.
  if (signal.aborted) return { state, stop: { until: state.now } };
  const lost = await findLostFiles(deps, state, pkg, fault);
  if (lost.length > 0) {
    deps.log.warn({ ...where, files: lost.length }, 'spool lost files, fetching them again');
    await deps.db.query(
      `WITH p AS (UPDATE package SET write_failures = write_failures + 1 WHERE id = $2)
       UPDATE attachment SET state = 'wanted', sha256 = NULL, attempts = 0, retry_used_ms = 0, next_try_at = now()
       WHERE id = ANY($1::bigint[]) AND state = 'stored'`,
      [lost, pkg.id],
    );
    // At once, but not in a circle when the disk goes on losing them.
    const wait = pkg.writeFailures === 0 ? 0 : nextDelay(pkg.writeFailures, deps.retry, deps.random);
    return { state, stop: { until: state.now + wait } };
  }
  if (fault.kind === 'transient' || fault.kind === 'unknown') {
    const paused = fault.code === 'ENDPOINT_PAUSED';
    if (!paused) deps.log.warn(where, 'card not written, will be repeated');
    if (!paused)
      await deps.db.query(`UPDATE package SET write_failures = write_failures + 1 WHERE id = $1`, [pkg.id]);
    const wait = nextDelay(pkg.writeFailures + 1, deps.retry, deps.random, fault.retryAfterMs);
    return { state, stop: { until: state.now + wait } };
  }
  deps.log.error(
    { ...where, ...(fault.kind === 'defect' ? { err: fault.cause ?? fault } : {}) },
    'card needs attention',
  );
  await putInAttention(deps, state, card, pkg, fault.code, fault.detail ?? '');
  return { state, stop: { until: null } };
}

/** The card (or, for an addition, the package alone) waits for a person, with code and detail. */
async function putInAttention(
  deps: RegistrationDeps,
  state: AppealState,
  card: CardState,
  pkg: PackageState,
  code: ErrorCode,
  detail: string,
): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    if (pkg.part === 0) {
      await tx.query(
        `UPDATE card SET stage = 'attention', error_code = $2, error_detail = $3
         WHERE id = $1 AND stage <> 'registered'`,
        [card.id, code, detail],
      );
    } else {
      await tx.query(
        `UPDATE package SET stage = 'failed', failure_text = $2 WHERE id = $1 AND stage = 'writing'`,
        [pkg.id, `${code}: ${detail}`],
      );
    }
    await writeJournal(tx, [
      {
        opaId: state.opaId,
        appealId: state.id,
        event: 'card-attention',
        code,
        data: { part: pkg.part, detail },
      },
    ]);
    await deps.incidents.open(tx, code, `channel:${pkg.channel}:cards`);
  });
}

function pick(step: Step & { do: 'begin' }): { repetition: string; part: number; attempt: number } {
  return { repetition: step.repetition, part: step.part, attempt: step.attempt };
}

function reasonOf(file: AttachmentState): string {
  if (file.state === 'wanted' || file.errorCode === null) return STILL_WANTED;
  return ERROR_CODES[file.errorCode as ErrorCode].title;
}

function withPackage(state: AppealState, card: CardState, pkg: PackageState): AppealState {
  const packages = [...card.packages.filter((known) => known.id !== pkg.id), pkg];
  const cards = [...state.cards.filter((known) => known.id !== card.id), { ...card, packages }];
  return { ...state, cards };
}
