import type { EarlierCard } from '../sed/port.ts';
import type { AppealState, AttachmentState, CardState, PackageState, PendingChange } from './state.ts';

export interface PlanSettings {
  /** How long a card waits for its files, ms. */
  readonly waitForFilesMs: number;
}

export type Addition = NonNullable<PackageState['addition']>;

/** The next thing to do for an appeal. */
export type Step =
  /** Nothing until something new comes. */
  | { readonly do: 'rest' }
  /** Nothing before this moment (epoch ms). */
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: 'fetch'; readonly attachments: readonly AttachmentState[] }
  /** Withdrawn before its card was begun: there will be none. */
  | { readonly do: 'cancel'; readonly change: PendingChange }
  /** The change needs nothing of the СЭД. */
  | { readonly do: 'note'; readonly change: PendingChange }
  /** Begin a package that does not exist yet: its content is pinned now. */
  | {
      readonly do: 'begin';
      readonly card: CardState | undefined;
      readonly repetition: string;
      readonly part: number;
      readonly attempt: number;
      readonly addition: Addition | null;
      readonly change: PendingChange | undefined;
      readonly attachments: readonly AttachmentState[];
      readonly missing: readonly AttachmentState[];
      readonly earlier: EarlierCard | undefined;
      /** A refused addition, or card of an earlier consideration, sent again: its content, as it was pinned. */
      readonly copyOf?: PackageState;
    }
  /** Go on with a package that was begun, by us or by a process that died. */
  | { readonly do: 'write'; readonly card: CardState; readonly package: PackageState };

/** Changes that go to the clerk as an addition to the card. RATED alone makes no document. */
const ADDITIONS: Readonly<Record<string, Addition>> = {
  WITHDRAWN: 'withdrawn',
  AMENDED: 'amended',
  TERM_MOVED: 'term-moved',
};

/**
 * Decides the next step of an appeal from its stored state alone, so that whoever asks, after whatever death,
 * gets the same answer. Pure. One step at a time; the caller does it, loads the state again and asks again.
 */
export function nextStep(state: AppealState, settings: PlanSettings, now: number): Step {
  if (state.stage !== 'open') return { do: 'rest' };
  const unfinished = findUnfinished(state);
  if (unfinished !== undefined) return planUnfinished(state, unfinished, now);

  const newest = state.cards.at(-1);
  if (newest === undefined || (newest.stage === 'planned' && newest.packages.length === 0)) {
    return planCard(state, newest, '', undefined, settings, now);
  }
  // A refused card that a person sent again: the correction is a new attempt, with the newest content; an earlier
  // consideration keeps its own, for the newest item tells of a later one.
  const refused = state.cards.find((card) => card.stage === 'planned' && mainOf(card)?.stage === 'failed');
  if (refused === newest) return planCard(state, newest, newest.repetition, undefined, settings, now);
  const main = refused === undefined ? undefined : mainOf(refused);
  if (refused !== undefined && main !== undefined) return askedAgain(refused, main);
  const asked = findAskedAgain(state);
  if (asked !== undefined) return askedAgain(asked.card, asked.package);
  return planAfterCard(state, newest, settings, now);
}

function isNewestAttempt(card: CardState, pkg: PackageState): boolean {
  return !card.packages.some((other) => other.part === pkg.part && other.attempt > pkg.attempt);
}

function mainOf(card: CardState): PackageState | undefined {
  return card.packages
    .filter((p) => p.part === 0)
    .toSorted((a, b) => a.attempt - b.attempt)
    .at(-1);
}

function findAskedAgain(state: AppealState): { card: CardState; package: PackageState } | undefined {
  for (const card of state.cards) {
    const found = card.packages.find((p) => p.stage === 'again' && isNewestAttempt(card, p));
    if (found !== undefined) return { card, package: found };
  }
  return undefined;
}

function askedAgain(card: CardState, refused: PackageState): Step {
  return {
    do: 'begin',
    card,
    repetition: card.repetition,
    part: refused.part,
    attempt: refused.attempt + 1,
    addition: refused.addition,
    change: undefined,
    attachments: [],
    missing: [],
    earlier: refused.earlier ?? undefined,
    copyOf: refused,
  };
}

function findUnfinished(state: AppealState): { card: CardState; package: PackageState } | undefined {
  for (const card of state.cards) {
    // A card in attention waits for a person, whatever was begun of it.
    if (card.stage === 'attention') continue;
    const found = card.packages.find((candidate) => candidate.stage === 'writing');
    if (found !== undefined) return { card, package: found };
  }
  return undefined;
}

/** Its files were in the spool when it was begun; where the disk has lost one since, that is fetched anew first. */
function planUnfinished(
  state: AppealState,
  unfinished: { card: CardState; package: PackageState },
  now: number,
): Step {
  const lost = state.attachments.filter(
    (file) => file.state === 'wanted' && unfinished.package.attachments.includes(file.id),
  );
  if (lost.length === 0) return { do: 'write', ...unfinished };
  return planFetch(state, lost, now);
}

function planFetch(state: AppealState, wanted: readonly AttachmentState[], now: number): Step {
  const due = wanted.filter((file) => file.nextTryAt <= now);
  if (due.length > 0 && state.cabinetActive) return { do: 'fetch', attachments: due };
  const later = state.cabinetActive
    ? Math.min(...wanted.map((file) => file.nextTryAt))
    : now + PAUSED_RECHECK_MS;
  return { do: 'wait', until: Math.max(now + 1, later) };
}

