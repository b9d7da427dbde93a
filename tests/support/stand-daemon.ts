import { pino } from 'pino';
import { loadConfig } from '../../src/config/index.ts';
import { type Daemon, type DaemonOptions, startDaemon } from '../../src/daemon.ts';
import type { DeloSimulator } from '../simulators/delo/index.ts';
import type { PlatformSimulator } from '../simulators/platform/index.ts';
import type { TestDatabase } from './database.ts';
import type { Stand } from './stand.ts';

/** Starts a daemon in this process on a stand's settings and a test database; says nothing unless given a log. */
export async function startStandDaemon(
  stand: Pick<Stand, 'configPath' | 'dir'>,
  database: Pick<TestDatabase, 'url'>,
  log = pino({ level: 'silent' }),
  options: DaemonOptions = {},
): Promise<Daemon> {
  const env = { DATABASE_URL: database.url };
  return await startDaemon(await loadConfig({ path: stand.configPath, env, cwd: stand.dir }), log, options);
}

/** Whatever of a daemon's surroundings a test has begun. */
export interface Surroundings {
  readonly daemons: readonly (Daemon | undefined)[];
  readonly delo: DeloSimulator | undefined;
  readonly platform: PlatformSimulator | undefined;
  readonly database: TestDatabase | undefined;
  readonly stand: Stand | undefined;
}

/** Ends it all, the daemons first: they work with the rest. */
export async function endSurroundings(world: Surroundings): Promise<void> {
  await Promise.all(world.daemons.map((daemon) => daemon?.stop()));
  await world.delo?.stop();
  await world.platform?.close();
  await world.database?.drop();
  await world.stand?.remove();
}
