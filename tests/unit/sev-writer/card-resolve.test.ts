import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { parseCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { SHIPPED_CARD } from './support.ts';

const SHIPPED = parse(readFileSync(SHIPPED_CARD, 'utf8'));

function mappingWith(changes: Record<string, unknown>) {
  return parseCardMapping(stringify({ ...SHIPPED, ...changes }), 'card.yaml');
}

const RUBRICS = [
  { category: 'Мусор', rubric: 'Отходы' },
  { category: 'Мусор', subcategory: 'Свалка', rubric: 'Свалки', uid: '77' },
  { category: 'Дороги', subcategory: 'Уборка', rubric: 'Уборка дорог' },
  { category: 'Дворы', subcategory: 'Уборка', rubric: 'Уборка дворов' },
];

const ANY = { opaId: '1', kind: 'MESSAGE' };

describe('rubricFor', () => {
  const card = mappingWith({ rubrics: RUBRICS }).resolve(ANY);

  it.each([
    ['Мусор', undefined, 'Отходы', 'rubrics[0]'],
    ['Мусор', 'Иное', 'Отходы', 'rubrics[0]'],
    ['Мусор', 'Свалка', 'Свалки', 'rubrics[1]'],
    ['  мУСОР ', 'СВАЛКА  ', 'Свалки', 'rubrics[1]'],
    // One name under two categories: the path decides.
    ['Дороги', 'Уборка', 'Уборка дорог', 'rubrics[2]'],
    ['Дворы', 'Уборка', 'Уборка дворов', 'rubrics[3]'],
  ])('%j / %j gives %j by %s', (category, subcategory, name, rule) => {
    expect(card.rubricFor(category, subcategory)).toMatchObject({ name, rule });
  });

  it('brings the «Индекс СЭВ» only where the site gives one', () => {
    expect(card.rubricFor('Мусор', 'Свалка')).toEqual({ name: 'Свалки', uid: '77', rule: 'rubrics[1]' });
    expect(card.rubricFor('Мусор', 'Иное')).toEqual({ name: 'Отходы', rule: 'rubrics[0]' });
  });

  it.each([
    ['Дороги', 'Ямы'],
    ['Дороги', undefined],
    ['Уборка', undefined],
    [undefined, 'Свалка'],
    [undefined, undefined],
    ['', ''],
    ['constructor', undefined],
  ])('%j / %j has no rubric', (category, subcategory) => {
    expect(card.rubricFor(category, subcategory)).toBeUndefined();
  });

  it('falls back to the default rubric, and says so', () => {
    const withDefault = mappingWith({
      rubrics: RUBRICS,
      defaultRubric: { name: 'Прочее', uid: '99' },
    }).resolve(ANY);
    expect(withDefault.rubricFor('Дороги', 'Ямы')).toEqual({
      name: 'Прочее',
      uid: '99',
      rule: 'defaultRubric',
    });
    expect(withDefault.rubricFor(undefined, undefined)?.rule).toBe('defaultRubric');
    expect(withDefault.rubricFor('Мусор', undefined)?.rule).toBe('rubrics[0]');
  });
});

describe('overrides', () => {
  const mapping = mappingWith({
    rubrics: RUBRICS,
    additionalFields: [
      { name: 'Номер ПОС', value: '{{posId}}' },
      { name: 'Регион', value: 'общий' },
    ],
    overrides: [
      { when: { opaId: '1' }, documentGroup: 'Группа кабинета', access: { name: 'ДСП', uid: '5' } },
      {
        when: { region: ['14', '24'] },
        documentGroup: 'Группа региона',
        rubrics: [{ category: 'МУСОР', rubric: 'Отходы региона' }],
        additionalFields: [
          { name: 'регион', value: 'свой' },
          { name: 'Улус', value: '{{location.address}}' },
        ],
        defaultRubric: 'Прочее региона',
      },
      { when: { opaId: '1', kind: 'APPEAL_59FZ' }, cardfile: { as: 'department', name: 'Приёмная' } },
    ],
  });

  it('apply none where none fits', () => {
    const card = mapping.resolve({ opaId: '2', kind: 'MESSAGE' });
    expect(card.applied).toEqual([]);
    expect(card.documentGroup.name).toBe('Обращения граждан');
    expect(card.cardfile.as).toBe('none');
  });

  it('apply every one that fits, the later on top, and tell which', () => {
    const card = mapping.resolve({ opaId: '1', region: '14', kind: 'APPEAL_59FZ' });
    expect(card.applied).toEqual(['overrides[0]', 'overrides[1]', 'overrides[2]']);
    expect(card.documentGroup.name).toBe('Группа региона');
    expect(card.access).toEqual({ name: 'ДСП', uid: '5' });
    expect(card.cardfile.as).toBe('department');
  });

  it('want every named condition', () => {
    expect(mapping.resolve({ opaId: '1', kind: 'MESSAGE' }).applied).toEqual(['overrides[0]']);
    expect(mapping.resolve({ opaId: '2', kind: 'APPEAL_59FZ' }).applied).toEqual([]);
    expect(mapping.resolve({ opaId: '2', region: '24', kind: 'X' }).applied).toEqual(['overrides[1]']);
  });

  it('merge requisites by name in their old place, and add new ones', () => {
    const names = (card: ReturnType<typeof mapping.resolve>) =>
      card.additionalFields.map((field) => [field.name, field.value?.source]);
    expect(names(mapping.resolve({ opaId: '2', region: '14', kind: 'X' }))).toEqual([
      ['Номер ПОС', '{{posId}}'],
      ['регион', 'свой'],
      ['Улус', '{{location.address}}'],
    ]);
    expect(names(mapping.resolve({ opaId: '2', kind: 'X' }))).toEqual([
      ['Номер ПОС', '{{posId}}'],
      ['Регион', 'общий'],
    ]);
  });

  it('replace rubrics of the same path and keep the others', () => {
    const card = mapping.resolve({ opaId: '2', region: '14', kind: 'X' });
    expect(card.rubricFor('Мусор', undefined)).toEqual({
      name: 'Отходы региона',
      rule: 'overrides[1].rubrics[0]',
    });
    expect(card.rubricFor('Мусор', 'Свалка')?.rule).toBe('rubrics[1]');
    expect(card.rubricFor('Чужое', undefined)?.rule).toBe('overrides[1].defaultRubric');
  });

  it('are computed once for equal cabinets and kinds', () => {
    const when = { opaId: '1', region: '14', kind: 'MESSAGE' };
    expect(mapping.resolve({ ...when })).toBe(mapping.resolve({ ...when }));
    expect(mapping.resolve({ ...when, kind: 'OTHER' })).not.toBe(mapping.resolve(when));
  });

  it('stay right when the outside invents thousands of kinds', () => {
    for (let i = 0; i < 2500; i += 1) mapping.resolve({ opaId: '1', kind: `K${i}` });
    expect(mapping.resolve({ opaId: '1', kind: 'K0' }).applied).toEqual(['overrides[0]']);
  });
});
