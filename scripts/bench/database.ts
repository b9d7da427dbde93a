import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../src/store/data-source.ts';
import { startEmbedded } from '../../src/store/embedded/index.ts';
import { runMigrations } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/index.ts';
import type { Place } from './place.ts';

/** A PostgreSQL of its own in the place, with our tables; it ends with `work`. */
export async function withDatabase<T>(
  place: Place,
  work: (url: string, dataSource: DataSource) => Promise<T>,
): Promise<T> {
  // As root the server runs under another account, which must be able to pass.
  await chmod(place.dir, 0o711);
  const log = pino({ level: 'silent' });
  const server = await startEmbedded({ stateDir: join(place.dir, 'state'), log });
  try {
    const dataSource = await openDatabase({ url: server.url, log, migrations });
    try {
      await runMigrations(dataSource, { log });
      return await work(server.url, dataSource);
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await server.stop();
  }
}
