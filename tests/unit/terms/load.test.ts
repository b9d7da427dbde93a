import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadTerms } from '../../../src/terms/index.ts';
import { configError, dropFolder, makeFolder, putFiles } from '../config/helpers.ts';

const MAPPINGS = fileURLToPath(new URL('../../../mappings', import.meta.url));
const CALENDAR = 'holidays: []\n';
const TERMS = 'rules:\n  - {days: 30, basis: закон}\n';

let folder: string;
beforeEach(async () => {
  folder = await makeFolder({ 'terms.yaml': TERMS, 'calendar.yaml': CALENDAR });
});
afterEach(() => dropFolder(folder));

async function problemsOf(files: Readonly<Record<string, string>>) {
  await putFiles(folder, files);
  const error = await configError(loadTerms(folder));
  return Object.fromEntries(error.problems.map((problem) => [problem.path, problem.message]));
}

describe('loadTerms', () => {
  it('reads the shipped files and the smallest ones', async () => {
    expect((await loadTerms(MAPPINGS)).rules.length).toBeGreaterThan(1);
    const { rules, calendar } = await loadTerms(folder);
    expect(rules).toEqual([
      { when: {}, days: 30, count: 'calendar', dayOff: 'previous-working', basis: 'закон' },
    ]);
    expect(calendar.data).toEqual({ holidays: [], years: {}, regions: {} });
  });

  it('the shipped calendar tells the site to check it against the decree', async () => {
    const text = await readFile(`${MAPPINGS}/calendar.yaml`, 'utf8');
    expect(text).toMatch(/сверьте этот файл с постановлением/);
  });

  it('tells the faults of both files at once', async () => {
    const problems = await problemsOf({
      'terms.yaml':
        'rules:\n  - {dayz: 30, days: 0, basis: з, count: рабочие, when: {regoin: "14", fastTrack: да}}\n',
      'calendar.yaml':
        'holidays:\n  - {day: 13-01, name: ""}\nyears:\n  26: {}\n  2026: {daysOff: [2026-02-30], workingdays: []}\n',
    });
    expect(problems).toMatchObject({
      'terms.yaml: rules[0].dayz': 'нет такой настройки; возможно, вы имели в виду «days»',
      'terms.yaml: rules[0].days': 'число должно быть не меньше 1',
      'terms.yaml: rules[0].count': 'напишите одно из: calendar, working',
      'terms.yaml: rules[0].when.regoin': expect.stringContaining('«region»'),
      'terms.yaml: rules[0].when.fastTrack': 'нужно: true или false, а написано: строка',
      'calendar.yaml: holidays[0].day': expect.stringContaining('ММ-ДД'),
      'calendar.yaml: holidays[0].name': 'значение пусто: напишите его',
      'calendar.yaml: years.2026.daysOff[0]': 'напишите существующий день как ГГГГ-ММ-ДД',
      'calendar.yaml: years.2026.workingdays': expect.stringContaining('«workingDays»'),
      'calendar.yaml: years.26': 'год пишут четырьмя цифрами в кавычках',
    });
  });

  it('tells a missing general rule, doubled conditions and a subcategory alone', async () => {
    const problems = await problemsOf({
      'terms.yaml': `rules:
  - {when: {region: '14', kind: MESSAGE}, days: 1, basis: а}
  - {when: {kind: MESSAGE, region: '14'}, days: 2, basis: б}
  - {when: {subcategory: Ремонт}, days: 3, basis: в}
`,
    });
    expect(problems).toEqual({
      'terms.yaml: rules': expect.stringContaining('нужно общее правило без условий'),
      'terms.yaml: rules[1].when': 'те же условия, что в rules[0]: оставьте одно правило',
      'terms.yaml: rules[2].when': expect.stringContaining('добавьте category'),
    });
  });

  it('tells missing and broken files by name and line', async () => {
    await putFiles(folder, { 'terms.yaml': 'rules:\n  - days: [\n' });
    const error = await configError(loadTerms(`${folder}/nowhere`));
    expect(error.problems.map((problem) => problem.path)).toEqual(['terms.yaml', 'calendar.yaml']);
    const broken = await configError(loadTerms(folder));
    expect(broken.problems[0]).toMatchObject({ path: 'terms.yaml', line: expect.any(Number) });
    expect(await problemsOf({ 'terms.yaml': '' })).toHaveProperty(['terms.yaml']);
  });
});
