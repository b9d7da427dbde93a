import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { createIncidents } from '../alerts/incidents.ts';
import { writeJournal } from '../alerts/journal.ts';
import type { LoadedConfig } from '../config/index.ts';
import { createLog } from '../log.ts';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { Fault } from '../model/errors.ts';
import { loadCardMapping } from '../sed/sev/card-mapping.ts';
import { createSevExchange } from '../sed/sev/index.ts';
import { inTransaction } from '../store/data-source.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';

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
  return detail === '' ? ERROR_CODES[code].title : `${ERROR_CODES[code].title}: ${detail}`;
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
  await withTables(loaded, commandLog(), (_db, dataSource) =>
    settle(dataSource, channel, message, () => sed.retryQuarantined(channel, message)),
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

/**
 * The message is settled before it is put back, and for good only after: a daemon that finds it bad again at once
 * waits for this transaction and then tells of it anew.
 */
async function settle(
  dataSource: DataSource,
  channel: string,
  message: string,
  putBack: () => Promise<void>,
): Promise<void> {
  const code = 'SED_MESSAGE_UNREADABLE';
  let isBack = false;
  await inTransaction(dataSource, async (tx) => {
    await tx.query(
      `UPDATE quarantine SET settled_at = now()
       WHERE channel = $1 AND message_dir = $2 AND code = $3 AND settled_at IS NULL`,
      [channel, message, code],
    );
    await writeJournal(tx, [{ event: 'quarantine-retried', data: { channel } }]);
    const [left] = await tx.query(
      `SELECT 1 FROM quarantine WHERE channel = $1 AND code = $2 AND settled_at IS NULL LIMIT 1`,
      [channel, code],
    );
    if (left === undefined) await createIncidents(createLog('silent')).close(tx, code, `channel:${channel}`);
    // A transaction in conflict runs again; the message is put back once.
    if (!isBack) await putBack();
    isBack = true;
  });
}
