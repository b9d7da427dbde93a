import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ArchiveCard } from '../../../src/sed/port.ts';
import { isDay, isOktmo, keyOf, textOf } from '../../../src/showcase/fields.ts';
import { type LookContext, lookAt } from '../../../src/showcase/look.ts';
import { type KnownQuestion, planCard } from '../../../src/showcase/plan.ts';
import { questionsOf } from '../../../src/showcase/questions.ts';
import { cardFaults, recordLine } from '../../../src/showcase/record.ts';
import { createTermClock, type TermClock, termOf } from '../../../src/showcase/terms.ts';
import type { Terms } from '../../../src/terms/index.ts';
import {
  CODE_5,
  CODE_A,
  CODE_B,
  cardOf,
  MAPPER,
  rubricsOf,
  shippedTerms,
  tableMapper,
} from '../../support/showcase-build.ts';

let terms: Terms;
let clock: TermClock;
let context: LookContext;

beforeAll(async () => {
  terms = await shippedTerms();
  clock = createTermClock(terms, '14', '2026-06-15');
  context = { clock, mapper: MAPPER, includePlatformBorn: false };
});

const PLACE = { no: 1, total: 1 };
const QUESTION = { otkCode: CODE_A, name: 'Дороги' };

function recordOf(card: ArchiveCard): Record<string, unknown> {
  return JSON.parse(recordLine(clock, card, QUESTION, PLACE, { subjectId: '11' })) as Record<string, unknown>;
}

describe('questions', () => {
  it('are rubrics of level 4 and 5, once each, in the card’s order', () => {
    const codes = [CODE_B, '0003.0000.0000.0000', CODE_5, CODE_B, '0003.0009.0099.0000', 'другое', CODE_A];
    expect(questionsOf({ rubrics: rubricsOf(...codes) }).map(({ otkCode }) => otkCode)).toEqual([
      CODE_B,
      CODE_5,
      CODE_A,
    ]);
  });

  it('are known by the code whatever stands around it: blanks, an empty fifth group', () => {
    const codes = [` ${CODE_A} `, `${CODE_A}.0000`, CODE_A];
    expect(questionsOf({ rubrics: rubricsOf(...codes) }).map(({ otkCode }) => otkCode)).toEqual([CODE_A]);
  });
});

describe('a record', () => {
  it('has every parameter that the card has a value for, in the contract’s order', () => {
    const card = cardOf('k', {
      state: 'ANSWERED',
      answeredDate: '2026-03-30',
      dueDate: '2026-03-25',
      repeated: true,
      oktmo: '98701000',
      address: ' г. Якутск\n',
      latitude: 62.03,
      longitude: -0.5,
      channel: 'Почта',
      applicantKind: 'PERSON',
      result: 'EXPLAINED',
    });
    const category = { subjectId: '11', subsubjectId: '12' };
    expect(recordLine(clock, card, QUESTION, { no: 2, total: 3 }, category)).toBe(
      '{"recordId":"k#2","regNumber":"А-k/26","regDate":"2026-03-02","kind":"APPEAL_59FZ","questionNo":2,' +
        `"questionsTotal":3,"otkCode":"${CODE_A}","subjectId":"11","subsubjectId":"12","state":"ANSWERED",` +
        '"dueDate":"2026-03-25","answeredDate":"2026-03-30","overdue":true,"repeated":true,"oktmo":"98701000",' +
        '"address":"г. Якутск","latitude":62.03,"longitude":-0.5,"channel":"Почта","applicantKind":"PERSON",' +
        '"result":"EXPLAINED"}',
    );
  });

  it('leaves out what has no value', () => {
    const card = cardOf('k', { oktmo: '', address: ' \n', channel: '', dueDate: '', answeredDate: '' });
    expect(Object.keys(recordOf(card))).toEqual([
      ...['recordId', 'regNumber', 'regDate', 'kind', 'questionNo', 'questionsTotal', 'otkCode', 'subjectId'],
      ...['state', 'dueDate', 'overdue'],
    ]);
  });

  it('keeps zero: it is a place', () => {
    expect(recordOf(cardOf('k', { latitude: 0, longitude: -0 }))).toMatchObject({
      latitude: 0,
      longitude: 0,
    });
  });
});

