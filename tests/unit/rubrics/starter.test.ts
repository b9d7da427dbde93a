import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { reportCoverage } from '../../../src/rubrics/coverage.ts';
import { parseStarter, readShippedOtk, readStarter } from '../../../src/rubrics/starter.ts';
import { fixtureCategories, MAPPINGS, shippedRubrics } from './support.ts';

describe('the shipped draft', () => {
  it('covers at least 90 % of the codes of levels 4 and 5 by category', async () => {
    const rules = await readStarter(MAPPINGS);
    const report = reportCoverage(1, rules, fixtureCategories().categories, shippedRubrics());
    expect(report.all.codes).toBe(1876);
    expect(report.all.byDraft).toBe(report.all.mapped);
    expect(report.all.mapped / report.all.codes).toBeGreaterThanOrEqual(0.9);
    expect(report.problems).toEqual([]);
    expect(report.conflicts).toEqual([]);
  });

  it('says that it is one, and the names beside its codes are those of the classifier', () => {
    const text = readFileSync(join(MAPPINGS, 'rubrics.yaml'), 'utf8');
    expect(text).toMatch(/^draft: true$/m);
    const names = new Map(shippedRubrics().map(({ code, name }) => [code, name]));
    const lines = [...text.matchAll(/^ {4}- (\S+) # (.+)$/gm)];
    expect(lines.length).toBeGreaterThan(100);
    for (const [, code = '', name = ''] of lines) expect(names.get(code)?.startsWith(name)).toBe(true);
  });

  it('a folder without one has no rules', async () => {
    expect(await readStarter(join(MAPPINGS, 'no-such-folder'))).toEqual([]);
  });
});

describe('a draft that is not as it should be', () => {
  const head = 'version: 1\ndraft: true\ncategories:\n';

  it.each([
    ['no YAML', 'a: [', /это не YAML/],
    ['another shape', 'version: 2', /version: отсутствует или имеет неверный вид/],
    ['nothing', '', /весь файл/],
    ['not a code', `${head}  Дороги: ['12.34']`, /«12.34» не код рубрики/],
    [
      'a code twice',
      `${head}  Дороги: [0001.0001.0001.0001]\n  Дворы: [0001.0001.0001.0001]`,
      /назван дважды/,
    ],
  ])('%s', (_what, text, words) => {
    expect(() => parseStarter(text, 'rubrics.yaml')).toThrow(words);
  });

  it('a path may name a sub-category', () => {
    expect(parseStarter(`${head}  Дороги / Ямы: [0001.0001.0001.0001]`, 'x')).toEqual([
      { code: '0001.0001.0001.0001', source: 'starter', subject: 'Дороги', subsubject: 'Ямы' },
    ]);
  });
});

describe('the shipped classifier', () => {
  it('is the newest of the folder, with its edition', async () => {
    const { edition, fileName, rubrics, notes } = await readShippedOtk(MAPPINGS);
    expect([edition, fileName, rubrics.length, notes]).toEqual([
      '2025-10-31',
      'otk-2025-10-31.tsv',
      2108,
      [],
    ]);
  });

  it('stands in for one that the site’s own folder lacks', async () => {
    expect((await readShippedOtk(join(MAPPINGS, 'none'))).rubrics).toHaveLength(2108);
  });

  it('a site’s own newer one goes first', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'posrednik-otk-'));
    try {
      writeFileSync(join(dir, 'otk-2024-01-01.tsv'), 'code\tname\n0001.0000.0000.0000\tСтарая');
      writeFileSync(join(dir, 'otk-2027-01-01.tsv'), 'code\tname\n0001.0000.0000.0000\tНовая');
      expect(await readShippedOtk(dir)).toMatchObject({
        edition: '2027-01-01',
        rubrics: [{ name: 'Новая' }],
      });
      writeFileSync(join(dir, 'otk-2028-01-01.tsv'), 'nothing');
      await expect(readShippedOtk(dir)).rejects.toMatchObject({ code: 'CLASSIFIER_UNREADABLE' });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
