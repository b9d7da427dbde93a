import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { loadCardMapping, parseCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { CARD_VARIABLE_TYPES } from '../../../src/sed/sev/card-variables.ts';
import { faultOf, removeFolder, SHIPPED_CARD, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
afterAll(() => removeFolder(folder));

const SHIPPED = readFileSync(SHIPPED_CARD, 'utf8');

/** The shipped file with one place changed; `undefined` takes it out. */
function changed(path: readonly (string | number)[], value: unknown): string {
  const root = parse(SHIPPED);
  let node = root;
  for (const step of path.slice(0, -1)) node = node[step];
  const last = path.at(-1) ?? '';
  if (value === undefined) delete node[last];
  else node[last] = value;
  return stringify(root);
}

async function complaint(source: string): Promise<string> {
  const fault = await faultOf(() => parseCardMapping(source, 'card.yaml'));
  expect(fault.code).toBe('CONFIG_INVALID');
  return fault.detail ?? '';
}

describe('the shipped mapping', () => {
  it('is right', async () => {
    const { settings } = await loadCardMapping(SHIPPED_CARD);
    expect(settings.additionalFields.map((field) => [field.name, field.type])).toEqual([
      ['Номер ПОС', 'Text'],
      ['Категория ПОС', 'Text'],
      ['Подкатегория ПОС', 'Text'],
      ['Источник ПОС', 'Text'],
      ['Фаст-трек', 'Flag'],
      ['Статус ПОС', 'Text'],
      ['Выгрузка в витрину ПОС', 'Flag'],
    ]);
    expect(settings.limits.annotation).toBe(2000);
  });

  it('documents every variable, and no other', () => {
    const comment = /Переменные:([\s\S]*?)\.\n/.exec(SHIPPED.replace(/^#\s*/gm, ''))?.[1] ?? '';
    const named = comment.split(/[,\s]+/).filter((word) => word !== '');
    expect(named.sort()).toEqual([...CARD_VARIABLE_TYPES.keys()].sort());
  });

  it('carries examples of overrides that work when they are uncommented', () => {
    const example = SHIPPED.split('\n')
      .filter((line) => /^# {3,}(- when|\w+:|- \{)/.test(line))
      .map((line) => line.slice(2))
      .join('\n');
    const from = example.indexOf('  - when');
    const { settings } = parseCardMapping(
      SHIPPED.replace('overrides: []', `overrides:\n${example.slice(from)}`),
      'x',
    );
    expect(settings.overrides).toHaveLength(2);
  });
});

describe('faults name their place in the file', () => {
  it.each([
    [['note', 1], 'Номер {{posID}}', 'card.yaml: note[1]: неизвестная переменная «posID»'],
    [['annotation'], '{{text', 'card.yaml: annotation: нет закрывающих «}}»'],
    [
      ['additionalFields', 2, 'value'],
      '{{category|bold}}',
      'card.yaml: additionalFields[2].value: неизвестный фильтр',
    ],
    [['additionalFields', 0, 'type'], 'Number', 'card.yaml: additionalFields[0].type:'],
    [
      ['additionalFields', 4, 'value'],
      '{{category}}',
      'card.yaml: additionalFields[4].value: текстовая переменная',
    ],
    [
      ['additionalFields', 1, 'name'],
      'номер пос',
      'card.yaml: additionalFields[1].name: такой реквизит уже есть',
    ],
    [
      ['additions', 'rated', 'note', 0],
      '{{ratng}}',
      'card.yaml: additions.rated.note[0]: неизвестная переменная',
    ],
    [['additions', 'withdrawn'], undefined, 'card.yaml: additions.withdrawn:'],
    [['documentGroup'], 'Группа {{kind}}', 'card.yaml: documentGroup:'],
    [['documentGroup'], undefined, 'card.yaml: documentGroup:'],
    [['textFile', 'name'], '{{x}}.txt', 'card.yaml: textFile.name: неизвестная переменная'],
    [['limits', 'annotation'], 5, 'card.yaml: limits.annotation:'],
    [['limits', 'annotation'], 'много', 'card.yaml: limits.annotation:'],
    [['annotatoin'], 'опечатка', 'annotatoin'],
    [['cardfile'], { as: 'folder' }, 'card.yaml: cardfile.as:'],
    [['cardfile'], { as: 'field', value: '{{posId}}' }, 'card.yaml: cardfile.field:'],
    [['overrides'], [{ when: {}, note: [] }], 'card.yaml: overrides[0].when: назовите хотя бы одно'],
    [
      ['overrides'],
      [{ when: { opaId: 5 } }],
      'card.yaml: overrides[0].when.opaId: напишите строку (в кавычках)',
    ],
    [
      ['overrides'],
      [{ when: { kind: 'X' }, note: ['{{y}}'] }],
      'card.yaml: overrides[0].note[0]: неизвестная переменная',
    ],
    [
      ['dictionaries', 'sources', 'EPGU'],
      '',
      'card.yaml: dictionaries.sources.EPGU: напишите непустой текст',
    ],
    [
      ['rubrics'],
      [
        { category: 'Мусор', rubric: 'а' },
        { category: ' мусор ', rubric: 'б' },
      ],
      'card.yaml: rubrics[1].category: для этой категории и подкатегории рубрика уже задана',
    ],
  ] as const)('%j set to %j', async (path, value, expected) => {
    expect(await complaint(changed(path, value))).toContain(expected);
  });

  it('tells all of them at once, one a line', async () => {
    const root = parse(SHIPPED);
    root.annotation = '{{a}}';
    root.consists = '{{b}}';
    root.access = '';
    const lines = (await complaint(stringify(root))).split('\n');
    expect(lines).toHaveLength(3);
    for (const place of ['annotation', 'consists', 'access']) {
      expect(lines.some((line) => line.startsWith(`card.yaml: ${place}: `))).toBe(true);
    }
  });

  it.each(['a: [1', '', '- 1', 'null', 'a: b: c', '"text"'])('refuses %j', async (source) => {
    expect(await complaint(source)).toMatch(/^card\.yaml: /);
  });
});

describe('loadCardMapping', () => {
  it('reads a file with a byte-order mark, as Notepad saves it', async () => {
    const path = join(folder, 'bom.yaml');
    writeFileSync(path, `\ufeff${SHIPPED}`);
    expect((await loadCardMapping(path)).settings.documentGroup).toEqual({ name: 'Обращения граждан' });
  });

  it('says which file cannot be read, and why', async () => {
    const path = join(folder, 'missing.yaml');
    const fault = await faultOf(() => loadCardMapping(path));
    expect([fault.code, fault.detail]).toEqual(['CONFIG_INVALID', `${path}: файл не читается (ENOENT)`]);
  });

  it('names the file by its own name in faults', async () => {
    const path = join(folder, 'site-card.yaml');
    writeFileSync(path, changed(['annotation'], '{{x}}'));
    const fault = await faultOf(() => loadCardMapping(path));
    expect(fault.detail).toMatch(/^site-card\.yaml: annotation: /);
  });
});
