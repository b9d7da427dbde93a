import type { Appeal, FeedItem } from '../model/appeal.ts';
import { type AppealStage, type EligibilityRules, judge, receivedAt } from './eligibility.ts';

/** What we hold of an appeal while a page is folded into it. */
export interface KnownAppeal {
  readonly id?: string;
  readonly posId: string;
  readonly stage: AppealStage;
  readonly stageReason?: string;
  /** Identity of the newest readable item: cards are made of that one. */
  readonly newest?: string;
  /** Every change stored so far, by identity. */
  readonly seen: ReadonlyMap<string, SeenChange>;
  /** Set when the row must be written. */
  readonly touched: boolean;
  readonly fields?: AppealFields;
  readonly error?: { readonly code: 'APPEAL_SHAPE_UNKNOWN'; readonly detail: string };
}

export interface SeenChange {
  readonly change: string;
  readonly readable: boolean;
}

export interface AppealFields {
  readonly kind: string;
  readonly status: string;
  readonly subjectId?: string;
  readonly receivedAt: Date;
  readonly answerAt?: Date;
  readonly repeatOf?: string;
}

export interface NewChange {
  readonly posId: string;
  readonly identity: string;
  readonly change: string;
  readonly raw: string;
  readonly readable: boolean;
  /** Nothing more follows from it: the card itself will show it, or it shows nothing new. */
  readonly handled: boolean;
  readonly appeal?: Appeal;
}

export interface FoldResult {
  readonly known: KnownAppeal;
  /** Absent when the item was seen before. */
  readonly change?: NewChange;
  /** The appeal has work now. */
  readonly ring: boolean;
}

/** Changes of a known appeal that concern the clerk or open a new consideration. */
const FOLLOWED = new Set(['REPEATED', 'WITHDRAWN', 'TERM_MOVED', 'AMENDED', 'RATED']);

/**
 * Folds one item of the feed into what is known of its appeal. Pure: the same items give the same result however
 * often a page is read and in whatever order pages come, which is what makes re-reading and back-fill harmless.
 */
export function foldItem(
  known: KnownAppeal | undefined,
  item: FeedItem,
  posId: string,
  rules: EligibilityRules,
  now: Date,
): FoldResult {
  const identity = item.ok ? item.appeal.changeIdentity : item.changeIdentity;
  const earlier = known?.seen.get(identity);
  if (known !== undefined && earlier !== undefined) {
    // What was unreadable then may be understood by now; a back-fill on command judges what was passed over anew.
    const again = item.ok && (!earlier.readable || (rules.forced && known.stage === 'skipped'));
    if (!again) return { known, ring: false };
  }
  if (!item.ok) return foldUnreadable(known, item, posId);
  return foldReadable(known, item.appeal, item.raw, posId, rules, now);
}

function foldReadable(
  known: KnownAppeal | undefined,
  appeal: Appeal,
  raw: string,
  posId: string,
  rules: EligibilityRules,
  now: Date,
): FoldResult {
  const identity = appeal.changeIdentity;
  const registered = known !== undefined && (known.stage === 'open' || known.stage === 'settled');
  const isLatest = known?.newest === undefined || !isOlder(identity, known.newest);
  // A NEW for an appeal that has its card changes nothing, whenever it was written.
  const isNewest = isLatest && !(registered && appeal.change === 'NEW');
  const newest = isNewest ? identity : (known?.newest ?? identity);
  const superseded = isSuperseded(known, appeal);
  const standing = registered
    ? { stage: appeal.change === 'REPEATED' && !superseded ? ('open' as const) : known.stage }
    : standingOf(known, appeal, rules, now, isNewest, superseded);
  const followed = registered && FOLLOWED.has(appeal.change) && !superseded;
  const fields = isNewest ? fieldsOf(appeal, now) : known?.fields;
  const stillUnread = known?.error !== undefined && hasLaterUnread(known, newest, identity);
  return {
    known: {
      ...(known?.id === undefined ? {} : { id: known.id }),
      posId,
      ...standing,
      newest,
      seen: new Map(known?.seen).set(identity, { change: appeal.change, readable: true }),
      touched: true,
      ...(fields === undefined ? {} : { fields }),
      ...(stillUnread && known?.error !== undefined ? { error: known.error } : {}),
    },
    change: { posId, identity, change: appeal.change, raw, readable: true, handled: !followed, appeal },
    ring: registered ? followed : standing.stage === 'open',
  };
}

