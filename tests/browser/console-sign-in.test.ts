import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeWithBrowser, requireChromium } from '../support/chromium.ts';
import { PASSWORD } from '../support/console.ts';
import { type ConsoleWorld, openConsoleWorld, signIn } from '../support/console-world.ts';

const LONG = 120_000;

describeWithBrowser('signing in to the console', () => {
  let world: ConsoleWorld;

  beforeAll(async () => {
    world = await openConsoleWorld(requireChromium());
  }, LONG);
  afterAll(() => world?.close(), LONG);

  it(
    'asks whoever comes, and brings him to the page that he wanted',
    async () => {
      const page = await world.page();
      await page.goto(`${world.url}/cabinets?show=late`);
      expect(new URL(page.url()).pathname).toBe('/sign-in');
      await signIn(page, 'viewer', 'не-тот-пароль');
      expect(await page.textContent('[role=alert]')).toBe('Имя или пароль неверны.');
      await signIn(page, 'viewer', PASSWORD);
      await page.waitForURL(`${world.url}/cabinets?show=late`);
      await page.click('form[action="/sign-out"] button');
      await page.waitForURL(`${world.url}/sign-in`);
      await page.goto(`${world.url}/cabinets`);
      expect(new URL(page.url()).pathname).toBe('/sign-in');
    },
    LONG,
  );

  it(
    'locks a login after wrong passwords, the right one too, until an administrator or the time opens it',
    async () => {
      await world.addUser('guessed', 'operator');
      const page = await world.page();
      await page.goto(`${world.url}/sign-in`);
      for (let tries = 0; tries < 6; tries += 1) await signIn(page, 'guessed', `догадка-номер-${tries}`);
      await page.waitForSelector('[role=alert]:has-text("Слишком много неверных попыток")');
      await signIn(page, 'guessed', PASSWORD);
      expect(await page.textContent('[role=alert]')).toContain('Слишком много неверных попыток');
    },
    LONG,
  );

  it(
    'refuses a form without its token and one of another site',
    async () => {
      const page = await world.as('operator');
      await page.goto(`${world.url}/cabinets/gorod`);
      await forge(page, 'form[action="/cabinets/gorod/pause"]');
      await page.fill('form[action="/cabinets/gorod/pause"] [name=why]', 'подделка');
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        page.click('form[action="/cabinets/gorod/pause"] button'),
      ]);
      expect(answer.status()).toBe(403);
      const other = await page.request.post(`${world.url}/cabinets/gorod/pause`, {
        form: { why: 'подделка' },
        headers: { origin: 'http://evil.example.test' },
      });
      expect(other.status()).toBe(403);
      const [cabinet] = await world.db.query(`SELECT state FROM cabinet WHERE opa_id = '100001'`);
      expect(cabinet).toEqual({ state: 'active' });
    },
    LONG,
  );

  it(
    'ends a session that is too old, wherever it is',
    async () => {
      const page = await world.as('admin');
      await world.db.query(`UPDATE console_session SET expires_at = now() - interval '1 second'`);
      await page.goto(`${world.url}/users`);
      expect(page.url()).toBe(`${world.url}/sign-in?back=%2Fusers`);
      await signIn(page, 'admin', world.passwordOf('admin'));
      await page.waitForURL(`${world.url}/users`);
      await world.db.query(`UPDATE console_session SET seen_at = now() - interval '3 hours'`);
      await page.reload();
      expect(new URL(page.url()).pathname).toBe('/sign-in');
    },
    LONG,
  );
});

/** Spoils the token that the page has put into the form. */
async function forge(page: Page, form: string): Promise<void> {
  await page.locator(`${form} [name=csrf]`).evaluate((field) => field.setAttribute('value', 'подделка'));
}
