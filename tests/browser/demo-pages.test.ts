import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Daemon } from '../../src/daemon.ts';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { type Browser, describeWithBrowser, requireChromium, startBrowser } from '../support/chromium.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { makeStand, type Stand } from '../support/stand.ts';
import { endSurroundings, startStandDaemon } from '../support/stand-daemon.ts';

describeWithBrowser('a person with both pages open', () => {
  let database: TestDatabase;
  let platform: PlatformSimulator;
  let delo: DeloSimulator;
  let stand: Stand;
  let daemon: Daemon;
  let browser: Browser;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform();
    stand = await makeStand({ platformUrl: platform.url, cabinets: 1 });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels });
    daemon = await startStandDaemon(stand, database);
    browser = await startBrowser(requireChromium());
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await endSurroundings({ daemons: [daemon], delo, platform, database, stand });
  }, 60_000);

  it('sends a new message and sees its card appear in the СЭД', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${platform.url}/new`);
    await page.fill('[name=text]', 'На улице Садовой не горит фонарь у дома 7.');
    await page.fill('[name=surname]', 'Образцова');
    await page.click('button:has-text("Отправить")');
    const clerk = await browser.context.newPage();
    await clerk.goto(delo.url);
    // The list refreshes itself: nobody presses anything.
    await clerk.waitForSelector('text=не горит фонарь', { timeout: 60_000 });
    await clerk.waitForSelector('text=ОГ-1/26', { timeout: 60_000 });
    const [card] = delo.cards();
    await clerk.goto(`${delo.url}/cards/${card?.id}`);
    expect(await clerk.textContent('main, body')).toContain(card?.posId ?? 'нет карточки');
  }, 150_000);

  it.each([360, 1440])(
    'reads at %i px without scrolling sideways',
    async (width) => {
      const page = await browser.context.newPage();
      await page.setViewportSize({ width, height: 900 });
      const [card] = delo.cards();
      for (const address of [
        platform.url,
        `${platform.url}/new`,
        delo.url,
        `${delo.url}/cards/${card?.id}`,
      ]) {
        await page.goto(address);
        expect({ address: new URL(address).pathname, overflow: await overflow(page) }).toEqual({
          address: new URL(address).pathname,
          overflow: 0,
        });
        expect(await page.getAttribute('html', 'lang')).toBe('ru');
      }
    },
    60_000,
  );
});

async function overflow(page: Page): Promise<number> {
  return await page.evaluate(
    'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)',
  );
}
