import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { safeWords } from '../../../src/platform/rest/safe-words.ts';
import { anyText } from './support.ts';

const nothing = { names: [], texts: [] };

describe('safeWords', () => {
  it.each([
    'обязательное поле',
    'Поле не заполнено',
    'ожидается дата ГГГГ-ММ-ДД',
    'ожидается время RFC 3339 со смещением',
    'не более 52428800 байт',
    'must be one of: SOLVED, EXPLAINED',
    'Неизвестный статус. Проверьте справочник',
    'поле "card.number" или «comment»',
  ])('%s stays as it is', (message) => {
    expect(safeWords(message, nothing)).toBe(message);
  });

  it.each([
    ['Иванов И. И. не найден', '… не найден'],
    ['Иванов Иван не найден', '… не найден'],
    ['не найден Иванов', 'не найден …'],
    ['не найден ИВАНОВ', 'не найден …'],
    ['не найдена (Иванова)', 'не найдена …'],
    ['значение «ул. Мира, 1» неверно', 'значение «…» неверно'],
    ['значение "Ivan Petrov" неверно', 'значение «…» неверно'],
    ['почта a.b@example.org неверна', 'почта … неверна'],
    ['телефон +7 (914) 123-45-67 неверен', 'телефон … неверен'],
    ['телефон 89141234567 неверен', 'телефон … неверен'],
    ['дата 12.03.1980 неверна', 'дата … неверна'],
    ['дата 1980-03-12 неверна', 'дата … неверна'],
    ['a\u0000b', 'a\uFFFDb'],
  ])('%s becomes %s', (message, shown) => {
    expect(safeWords(message, nothing)).toBe(shown);
  });

  it('the names that we sent, in any case and ending', () => {
    const said = { names: ['Иванов', 'Ли', ''], texts: [] };
    expect(safeWords('иванову отказано', said)).toBe('… отказано');
    expect(safeWords('Иванов', said)).toBeUndefined();
    expect(safeWords('лицо Ли неверно', said)).not.toContain('Ли');
  });

  it('three words of our text in a row, and all of a shorter one', () => {
    const texts = ['Яма во дворе заделана'];
    expect(safeWords('не принят текст: яма во дворе', { names: [], texts })).toBe('не принят текст: …');
    expect(safeWords('во дворе нет', { names: [], texts })).toBe('во дворе нет');
    expect(safeWords('нельзя: решено вчера', { names: [], texts: ['Решено вчера'] })).toBe('нельзя: …');
    expect(safeWords('обязательное поле', { names: [], texts: ['', '!'] })).toBe('обязательное поле');
  });

  it.each([[undefined], [null], [5], [{}], [''], ['  '], ['12345'], ['…']])('%j says nothing', (message) => {
    expect(safeWords(message, nothing)).toBeUndefined();
  });

  it('is never long, never ill-formed, and holds no word of a sent name', () => {
    const name = fc.stringMatching(/^[а-яё]{4,12}$/);
    fc.assert(
      fc.property(anyText, name, anyText, (before, surname, after) => {
        const shown = safeWords(`${before} ${surname} ${after}`, { names: [surname], texts: [] }) ?? '';
        expect(shown.length).toBeLessThan(420);
        expect(shown.isWellFormed()).toBe(true);
        expect(shown.toLowerCase().split(/[^\p{L}\p{N}]+/u)).not.toContain(surname);
      }),
    );
  });

  it('an echo of a whole text is hidden wherever it stands', () => {
    const words = fc.array(fc.stringMatching(/^[а-я]{3,9}$/), { minLength: 3, maxLength: 8 });
    fc.assert(
      fc.property(words, (sent) => {
        const text = sent.join(' ');
        const shown = safeWords(`нельзя: ${text}`.slice(0, 190), { names: [], texts: [text] }) ?? '';
        expect(shown).not.toContain(sent.slice(0, 3).join(' '));
      }),
    );
  });
});
