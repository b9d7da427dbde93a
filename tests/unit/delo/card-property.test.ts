import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createCardReader } from '../../../src/sed/delo/card.ts';
import type { Dictionaries } from '../../../src/sed/delo/dictionaries.ts';
import { requisiteKey } from '../../../src/sed/delo/path.ts';
import { CARD_STATES } from '../../../src/sed/port.ts';
import { mappingWith } from './support.ts';

const TITLES = [
  'Номер ПОС',
  'Выгрузка в витрину ПОС',
  'Статус ПОС',
  'Дата ответа',
  'Широта',
  'Долгота',
  'Отозвано',
];
const APIS = TITLES.map((_title, index) => `AR_${index}`);
const dictionaries: Dictionaries = {
  rubrics: new Map([['0.R1.', { code: '0003.0009.0099.0742', name: 'Дороги' }]]),
  docGroups: ['0.2.1.'],
  citizenGroups: ['0.2.1.'],
  requisites: new Map(TITLES.map((title, index) => [requisiteKey(title), `AR_${index}`])),
};
const read = createCardReader(mappingWith(), dictionaries, 'Asia/Yakutsk', true);

const junk = fc.oneof(
  { weight: 3, arbitrary: fc.anything({ maxDepth: 2 }) },
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '2025-02-30',
    '2025-01-31T00:00:00',
    '31.01.2025',
    '/Date(1738270800000)/',
    '55,7',
    '1',
    'да',
    'нет',
  ),
);
const rubricEntry = fc.oneof(
  junk,
  fc.record({ DUE_RUBRIC: fc.oneof(fc.constant('0.R1.'), junk), ORDERNUM: junk }, { requiredKeys: [] }),
);
const record = fc.record(
  {
    ISN_DOC: fc.oneof(fc.integer({ min: 1 }), fc.integer({ min: 1 }).map(String), junk),
    FREE_NUM: junk,
    DOC_DATE: junk,
    ANNOTAT: junk,
    DUE_CARD: junk,
    DUE_DOCGROUP: junk,
    TERM_EXEC: junk,
    CONTROL_STATE: junk,
    REF_RUBRIC_List: fc.oneof(junk, fc.array(rubricEntry, { maxLength: 4 })),
    REF_LINK_List: fc.oneof(junk, fc.array(fc.record({ CLASSIF_NAME: junk }), { maxLength: 2 })),
    DELIVERY_Ref: fc.oneof(junk, fc.record({ CLASSIF_NAME: junk })),
    AR_RC_VALUE_Ref: fc.oneof(junk, fc.dictionary(fc.constantFrom(...APIS), junk)),
  },
  { requiredKeys: [] },
);

describe('any record at all', () => {
  it('gives a whole card, with an issue for each field that was there and could not be read, or has no key', () => {
    fc.assert(
      fc.property(record, (row) => {
        const found = read(row);
        if (found === undefined) {
          const isn: unknown = row.ISN_DOC;
          expect(typeof isn === 'number' && Number.isSafeInteger(isn) && isn > 0).toBe(false);
          return;
        }
        const { card } = found;
        expect(card.isn).toBe(String(found.isn));
        expect(card.key).not.toBe('');
        expect(CARD_STATES).toContain(card.state);
        expect(['APPEAL_59FZ', 'MESSAGE']).toContain(card.kind);
        expect(card.regDate).toMatch(/^(\d{4}-\d\d-\d\d)?$/);
        for (const day of [card.dueDate, card.answeredDate])
          expect(day ?? '2025-01-01').toMatch(/^\d{4}-\d\d-\d\d$/);
        expect(Math.abs(card.latitude ?? 0)).toBeLessThanOrEqual(90);
        expect(Math.abs(card.longitude ?? 0)).toBeLessThanOrEqual(180);
        for (const rubric of card.rubrics) expect(rubric.code).toBe('0003.0009.0099.0742');
        // Nothing empty, nothing undefined: what has no value is left out.
        for (const [field, value] of Object.entries(card)) {
          expect([field, value]).not.toEqual([field, undefined]);
          if (!['regNumber', 'regDate', 'cardfile', 'docGroup'].includes(field))
            expect([field, value]).not.toEqual([field, '']);
        }
        expect(card.issues?.length).not.toBe(0);
        expect(() => JSON.stringify(card)).not.toThrow();
        expect(JSON.stringify(card).isWellFormed()).toBe(true);
        for (const { field, problem } of card.issues ?? []) {
          expect([field, problem].every((word) => word !== '')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('that holds good values only has no issues, and gives them back', () => {
    const day = fc
      .date({ min: new Date('1950-01-01'), max: new Date('2090-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    const good = fc.record({
      isn: fc.integer({ min: 1, max: 2 ** 40 }),
      regNumber: fc.stringMatching(/^[А-Яа-я0-9/-]{1,20}$/),
      regDate: day,
      posId: fc.stringMatching(/^[1-9]\d{0,11}$/),
      latitude: fc.integer({ min: -9_000_000, max: 9_000_000 }).map((value) => value / 100_000),
      questions: fc.integer({ min: 0, max: 4 }),
    });
    fc.assert(
      fc.property(good, ({ isn, regNumber, regDate, posId, latitude, questions }) => {
        const found = read({
          ISN_DOC: String(isn),
          FREE_NUM: regNumber,
          DOC_DATE: `${regDate}T00:00:00`,
          DUE_CARD: '0.YS1.',
          DUE_DOCGROUP: '0.2.1.',
          REF_RUBRIC_List: Array.from({ length: questions }, (_, order) => ({
            DUE_RUBRIC: '0.R1.',
            ORDERNUM: order,
          })),
          AR_RC_VALUE_Ref: { AR_0: posId, AR_4: String(latitude).replace('.', ',') },
        });
        expect(found).toMatchObject({ isn, card: { key: String(isn), regNumber, regDate, posId, latitude } });
        expect(found?.card.rubrics).toHaveLength(questions);
        expect(found?.card.issues).toBeUndefined();
      }),
    );
  });
});
