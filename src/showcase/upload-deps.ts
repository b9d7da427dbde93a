import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from '../alerts/incidents.ts';
import type { BackoffSettings } from '../endpoints/backoff.ts';
import type { Breakers } from '../endpoints/breaker.ts';
import type { PolledCabinet } from '../intake/intake.ts';
import type { PlatformShowcase } from '../platform/port.ts';
import type { Queryable } from '../store/data-source.ts';

/** A file that a dry cabinet would send. */
export interface HeldFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** What the way of showcase files to the platform stands on: ports and the store, never a driver. */
export interface UploadDeps {
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly platform: PlatformShowcase;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  readonly retry: BackoffSettings;
  readonly spoolDir: string;
  /** Where the dry run is composed in: its files are put aside and wait. */
  readonly dry?: {
    covers(opaId: string): boolean;
    keep(cabinet: PolledCabinet, file: HeldFile): Promise<void>;
  };
  cabinet(opaId: string): PolledCabinet | undefined;
  /** Milliseconds before the first question for a report. */
  pollFirstMs(showcase: string): number;
  /** Who is told of a showcase by e-mail; nobody when no mail is configured. */
  recipients(showcase: string): readonly string[];
  random(): number;
}
