import { channelChecks } from '../checks/channels.ts';
import { type CheckDeps, type CheckLine, configLines, runChecks } from '../config/check.ts';
import { checksJson, formatChecks } from '../config/check-format.ts';
import { ConfigError, type LoadedConfig } from '../config/index.ts';
import { createLog } from '../log.ts';
import { archiveChecks } from './check-archive.ts';
import { databaseChecks, spoolChecks } from './check-house.ts';
import { cabinetChecks, mappingChecks, smtpChecks } from './check-outside.ts';
import { endSoon } from './leave.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand } from './load.ts';
import { openCommandDatabase } from './open-database.ts';

/** The first start of the embedded database on a busy machine takes its time; all else has bounds of its own. */
const TASK_LIMIT_MS = 90_000;

/** `posrednik check`: tries everything the daemon needs and prints a table; exit code 0 when all is well. */
export async function checkCommand(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const lines = await collect(options);
  process.stdout.write(flags.json ? checksJson(lines) : formatChecks(lines));
  process.exitCode = lines.every((line) => line.ok) ? 0 : 1;
  endSoon();
}

async function collect(options: GlobalOptions): Promise<CheckLine[]> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadForCommand(options);
  } catch (error) {
    if (error instanceof ConfigError) return configLines(error);
    throw error;
  }
  const database = openCommandDatabase(loaded, createLog('silent'));
  database.catch(() => undefined);
  const deps: CheckDeps = {
    config: [{ name: loaded.path, run: async () => undefined }],
    database: databaseChecks(database),
    spool: spoolChecks(loaded, database),
    mapping: mappingChecks(loaded),
    cabinet: await cabinetChecks(loaded, database),
    channel: await channelChecks(loaded),
    archive: await archiveChecks(loaded),
    smtp: smtpChecks(loaded),
  };
  try {
    return await runChecks(deps, { timeoutMs: TASK_LIMIT_MS });
  } finally {
    await database.then((opened) => opened.close()).catch(() => undefined);
  }
}
