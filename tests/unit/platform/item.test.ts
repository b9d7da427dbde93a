import { describe, expect, it } from '@jest/globals';
import type { Appeal, FeedItem } from '../../../src/model/appeal.ts';
import { createItemReader, parseRawItem } from '../../../src/platform/rest/item.ts';
import { mapping, wireItem } from './support.ts';

const read = createItemReader(mapping);
const ZONE = 'Asia/Yakutsk';

function appealOf(more: Record<string, unknown> = {}): Appeal {
  const item = read(wireItem(more), ZONE);
  if (!item.ok) throw new Error(item.issues.join('; '));
  return item.appeal;
}

function refusalOf(more: Record<string, unknown>): Extract<FeedItem, { ok: false }> {
  const item = read(wireItem(more), ZONE);
  if (item.ok) throw new Error('expected the item to be refused');
  return item;
}

describe('a whole item', () => {
  it('becomes our words', () => {
    expect(appealOf()).toEqual({
      posId: '374299901',
      changeIdentity: 'c-1',
      kind: 'MESSAGE',
      change: 'NEW',
      status: 'MODERATION_ACCEPT',
      statusText: 'На рассмотрении',
      createdAt: new Date('2026-03-01T07:00:00Z'),
      receivedAt: new Date('2026-03-01T10:05:00.250Z'),
      answerAt: new Date('2026-03-31T20:59:00Z'),
      source: 'EPGU',
      fastTrack: false,
      category: { id: '12', name: 'Дороги' },
      subcategory: { id: '1207', name: 'Ямы во дворах' },
      description: 'Во дворе яма.\nПросим заделать.',
      location: { address: 'ул. Мира, 1', oktmo: '98701000', latitude: 62.03, longitude: 129.73 },
      applicant: {
        kind: 'PERSON',
        epguId: '777',
        surname: 'Тестов',
        name: 'Тест',
        email: 'test@example.org',
      },
      organizationName: 'Администрация',
      customFields: [{ id: 'f1', name: 'Подъезд', value: '3' }],
      attachments: [{ fileId: 'file-1', name: 'фото.jpg', size: 1000, mimeType: 'image/jpeg' }],
      unknownValues: [],
    });
  });

  it('the smallest one is a posId', () => {
    const item = read({ posId: 5 }, ZONE);
    expect(item).toMatchObject({
      ok: true,
      raw: '{"posId":5}',
      appeal: {
        posId: '5',
        kind: 'MESSAGE',
        change: 'AMENDED',
        status: '',
        description: '',
        fastTrack: false,
        category: {},
        location: {},
        applicant: { kind: 'PERSON' },
        customFields: [],
        attachments: [],
        unknownValues: ['kind=', 'change=', 'status='],
      },
    });
  });

  it('null and the empty string mean missing, everywhere', () => {
    const bare = read({ posId: 5 }, ZONE);
    for (const nothing of [null, '']) {
      const fields = Object.fromEntries(Object.keys(wireItem()).map((key) => [key, nothing]));
      const { raw, ...item } = read(
        { ...fields, posId: 5, customFieldValues: null, attachments: null },
        ZONE,
      );
      expect(raw).toContain('"applicant"');
      if (!item.ok || !bare.ok) throw new Error('both must be read');
      expect({ ...item.appeal, changeIdentity: '' }).toEqual({ ...bare.appeal, changeIdentity: '' });
    }
  });

  it('ignores fields it does not know', () => {
    expect(appealOf({ novelty: { a: [1] }, location: { address: 'x', floor: 3 } }).location).toEqual({
      address: 'x',
    });
  });
});

