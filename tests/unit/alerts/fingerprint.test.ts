import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { causeOf, fingerprintOf } from '../../../src/alerts/fingerprint.ts';

describe('a fingerprint', () => {
  it.each([
    ['отчёт.pdf: 20971520 байт, разрешено 10485760', '…: N байт, разрешено N'],
    ['Ответ Иванову И. И., часть 2.docx: тип «docx» не разрешён', '…: тип «…» не разрешён'],
    ['нет файла: ответ.pdf, приложение к ответу 3.xlsx', 'нет файла: …'],
    ['организации «МУП Горсвет» нет в таблице forward', 'организации «…» нет в таблице forward'],
    ['код ответа 422', 'код ответа 422'],
    ['карточка 8f14e45f-ceea-467f-a8f2-1c2d3e4f5a6b не найдена', 'карточка N не найдена'],
    ['см. https://pos.test/a/1?b=2 и petrov@mail.test', 'см. … и …'],
    ['файлов 12, разрешено 10', 'файлов N, разрешено N'],
    ['', ''],
  ])('of «%s»', (text, cause) => {
    expect(fingerprintOf(text)).toBe(cause);
  });

  it('keeps what tells causes apart', () => {
    const texts = [
      'файлов 12, разрешено 10',
      'ответ.pdf: 20 байт, разрешено 10',
      'ответ.exe: тип «exe» не разрешён',
      'в карточке пуст реквизит «Причина»',
    ];
    expect(new Set(texts.map((text) => fingerprintOf(text))).size).toBe(texts.length);
  });

  it('hides names that are given, however they look', () => {
    expect(fingerprintOf('Ответ Иванову: тип «» не разрешён', ['Ответ', 'Ответ Иванову'])).toBe(
      '…: тип «…» не разрешён',
    );
  });

  it('names the field first, its places left out', () => {
    expect(causeOf({ field: 'answers[3].files.0.name', detail: 'код ответа 422' })).toBe(
      'answers[N].files.N.name: код ответа 422',
    );
    expect(causeOf({ field: null, detail: 'код ответа 422' })).toBe('код ответа 422');
    expect(causeOf({ field: 'comment', detail: null })).toBe('comment');
    expect(causeOf({})).toBe('');
  });

  const word = fc.constantFrom('файл', 'отказ', 'поле', 'нельзя', 'limit', 'код', 'не найден', '—');
  const sentence = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(' '));
  const uid = fc.uuid();
  const number = fc.nat().map(String);
  const quoted = fc.stringMatching(/^[^«»"'`“”]{0,20}$/u).map((text) => `«${text}»`);
  const file = fc
    .tuple(fc.stringMatching(/^[\p{L}\d_]{1,20}$/u), fc.constantFrom('pdf', 'docx', 'P7S'))
    .map(([name, ending]) => `${name}.${ending}`);
  const varying = [uid, number, quoted, file];

  it('is the same whatever number, uid, quotation or file name stands in a text', () => {
    for (const value of varying) {
      fc.assert(
        fc.property(sentence, sentence, value, value, (before, after, one, other) => {
          expect(fingerprintOf(`${before} ${one} ${after}`)).toBe(
            fingerprintOf(`${before} ${other} ${after}`),
          );
        }),
      );
    }
  });

  it('of any text is short, well-formed, one line, and holds neither digits nor what was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const cause = fingerprintOf(text);
        expect([...cause].length).toBeLessThanOrEqual(160);
        expect(cause.isWellFormed()).toBe(true);
        expect(cause).not.toMatch(/[\0\n\r]|\d/);
        expect(cause).not.toMatch(/«[^…»]+»/);
      }),
    );
  });

  it('of a given name holds none of it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[А-Я][а-я]{3,10} [А-Я][а-я]{3,10}$/), sentence, (name, text) => {
        expect(fingerprintOf(`${name}: ${text}`, [name])).not.toContain(name);
      }),
    );
  });
});
