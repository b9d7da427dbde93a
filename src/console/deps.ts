import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from '../alerts/incidents.ts';
import type { Cabinet, LoadedConfig } from '../config/index.ts';
import type { Breakers } from '../endpoints/breaker.ts';
import type { Platform, PlatformClassifier, PlatformReplies } from '../platform/port.ts';
import type { RegistrationDeps } from '../registration/deps.ts';
import type { AnswerLimits } from '../replies/interpret-answer.ts';
import type { SedExchange } from '../sed/port.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Spool } from '../store/spool.ts';

/** What the pages stand on: the store, the settings in force and the ports, never a driver. */
export interface ConsoleDeps {
  readonly db: Queryable;
  readonly dataSource: DataSource;
  readonly log: Logger;
  /** As the daemon was started; `cabinets` are those in force now. */
  readonly loaded: LoadedConfig;
  cabinets(): readonly Cabinet[];
  readonly platform: Platform & PlatformReplies & PlatformClassifier;
  readonly spool: Spool;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  /** What the platform takes of an answer that a person mends. */
  readonly answers: { readonly limits: AnswerLimits; readonly answerTypes: ReadonlySet<string> };
  /** Statuses of the platform after which nobody waits for an answer; an appeal in one of them is at no risk. */
  readonly finalStatuses?: ReadonlySet<string>;
  /** Of the platform's statuses, in Russian, by mappings/platform.yaml. */
  readonly statusTitles?: Readonly<Record<string, string>>;
  /** For showing a package as it was written, which takes both of these, and for reading a message anew. */
  readonly sed?: Pick<SedExchange, 'render' | 'retryQuarantined'>;
  readonly computeDeadline?: RegistrationDeps['computeDeadline'];
}
