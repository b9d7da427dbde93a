import { resendCards } from '../registration/commands.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { remoteResendCards } from './remote.ts';
import { WHO } from './words.ts';

const ACTIONS = {
  again: 'отправлена повторно та же карточка',
  corrected: 'отправлена исправленная карточка',
  nothing: 'отправлять нечего: карточка зарегистрирована, ещё не отправлялась или не нужна',
} as const;

/** `posrednik appeals resend`: exit code 1 when no cabinet has such an appeal. */
export async function resendCommand(options: GlobalOptions, posId: string, flags: JsonFlag): Promise<void> {
  const outcomes =
    options.api === undefined
      ? await withTables(await loadForCommand(options), commandLog(), (_db, dataSource) =>
          resendCards(dataSource, posId, { said: { who: WHO, why: WHO } }),
        )
      : await remoteResendCards(options.api, posId);
  const lines = outcomes.map(
    (outcome) => `${outcome.cabinet}, обращение ${outcome.posId}: ${ACTIONS[outcome.action]}`,
  );
  const nobody = [`Обращение ${posId} посреднику неизвестно.`];
  printResult(flags.json, { outcomes }, outcomes.length > 0 ? lines : nobody);
  if (outcomes.length === 0) process.exitCode = 1;
}
