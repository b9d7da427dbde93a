import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toCategory } from '../../../src/rubrics/categories.ts';
import { type CategoryFile, readCategoryFile } from '../../../src/rubrics/category-file.ts';
import { levelOf, parentOf } from '../../../src/rubrics/codes.ts';
import { parsePath } from '../../../src/rubrics/names.ts';
import { readOtkFile } from '../../../src/rubrics/otk-file.ts';
import { makeRule, type RuleParts } from '../../../src/rubrics/rules.ts';
import { readSheets, type Sheet } from '../../../src/rubrics/sheet-file.ts';
import type { Category, Rubric, RubricRule, StoredRubric } from '../../../src/rubrics/types.ts';

const ROOT = join(import.meta.dirname, '../../..');
export const MAPPINGS = join(ROOT, 'mappings');
export const FIXTURES = join(ROOT, 'tests/fixtures');
export const EDITION = '2025-10-31';

export function fixture(name: string): Buffer {
  return readFileSync(join(FIXTURES, name));
}

/** The shipped thematic classifier. */
export function shippedRubrics(): readonly StoredRubric[] {
  const name = `otk-${EDITION}.tsv`;
  return readOtkFile(readSheets(readFileSync(join(MAPPINGS, name)), name)).rubrics.map(stored);
}

/** The categories of the fixture, from the file of a real spreadsheet program. */
export function fixtureCategories(): CategoryFile {
  return readCategoryFile(readSheets(fixture('pos-categories.xls'), 'pos-categories.xls'));
}

export function stored(rubric: Rubric): StoredRubric {
  return { ...rubric, edition: EDITION, retired: false };
}

/** A rubric with level and parent of its code. */
export function rubric(code: string, name = `рубрика ${code}`): StoredRubric {
  const parent = parentOf(code);
  return stored({ code, name, level: levelOf(code), ...(parent === undefined ? {} : { parent }) });
}

/** A category of «Категория / Подкатегория» and its ids, «1» or «1/11». */
export function category(path: string, ids = '', retired = false): Category {
  const [subjectId = '', subsubjectId = ''] = ids.split('/');
  return toCategory(
    {
      ...parsePath(path),
      ...(subjectId === '' ? {} : { subjectId }),
      ...(subsubjectId === '' ? {} : { subsubjectId }),
    },
    retired,
  );
}

/** A rule to «Категория / Подкатегория». */
export function rule(code: string, path: string, parts: Partial<RuleParts> = {}): RubricRule {
  return makeRule({ code, source: 'person', ...parsePath(path), ...parts });
}

/** A sheet of these rows. */
export function sheet(rows: readonly (readonly string[])[], name = 'Лист1'): Sheet {
  return { name, rows, mergedCells: 0, blanksCut: 0 };
}
