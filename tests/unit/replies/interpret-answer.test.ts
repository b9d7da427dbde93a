import { describe, expect, it } from '@jest/globals';
import { interpretEvent } from '../../../src/replies/interpret.ts';
import { context, event, rulesWith } from './interpret-support.ts';

const rules = rulesWith();
const PDF = { name: '1.pdf', sha256: 'aa', size: 10 };
const FACTS = {
  linkTypes: [{ name: 'Ответ' }],
  number: 'ОТВ-1/26',
  date: '2026-03-09',
  annotation: 'Яма заделана',
  signer: { fio: 'Никитин Н.Н.', post: 'Глава администрации' },
  group: { name: 'Исходящие: разъяснения' },
  files: [{ resource: '1.pdf', description: 'Ответ заявителю.pdf', signatures: ['1.sig'] }],
};

function decide(
  facts: Record<string, unknown> = {},
  { files = [PDF], site = rules }: { files?: readonly (typeof PDF)[]; site?: typeof rules } = {},
) {
  return interpretEvent(event('answer', { ...FACTS, ...facts }, { files }), site, context());
}

describe('the clerk’s answer document', () => {
  it('becomes an answer with its text, number, day, signer and files', () => {
    expect(decide()).toEqual({
      make: 'delivery',
      rule: 'вид ответа EXPLAINED',
      payload: {
        kind: 'answer',
        answerType: 'EXPLAINED',
        comment: 'Письмо № ОТВ-1/26 от 09.03.2026, файлов 1',
        number: 'ОТВ-1/26',
        date: '2026-03-09',
        signer: { surname: 'Никитин', name: 'Н.', patronymic: 'Н.', position: 'Глава администрации' },
      },
      files: [{ name: 'Ответ заявителю.pdf', sha256: 'aa', size: 10 }],
    });
  });

  it('without a day of its own it has the day of its message in the cabinet’s zone', () => {
    const told = event(
      'answer',
      { ...FACTS, date: undefined },
      { files: [PDF], at: Date.parse('2026-03-09T16:30:00Z') },
    );
    expect(interpretEvent(told, rules, context({ timeZone: 'Asia/Yakutsk' }))).toMatchObject({
      payload: { date: '2026-03-10' },
    });
    expect(interpretEvent(told, rules, context())).toMatchObject({ payload: { date: '2026-03-09' } });
  });

  it('a document with no signer is sent without one', () => {
    expect(decide({ signer: undefined })).not.toHaveProperty('payload.signer');
  });

  it.each([
    ['another case', [{ name: ' ОТВЕТ ' }], true],
    ['the second name of the site', [{ name: 'В ответ на' }], true],
    ['several links', [{ name: 'Связан с' }, { name: 'Ответ' }], true],
    ['another link', [{ name: 'Связан с' }], false],
    ['a link with no name', [{ uid: '4' }], false],
    ['no links', [], false],
  ])('%s', (_what, linkTypes, isAnswer) => {
    expect(decide({ linkTypes }).make).toBe(isAnswer ? 'delivery' : 'nothing');
  });

  it('what cannot be read gives nothing', () => {
    expect(decide({ files: 'нет' })).toEqual({ make: 'nothing', rule: 'документ ответа не прочитан' });
  });

  it.each<[string, Record<string, unknown>, { files?: readonly (typeof PDF)[] }, string, RegExp]>([
    ['neither text nor file', { annotation: ' ', files: [] }, {}, 'ANSWER_EMPTY', /пустой ответ/],
    ['a restricted one', { access: { name: 'ДСП' } }, {}, 'ANSWER_ACCESS_RESTRICTED', /ДСП/],
    ['a file that did not come', {}, { files: [] }, 'ANSWER_FILE_REFUSED', /нет файла: Ответ заявителю\.pdf/],
    [
      'a file of no resource',
      { files: [{ description: 'a.pdf' }] },
      {},
      'ANSWER_FILE_REFUSED',
      /нет файла: a\.pdf/,
    ],
    [
      'a file of 60 MB',
      {},
      { files: [{ ...PDF, size: 60 * 1024 * 1024 }] },
      'ANSWER_FILE_REFUSED',
      /Ответ заявителю\.pdf.*62914560.*52428800/,
    ],
    [
      'a forbidden type',
      { files: [{ resource: '1.pdf', description: 'вирус.exe' }] },
      {},
      'ANSWER_FILE_REFUSED',
      /вирус\.exe.*«exe»/,
    ],
    [
      'too many files',
      { files: Array.from({ length: 4 }, () => ({ resource: '1.pdf', description: 'a.pdf' })) },
      {},
      'ANSWER_FILE_REFUSED',
      /файлов 4, разрешено 3/,
    ],
  ])('%s waits for a person', (_what, facts, files, code, detail) => {
    expect(decide(facts, files)).toMatchObject({
      make: 'attention',
      code,
      detail: expect.stringMatching(detail),
    });
  });

  it('an open access, an empty one and none may go', () => {
    for (const access of [{ name: 'Общий' }, { name: ' открытый ' }, { name: '' }, { uid: '1' }, undefined]) {
      expect(decide({ access }).make).toBe('delivery');
    }
  });

  it('with a file of no type at all waits for a person', () => {
    const files = [{ name: '1', sha256: 'b', size: 10 }];
    const told = event('answer', { ...FACTS, files: [{ resource: '1', description: 'Ответ' }] }, { files });
    expect(interpretEvent(told, rulesWith(), context())).toMatchObject({
      make: 'attention',
      code: 'ANSWER_FILE_REFUSED',
      detail: expect.stringMatching(/Ответ: тип «»/),
    });
  });

  it.each([
    ['Ответ заявителю', '1.pdf', 'Ответ заявителю.pdf'],
    ['Ответ от 12.03.2026 г', '1.PDF', 'Ответ от 12.03.2026 г.PDF'],
    ['Ответ.docx', '1.pdf', 'Ответ.docx'],
  ])('a file described as «%s» and stored as %s goes as «%s»', (description, resource, name) => {
    const files = [{ name: resource, sha256: 'b', size: 10 }];
    const told = event('answer', { ...FACTS, files: [{ resource, description }] }, { files });
    expect(interpretEvent(told, rulesWith(), context())).toMatchObject({
      make: 'delivery',
      files: [{ name }],
    });
  });

  it('a text alone is an answer, a note too', () => {
    expect(decide({ files: [] })).toMatchObject({ make: 'delivery', files: [] });
    expect(decide({ files: [], annotation: undefined, note: 'Устранено' })).toMatchObject({
      make: 'delivery',
    });
  });
});

