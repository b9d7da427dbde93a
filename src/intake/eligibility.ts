import type { Appeal } from '../model/appeal.ts';

/** Where an appeal stands between the feed and its card. */
export const APPEAL_STAGES = ['awaiting', 'skipped', 'open', 'attention', 'withdrawn', 'settled'] as const;
export type AppealStage = (typeof APPEAL_STAGES)[number];

export interface EligibilityRules {
  /** Items received earlier get no card. */
  readonly startFrom: Date;
  readonly cardStatuses: ReadonlySet<string>;
  readonly finalStatuses: ReadonlySet<string>;
  /** A back-fill on command: neither startFrom nor a final status keeps a card away. */
  readonly forced: boolean;
}

export interface Verdict {
  readonly stage: AppealStage;
  readonly reason?: 'before-start' | 'final' | 'status' | 'withdrawn';
}

/** When the appeal reached the organisation, by the platform's own word; `now` when it tells nothing. */
export function receivedAt(appeal: Appeal, now: Date): Date {
  return appeal.receivedAt ?? appeal.createdAt ?? now;
}

/**
 * Whether an item the platform shows becomes a card (contracts/platform-rest.md, «Which items become
 * cards»). Years of answered appeals must not flood the СЭД, and a withdrawn one needs no card.
 */
export function judge(appeal: Appeal, rules: EligibilityRules, now: Date): Verdict {
  if (appeal.change === 'WITHDRAWN') return { stage: 'withdrawn', reason: 'withdrawn' };
  if (!rules.forced) {
    if (rules.finalStatuses.has(appeal.status)) return { stage: 'skipped', reason: 'final' };
    if (receivedAt(appeal, now) < rules.startFrom) return { stage: 'skipped', reason: 'before-start' };
  }
  if (rules.cardStatuses.has(appeal.status)) return { stage: 'open' };
  if (rules.forced && rules.finalStatuses.has(appeal.status)) return { stage: 'open' };
  return { stage: 'awaiting', reason: 'status' };
}
