import type { Card, DeloSimulator } from '../../tests/simulators/delo/index.ts';
import { makePdf } from './files/pdf.ts';
import type { AppealReplies } from './replies.ts';

const EXECUTORS = [
  { fio: 'Соколов Семён Сергеевич', post: 'Начальник отдела' },
  { fio: 'Журавлёва Зоя Захаровна', post: 'Главный специалист' },
  { fio: 'Воробьёв Виктор Васильевич', post: 'Ведущий инженер' },
];
const SIGNER = { fio: 'Никитин Николай Николаевич', post: 'Глава администрации' };
/** Answers on their way at one time: a clerk is not a machine, and each is to be seen going its way. */
const MOST_ON_THE_WAY = 8;
/** No two papers of the demo are equal, citizens' and clerk's. */
const FIRST_SEED = 100_000;

export interface DemoClerk {
  /** Does what there is to do now, a little of it; gives how many resolutions were put. */
  work(cards: readonly Card[], replies: ReadonlyMap<string, AppealReplies>): number;
}

/**
 * A clerk who puts a resolution on the first card of each of these appeals and, once it is seen on the platform, answers
 * those of `answers` with a signed paper. Whatever else comes is left to the one who watches.
 */
export function createDemoClerk(
  delo: Pick<DeloSimulator, 'resolve' | 'answer'>,
  appeals: readonly string[],
  answers: ReadonlySet<string>,
): DemoClerk {
  const resolvable = new Set(appeals);
  const answerable = new Set(answers);
  const onTheWay = new Set<string>();

  function resolve(card: Card, index: number): void {
    resolvable.delete(card.posId);
    if (card.resolutions.length > 0) return;
    const executor = EXECUTORS[index % EXECUTORS.length] ?? SIGNER;
    delo.resolve(card.id, { executor, text: 'Прошу рассмотреть и подготовить ответ заявителю.' });
  }

  function answer(card: Card): void {
    answerable.delete(card.posId);
    // Somebody was quicker on the page.
    if (card.answers.length > 0) return;
    onTheWay.add(card.posId);
    delo.answer(card.id, {
      text: 'Обращение рассмотрено, меры приняты. Подробности — в приложенном письме.',
      signer: SIGNER,
      files: [
        { name: `Ответ на обращение ${card.posId}.pdf`, content: makePdf(FIRST_SEED + Number(card.id)) },
      ],
    });
  }

  return {
    work(cards, replies) {
      const registered = cards.filter((card) => card.state === 'registered');
      const toResolve = registered.filter(({ posId }) => resolvable.has(posId));
      toResolve.forEach(resolve);
      for (const posId of onTheWay) if (replies.get(posId)?.answers.length) onTheWay.delete(posId);
      const isWorkedOn = ({ posId }: Card) =>
        replies.get(posId)?.statuses.some(({ status }) => status === 'SET_EXECUTOR') === true;
      const toAnswer = registered.filter((card) => answerable.has(card.posId) && isWorkedOn(card));
      toAnswer.slice(0, MOST_ON_THE_WAY - onTheWay.size).forEach(answer);
      return toResolve.length;
    },
  };
}
