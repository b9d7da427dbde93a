import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { buildBatch, outcomeOf, partsOf } from '../../../src/sed/delo/batch.ts';
import type { ReadCard } from '../../../src/sed/delo/card.ts';
import { refusalWords } from '../../../src/sed/delo/failure.ts';
import { mergeByIsn, readAhead } from '../../../src/sed/delo/merge.ts';
import { addressOf, children, readPage } from '../../../src/sed/delo/odata.ts';
import { conditionOf, pathReader, requisiteKey, valueAt } from '../../../src/sed/delo/path.ts';
import { dayOf, degreesOf, isnOf, textOf } from '../../../src/sed/delo/values.ts';
import { faultOf, mappingWith } from './support.ts';

describe('values of the archive', () => {
  it.each([
    ['2025-03-01T00:00:00', '2025-03-01'],
    ['2025-03-01', '2025-03-01'],
    ['2025-03-01 23:59:59.999', '2025-03-01'],
    ['2025-03-01T20:00:00Z', '2025-03-02'],
    ['2025-03-01T20:00:00+09:00', '2025-03-01'],
    ['01.03.2025', '2025-03-01'],
    ['01/03/2025 10:00', '2025-03-01'],
    ['/Date(1740772800000)/', '2025-03-01'],
    ['/Date(1740772800000+0900)/', '2025-03-01'],
    ['2024-02-29', '2024-02-29'],
    ['2025-02-29', undefined],
    ['2025-13-01', undefined],
    ['0000-01-01', undefined],
    ['завтра', undefined],
    ['2025-03-01T25:00:00Z', undefined],
    ['/Date(999999999999999)/', undefined],
    ['', undefined],
  ])('the day %j is %j in Yakutsk', (text, day) => {
    expect(dayOf(text, 'Asia/Yakutsk')).toBe(day);
  });

  it('a text is cleaned, a number and a flag are written out, anything else is none', () => {
    expect([' а\u0000\r\nб ', 7, true, null, undefined, '\ud800'].map(textOf)).toEqual([
      'а б',
      '7',
      'true',
      '',
      '',
      '\ufffd',
    ]);
    expect([{}, [], () => 1, Symbol('x'), 1n].map(textOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('a coordinate keeps within its limit', () => {
    expect(
      ['55.75', '55,75', '-0,5', '90', '90.1', 'x', '1e1', '55.7 ', ''].map((text) => degreesOf(text, 90)),
    ).toEqual([55.75, 55.75, -0.5, 90, undefined, undefined, undefined, undefined, undefined]);
  });

  it('an ISN is a whole number above zero', () => {
    expect(
      [5, '5', '005', 0, -1, 1.5, '1.5', 2 ** 60, '99999999999999999', null, {}, true].map(isnOf),
    ).toEqual([5, 5, 5, ...Array.from({ length: 9 }, () => undefined)]);
  });
});

describe('paths and conditions', () => {
  const pathOf = pathReader('AR_RC_VALUE_Ref', new Map([[requisiteKey('Отозвано'), 'WITHDRAWN']]));
  const row = {
    A: 'Да',
    X_Ref: { NAME: 'Почта' },
    Y_List: [{ NAME: 'первый' }, { NAME: 'Второй' }],
    Z_List: { results: [{ NAME: 'третий' }] },
    AR_RC_VALUE_Ref: [{ WITHDRAWN: 1 }],
  };
  const fits = (when: Record<string, string[]>) => conditionOf(when, pathOf)(row);

  it('look through references, lists and lists of one', () => {
    expect(
      ['A', 'X_Ref.NAME', 'Y_List.NAME', 'Z_List.NAME', 'AR:отозвано ', 'AR:Нет', 'B', 'A.B'].map((path) =>
        valueAt(row, pathOf(path)),
      ),
    ).toEqual(['Да', 'Почта', 'первый', 'третий', 1, undefined, undefined, undefined]);
  });

  it.each([
    [{}, true],
    [{ A: ['да'] }, true],
    [{ A: ['нет', 'ДА'] }, true],
    [{ A: ['нет'] }, false],
    [{ A: ['*'] }, true],
    [{ B: ['*'] }, false],
    [{ B: [''] }, true],
    [{ A: [''] }, false],
    [{ 'AR:Нет': [''] }, true],
    [{ 'AR:Нет': ['*'] }, false],
    [{ 'X_Ref.NAME': ['поч*'] }, true],
    [{ 'X_Ref.NAME': ['по*', 'нет'], A: ['нет'] }, false],
    [{ 'Y_List.NAME': ['второй'] }, true],
    [{ 'AR:Отозвано': ['1'] }, true],
  ])('%j is %j', (when, expected) => {
    expect(fits(when as Record<string, string[]>)).toBe(expected);
  });

  it('names of requisites are told apart by neither case nor spaces nor «ё»', () => {
    expect(requisiteKey('  Счёт   ПОС ')).toBe(requisiteKey('счет пос'));
  });
});

describe('lists of the archive', () => {
  const mapping = mappingWith();
  it.each([
    [[{ a: 1 }], 1, undefined],
    [{ value: [{ a: 1 }, { a: 2 }], $TotalRecords: 7 }, 2, 7],
    [{ 'odata.metadata': 'x', value: [], 'odata.count': '3' }, 0, 3],
    [{ value: { a: 1 } }, 1, undefined],
    [{ value: null }, 0, undefined],
    [{ d: [{ a: 1 }] }, 1, undefined],
    [{ d: { results: [{ a: 1 }] }, $TotalRecords: 'many' }, 1, undefined],
  ])('%j has its records', (json, count, total) => {
    const page = readPage(mapping, json);
    expect([page.rows.length, page.total]).toEqual([count, total]);
  });

  it.each([[null], ['text'], [7], [{}], [{ values: [] }]])('%j is no list', async (json) => {
    expect((await faultOf((async () => readPage(mapping, json))())).code).toBe('SED_ARCHIVE_BAD_ANSWER');
  });

  it('whatever stands in them is counted, nothing thrown', () => {
    expect(readPage(mapping, [{ a: 1 }, null, 5, [], 'x'])).toEqual({ rows: [{ a: 1 }], junk: 4 });
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(Array.isArray(children(value))).toBe(true);
      }),
    );
  });

  it('an address holds any criteria whole', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { minKeys: 1 }), (criteria) => {
        const address = addressOf(mapping, { entity: 'DOC_RC', criteria, top: 5 });
        expect(address).toMatch(/^[\x21-\x7e]+$/);
        const query = new URL(address, 'http://x/').searchParams;
        expect(JSON.parse(query.get('criteries') ?? '')).toEqual(JSON.parse(JSON.stringify(criteria)));
        expect(query.get('$top')).toBe('5');
      }),
    );
  });
});

