import type { EventContext, StoredEvent } from '../../../src/replies/interpret.ts';
import { parseReplyRules, type ReplyRules } from '../../../src/replies/rules.ts';

/** Rules of a site that uses everything; `answers` and `forward` may be given in other words. */
export function rulesWith({
  answers = '',
  forward = '[]',
  rules = '',
}: {
  answers?: string;
  forward?: string;
  rules?: string;
} = {}): ReplyRules {
  return parseReplyRules(
    `version: 1
rules:
${rules}
  - { name: Регистрация, on: registration, send: takeToWork, comment: "Карточка {{cardNumber}} от {{cardDate|date}}" }
  - { name: Проект, on: consideration, when: { project: true }, send: nothing }
  - { name: Личное, on: consideration, when: { private: true }, send: nothing }
  - { name: Подчинённое, on: consideration, when: { subResolution: true }, send: nothing }
  - { name: Исполнитель, on: consideration, when: { responsible: true }, send: setExecutor }
  - { name: Перенаправление, on: redirection, send: forward }
  - { name: Срок, on: deadline, send: postpone }
postponeReasonField: Причина продления
forward: ${forward}
answers:
  linkTypes: [Ответ, В ответ на]
  openAccess: [общий, Открытый]
  signatures: false
  types: [{ type: EXPLAINED }]
  comment: "Письмо № {{number}} от {{date|date}}, файлов {{files}}"
`.replace(/answers:\n[\s\S]*$/, (all) => (answers === '' ? all : answers)),
    'тест',
  );
}

export function event(
  kind: StoredEvent['kind'],
  data: Record<string, unknown> = {},
  more: Partial<StoredEvent> = {},
): StoredEvent {
  return { id: '1', kind, subject: 's', at: Date.parse('2026-03-10T09:00:00Z'), data, files: [], ...more };
}

export function context(more: Partial<EventContext> = {}): EventContext {
  return {
    card: { number: 'ОГ-5/26', date: '2026-03-02' },
    answerAt: Date.parse('2026-04-01T20:59:59Z'),
    earlierDeadlines: [],
    timeZone: 'Europe/Moscow',
    limits: { maxFiles: 3, maxFileBytes: 50 * 1024 * 1024, types: new Set(['pdf', 'docx', 'sig']) },
    ...more,
  };
}
