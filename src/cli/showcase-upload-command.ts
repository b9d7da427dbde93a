import { Fault } from '../model/errors.ts';
import { askRuns } from '../showcase/asked-runs.ts';
import { resendRecords } from '../showcase/resend.ts';
import { inTransaction } from '../store/data-source.ts';
import { findShowcases } from './find-showcases.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';

export interface UploadFlags extends JsonFlag {
  readonly showcase?: string;
}

export interface ResendFlags extends UploadFlags {
  readonly code?: string;
  readonly record?: string;
}

/** `posrednik showcase upload`: asks the daemon through the database. @throws Fault COMMAND_INVALID */
export async function uploadCommand(options: GlobalOptions, flags: UploadFlags): Promise<void> {
  const loaded = await loadForCommand(options);
  const showcases = findShowcases(loaded, flags.showcase).map(({ id }) => id);
  await withTables(loaded, commandLog(), (db) => askRuns(db, showcases));
  printResult(flags.json, { asked: showcases }, [
    `Выгрузка поставлена в очередь: ${showcases.join(', ')}.`,
    'Её начнёт работающий посредник; ход показывает «showcase status».',
  ]);
}

/** `posrednik showcase resend`: exit code 1 when there was nothing to send. @throws Fault COMMAND_INVALID */
export async function resendCommand(options: GlobalOptions, flags: ResendFlags): Promise<void> {
  const { code, record, showcase } = flags;
  if (code !== undefined && record !== undefined) {
    throw new Fault('COMMAND_INVALID', { detail: 'назовите --code или --record, одно из двух' });
  }
  if (record !== undefined && !/.#\d{1,9}$/.test(record)) {
    throw new Fault('COMMAND_INVALID', {
      detail: '--record: запись пишется «ключ карточки#номер вопроса»',
      field: '--record',
    });
  }
  const loaded = await loadForCommand(options);
  const known = findShowcases(loaded, showcase).map(({ id }) => id);
  const outcome = await withTables(loaded, commandLog(), (_db, dataSource) =>
    inTransaction(dataSource, (tx) =>
      resendRecords(
        tx,
        {
          ...(showcase === undefined ? {} : { showcase }),
          ...(code === undefined ? {} : { code }),
          ...(record === undefined ? {} : { recordId: record }),
        },
        known,
      ),
    ),
  );
  const lines =
    outcome.showcases.length === 0
      ? ['Отправлять нечего: платформа не отказывала таким записям.']
      : [
          `Записей, которые уйдут ещё раз без изменений: ${outcome.records}.`,
          `Выгрузка поставлена в очередь: ${outcome.showcases.join(', ')}.`,
        ];
  printResult(flags.json, outcome, lines);
  if (outcome.showcases.length === 0) process.exitCode = 1;
}
