import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from '../alerts/incidents.ts';
import type { DryRun } from '../dry/port.ts';
import type { BackoffSettings } from '../endpoints/backoff.ts';
import type { Breakers } from '../endpoints/breaker.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import type { PlatformReplies } from '../platform/port.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Spool } from '../store/spool.ts';
import type { AnswerLimits } from './interpret-answer.ts';
import type { ReplyRules } from './rules.ts';

/** What the flow of replies stands on: ports and the store, never a driver. */
export interface RepliesDeps {
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly platform: PlatformReplies;
  readonly spool: Pick<Spool, 'pathOf'>;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  /** Names this process in begun deliveries. */
  readonly owner: string;
  /** Those in force now: they are read anew when their file changes. */
  readonly rules: () => ReplyRules;
  readonly limits: AnswerLimits;
  /** «Not there» counts only this long after the attempt ended: a request may commit after its connection died. */
  readonly settleAfterMs: number;
  readonly retry: BackoffSettings & { readonly windowMs: number };
  /** Where the dry run is composed in: asked before anything is looked at or sent. */
  readonly dry?: Pick<DryRun, 'covers' | 'replies'>;
  cabinet(opaId: string): PolledCabinet | undefined;
  random(): number;
}
