import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { markTexts } from '../../../src/replies/mark-texts.ts';
import { rulesWith } from './interpret-support.ts';

const { cardMarks } = rulesWith();
const AT = Date.parse('2026-03-10T22:30:00Z');
const text = (payload: unknown, zone = 'Europe/Moscow') =>
  markTexts(cardMarks, { done: { payload, at: AT }, attention: null }, zone).posStatus;

describe('«Статус ПОС»', () => {
  it.each([
    [{ kind: 'status', role: 'takeToWork', card: { number: 'ОГ-1' } }, 'Принято в работу 11.03.2026'],
    [{ kind: 'status', role: 'setExecutor' }, 'Назначен исполнитель 11.03.2026'],
    [{ kind: 'status', role: 'postpone', postponedTo: '2026-04-09T21:00:00Z' }, 'Срок продлён до 10.04.2026'],
    [{ kind: 'status', role: 'postpone', postponedTo: 'позже' }, 'Срок продлён до'],
    [
      { kind: 'status', role: 'forwardToParent', forwardTo: { name: 'Комитет по дорогам' } },
      'Перенаправлено 11.03.2026: Комитет по дорогам',
    ],
    [{ kind: 'status', role: 'forwardToSubordinate' }, 'Перенаправлено 11.03.2026'],
    [{ kind: 'status', role: 'return' }, 'Возвращено координатору 11.03.2026'],
    [{ kind: 'answer', number: 'ОТВ-1' }, 'Ответ отправлен на платформу 11.03.2026'],
    [{ kind: 'status', role: 'error' }, undefined],
    [{ kind: 'status', role: 'dance' }, undefined],
    [null, undefined],
  ])('of %j is %j', (payload, expected) => {
    expect(text(payload)).toBe(expected);
  });

  it('has the days of the cabinet', () => {
    expect(text({ kind: 'answer' }, 'America/New_York')).toContain('10.03.2026');
  });

  it('is left alone while nothing was done', () => {
    expect(markTexts(cardMarks, { done: null, attention: null }, 'Europe/Moscow')).toEqual({ posError: '' });
  });
});

describe('«Ошибка ПОС»', () => {
  const error = (code: string | null, detail: string | null) =>
    markTexts(cardMarks, { done: null, attention: { code, detail, at: AT } }, 'Europe/Moscow').posError;

  it('says what the administrator sees', () => {
    expect(error('ANSWER_EMPTY', null)).toBe('Пустой ответ: нет ни текста, ни файла (ANSWER_EMPTY).');
    expect(error('PLATFORM_REJECTED', 'поле comment')).toBe(
      'Платформа отказала в приёме данных (PLATFORM_REJECTED). поле comment',
    );
    expect(error(null, null)).toBe('Отправка на платформу требует внимания.');
    expect(error('OF_ANOTHER_VERSION', 'x')).toContain('OF_ANOTHER_VERSION');
  });
});

it('whatever was stored, the texts are one line and nothing is thrown', () => {
  const facts = fc.record({
    done: fc.option(fc.record({ payload: fc.anything(), at: fc.integer({ min: 0, max: 4e12 }) }), {
      nil: null,
    }),
    attention: fc.option(
      fc.record({
        code: fc.option(fc.string(), { nil: null }),
        detail: fc.option(fc.string(), { nil: null }),
        at: fc.integer({ min: 0, max: 4e12 }),
      }),
      { nil: null },
    ),
  });
  fc.assert(
    fc.property(facts, (given) => {
      const { posStatus, posError } = markTexts(cardMarks, given, 'Asia/Yakutsk');
      for (const made of [posStatus ?? '', posError]) expect(made).not.toMatch(/[\r\n]/);
      expect(posError === '').toBe(given.attention === null);
    }),
  );
});