describe('shapes the platform is free to choose', () => {
  it('a one-element list as a bare object', () => {
    const { attachments, customFields } = appealOf({
      attachments: { fileId: 'only' },
      customFieldValues: { customFieldId: 1, name: 'Этаж', value: 'пятый' },
    });
    expect(attachments).toEqual([{ fileId: 'only', name: 'only' }]);
    expect(customFields).toEqual([{ id: '1', name: 'Этаж', value: 'пятый' }]);
  });

  it('holes in a list are no elements', () => {
    expect(appealOf({ attachments: [null, { fileId: 'a' }, null] }).attachments).toHaveLength(1);
  });

  it.each<[unknown, string]>([
    [7, '7'],
    ['7', '7'],
    ['0007', '0007'],
    ['12345678901234567890', '12345678901234567890'],
  ])('posId %p', (posId, expected) => {
    expect(appealOf({ posId }).posId).toBe(expected);
  });

  it.each<[unknown, unknown, object]>([
    ['55.75', '37,61', { latitude: 55.75, longitude: 37.61 }],
    [-33.9, ' 151.2 ', { latitude: -33.9, longitude: 151.2 }],
    [null, '', {}],
    [0, '0', { latitude: 0, longitude: 0 }],
  ])('coordinates %p, %p', (latitude, longitude, expected) => {
    expect(appealOf({ location: { latitude, longitude } }).location).toEqual(expected);
  });

  it.each<[unknown, object]>([
    ['ул. Мира, 1', { address: 'ул. Мира, 1' }],
    ['{"address":"ул. Мира, 1","latitude":"62,03"}', { address: 'ул. Мира, 1', latitude: 62.03 }],
    ['{не JSON', { address: '{не JSON' }],
    ['', {}],
    [null, {}],
  ])('a place as text: %p', (location, expected) => {
    expect(appealOf({ location }).location).toEqual(expected);
  });

  it("times without an offset are read in the cabinet's zone", () => {
    const { answerAt } = appealOf({ answerAt: '2026-03-31T23:59:00' });
    expect(answerAt?.toISOString()).toBe('2026-03-31T14:59:00.000Z');
    const moscow = read(wireItem({ answerAt: '2026-03-31T23:59:00' }), 'Europe/Moscow');
    expect(moscow.ok && moscow.appeal.answerAt?.toISOString()).toBe('2026-03-31T20:59:00.000Z');
  });

  it('flags and numbers as text', () => {
    const appeal = appealOf({ fastTrack: 'true', rating: '2', attachments: [{ fileId: 9, size: '12' }] });
    expect(appeal).toMatchObject({ fastTrack: true, rating: 2, attachments: [{ fileId: '9', size: 12 }] });
  });

  it("values of a form's field are shown whatever they are", () => {
    const fields = [
      { name: 'a', value: true },
      { name: 'b', value: ['x', 2] },
      { name: 'c' },
      { customFieldId: 'd' },
    ];
    expect(appealOf({ customFieldValues: fields }).customFields).toEqual([
      { name: 'a', value: 'true' },
      { name: 'b', value: 'x, 2' },
      { name: 'c', value: '' },
      { id: 'd', name: 'd', value: '' },
    ]);
  });

  it('an applicant who is anonymous, a company, or of a new kind', () => {
    expect(appealOf({ applicant: { epguId: 5 } }).applicant).toEqual({ kind: 'PERSON', epguId: '5' });
    const organization = { name: 'ООО «Тест»', inn: 1435000000, ogrn: null };
    const company = { kind: 'LEGAL', organization: { name: 'ООО «Тест»', inn: '1435000000' } };
    expect(appealOf({ applicant: { kind: 'LEGAL', organization } }).applicant).toEqual(company);
    expect(appealOf({ applicant: { organization } }).applicant).toEqual(company);
    expect(appealOf({ applicant: { kind: 'PERSON', organization: {} } }).applicant).toEqual({
      kind: 'PERSON',
    });
    const odd = appealOf({ applicant: { kind: 'ROBOT', organization } });
    expect(odd.applicant).toEqual(company);
    expect(odd.unknownValues).toEqual(['applicant.kind=ROBOT']);
  });
});

describe('open sets', () => {
  it('unknown values pass as they came, and are told', () => {
    const appeal = appealOf({
      kind: 'PETITION',
      change: 'SPLIT',
      status: 'ON_HOLD',
      source: 'FAX',
      rating: 9,
    });
    expect(appeal).toMatchObject({
      kind: 'PETITION',
      change: 'SPLIT',
      status: 'ON_HOLD',
      source: 'FAX',
      rating: 9,
    });
    expect([...appeal.unknownValues].sort()).toEqual([
      'change=SPLIT',
      'kind=PETITION',
      'rating=9',
      'source=FAX',
      'status=ON_HOLD',
    ]);
  });

  it('names of Object.prototype are unknown values too', () => {
    expect(appealOf({ status: 'constructor', source: '__proto__' }).unknownValues).toEqual([
      'status=constructor',
      'source=__proto__',
    ]);
  });

  it('a long unknown value is shortened where it is told', () => {
    const [told] = appealOf({ source: 'х'.repeat(500) }).unknownValues;
    expect(told).toBe(`source=${'х'.repeat(60)}`);
  });

  it('a checksum of a form we do not know does not hold the appeal', () => {
    const appeal = appealOf({
      attachments: [
        { fileId: 'a', sha256: 'q83vEg==' },
        { fileId: 'b', sha256: 'AB'.repeat(32) },
      ],
    });
    expect(appeal.attachments).toEqual([
      { fileId: 'a', name: 'a' },
      { fileId: 'b', name: 'b', sha256: 'ab'.repeat(32) },
    ]);
    expect(appeal.unknownValues).toEqual(['attachments.0.sha256=q83vEg==']);
  });
});

describe('text', () => {
  it('is made fit for PostgreSQL and XML, the raw item keeps what came', () => {
    const item = read(wireItem({ description: 'a\u0000\uD83Db', changeId: 'x\u0001' }), ZONE);
    expect(item).toMatchObject({
      ok: true,
      appeal: { description: 'a\uFFFD\uFFFDb', changeIdentity: 'x\uFFFD' },
    });
    expect(item.raw).toContain('a\\u0000\\ud83db');
  });
});