describe('the term', () => {
  const category = { subjectId: '11' };

  it('is the card’s own, else the site’s rule from the registration on', () => {
    expect(termOf(clock, cardOf('k', { dueDate: '2026-04-01' }), category).dueDate).toBe('2026-04-01');
    // 30 days after 2 March; 1 April 2026 is a Wednesday.
    expect(termOf(clock, cardOf('k'), category).dueDate).toBe('2026-04-01');
    // 30 days after 14 April are 14 May; after 11 April 11 May, a day off moved to it, so the working day before.
    expect(termOf(clock, cardOf('k', { regDate: '2026-04-11' }), category).dueDate).toBe('2026-05-08');
  });

  it.each([
    ['IN_WORK', undefined, '2026-06-14', true],
    ['IN_WORK', undefined, '2026-06-15', false],
    ['NEW', undefined, '2026-06-14', true],
    ['POSTPONED', undefined, '2026-06-14', true],
    ['FORWARDED', undefined, '2026-06-14', false],
    ['ANSWERED', undefined, '2026-06-14', false],
    ['ANSWERED', '2026-06-14', '2026-06-14', false],
    ['ANSWERED', '2026-06-15', '2026-06-14', true],
    ['ANSWERED', '', '2026-06-14', false],
    ['FORWARDED', '2026-06-15', '2026-06-14', true],
  ] as const)('%s, answered %s, due %s: missed %s', (state, answeredDate, dueDate, overdue) => {
    const card = cardOf('k', { state, dueDate, ...(answeredDate === undefined ? {} : { answeredDate }) });
    expect(termOf(clock, card, category).overdue).toBe(overdue);
  });

  it('is missed by the passing of days alone, so that the record goes again', () => {
    const card = cardOf('k', { dueDate: '2026-06-14' });
    const [first] = planCard(context, card, []).added;
    const earlier = { ...context, clock: createTermClock(terms, '14', '2026-06-14') };
    const [before] = planCard(earlier, card, []).added;
    const lineOf = (row: typeof first) => (row?.look.verdict === 'send' ? JSON.parse(row.look.content) : {});
    expect([lineOf(before)['overdue'], lineOf(first)['overdue']]).toEqual([undefined, true]);
  });

  it('may depend on the category, by a rule that names it', () => {
    const rules = [
      ...terms.rules,
      { when: { category: '77' }, days: 3, count: 'working', dayOff: 'keep', basis: 'проба' } as const,
    ];
    const own = createTermClock({ ...terms, rules }, '14', '2026-06-15');
    const due = (subjectId: string) => termOf(own, cardOf('k'), { subjectId }).dueDate;
    expect([due('11'), due('77'), due('11')]).toEqual(['2026-04-01', '2026-03-05', '2026-04-01']);
  });
});

