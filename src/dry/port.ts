import type { PolledCabinet } from '../intake/intake.ts';
import type { Step } from '../registration/plan.ts';
import type { AppealState } from '../registration/state.ts';
import type { RepliesState } from '../replies/state.ts';

/** A step that would put something into a channel's folder. */
export type OutgoingStep = Extract<Step, { do: 'begin' | 'write' }>;

/**
 * The dry run as the flows know it: they ask before anything is begun, so nothing is stored that would not be there had
 * the step never been reached, and a switch to live goes on from there.
 */
export interface DryRun {
  /** Whether nothing may leave for this cabinet now. */
  covers(opaId: string): boolean;
  /** Writes what the step would send to the СЭД; returns when to come again, epoch ms of the database's clock. */
  card(state: AppealState, step: OutgoingStep, cabinet: PolledCabinet): Promise<number>;
  /** Writes what would go to the platform for this appeal; the same. */
  replies(state: RepliesState, cabinet: PolledCabinet): Promise<number>;
}