describe('the site decides about answers', () => {
  const site = (types: string, signatures = false) =>
    rulesWith({
      answers: `answers:
  linkTypes: [Ответ]
  openAccess: [общий]
  signatures: ${signatures}
  types: ${types}
  comment: "{{annotation|cut:4}}/{{group}}/{{note}}"
`,
    });

  it('there is no default kind of answer', () => {
    expect(decide({}, { site: site('[]') })).toMatchObject({
      make: 'attention',
      code: 'ANSWER_TYPE_NOT_MAPPED',
      rule: 'вид ответа не найден',
      detail: expect.stringContaining('Исходящие: разъяснения'),
    });
  });

  it.each([
    ['its group', '[{ when: { group: "РАЗЪЯСНЕНИЯ" }, type: EXPLAINED }]', 'EXPLAINED'],
    ['its rubric', '[{ when: { rubric: "дороги" }, type: SOLVED }]', 'SOLVED'],
    ['a word of its text', '[{ when: { text: "заделана" }, type: SOLVED }]', 'SOLVED'],
    ['a field', '[{ when: { field: { name: Итог, value: "решено " } }, type: SOLVED }]', 'SOLVED'],
    ['the first of two', '[{ when: { group: "исх" }, type: SOLVED }, { type: REFUSED }]', 'SOLVED'],
    [
      'all conditions or none',
      '[{ when: { group: "исх", text: "асфальт" }, type: SOLVED }, { type: REFUSED }]',
      'REFUSED',
    ],
  ])('the kind of answer by %s', (_what, types, answerType) => {
    const facts = {
      rubrics: [{ name: 'Ремонт' }, { name: 'Дороги города' }],
      fields: [{ name: 'Итог', value: 'Решено' }],
    };
    expect(decide(facts, { site: site(types) })).toMatchObject({ make: 'delivery', payload: { answerType } });
  });

  it('signatures go only when it says so', () => {
    const files = [PDF, { name: '1.sig', sha256: 'bb', size: 2 }];
    const names = (signatures: boolean) => {
      const decision = decide({}, { files, site: site('[{ type: SOLVED }]', signatures) });
      return decision.make === 'nothing' ? [] : decision.files.map((file) => file.name);
    };
    expect(names(false)).toEqual(['Ответ заявителю.pdf']);
    expect(names(true)).toEqual(['Ответ заявителю.pdf', '1.sig']);
  });

  it('a wanted signature that did not come is missed, an unwanted one is not', () => {
    expect(decide({}, { site: site('[{ type: SOLVED }]', true) })).toMatchObject({
      make: 'attention',
      detail: 'нет файла: 1.sig',
    });
    expect(decide({}, { site: site('[{ type: SOLVED }]', false) }).make).toBe('delivery');
  });

  it('the text is made by its template', () => {
    const decision = decide({ note: 'прим.' }, { site: site('[{ type: SOLVED }]') });
    expect(decision).toMatchObject({
      payload: { comment: expect.stringMatching(/\/Исходящие: разъяснения\/прим\.$/) },
    });
  });
});
