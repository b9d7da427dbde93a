import { expect } from '@jest/globals';
import { DateTime } from 'luxon';
import type { Page } from 'playwright-core';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { eventually } from '../../support/eventually.ts';
import { MANY, OPA_ID } from './appeals.ts';

/** A rubric of the classifier that no shipped rule maps, and neither it nor what is under it is on a card of the demo. */
export const UNMAPPED = '0001.0020.0189.0170';
const CARDS = 40;

/** An unmapped rubric is mapped by its first suggestion, and the forty records that wait for it go, they alone. */
export async function mapRubric(world: ConsoleWorld): Promise<void> {
  const { archive, platform } = world.stage;
  await eventually('the first upload to be settled', () => isSettled(world), MANY);
  expect(
    [...archive.cards()].filter(({ rubrics }) => rubrics.some((code) => code.startsWith(UNMAPPED))),
  ).toEqual([]);
  const numbers = addCards(world);
  const earlier = {
    uploads: platform.showcaseUploads(OPA_ID).length,
    log: platform.showcaseLog(OPA_ID).length,
  };
  const page = await world.as('operator');
  await buildNow(page, world, 'в архиве новые карточки');
  await eventually(
    'the cards to be found',
    async () => (await countRecords(world, 'unmapped')) === CARDS,
    MANY,
  );

  const row = page.locator('main tr', { has: page.locator(`a[href="/rubrics/code/${UNMAPPED}"]`) });
  await eventually('the page to count them', async () => {
    await page.goto(`${world.url}/rubrics/unmapped`);
    return (await row.count()) === 1 && (await row.locator('td.number').textContent()) === String(CARDS);
  });
  const choice = row.locator('button.choice').first();
  const [, category = ''] = (await choice.getAttribute('value'))?.split(' ') ?? [];
  await choice.click();
  await page.waitForSelector('.notice.good');
  expect(await row.locator('.mark.good').count()).toBe(1);

  await buildNow(page, world, 'рубрика сопоставлена');
  await eventually(
    'them to be accepted',
    async () => (await countRecords(world, 'accepted')) === CARDS,
    MANY,
  );
  const sent = platform.showcaseUploads(OPA_ID).slice(earlier.uploads);
  expect(sent).toMatchObject([{ records: CARDS, accepted: CARDS, rejected: 0 }]);
  const taken = platform.showcaseLog(OPA_ID).slice(earlier.log);
  const records = taken.map(({ json }) => JSON.parse(json) as Readonly<Record<string, string>>);
  expect(records.map(({ regNumber }) => regNumber).sort()).toEqual(numbers.toSorted());
  const categories = records.map(({ subjectId, subsubjectId }) =>
    [subjectId, subsubjectId].filter((id) => id !== undefined).join('/'),
  );
  expect(new Set(categories)).toEqual(new Set([category]));
}

/** Cards of yesterday with this rubric alone; gives their numbers. */
function addCards({ stage }: ConsoleWorld): readonly string[] {
  const { archive } = stage;
  const regDate = DateTime.now().minus({ days: 1 }).toISODate();
  const dueDate = DateTime.now().plus({ days: 29 }).toISODate();
  return Array.from({ length: CARDS }, () => {
    const isn = archive.add({
      rubrics: [UNMAPPED],
      regDate,
      dueDate,
      state: 'IN_WORK',
      result: '',
      answeredDate: '',
    });
    return archive.card(isn).regNumber;
  });
}

async function buildNow(page: Page, { url }: ConsoleWorld, why: string): Promise<void> {
  await page.goto(`${url}/showcase`);
  const form = page.locator('form[action="/showcase/run"]');
  await form.locator('[name=why]').fill(why);
  await form.locator('button').click();
  await page.waitForSelector('.notice.good');
}

async function countRecords({ db }: ConsoleWorld, state: string): Promise<number> {
  const rows = await db.query(`SELECT 1 FROM showcase_record WHERE otk_code = $1 AND state = $2`, [
    UNMAPPED,
    state,
  ]);
  return rows.length;
}

/** A pass over the archive has ended, and of each record it is known whether it was taken. */
async function isSettled({ db }: ConsoleWorld): Promise<boolean> {
  const [row] = await db.query<{ settled: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM showcase_build WHERE finished_at IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM showcase_record WHERE state IN ('ready', 'sent')) AS settled`,
  );
  return row?.settled === true;
}
