import { isPlatformBorn } from '../src/showcase/plan.ts';
import { type FillCommand, runFill } from './fill/command.ts';

/** Fills «Выгрузка в витрину ПОС» in old cards where it was never filled: yes, or for platform-born cards as the showcase says. */
const command: FillCommand = {
  name: 'fill-showcase-flag',
  description:
    'заполняет реквизит «Выгрузка в витрину ПОС» в старых карточках картотек витрин, где он пуст: «да», а в карточках, ' +
    'пришедших с самой платформы, — как сказано в includePlatformBorn; можно прервать и запустить снова',
  needsTo: false,
  task: ({ cardfiles, docGroups, includePlatformBorn }, { from, to }) => ({
    query: {
      cardfiles,
      from,
      showcaseFlag: 'unset',
      ...(docGroups !== undefined && { docGroups }),
      ...(to !== undefined && { to }),
    },
    decide: (card) => {
      // A value that could not be read is a clerk's all the same.
      if (card.issues?.some(({ field }) => field === 'showcaseFlag') === true) return undefined;
      const upload = isPlatformBorn(card) ? includePlatformBorn : true;
      return { showcaseFlag: upload ? 'true' : 'false' };
    },
  }),
  valueWords: (value) => (value === 'true' ? 'выгружать' : 'не выгружать'),
};

process.exitCode = await runFill(command, process.argv.slice(2));
