import { join } from 'node:path';
import { createIncidents } from '../alerts/incidents.ts';
import type { LoadedConfig } from '../config/index.ts';
import { createLog } from '../log.ts';
import { codeEntry } from '../model/code-entry.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { Fault } from '../model/errors.ts';
import { retryQuarantined } from '../registration/quarantine.ts';
import { loadCardMapping } from '../sed/sev/card-mapping.ts';
import { createSevExchange } from '../sed/sev/index.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { WHO } from './words.ts';

interface QuarantineRow {
  readonly channel: string;
  readonly message: string;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly at: Date;
}

/** `posrednik quarantine list`: messages of the СЭД that could not be read, oldest first. */
export async function listQuarantine(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const rows = await withTables(loaded, commandLog(), (db) =>
    db.query<QuarantineRow>(
      `SELECT channel, message_dir AS message, code, detail, at FROM quarantine WHERE settled_at IS NULL ORDER BY id`,
    ),
  );
  const lines = rows.map((row) => `${row.channel}  ${row.message}  ${row.at.toISOString()}  ${wordsOf(row)}`);
  printResult(flags.json, { messages: rows }, lines.length > 0 ? lines : ['Карантин пуст.']);
}

function wordsOf({ code, detail }: QuarantineRow): string {
  return detail === '' ? codeEntry(code).title : `${codeEntry(code).title}: ${detail}`;
}

/**
 * `posrednik quarantine retry`: puts a message back into the channel's folder, where the daemon reads it anew.
 * @throws Fault COMMAND_INVALID for an unknown channel, SED_MESSAGE_UNREADABLE when no such message lies there
 */
export async function retryQuarantine(
  options: GlobalOptions,
  channel: string,
  message: string,
  flags: JsonFlag,
): Promise<void> {
  const loaded = await loadForCommand(options);
  requireChannel(loaded, channel);
  const mapping = await loadCardMapping(join(loaded.config.mappingsDir, 'card.yaml'));
  const sed = createSevExchange({ channels: loaded.config.channels, mapping });
  const incidents = createIncidents(createLog('silent'));
  await withTables(loaded, commandLog(), (_db, dataSource) =>
    retryQuarantined({ dataSource, incidents, sed }, { channel, message }, { who: WHO, why: WHO }),
  );
  printResult(flags.json, { channel, message }, [
    `Сообщение ${message} возвращено в папку канала ${channel} и будет прочитано.`,
  ]);
}

function requireChannel(loaded: LoadedConfig, channel: string): void {
  const known = loaded.config.channels.map(({ id }) => id);
  if (known.includes(channel)) return;
  throw new Fault('COMMAND_INVALID', {
    detail: `нет канала «${channel}»; есть: ${known.join(', ')}`,
    field: 'channel',
  });
}
