import type { Outbox } from '../exchange/outbox.ts';
import type { Registry } from '../exchange/registry.ts';
import { type AnswerRecord, type CardRecord, newId, type Store } from '../exchange/store.ts';
import { answerMessage } from '../sev/answer-xml.ts';
import type { Clock } from '../sev/times.ts';
import {
  type AnswerCommand,
  ClerkError,
  personOf,
  type RedirectCommand,
  type ResolveCommand,
  requireDay,
  requireText,
  resolutionOf,
} from './commands.ts';

/** Everything a clerk can do. Each command throws ClerkError when it makes no sense. */
export interface Clerk {
  /** Registers a card that waits for it. */
  register(cardId: string): void;
  /** Refuses registration of a card that waits for it. */
  refuse(cardId: string, failure?: { readonly code?: number; readonly text?: string }): void;
  /** Puts a resolution; returns its TaskID. */
  resolve(cardId: string, command: ResolveCommand): string;
  redirect(cardId: string, command: RedirectCommand): void;
  /** Sets the card's term, a day, and reports it with everything else; the reason goes into the site's own requisite. */
  moveTerm(cardId: string, date: string, reason?: string): void;
  /** Writes the executor's report into a resolution. */
  report(taskId: string, text: string, executor?: string): void;
  /** Makes an answer document and sends it; returns its UID. */
  answer(cardId: string, command: AnswerCommand): string;
  /** Sends (again) the answer's document or the report that announces it. */
  sendAnswer(documentUid: string, what: 'document' | 'report'): void;
}

export interface ClerkParts {
  readonly store: Store;
  readonly registry: Registry;
  readonly outbox: Outbox;
  readonly clock: Clock;
}

const SIGNER = { fio: 'Никитин Н.Н.', post: 'Глава администрации' };
const ANSWER_GROUP = 'Ответы на обращения граждан';
/** The requisite in which this site's clerks say why a term is moved. */
const TERM_REASON = 'Причина продления';

/** A clerk over the store. */
export function createClerk({ store, registry, outbox, clock }: ClerkParts): Clerk {
  function cardOf(cardId: string): CardRecord {
    const card = store.cards.get(cardId);
    if (card === undefined) throw new ClerkError('Нет такой карточки', 404);
    return card;
  }

  function registeredCard(cardId: string): CardRecord {
    const card = cardOf(cardId);
    if (card.state !== 'registered') throw new ClerkError('Карточка ещё не зарегистрирована', 409);
    return card;
  }

  function waitingCard(cardId: string): CardRecord {
    const card = cardOf(cardId);
    if (card.state === 'registered') throw new ClerkError('Карточка уже зарегистрирована', 409);
    return card;
  }

  function answerOf(card: CardRecord, command: AnswerCommand): AnswerRecord {
    const files = (command.files ?? []).map(({ name, content }) => ({ name, content: Buffer.from(content) }));
    const now = clock.now();
    const running = store.counters.answers + 1;
    const others = (command.alsoTo ?? []).map((id) => registeredCard(id).id);
    return {
      documentUid: newId(),
      documentId: store.nextId(),
      returnId: newId(),
      number: command.number ?? `ОТВ-${running}/${clock.day(now).slice(2, 4)}`,
      date: requireDay(command.date ?? clock.day(now)),
      group: command.group ?? ANSWER_GROUP,
      access: command.access ?? 'общий',
      signer: personOf(command.signer ?? SIGNER),
      fields: command.fields ?? {},
      linkType: command.linkType ?? 'Ответ',
      cardIds: [card.id, ...others],
      files,
      at: clock.local(now),
      documentSent: 0,
      announced: false,
      partner: [],
      ...(command.text !== undefined && command.text !== '' && { text: command.text }),
      ...(command.note !== undefined && { note: command.note }),
    };
  }

  function sendDocument(card: CardRecord, answer: AnswerRecord): void {
    const cards = answer.cardIds.map(registeredCard);
    answer.documentSent += 1;
    outbox.send(answerMessage(answer, cards, card, clock.headerTime(clock.now())));
  }

  function announce(answer: AnswerRecord): void {
    answer.announced = true;
    for (const id of answer.cardIds) registry.report(registeredCard(id), 'Answer');
  }

  return {
    register: (cardId) => registry.register(waitingCard(cardId)),
    refuse(cardId, { code = 39, text = 'Не указан автор документа' } = {}) {
      registry.refuse(waitingCard(cardId), { code, text });
    },
    resolve(cardId, command) {
      const card = registeredCard(cardId);
      if (command.parent !== undefined && !card.resolutions.some(({ taskId }) => taskId === command.parent)) {
        throw new ClerkError('Нет такой резолюции в этой карточке', 404);
      }
      const identity = { taskId: store.nextId(), uid: newId(), at: clock.local(clock.now()) };
      card.resolutions.push(resolutionOf(command, identity));
      registry.report(card, 'Consideration');
      return identity.taskId;
    },
    redirect(cardId, command) {
      const card = registeredCard(cardId);
      card.redirections.push({
        organization: requireText(command.organization, 'Организация'),
        type: command.type ?? 'СЭВ',
        at: clock.local(clock.now()),
        ...(command.organizationUid !== undefined && { organizationUid: command.organizationUid }),
      });
      registry.report(card, 'Redirection');
    },
    moveTerm(cardId, date, reason) {
      const card = registeredCard(cardId);
      card.deadline = requireDay(date);
      if (reason !== undefined) card.requisites = { ...card.requisites, [TERM_REASON]: reason };
      registry.report(card, 'Registration');
    },
    report(taskId, text, executor) {
      for (const card of store.cards.values()) {
        const task = card.resolutions.find((candidate) => candidate.taskId === taskId);
        if (task === undefined) continue;
        const report = { text: requireText(text, 'Отчёт исполнителя'), at: clock.local(clock.now()) };
        const who = executor ?? task.executors[0]?.fio;
        task.executors = task.executors.map((one) => (one.fio === who ? { ...one, report } : one));
        return registry.report(card, 'Report');
      }
      throw new ClerkError('Нет такой резолюции', 404);
    },
    answer(cardId, command) {
      const card = registeredCard(cardId);
      const answer = answerOf(card, command);
      const order = command.order ?? 'document-first';
      store.counters.answers += 1;
      for (const id of answer.cardIds) registeredCard(id).answers.push(answer);
      store.answersByUid.set(answer.documentUid, { card, answer });
      if (order.startsWith('document')) sendDocument(card, answer);
      if (order !== 'document-only') announce(answer);
      if (order === 'report-first') sendDocument(card, answer);
      return answer.documentUid;
    },
    sendAnswer(documentUid, what) {
      const found = store.answersByUid.get(documentUid);
      if (found === undefined) throw new ClerkError('Нет такого ответа', 404);
      if (what === 'document') sendDocument(found.card, found.answer);
      else announce(found.answer);
    },
  };
}