/** A card that has no package in flight: withdrawn, its files, its earlier card, then its writing. */
function planCard(
  state: AppealState,
  card: CardState | undefined,
  repetition: string,
  opener: PendingChange | undefined,
  settings: PlanSettings,
  now: number,
): Step {
  const withdrawn = state.pending.findLast((change) => change.change === 'WITHDRAWN');
  const begun = state.cards.some((known) => known.packages.length > 0);
  if (withdrawn !== undefined && !begun && opener === undefined) {
    const again = state.pending.find(
      (change) => change.change === 'REPEATED' && isAfter(state, change, withdrawn),
    );
    if (again === undefined) return { do: 'cancel', change: withdrawn };
    // Sent back after its withdrawal: that consideration alone becomes a card.
    return planCard(state, undefined, again.identity, again, settings, now);
  }

  const files = planFiles(state, settings, now);
  if (files !== undefined) return files;

  const deadline = (opener?.at ?? state.firstSeenAt) + settings.waitForFilesMs;
  const earlier = findEarlier(state, repetition, deadline, now);
  if (earlier.wait !== undefined) return { do: 'wait', until: earlier.wait };

  const attempt = (card === undefined ? 0 : (mainOf(card)?.attempt ?? 0)) + 1;
  return {
    do: 'begin',
    card,
    repetition,
    part: 0,
    attempt,
    addition: null,
    change: opener,
    attachments: state.attachments.filter((file) => file.state === 'stored'),
    missing: state.attachments.filter((file) => file.state !== 'stored'),
    earlier: earlier.card,
  };
}

/** Files still wanted: fetch those that are due, else wait, else go without them. */
function planFiles(state: AppealState, settings: PlanSettings, now: number): Step | undefined {
  const wanted = state.attachments.filter((file) => file.state === 'wanted');
  if (wanted.length === 0) return undefined;
  const step = planFetch(state, wanted, now);
  if (step.do !== 'wait') return step;
  const deadline = Math.max(...wanted.map((file) => file.seenAt)) + settings.waitForFilesMs;
  if (now >= deadline) return undefined;
  return { do: 'wait', until: Math.min(step.until, deadline) };
}

/** The card to link to: the earlier consideration, or that of the appeal which `repeatOf` names. */
function findEarlier(
  state: AppealState,
  repetition: string,
  deadline: number,
  now: number,
): { card?: EarlierCard; wait?: number } {
  const previous = state.cards.filter((card) => card.repetition !== repetition).at(-1);
  const known =
    previous === undefined ? state.repeatOf : { stage: previous.stage, card: asEarlier(previous) };
  if (known === null) return {};
  if (known.card !== null) return { card: known.card };
  // On its way to a number: worth a short wait, which its registration ends by ringing.
  const onItsWay = known.stage !== 'attention' && known.stage !== 'cancelled' && known.stage !== 'unknown';
  if (onItsWay && now < deadline) return { wait: deadline };
  return {};
}

function asEarlier(card: CardState): EarlierCard | null {
  if (card.number === null || card.date === null) return null;
  return { documentUid: card.documentUid, number: card.number, date: card.date };
}

/** The newest card is with the СЭД: what else concerns it, oldest change first. */
function planAfterCard(state: AppealState, card: CardState, settings: PlanSettings, now: number): Step {
  const next = state.pending[0];
  const repeated = state.pending.find((change) => change.change === 'REPEATED');
  if (next !== undefined && next !== repeated) {
    const addition = next.isEcho === true ? undefined : ADDITIONS[next.change];
    if (addition === undefined) return { do: 'note', change: next };
    if (card.stage === 'registered') return beginAddition(card, addition, next, []);
  }
  if (repeated !== undefined) {
    // Withdrawn again before its document was begun: the clerk learns of the withdrawal alone. A withdrawal before it
    // is over.
    const withdrawn = state.pending.some(
      (change) => change.change === 'WITHDRAWN' && isAfter(state, change, repeated),
    );
    if (withdrawn) return { do: 'note', change: repeated };
    // The new document is whole, so it does not wait for notes to a card that was never registered.
    return planCard(state, undefined, repeated.identity, repeated, settings, now);
  }
  // What an attempt carried that was refused counts only as far as the newer one carries it too.
  const sentFiles = new Set(
    card.packages.filter((p) => isNewestAttempt(card, p)).flatMap((p) => p.attachments),
  );
  const late = state.attachments.filter((file) => file.state === 'stored' && !sentFiles.has(file.id));
  if (late.length > 0 && card.stage === 'registered')
    return beginAddition(card, 'late-file', undefined, late);

  const wanted = state.attachments.filter((file) => file.state === 'wanted');
  return wanted.length === 0 ? { do: 'rest' } : planFetch(state, wanted, now);
}

/** In the order in which they were stored. */
function isAfter(state: AppealState, change: PendingChange, other: PendingChange): boolean {
  return state.pending.indexOf(change) > state.pending.indexOf(other);
}

/** A paused cabinet's files are asked after this long again; its resumption rings at once. */
const PAUSED_RECHECK_MS = 15 * 60_000;

function beginAddition(
  card: CardState,
  addition: Addition,
  change: PendingChange | undefined,
  files: readonly AttachmentState[],
): Step {
  return {
    do: 'begin',
    card,
    repetition: card.repetition,
    part: Math.max(...card.packages.map((p) => p.part)) + 1,
    attempt: 1,
    addition,
    change,
    attachments: files,
    missing: [],
    earlier: undefined,
  };
}
