import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { ShowcaseConfig } from '../config/schema.ts';
import type { RubricMapper } from '../rubrics/mapper.ts';
import type { SedArchive } from '../sed/port.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Terms } from '../terms/index.ts';
import type { OriginalCategory } from './look.ts';

/** A showcase of the settings with what its cabinet adds. */
export type Showcase = ShowcaseConfig & {
  /** Of the cabinet that uploads it. */
  readonly opaId: string;
  /** IANA zone of the cabinet: decides which day it is. */
  readonly timeZone: string;
};

/** What building a showcase stands on: ports and the store, never a driver. */
export interface BuildDeps {
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly log: Logger;
  readonly archive: SedArchive;
  readonly mapper: RubricMapper;
  readonly terms: Terms;
  readonly spoolDir: string;
  now(): number;
  /** ОГРН of the cabinet's organisation as the platform names it at log-in; asked once, then stored. */
  askOgrn?(): Promise<string | undefined>;
  /** Categories of appeals that became cards, by posId; asked only when platform-born cards are included. */
  originals?(posIds: readonly string[]): Promise<ReadonlyMap<string, OriginalCategory>>;
  /** Whether «Выгрузка в витрину ПОС» is written into cards where it is unset; not in a dry run. */
  readonly writeFlags: boolean;
  /** A person has confirmed that most cards of the showcase may be gone. */
  readonly confirmRemovals?: boolean;
  /** Cards looked at together; five hundred unless given. */
  readonly batch?: number;
}

/** What writing files stands on. */
export type FileDeps = Pick<BuildDeps, 'dataSource' | 'db' | 'log' | 'spoolDir' | 'askOgrn'>;
