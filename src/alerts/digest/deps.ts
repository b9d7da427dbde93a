import type { Logger } from 'pino';
import type { Cabinet, LoadedConfig } from '../../config/index.ts';
import type { Queryable } from '../../store/data-source.ts';

/** What the administrators' digest stands on. */
export interface DigestDeps {
  readonly db: Queryable;
  readonly log: Logger;
  readonly loaded: LoadedConfig;
  /** Those in force now. */
  cabinets(): readonly Cabinet[];
  /** Statuses of the platform after which nobody waits for an answer. */
  readonly finalStatuses: ReadonlySet<string>;
  now(): Date;
}
