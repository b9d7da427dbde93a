import { type FillCommand, runFill } from './fill/command.ts';

/** Fills «Статус ПОС» in old cards where it was never filled, by the card's state (`oldStatus` of mappings/delo.yaml). */
const command: FillCommand = {
  name: 'fill-pos-status',
  description:
    'заполняет реквизит «Статус ПОС» в старых карточках картотек витрин, где он пуст, по состоянию карточки ' +
    '(раздел oldStatus файла mappings/delo.yaml); можно прервать и запустить снова',
  needsTo: true,
  task: ({ cardfiles, docGroups }, { from, to }, mapping) => ({
    query: {
      cardfiles,
      from,
      posStatus: 'unset',
      ...(docGroups !== undefined && { docGroups }),
      ...(to !== undefined && { to }),
    },
    decide: ({ state }) => {
      const posStatus = mapping.oldStatus[state];
      return posStatus === undefined ? undefined : { posStatus };
    },
  }),
  valueWords: (value) => `«${value}»`,
};

process.exitCode = await runFill(command, process.argv.slice(2));
