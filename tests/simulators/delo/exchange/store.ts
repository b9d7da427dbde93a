import { randomUUID } from 'node:crypto';
import type { Answer, Card, Complaint, Counters, Double, PartnerReport, Refusal } from '../types.ts';
import type { Party } from './message.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A card as the simulator itself keeps it. */
export interface CardRecord
  extends Mutable<Omit<Card, 'answers' | 'additions' | 'partner' | 'resolutions' | 'redirections'>> {
  readonly additions: Card['additions'][number][];
  readonly resolutions: Mutable<Card['resolutions'][number]>[];
  readonly redirections: Card['redirections'][number][];
  readonly answers: AnswerRecord[];
  readonly partner: PartnerReport[];
  readonly ends: Ends;
}

export interface AnswerRecord extends Mutable<Omit<Answer, 'partner'>> {
  readonly partner: PartnerReport[];
}

/** Address and parties of an exchange, as the last message from the partner showed them. */
export interface Ends {
  readonly address: string;
  readonly channelNumber: string;
  /** We, as the partner names us. */
  readonly own: Party;
  readonly partner: Party;
}

/** Everything the simulator remembers. */
export interface Store {
  readonly cards: Map<string, CardRecord>;
  /** Cards by the partner's document UID: ДЕЛО keeps it as the card's own. */
  readonly byUid: Map<string, CardRecord>;
  readonly answersByUid: Map<string, { readonly card: CardRecord; readonly answer: AnswerRecord }>;
  readonly messageIds: Set<string>;
  readonly ends: Map<string, Ends>;
  readonly complaints: Complaint[];
  readonly doubles: Double[];
  readonly refused: Refusal[];
  readonly counters: Counters;
  /** The next `DocumentID` or `TaskID`. */
  nextId(): string;
  /** The next card's running number. */
  nextNumber(): number;
}

const DEFAULT_ENDS: Ends = {
  address: 'posrednik',
  channelNumber: '1',
  own: { organization: 'Администрация города', organizationUid: '3500000000', edmsUid: newId() },
  partner: { organization: 'Платформа обратной связи', organizationUid: '7700000000', edmsUid: newId() },
};

/** 32 hexadecimal digits, as identifiers of messages and documents are in real traffic. */
export function newId(): string {
  return randomUUID().replaceAll('-', '');
}

/** A message folder's name, as real traffic names it. */
export function newMessageDir(): string {
  return randomUUID();
}

/** An empty store. */
export function createStore(): Store {
  let id = 11_000_000;
  let number = 0;
  return {
    cards: new Map(),
    byUid: new Map(),
    answersByUid: new Map(),
    messageIds: new Set(),
    ends: new Map(),
    complaints: [],
    doubles: [],
    refused: [],
    counters: {
      taken: 0,
      cards: 0,
      registered: 0,
      additions: 0,
      doubles: 0,
      refusals: 0,
      partnerReports: 0,
      strayEnvelopes: 0,
      written: 0,
      reports: 0,
      answers: 0,
      nonsense: 0,
      withheld: 0,
    },
    nextId: () => String(++id),
    nextNumber: () => ++number,
  };
}

/** Who stands at the ends of a channel; before its first message, made-up names. */
export function endsOf(store: Store, channel: string): Ends {
  return store.ends.get(channel) ?? DEFAULT_ENDS;
}

/** A copy of a card that no later event changes. */
export function snapshot(record: CardRecord): Card {
  const { ends: _ends, ...card } = record;
  return {
    ...card,
    files: [...card.files],
    additions: [...card.additions],
    resolutions: card.resolutions.map((resolution) => ({ ...resolution })),
    redirections: [...card.redirections],
    answers: card.answers.map((answer) => ({ ...answer, partner: [...answer.partner] })),
    partner: [...card.partner],
  };
}
