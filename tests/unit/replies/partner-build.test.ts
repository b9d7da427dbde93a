import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ERROR_CODES, type ErrorCode } from '../../../src/model/error-codes.ts';
import { failureOf } from '../../../src/replies/failure-codes.ts';
import { buildReport } from '../../../src/replies/partner-request.ts';
import type { OwedReport } from '../../../src/replies/partner-rows.ts';

const OWED: OwedReport = {
  id: '1',
  kind: 'failure',
  subject: 'rules',
  headerTime: Date.UTC(2026, 1, 11, 20, 8, 9),
  failureCode: 'ANSWER_FILE_REFUSED',
  failureText: 'план.exe: тип «exe» не разрешён',
  failures: 0,
  seq: 3,
  earlier: [],
  appealId: '7',
  opaId: '100500',
  posId: '374299901',
  documentUid: 'our-uid',
  facts: { answerUid: 'A', returnId: 'R', messageId: 'M', number: '1', date: '2026-02-10' },
  answeredAt: Date.UTC(2026, 1, 10, 20),
};

const ZONE = 'Europe/Moscow';

describe('buildReport', () => {
  it('makes a Failure of an error, with its place among the answer’s failures', () => {
    expect(buildReport('main', OWED, ZONE)).toEqual({
      channel: 'main',
      documentUid: 'our-uid',
      answer: { documentUid: 'A', returnId: 'R', messageId: 'M', number: '1', date: '2026-02-10' },
      headerTime: new Date('2026-02-11T20:08:09Z'),
      timeZone: ZONE,
      kind: 'failure',
      subject: '3/rules',
      failure: { code: 11, text: 'Файл ответа не подходит платформе: план.exe: тип «exe» не разрешён' },
    });
  });

  it('makes Reception and Registration, of which there is one', () => {
    expect(buildReport('main', { ...OWED, kind: 'reception' }, ZONE)).toMatchObject({ subject: '' });
    expect(buildReport('main', { ...OWED, kind: 'registration' }, ZONE)).toMatchObject({
      subject: '',
      registration: { number: '374299901', date: '2026-02-11' },
    });
  });

  it.each([undefined, 'вчера', '2026-02-31', '0000-01-01', '2026-02-10T00:00:00'])(
    'takes the day on which the answer came when it tells %p',
    (date) => {
      const facts = { answerUid: 'A', ...(date === undefined ? {} : { date }) };
      expect(buildReport('main', { ...OWED, facts }, 'Asia/Yakutsk').answer).toMatchObject({
        date: '2026-02-11',
        number: '',
      });
    },
  );

  it('keeps the UID of a group and leaves out a group without a name', () => {
    const withGroup = (group: object) =>
      buildReport('main', { ...OWED, facts: { answerUid: 'A', group } }, ZONE).answer.group;
    expect(withGroup({ name: 'Ответы', uid: 'g' })).toEqual({ name: 'Ответы', uid: 'g' });
    expect(withGroup({ uid: 'g' })).toBeUndefined();
  });

  it('refuses facts that do not read, as a defect of ours', () => {
    expect(() => buildReport('main', { ...OWED, facts: null }, ZONE)).toThrow('DEFECT');
  });

  it('is the same for the same row, and always names a day', () => {
    const anyFacts = fc.record(
      {
        answerUid: fc.string(),
        returnId: fc.string(),
        messageId: fc.string(),
        number: fc.string(),
        date: fc.oneof(fc.string(), fc.constant('2024-02-29')),
      },
      { requiredKeys: [] },
    );
    const kind = fc.constantFrom('reception' as const, 'registration' as const, 'failure' as const);
    const at = fc.integer({ min: 0, max: Date.UTC(2090, 0) });
    fc.assert(
      fc.property(anyFacts, kind, at, at, (facts, kind, headerTime, answeredAt) => {
        const owed = { ...OWED, facts, kind, headerTime, answeredAt };
        const report = buildReport('main', owed, ZONE);
        expect(buildReport('main', structuredClone(owed), ZONE)).toEqual(report);
        expect(report.answer.date).toMatch(/^\d{4}-\d\d-\d\d$/);
        expect(Number.isNaN(Date.parse(report.answer.date))).toBe(false);
      }),
    );
  });
});

describe('failureOf', () => {
  it.each<[ErrorCode, number]>([
    ['ANSWER_FILE_REFUSED', 1],
    ['ANSWER_TYPE_NOT_MAPPED', 2],
    ['ANSWER_EMPTY', 3],
    ['ANSWER_ACCESS_RESTRICTED', 3],
    ['PLATFORM_REJECTED', 3],
    ['PLATFORM_APPEAL_UNKNOWN', 4],
    ['PLATFORM_ILLEGAL_TRANSITION', 5],
  ])('puts %s into group %i', (code, group) => {
    expect(Math.floor(failureOf(code, null).code / 10)).toBe(group);
  });

  it('gives every code of ours a whole number of a known group and its Russian title', () => {
    for (const [code, { title }] of Object.entries(ERROR_CODES)) {
      const failure = failureOf(code, null);
      expect(Number.isInteger(failure.code)).toBe(true);
      expect([1, 2, 3, 4, 5]).toContain(Math.floor(failure.code / 10));
      expect(failure.text).toBe(title);
    }
  });

  it('never gives a code of ДЕЛО another meaning than its own', () => {
    // 39, met in real traffic: a document without an author.
    for (const code of Object.keys(ERROR_CODES)) expect(failureOf(code, null).code).not.toBe(39);
  });

  it('adds the detail, but not an empty one', () => {
    const { title } = ERROR_CODES.ANSWER_EMPTY;
    expect(failureOf('ANSWER_EMPTY', 'нет файла').text).toBe(`${title}: нет файла`);
    expect(failureOf('ANSWER_EMPTY', '  ').text).toBe(title);
  });

  it('shows a code of another version as it is', () => {
    expect(failureOf('NEW_CODE', 'слово')).toEqual({ code: 30, text: 'NEW_CODE: слово' });
    expect(failureOf('toString', null)).toEqual({ code: 30, text: 'toString' });
  });
});
