import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { splitName } from '../../../src/replies/interpret.ts';

describe('a name in the parts that the platform asks for', () => {
  it.each([
    ['Иванов Иван Иванович', { surname: 'Иванов', name: 'Иван', patronymic: 'Иванович' }],
    ['Иванов И.И.', { surname: 'Иванов', name: 'И.', patronymic: 'И.' }],
    ['Иванов И. И.', { surname: 'Иванов', name: 'И.', patronymic: 'И.' }],
    ['Иванов И.', { surname: 'Иванов', name: 'И.' }],
    ['Иванов', { surname: 'Иванов' }],
    [
      '  Петрова-Водкина \t Анна   Мария  ',
      { surname: 'Петрова-Водкина', name: 'Анна', patronymic: 'Мария' },
    ],
    ['Мамедов Али Гасан оглы', { surname: 'Мамедов', name: 'Али', patronymic: 'Гасан оглы' }],
  ])('%s', (fio, parts) => {
    expect(splitName(fio, '')).toEqual(parts);
    expect(splitName(fio, 'Глава')).toEqual({ ...parts, position: 'Глава' });
  });

  it.each(['', '   ', '\t\n'])('no name is no person: %j', (fio) => {
    expect(splitName(fio, 'Глава')).toBeUndefined();
  });

  it('no letter is lost or made, and no part is empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (fio) => {
        const person = splitName(fio, '');
        const parts = [person?.surname, person?.name, person?.patronymic].filter(
          (part) => part !== undefined,
        );
        expect(parts.join('').replace(/\s/g, '')).toBe(fio.replace(/\s/g, ''));
        expect(parts.every((part) => part.trim() === part && part !== '')).toBe(true);
      }),
    );
  });
});
