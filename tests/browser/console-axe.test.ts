import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findChromium } from '../support/chromium.ts';
import { PASSWORD } from '../support/console.ts';
import { openSeededConsole, type SeededConsole } from '../support/seeded-console.ts';

const program = findChromium();
const inCi = process.env['CI'] === 'true';
if (program === undefined && !inCi) {
  process.stderr.write(
    'tests/browser: skipped, no Chromium on this machine (Debian: apt-get install chromium)\n',
  );
}
const pages = program === undefined && !inCi ? describe.skip : describe;
const LONG = 120_000;
/** A walk over all pages of one width, on a machine that has much else to do. */
const WALK = 300_000;

pages('every page of the console, for everybody', () => {
  let site: SeededConsole;
  let browser: Browser;

  beforeAll(async () => {
    if (program === undefined) throw new Error('no Chromium: scripts/ci-setup.sh installs it');
    site = await openSeededConsole();
    browser = await chromium.launch({
      executablePath: program,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  }, LONG);

  it.each([1440, 360])(
    'has no serious fault of accessibility, light and dark, and does not scroll sideways at %i px',
    async (width) => {
      const context = await browser.newContext({
        bypassCSP: true,
        locale: 'ru-RU',
        // Motion would be caught half-way, in colours that nobody reads.
        reducedMotion: 'reduce',
        viewport: { width, height: 900 },
      });
      try {
        expect(await walk(context, site)).toEqual([]);
      } finally {
        await context.close();
      }
    },
    WALK,
  );
});

/** What is wrong with the pages, each as one line. */
async function walk(context: BrowserContext, site: SeededConsole): Promise<string[]> {
  const page = await context.newPage();
  const found = await look(page, `${site.url}/sign-in`, 200);
  await page.fill('[name=login]', 'admin');
  await page.fill('[name=password]', PASSWORD);
  await page.click('form.sign-in button');
  await page.waitForURL(`${site.url}/`);
  for (const path of site.paths) {
    found.push(...(await look(page, `${site.url}${path}`, path === '/no-such-page' ? 404 : 200)));
  }
  return found;
}

async function look(page: Page, url: string, status: number): Promise<string[]> {
  const { pathname } = new URL(url);
  const answer = await page.goto(url, { waitUntil: 'load' });
  const found = answer?.status() === status ? [] : [`${pathname}: answered ${answer?.status()}`];
  const overflow: number = await page.evaluate(
    'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)',
  );
  if (overflow > 0) found.push(`${pathname}: scrolls sideways by ${overflow} px`);
  await page.evaluate(axe.source);
  await page.emulateMedia({ colorScheme: 'light' });
  found.push(...(await faults(page, `${pathname}, light`, '{}')));
  // The same page but for its colours.
  await page.emulateMedia({ colorScheme: 'dark' });
  found.push(...(await faults(page, `${pathname}, dark`, '{ runOnly: ["color-contrast"] }')));
  return found;
}

async function faults(page: Page, where: string, options: string): Promise<string[]> {
  const { violations, passes } = await page.evaluate<axe.AxeResults>(`axe.run(document, ${options})`);
  if (passes.length === 0) return [`${where}: nothing was looked at`];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map(({ target }) => `${where}: ${id}: ${target.join(' ')}`),
    );
}