describe('a batch', () => {
  const mapping = mappingWith();
  it('is plain ASCII, its boundaries unlike anything in it', () => {
    const { body, boundary } = buildBatch([{ target: 'AR_RC_VALUE(5)', values: { A: 'Ж\u2028' } }]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is meant
    expect(body).toMatch(/^[\x00-\x7e]*$/);
    expect(body.split(`--${boundary}`)).toHaveLength(3);
    expect(body).toContain('MERGE AR_RC_VALUE(5) HTTP/1.1\r\n');
    expect(body).toContain('\r\n\r\n{"A":"\\u0416\\u2028"}\r\n--changeset_');
  });

  it.each(['\r\n', '\n'])('answer is read part by part, lines ending with %j', (end) => {
    const text = [
      '--batchresponse_1',
      'Content-Type: multipart/mixed; boundary=c1',
      '',
      '--c1',
      'Content-Type: application/http',
      '',
      'HTTP/1.1 204 No Content',
      'Content-ID: 1',
      '',
      '',
      '--c1--',
      '--batchresponse_1',
      'Content-Type: application/http',
      '',
      'HTTP/1.1 500 Internal Server Error',
      'Content-Type: application/json',
      '',
      '{"odata.error":{"innererror":{"type":"Eos.Delo.Exceptions.LogicException","message":"Нет\\nHTTP/1.1 200 OK"}}}',
      '--batchresponse_1--',
      '',
    ].join(end);
    const parts = partsOf(text);
    expect(parts.map(({ status }) => status)).toEqual([204, 500]);
    expect(parts.map((part) => outcomeOf(mapping, part))).toEqual([
      { ok: true },
      { ok: false, message: 'Нет HTTP/1.1 200 OK' },
    ]);
  });

  it.each([
    [401, '', 'SED_ARCHIVE_SESSION_REFUSED'],
    [500, 'oops', 'SED_ARCHIVE_UNREACHABLE'],
    [
      400,
      '{"odata.error":{"innererror":{"type":"System.Exception","message":"x"}}}',
      'SED_ARCHIVE_BAD_ANSWER',
    ],
    [409, '', 'SED_ARCHIVE_BAD_ANSWER'],
  ])('part with %i is a fault', async (status, text, code) => {
    expect((await faultOf((async () => outcomeOf(mapping, { status, text }))())).code).toBe(code);
  });

  it('of nonsense has no parts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => partsOf(text)).not.toThrow();
      }),
    );
    expect(partsOf('<html>HTTP/1.1 200 OK</html>')).toEqual([]);
  });
});

