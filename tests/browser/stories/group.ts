import { readFile, writeFile } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { parseDocument } from 'yaml';
import { ERROR_CODES, type ErrorCode } from '../../../src/model/error-codes.ts';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { eventually } from '../../support/eventually.ts';
import { answeredOnce, cardOf, MANY, OPA_ID, registered, waiting } from './appeals.ts';

const COUNT = 25;
/** How this site's ДЕЛО calls a document that everybody may read; the demo's rules do not know it. */
const ACCESS = 'для всех';

/** Twenty-five answers that our rules refuse: mended in the mapping that the page names, sent again as a group. */
export async function mendMapping(world: ConsoleWorld): Promise<void> {
  const code = 'ANSWER_ACCESS_RESTRICTED';
  const posIds = await registered(world, COUNT);
  for (const posId of posIds) {
    world.stage.delo.answer(cardOf(world, posId), { text: 'Яма заделана', access: ACCESS });
  }
  await eventually('all to be refused', async () => (await waiting(world, code)).length === COUNT, MANY);
  const page = await openGroup(world, code);
  const place = page.locator('main li', { hasText: 'Файл правил' });
  const [file = '', part = ''] = await place.locator('code').allTextContents();
  expect(file).toMatch(/mappings\/statuses\.yaml$/);
  const rules = parseDocument(await readFile(file, 'utf8'));
  rules.addIn(part.split('.'), ACCESS);
  await writeFile(file, String(rules));
  await eventually('the daemon to read its rules again', async () =>
    (await readFile(world.stage.logFile, 'utf8')).includes('rules of statuses read again'),
  );
  await sendAgain(page, 'гриф внесён в правила');
  // Nobody reloads: the page follows by itself.
  const done = `Завершено: дошли ${COUNT}, снова отклонены 0.`;
  await page.waitForSelector(`#resend-progress [role=status]:has-text("${done}")`, { timeout: MANY });
  await answeredOnce(world, posIds);
  expect(await waiting(world, code)).toEqual([]);
}

/** Twenty-five answers that the platform refuses: when it takes them again, they are sent as a group. */
export async function resendRefused(world: ConsoleWorld): Promise<void> {
  const code = 'PLATFORM_REJECTED';
  const { platform, delo } = world.stage;
  const posIds = await registered(world, COUNT);
  // The demo's own faults would let some through.
  platform.clearFaults();
  const body = '{"error":"invalid"}';
  const rule = platform.fault({ route: 'answers', kind: 'status', status: 422, body, opaId: OPA_ID });
  for (const posId of posIds) delo.answer(cardOf(world, posId), { text: 'Яма заделана' });
  await eventually('all to be refused', async () => (await waiting(world, code)).length === COUNT, MANY);
  platform.clearFaults(rule);
  await sendAgain(await openGroup(world, code), 'на платформе исправлено');
  await answeredOnce(world, posIds);
  expect(await waiting(world, code)).toEqual([]);
}

/** From the error log to the group of these failures, which says how many they are. */
async function openGroup(world: ConsoleWorld, code: ErrorCode): Promise<Page> {
  const page = await world.as('operator');
  await page.goto(`${world.url}/errors`);
  await page.click(`main a:has-text("${ERROR_CODES[code].title}")`);
  await page.waitForURL(/\/errors\/\d+$/);
  expect(await page.textContent('main')).toContain(`Сейчас в группе: ${COUNT}`);
  return page;
}

/** Sends the group of this page again: with a look at what will go, and at how it goes. */
async function sendAgain(page: Page, why: string): Promise<void> {
  await page.click('a:has-text("Отправить снова всю группу")');
  await page.waitForURL(/\/resend$/);
  expect(await page.textContent('main')).toContain(`Будет отправлено снова: ${COUNT}.`);
  expect(await page.locator('main tbody tr').count()).toBe(20);
  await page.fill('[name=why]', why);
  await page.click(`button:has-text("Отправить снова: ${COUNT}")`);
  await page.waitForSelector('#resend-progress progress');
  expect(await page.textContent('#resend-progress')).toContain(`operator, ${why}`);
}