describe('validation', () => {
  it('finds nothing in a good card', () => {
    expect(cardFaults(cardOf('k', { oktmo: '98701000101', latitude: 90, longitude: -180 }))).toBeUndefined();
  });

  const FAULTS: [Partial<ArchiveCard>, string, string][] = [
    [{ key: ' ' }, 'SHOWCASE_FIELD_MISSING', 'recordId'],
    [{ regNumber: '\u0000' }, 'SHOWCASE_FIELD_MISSING', 'regNumber'],
    [{ regDate: '' }, 'SHOWCASE_FIELD_MISSING', 'regDate'],
    [{ regDate: '2026-02-30' }, 'SHOWCASE_FIELD_INVALID', 'regDate'],
    [{ regDate: '0226-03-02' }, 'SHOWCASE_FIELD_INVALID', 'regDate'],
    [{ dueDate: '02.03.2026' }, 'SHOWCASE_FIELD_INVALID', 'dueDate'],
    [{ answeredDate: 'вчера' }, 'SHOWCASE_FIELD_INVALID', 'answeredDate'],
    [{ oktmo: '987' }, 'SHOWCASE_FIELD_INVALID', 'oktmo'],
    [{ latitude: 91 }, 'SHOWCASE_FIELD_INVALID', 'latitude'],
    [{ longitude: Number.NaN }, 'SHOWCASE_FIELD_INVALID', 'longitude'],
    [
      { issues: [{ field: 'regDate', problem: 'это не дата' }], regDate: '' },
      'SED_CARD_UNREADABLE',
      'regDate',
    ],
  ];
  it.each(FAULTS)('%j: %s of %s', (over, code, field) => {
    expect(cardFaults(cardOf('k', over))).toEqual([expect.objectContaining({ code, field })]);
  });

  it('names all fields at once, never their values', () => {
    const look = lookAt(
      context,
      cardOf('k'),
      QUESTION,
      PLACE,
      cardFaults(cardOf('k', { regNumber: '', oktmo: 'секрет' })),
    );
    expect(look).toEqual({
      verdict: 'refuse',
      code: 'SHOWCASE_FIELD_MISSING',
      field: 'regNumber',
      detail: 'regNumber: не заполнено; oktmo: код ОКТМО состоит из 8 или 11 цифр',
    });
  });

  it('tells a code without a rule from one whose category is not imported, and the fields besides', () => {
    const faults = cardFaults(cardOf('k', { regNumber: '' }));
    const look = (mapper: LookContext['mapper']) =>
      lookAt({ ...context, mapper }, cardOf('k'), QUESTION, PLACE, faults);
    expect(look(tableMapper({}))).toEqual({
      verdict: 'unmapped',
      code: 'RUBRIC_NOT_MAPPED',
      field: 'otkCode',
      detail: 'regNumber: не заполнено',
    });
    expect(look(tableMapper({ [CODE_A]: ' ' }))).toMatchObject({ code: 'RUBRIC_CATEGORY_UNKNOWN' });
  });
});

describe('rubrics that could not all be read', () => {
  const issues = [{ field: 'rubrics', problem: 'рубрики нет в справочнике рубрик' }];
  const known = (otkCode: string, no: number): KnownQuestion => ({
    ...{ id: no, no, otkCode, isn: 'k', regNumber: 'А-k/26', regDate: '2026-03-02', cardfile: '0.A.' },
    ...{ verdict: 'send', hash: 'old', code: null, field: null, detail: null },
  });

  it('take nothing off: every question waits with the reason', () => {
    const card = cardOf('k', { rubrics: rubricsOf(CODE_B), issues });
    const plan = planCard(context, card, [known(CODE_A, 1)]);
    expect(plan.removed).toEqual([]);
    expect(plan.added.map(({ no, otkCode }) => [no, otkCode])).toEqual([[2, CODE_B]]);
    expect(plan.changed.map(({ no, look }) => [no, look.verdict])).toEqual([[1, 'refuse']]);
  });

  it('of a card without any are its one reason', () => {
    const [row] = planCard(context, cardOf('k', { rubrics: [], issues }), []).added;
    expect(row).toMatchObject({ no: 0, look: { code: 'SED_CARD_UNREADABLE', field: 'rubrics' } });
  });

  it('do not keep a withdrawn card in', () => {
    const plan = planCard(context, cardOf('k', { state: 'REMOVED', issues }), [known(CODE_A, 1)]);
    expect(plan.removed).toEqual([1]);
  });
});

describe('texts and keys', () => {
  it.each([
    ['  a b ', 'a b'],
    ['a\u0000\nb', 'a b'],
    ['\ud800', '\ufffd'],
    ['', undefined],
    [' \t', undefined],
    ['🙂', '🙂'],
    [undefined, undefined],
  ])('text %j is %j', (value, expected) => expect(textOf(value)).toBe(expected));

  it.each([
    ['{1-2}#3', '{1-2}#3'],
    ['a\u001eb\u0000', 'a\ufffdb\ufffd'],
    [' a ', ' a '],
  ])('key %j is %j', (value, expected) => expect(keyOf(value)).toBe(expected));

  it('days and codes', () => {
    expect(['2024-02-29', '2026-02-29', '1899-12-31', '2200-01-01', ''].map(isDay)).toEqual([
      ...[true, false, false, false, false],
    ]);
    expect(['98701000', '98701000101', '9870100', '987010001', 'x'].map(isOktmo)).toEqual([
      ...[true, true, false, false, false],
    ]);
  });
});
