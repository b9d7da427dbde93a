import type { DataSource } from 'typeorm';
import type { LoadedConfig } from '../config/index.ts';
import { seedRubrics } from '../rubrics/seed.ts';
import type { Queryable } from '../store/data-source.ts';
import { commandLog } from './load.ts';
import { withTables } from './open-database.ts';

/** Runs a command about rubrics: both the shipped classifier and the draft of the rules are there by then. */
export async function withRubrics<T>(
  loaded: LoadedConfig,
  work: (db: Queryable, dataSource: DataSource) => Promise<T>,
): Promise<T> {
  return await withTables(loaded, commandLog(), async (db, dataSource) => {
    await seedRubrics(dataSource, loaded.config.mappingsDir);
    return await work(db, dataSource);
  });
}
