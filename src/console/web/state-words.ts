import { type WordKind, wordOf } from '../../text/state-words.ts';
import { html, type Markup } from './html.ts';
import type { Language } from './viewer.ts';

/** The English of src/text/state-words.ts: the same stored words. */
const ENGLISH: Readonly<Record<WordKind, Readonly<Record<string, string>>>> = {
  appeal: {
    awaiting: 'waits to be admitted',
    skipped: 'needs no card',
    open: 'in work',
    attention: 'needs attention',
    withdrawn: 'withdrawn',
    settled: 'closed',
  },
  card: {
    planned: 'being made',
    sent: 'sent',
    taken: 'taken by the СЭД',
    received: 'received by the СЭД',
    registered: 'registered',
    attention: 'needs attention',
    cancelled: 'cancelled',
  },
  package: {
    writing: 'being written',
    sent: 'sent',
    taken: 'taken by the СЭД',
    received: 'received by the СЭД',
    registered: 'registered',
    failed: 'refused',
    again: 'will be sent again',
  },
  file: { wanted: 'being fetched', stored: 'fetched', refused: 'not fetched' },
  delivery: {
    queued: 'queued',
    sending: 'being sent',
    unknown: 'outcome being found out',
    done: 'delivered',
    attention: 'needs attention',
    cancelled: 'cancelled',
  },
  kind: { status: 'status', answer: 'answer' },
  change: {
    NEW: 'came',
    RATED: 'rated',
    REPEATED: 'returned for repeated consideration',
    WITHDRAWN: 'withdrawn',
    TERM_MOVED: 'term moved',
    AMENDED: 'text amended',
  },
  event: {
    reception: 'Reception',
    failure: 'Refusal',
    registration: 'Registration',
    forwarding: 'Forwarding inside',
    consideration: 'Resolution',
    report: "Executor's report",
    redirection: 'Redirection',
    deadline: 'Term of the card',
    'answer-announced': 'Answer announced',
    answer: 'Document of the answer',
  },
  cabinet: { active: 'works', paused: 'paused', blocked: 'blocked' },
};

export type Tone = 'good' | 'warn' | 'bad' | '';

const TONES: Readonly<Record<string, Tone>> = {
  attention: 'bad',
  failed: 'bad',
  failure: 'bad',
  refused: 'bad',
  blocked: 'bad',
  paused: 'warn',
  unknown: 'warn',
  again: 'warn',
  awaiting: 'warn',
  registered: 'good',
  registration: 'good',
  done: 'good',
  stored: 'good',
  active: 'good',
};

/** The word of a stored stage, state or kind; one of a later version stays as it is. */
export function stateWord(lang: Language, kind: WordKind, stored: string): string {
  if (lang === 'ru') return wordOf(kind, stored);
  const words = ENGLISH[kind];
  return Object.hasOwn(words, stored) ? (words[stored] ?? stored) : stored;
}

/** How a state stands: what is well, what waits for somebody. */
export function toneOf(stored: string): Tone {
  return Object.hasOwn(TONES, stored) ? (TONES[stored] ?? '') : '';
}

/** A state as a mark with its word. */
export function stateMark(lang: Language, kind: WordKind, stored: string): Markup {
  return html`<span class="mark ${toneOf(stored)}">${stateWord(lang, kind, stored)}</span>`;
}