describe('streams by ISN', () => {
  async function* stream(pages: readonly (readonly number[])[]): AsyncGenerator<readonly ReadCard[]> {
    for (const page of pages) yield page.map((isn) => ({ isn, card: {} as ReadCard['card'] }));
  }
  async function merged(
    streams: readonly (readonly (readonly number[])[])[],
    size: number,
  ): Promise<number[][]> {
    const pages: number[][] = [];
    for await (const page of mergeByIsn(streams.map(stream), size)) pages.push(page.map(({ isn }) => isn));
    return pages;
  }

  it('are joined in order, each number once, in pages of the size set', async () => {
    const sorted = fc.uniqueArray(fc.integer({ min: 1, max: 200 })).map((list) => list.sort((a, b) => a - b));
    const paged = fc.tuple(sorted, fc.integer({ min: 1, max: 7 })).map(([list, size]) => {
      const pages: number[][] = [];
      for (let at = 0; at < list.length; at += size) pages.push(list.slice(at, at + size));
      return pages;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(paged, { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        async (streams, size) => {
          const pages = await merged(streams, size);
          const all = [...new Set(streams.flat(2))].sort((a, b) => a - b);
          expect(pages.flat()).toEqual(all);
          expect(pages.slice(0, -1).every((page) => page.length === size)).toBe(true);
        },
      ),
    );
  });

  it('of which one breaks give what came before, and all are closed', async () => {
    const closed: string[] = [];
    async function* breaking(): AsyncGenerator<readonly ReadCard[]> {
      try {
        yield [{ isn: 1, card: {} as ReadCard['card'] }];
        throw new Error('broken');
      } finally {
        closed.push('breaking');
      }
    }
    async function* endless(): AsyncGenerator<readonly ReadCard[]> {
      try {
        for (let isn = 2; ; isn += 1) yield [{ isn, card: {} as ReadCard['card'] }];
      } finally {
        closed.push('endless');
      }
    }
    const read = async () => {
      for await (const _page of mergeByIsn([readAhead(breaking()), readAhead(endless())], 10))
        throw new Error('nothing to give');
    };
    await expect(read()).rejects.toThrow('broken');
    expect(closed.sort()).toEqual(['breaking', 'endless']);
  });
});

it('words of a refusal keep no quoted name and no line end', () => {
  expect(refusalWords('Пользователь "Иванов И.И."\r\nне имеет прав на «Картотеку 5»')).toBe(
    'Пользователь «…» не имеет прав на «…»',
  );
  expect(refusalWords('')).toBe('без объяснения');
  expect(refusalWords('слово '.repeat(200)).length).toBeLessThanOrEqual(300);
});
