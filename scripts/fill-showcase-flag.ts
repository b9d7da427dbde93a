import { isPlatformBorn } from '../src/showcase/plan.ts';
import { type FillCommand, runFill } from './fill/command.ts';

/**
 * Fills «Выгрузка в витрину ПОС» in old cards where it was never filled: yes, or for platform-born cards as the showcase
 * says. With `--refill` only platform-born cards, filled or not: after `includePlatformBorn` was changed they still say
 * what it was, and the requisite decides.
 */
const command: FillCommand = {
  name: 'fill-showcase-flag',
  description:
    'заполняет реквизит «Выгрузка в витрину ПОС» в старых карточках картотек витрин, где он пуст: «да», а в карточках, ' +
    'пришедших с самой платформы, — как сказано в includePlatformBorn; можно прервать и запустить снова',
  needsTo: false,
  refill:
    'записать заново: только карточки, пришедшие с платформы, и где реквизит заполнен — после смены includePlatformBorn; ' +
    'заменит и то, что вписали вручную',
  task: ({ cardfiles, docGroups, includePlatformBorn }, { from, to, refill }) => ({
    query: {
      cardfiles,
      from,
      // Not «those of the other value»: the archive chooses by one spelling of it, and reads several.
      ...(refill !== true && { showcaseFlag: 'unset' as const }),
      ...(docGroups !== undefined && { docGroups }),
      ...(to !== undefined && { to }),
    },
    decide: (card) => {
      // A value that could not be read is a clerk's all the same.
      if (card.issues?.some(({ field }) => field === 'showcaseFlag') === true) return undefined;
      if (refill === true && (!isPlatformBorn(card) || card.showcaseFlag === includePlatformBorn))
        return undefined;
      const upload = isPlatformBorn(card) ? includePlatformBorn : true;
      return { showcaseFlag: upload ? 'true' : 'false' };
    },
  }),
  valueWords: (value) => (value === 'true' ? 'выгружать' : 'не выгружать'),
};

process.exitCode = await runFill(command, process.argv.slice(2));
