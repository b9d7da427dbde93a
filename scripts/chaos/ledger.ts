import type { DeloSimulator } from '../../tests/simulators/delo/index.ts';
import { names } from './compare.ts';
import { type AppealScript, countStatuses, isTold } from './script.ts';

/** One appeal on its way: where it is in its script, and what ДЕЛО has given of it so far. */
export interface Entry {
  readonly script: AppealScript;
  readonly opaId: string;
  readonly posId: number;
  cardId: string | undefined;
  /** Steps done. */
  done: number;
  /** Moment of the next step; performance.now(). */
  nextAt: number;
  answered: boolean;
  /** Entries that the platform has taken of it. */
  taken: number;
  /** The platform has the answer. */
  over: boolean;
  lastTaskId: string | undefined;
  /** Names of what was given, in its order. */
  readonly given: string[];
}

export function newEntry(script: AppealScript, opaId: string, posId: number): Entry {
  return {
    script,
    opaId,
    posId,
    cardId: undefined,
    done: 0,
    nextAt: 0,
    answered: false,
    taken: 0,
    over: false,
    lastTaskId: undefined,
    given: [],
  };
}

const DAY_MS = 86_400_000;
const REASON = 'Запрошены сведения у подрядчика';

/** The clerk does the next step of the script in ДЕЛО; what the platform must show of it is noted. */
export function doStep(delo: DeloSimulator, entry: Entry): void {
  const step = entry.script.steps[entry.done];
  const cardId = entry.cardId ?? '';
  if (step === undefined) return;
  switch (step.do) {
    case 'resolve': {
      const executor = { fio: `${step.surname} Пётр Ильич`, post: 'специалист' };
      entry.lastTaskId = delo.resolve(cardId, {
        executor,
        text: 'Рассмотреть и доложить',
        ...(step.quiet === 'project' && { project: true }),
        ...(step.quiet === 'private' && { private: true }),
        ...(step.quiet === 'part' && entry.lastTaskId !== undefined && { parent: entry.lastTaskId }),
      });
      if (isTold(step)) entry.given.push(names.setExecutor(step.surname));
      break;
    }
    case 'report':
      if (entry.lastTaskId !== undefined) delo.report(entry.lastTaskId, 'Осмотр проведён');
      break;
    case 'move-term': {
      const day = new Date(Date.parse(delo.today()) + step.days * DAY_MS).toISOString().slice(0, 10);
      delo.moveTerm(cardId, day, REASON);
      entry.given.push(names.postpone(day));
    }
  }
  entry.done += 1;
}

/** The clerk sends the answer, with two files. */
export function answer(delo: DeloSimulator, entry: Entry): void {
  const { script, posId } = entry;
  const number = `ОТВ-${script.index + 1}`;
  delo.answer(entry.cardId ?? '', {
    number,
    text: 'Работы выполнены, замечания устранены.',
    order: script.answerOrder,
    files: [
      { name: `ответ ${posId}.pdf`, content: `%PDF-1.4 ответ на обращение ${posId}` },
      { name: 'акт.txt', content: `акт ${posId} `.repeat(200) },
    ],
  });
  entry.given.push(names.answer(number, 2));
  entry.answered = true;
}

/** All statuses that a script has given so far can be on the platform, the card's registration among them. */
export function isAllTaken(entry: Entry): boolean {
  return entry.taken >= countStatuses(entry.script);
}

/** Units of the daemon's work of which the whole run is made: the card, and what the platform takes. */
export function unitsOf(script: AppealScript): number {
  return 1 + countStatuses(script) + 1;
}

export function unitsDone(entry: Entry): number {
  return (entry.cardId === undefined ? 0 : 1) + entry.taken;
}