describe('identity of a change', () => {
  it('is the changeId, number or text', () => {
    expect(appealOf({ changeId: 17 }).changeIdentity).toBe('17');
  });

  it('is a hash when there is none, or one too long for a key', () => {
    const hash = appealOf({ changeId: null }).changeIdentity;
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(appealOf({ changeId: undefined }).changeIdentity).toBe(hash);
    expect(appealOf({ changeId: null, status: 'POSTPONE' }).changeIdentity).not.toBe(hash);
    expect(appealOf({ changeId: 'я'.repeat(201) }).changeIdentity).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});

describe('an item that does not fit', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ['no posId', { posId: undefined }, ['posId: значение отсутствует']],
    ['empty posId', { posId: '' }, ['posId: значение отсутствует']],
    ['posId in words', { posId: 'пять' }, ['posId: ожидалось целое число или строка из цифр']],
    ['negative posId', { posId: -1 }, ['posId: ожидалось целое число или строка из цифр']],
    ['posId that lost digits', { posId: 2 ** 53 }, ['posId: ожидалось целое число или строка из цифр']],
    ['text that is none', { description: { ru: 'секрет' } }, ['description: ожидалась строка']],
    ['a time in words', { answerAt: 'секрет' }, ['answerAt: ожидалось время RFC 3339']],
    ['a coordinate in words', { location: { latitude: 'секрет' } }, ['location.latitude: ожидалось число']],
    ['an applicant as text', { applicant: 'секрет' }, ['applicant: ожидался объект']],
    [
      'a file without id',
      { attachments: [{ fileId: 'a' }, { name: 'секрет' }] },
      ['attachments.1.fileId: значение отсутствует'],
    ],
    ['files as text', { attachments: 'секрет' }, ['attachments.0: ожидался объект']],
    ['a rating in words', { rating: 'секрет' }, ['rating: ожидалось целое неотрицательное число']],
    ['a flag in words', { fastTrack: 'секрет' }, ['fastTrack: ожидалось true или false']],
    [
      'a field of objects',
      { customFieldValues: { value: { секрет: 1 } } },
      ['customFieldValues.0.value: ожидалось простое значение'],
    ],
    [
      'two things',
      { rating: {}, kind: 5 },
      ['kind: ожидалась строка', 'rating: ожидалось целое неотрицательное число'],
    ],
  ])('%s is told by path, without its value', (_name, more, issues) => {
    const { issues: told } = refusalOf(more);
    expect([...told].sort()).toEqual(issues);
  });

  it('keeps the raw text, the posId and the identity it has', () => {
    const item = refusalOf({ posId: 77, applicant: 5, changeId: 'c-9' });
    expect(item).toMatchObject({ posId: '77', changeIdentity: 'c-9' });
    expect(JSON.parse(item.raw)).toMatchObject({ posId: 77, applicant: 5 });
    expect(refusalOf({ posId: null })).not.toHaveProperty('posId');
  });

  it.each<[unknown]>([[null], [5], ['text'], [true], [[]], [[{ posId: 1 }]]])('%j is no item', (element) => {
    expect(read(element, ZONE)).toMatchObject({ ok: false, issues: ['(всё обращение): ожидался объект'] });
  });

  it('tells at most twenty faults', () => {
    expect(refusalOf({ attachments: Array.from({ length: 500 }, () => 5) }).issues).toHaveLength(20);
  });

  it('nested beyond the stack, it is one refused item', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    const item = refusalOf({ posId: 3, changeId: null, location: deep });
    expect(item).toMatchObject({ posId: '3', issues: ['location: ожидался объект'] });
    expect(parseRawItem(mapping, item.raw, ZONE)).toMatchObject({ ok: false, posId: '3' });
  });
});

describe('parseRawItem', () => {
  it('gives from the stored text what the feed gave', () => {
    for (const more of [
      {},
      { changeId: null },
      { posId: '9007199254740993' },
      { applicant: 5, changeId: null },
    ]) {
      const item = read(wireItem(more), ZONE);
      expect(parseRawItem(mapping, item.raw, ZONE)).toEqual(item);
    }
  });

  it('keeps the digits of a long posId', () => {
    expect(parseRawItem(mapping, '{"posId":9007199254740993}', ZONE)).toMatchObject({
      ok: true,
      appeal: { posId: '9007199254740993' },
    });
  });

  it('text that is no JSON is a refused item', () => {
    expect(parseRawItem(mapping, '{"posId":', ZONE)).toEqual({
      ok: false,
      changeIdentity: expect.stringMatching(/^sha256:/),
      raw: '{"posId":',
      issues: ['(весь текст): ожидался JSON'],
    });
  });
});
