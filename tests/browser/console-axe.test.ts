import { afterAll, beforeAll, expect, it } from '@jest/globals';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { describeWithBrowser, requireChromium } from '../support/chromium.ts';
import { PASSWORD } from '../support/console.ts';
import { openSeededConsole, type SeededConsole, type SeededForm } from '../support/seeded-console.ts';

const LONG = 120_000;
/** A walk over all pages, on a machine that has much else to do. */
const WALK = 300_000;

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 800 };
/** What depends on the colours alone: the rest was looked at in the light. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** Addresses that give a file, or lead elsewhere. */
const NO_PAGES = [
  '/appeals/:id/files/:file',
  '/cabinets/:id/check',
  '/errors/:id/check',
  '/rubrics/export',
  '/showcase/failed.csv',
  '/showcase/preview.css',
];

describeWithBrowser('every page of the console, for everybody', () => {
  let site: SeededConsole;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    site = await openSeededConsole();
    browser = await chromium.launch({
      executablePath: requireChromium(),
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    // Motion would be caught half-way, in colours that nobody reads.
    const context = await browser.newContext({ bypassCSP: true, locale: 'ru-RU', reducedMotion: 'reduce' });
    await context.addInitScript(axe.source);
    page = await context.newPage();
  }, LONG);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  }, LONG);

  async function signIn(): Promise<void> {
    await page.fill('[name=login]', 'admin');
    await page.fill('[name=password]', PASSWORD);
    await page.click('form.sign-in button');
    await page.waitForURL(`${site.url}/`);
  }

  /** Opens a page; what is wrong with that, as lines. */
  async function open(path: string): Promise<string[]> {
    const answer = await page.goto(`${site.url}${path}`, { waitUntil: 'load' });
    const status = path === '/no-such-page' ? 404 : 200;
    return answer?.status() === status ? [] : [`${path}: answered ${answer?.status()}`];
  }

  async function send({ action, fields = {}, tick }: SeededForm): Promise<void> {
    const form = page.locator(`form[action="${action}"]`);
    for (const [name, value] of Object.entries(fields)) await form.locator(`[name="${name}"]`).fill(value);
    if (tick !== undefined) await form.locator(`input[value="${tick}"]`).check();
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.request().method() === 'POST'),
      page.waitForEvent('load'),
      form.locator('button').click(),
    ]);
    expect({ action, status: answer.status() }).toEqual({ action, status: 200 });
  }

  it('is among those that are walked here', () => {
    const walked = (pattern: string) => {
      const shape = new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/:\w+/g, '[^/?]+')}(\\?.*)?$`);
      return site.paths.some((path) => shape.test(path));
    };
    const forgotten = site.patterns.filter((pattern) => !walked(pattern));
    expect(forgotten.sort()).toEqual(NO_PAGES);
  });

  it(
    'has no serious fault of accessibility, light and dark, and does not scroll sideways',
    async () => {
      await page.setViewportSize(WIDE);
      const found = [...(await open('/sign-in')), ...(await examine(page, '/sign-in'))];
      await signIn();
      for (const path of site.paths) found.push(...(await open(path)), ...(await examine(page, path)));
      for (const form of site.forms) {
        found.push(...(await open(form.path)));
        await send(form);
        found.push(...(await examine(page, `${form.path}, sent to ${form.action}`)));
      }
      expect(found).toEqual([]);
    },
    WALK,
  );

  it(
    'fits a narrow screen, where tables become cards',
    async () => {
      await page.setViewportSize(NARROW);
      const found: string[] = [];
      for (const path of site.paths) {
        found.push(...(await open(path)));
        await page.evaluate(LENGTHEN);
        found.push(...(await sideways(page, path)));
        if (site.narrow.includes(path)) found.push(...(await faults(page, `${path}, narrow`)));
      }
      expect(found).toEqual([]);
    },
    WALK,
  );
});

/** What is wrong with the page that is open, each as one line. */
async function examine(page: Page, name: string): Promise<string[]> {
  await page.emulateMedia({ colorScheme: 'light' });
  const found = [...(await sideways(page, name)), ...(await faults(page, `${name}, light`))];
  await page.emulateMedia({ colorScheme: 'dark' });
  return [...found, ...(await faults(page, `${name}, dark`, COLOURS))];
}

/** Paths and uids of this machine are short by chance: others have longer ones. */
const LENGTHEN = `for (const code of document.querySelectorAll('main code')) code.append('/a-folder-that-is-wider-than-a-telephone/2.yaml')`;

async function sideways(page: Page, name: string): Promise<string[]> {
  const overflow: number = await page.evaluate(
    'Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)',
  );
  return overflow > 0 ? [`${name}: scrolls sideways by ${overflow} px`] : [];
}

async function faults(page: Page, where: string, rules?: readonly string[]): Promise<string[]> {
  // One example of what is right is enough: to name each takes longer than to look at it.
  const options = {
    resultTypes: ['violations'],
    preload: false,
    ...(rules === undefined ? {} : { runOnly: rules }),
  };
  const { violations, passes } = await page.evaluate<axe.AxeResults>(
    `axe.run(document, ${JSON.stringify(options)})`,
  );
  if (passes.length === 0) return [`${where}: nothing was looked at`];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 5).map(({ target }) => `${where}: ${id}: ${target.join(' ')}`),
    );
}
