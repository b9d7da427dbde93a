import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from '../alerts/incidents.ts';
import type { DryRun } from '../dry/port.ts';
import type { BackoffSettings } from '../endpoints/backoff.ts';
import type { Breakers } from '../endpoints/breaker.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import type { Appeal } from '../model/appeal.ts';
import type { Platform } from '../platform/port.ts';
import type { Queue } from '../queue/queue.ts';
import type { SedExchange } from '../sed/port.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Spool } from '../store/spool.ts';

export interface FileLimits {
  readonly maxBytes: number;
  readonly allowedExtensions: ReadonlySet<string>;
  /** Whole transfer of one file, ms. */
  readonly timeoutMs: number;
}

/** What the registration flow stands on: ports and the store, never a driver. */
export interface RegistrationDeps {
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly queue: Queue;
  readonly platform: Platform;
  readonly sed: SedExchange;
  readonly spool: Spool;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  /** Names this process in begun packages. */
  readonly owner: string;
  readonly waitForFilesMs: number;
  readonly files: FileLimits;
  readonly retry: BackoffSettings & { readonly windowMs: number };
  /** The flow that follows in the same job, where it is composed in: one job an appeal moves both. */
  readonly replies?: {
    /** Of these appeals, those with something to carry back. */
    load(appealIds: readonly string[]): Promise<ReadonlySet<string>>;
    /** Works on one; returns when to ring again, epoch ms of the database's clock, null for never. */
    work(appealId: string, signal: AbortSignal): Promise<number | null>;
  };
  /** Where the dry run is composed in: asked before anything is begun or written. */
  readonly dry?: Pick<DryRun, 'covers' | 'card'>;
  cabinet(opaId: string): PolledCabinet | undefined;
  /**
   * Term by the site's rules, a day `YYYY-MM-DD`; used when the appeal brings none. `fallback` stands for the
   * receipt of an appeal that tells none: a stored moment, so that the same package always gets the same term.
   */
  computeDeadline(cabinet: PolledCabinet, appeal: Appeal, fallback: Date): string | undefined;
  now(): number;
  random(): number;
}