/**
 * Where an appeal stands that has no card yet: unknown, waiting or passed over so far. Each item is whole, so it is
 * judged afresh whatever its change. One item that deserves a card is enough, in whatever order they come.
 */
function standingOf(
  known: KnownAppeal | undefined,
  appeal: Appeal,
  rules: EligibilityRules,
  now: Date,
  isNewest: boolean,
  superseded: boolean,
): { readonly stage: AppealStage; readonly stageReason?: string } {
  const before =
    known === undefined
      ? undefined
      : {
          stage: known.stage,
          ...(known.stageReason === undefined ? {} : { stageReason: known.stageReason }),
        };
  if (before !== undefined) {
    if (superseded) return before;
    // A withdrawal stands, whatever a back-fill brings later, until the citizen sends the appeal again.
    if (before.stage === 'withdrawn' && appeal.change !== 'REPEATED') return before;
  }
  const verdict = judge(appeal, rules, now);
  const decides = verdict.stage === 'open' || verdict.stage === 'withdrawn' || isNewest;
  if (before !== undefined && !decides) return before;
  return { stage: verdict.stage, ...(verdict.reason === undefined ? {} : { stageReason: verdict.reason }) };
}

const OPPOSITE: Readonly<Record<string, string>> = { WITHDRAWN: 'REPEATED', REPEATED: 'WITHDRAWN' };

/** A withdrawal older than a repetition that we know already, or the reverse: back-filled late, it changes nothing. */
function isSuperseded(known: KnownAppeal | undefined, appeal: Appeal): boolean {
  const opposite = OPPOSITE[appeal.change];
  if (known === undefined || opposite === undefined) return false;
  for (const [identity, { change }] of known.seen) {
    if (change === opposite && isOlder(appeal.changeIdentity, identity)) return true;
  }
  return false;
}

/** Whether a change newer than the newest readable one is still unread. */
function hasLaterUnread(known: KnownAppeal, newest: string, mended: string): boolean {
  for (const [identity, { readable }] of known.seen) {
    if (!readable && identity !== mended && isOlder(newest, identity)) return true;
  }
  return false;
}

function foldUnreadable(
  known: KnownAppeal | undefined,
  item: FeedItem & { readonly ok: false },
  posId: string,
): FoldResult {
  const identity = item.changeIdentity;
  const base: KnownAppeal = known ?? { posId, stage: 'attention', seen: new Map(), touched: true };
  // A newer item told the whole already: nothing of this one is missing.
  const told = base.newest !== undefined && isOlder(identity, base.newest);
  return {
    known: {
      ...base,
      seen: new Map(base.seen).set(identity, { change: 'UNKNOWN', readable: false }),
      touched: true,
      ...(told ? {} : { error: { code: 'APPEAL_SHAPE_UNKNOWN', detail: item.issues.join('; ') } }),
    },
    change: { posId, identity, change: 'UNKNOWN', raw: item.raw, readable: false, handled: true },
    ring: false,
  };
}

/**
 * Whether change `a` came before `b`. The platform's changeId grows within a cabinet; where it is not a
 * number (a hash of the item), the order of arrival stands and nothing is older.
 */
export function isOlder(a: string, b: string): boolean {
  const digits = /^\d{1,40}$/;
  if (!digits.test(a) || !digits.test(b)) return false;
  return BigInt(a) < BigInt(b);
}

function fieldsOf(appeal: Appeal, now: Date): AppealFields {
  return {
    kind: appeal.kind,
    status: appeal.status,
    ...(appeal.category.id === undefined ? {} : { subjectId: appeal.category.id }),
    receivedAt: receivedAt(appeal, now),
    ...(appeal.answerAt === undefined ? {} : { answerAt: appeal.answerAt }),
    ...(appeal.repeatOf === undefined ? {} : { repeatOf: appeal.repeatOf }),
  };
}
