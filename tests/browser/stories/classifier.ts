import { expect } from '@jest/globals';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { fixture } from '../../unit/rubrics/support.ts';

const RENAMED = [
  { key: '2001/200101', before: 'Ямы, выбоины', after: 'Ямы и выбоины' },
  { key: '2001/200102', before: 'Дорожная разметка', after: 'Разметка дорог' },
] as const;

/** A new classifier with renamed categories is looked at first, and then taken. */
export async function importClassifier(world: ConsoleWorld): Promise<void> {
  const page = await world.as('operator');
  const text = RENAMED.reduce(
    (file, { before, after }) => file.replace(before, after),
    fixture('pos-categories.csv').toString(),
  );
  await page.goto(`${world.url}/rubrics/import`);
  const file = { name: 'категории.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.setInputFiles('[name=file]', file);
  await page.click('form[enctype] button');
  await page.waitForURL(/\/rubrics\/import\/[0-9a-f]+/);
  const shown = await page.textContent('main');
  expect(shown).toContain(`Переименованы: ${RENAMED.length}`);
  for (const { before, after } of RENAMED) {
    expect(shown).toContain(before);
    expect(shown).toContain(after);
  }
  expect(await namesOf(world)).toEqual(RENAMED.map(({ before }) => before));
  await page.fill('form[action$="/take"] [name=why]', 'новая редакция');
  await page.click('form[action$="/take"] button');
  await page.waitForURL(`${world.url}/rubrics`);
  expect(await namesOf(world)).toEqual(RENAMED.map(({ after }) => after));
}

async function namesOf({ db }: ConsoleWorld): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>(
    'SELECT subsubject AS name FROM category WHERE key = ANY($1) ORDER BY key',
    [RENAMED.map(({ key }) => key)],
  );
  return rows.map(({ name }) => name);
}
