import { writeFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { eventually } from '../../support/eventually.ts';

const CABINET = 'rayon';
const OPA_ID = '100002';
const NEW = 'другой-пароль-77';
const LINK = `a[href="/cabinets/${CABINET}"]`;

/** A wrong password of one cabinet: found on Overview, mended in the file named there, checked, told twice by mail. */
export async function mendPassword(world: ConsoleWorld): Promise<void> {
  const { platform, mail } = world.stage;
  const page = await world.as('admin');
  platform.setPassword(OPA_ID, NEW);
  platform.revokeTokens(OPA_ID);
  // A digest names no cabinet in its subject.
  const about = () => mail.mails().filter(({ subject }) => subject.includes(`(${CABINET})`));
  await eventually('the mail of the opening', () => about().length === 1);
  await page.goto(world.url);
  const alarm = page.locator('main li', { has: page.locator(LINK) }).first();
  const [, file = ''] = /пароль в файле (\S+?);/.exec((await alarm.textContent()) ?? '') ?? [];
  expect(file).toMatch(/settings\/rayon\.password$/);
  await writeFile(file, `${NEW}\n`);
  await alarm.locator(LINK).click();
  await page.click(`form[action="/cabinets/${CABINET}/check"] button`);
  await page.waitForSelector('#check .mark.good');
  expect(await page.locator('#check .mark.bad').count()).toBe(0);
  await eventually('the mail of the end', () => about().length === 2);
  await page.goto(world.url);
  expect(await page.locator(`main ${LINK}:has(b)`).count()).toBe(0);
  const [opening, end, ...others] = about().map(({ subject }) => subject);
  expect(others).toEqual([]);
  expect(opening).toContain('не приняла идентификатор или пароль');
  expect(end).toContain('устранено');
}
