import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listDeliveries } from '../../src/replies/commands.ts';
import { findChromium } from '../support/chromium.ts';
import { type ConsoleWorld, MOST_ANSWER_BYTES, openConsoleWorld } from '../support/console-world.ts';
import { eventually } from '../support/eventually.ts';
import { addWaiting, rulesOf } from '../unit/console/rubrics/rig.ts';
import { fixture } from '../unit/rubrics/support.ts';

const program = findChromium();
const inCi = process.env['CI'] === 'true';
if (program === undefined && !inCi) {
  process.stderr.write(
    'tests/browser: skipped, no Chromium on this machine (Debian: apt-get install chromium)\n',
  );
}
const stories = program === undefined && !inCi ? describe.skip : describe;
const LONG = 300_000;
/** For what many deliveries take on a machine that has much else to do, ms. */
const MANY = 120_000;
const OPA_ID = '100001';
const OTHER_OPA_ID = '100002';
/** A code of the classifier that no shipped rule maps. */
const UNMAPPED = '0001.0020.0189.0169.0073';

stories('an administrator at the console', () => {
  let world: ConsoleWorld;

  beforeAll(async () => {
    if (program === undefined) throw new Error('no Chromium: scripts/ci-setup.sh installs it');
    world = await openConsoleWorld(program);
  }, LONG);
  afterAll(() => world?.close(), LONG);

  /** Appeals that have a registered card; their numbers on the platform. */
  async function registered(count: number): Promise<readonly string[]> {
    const posIds = Array.from({ length: count }, () => String(world.platform.addAppeal(OPA_ID, {})));
    await eventually(
      'the cards to be registered',
      () => posIds.every((posId) => cardOf(posId) !== '' && sent(posId).includes('TAKE_TO_WORK')),
      MANY,
    );
    return posIds;
  }
  const cardOf = (posId: string) =>
    world.delo.cards().find((card) => card.posId === posId && card.state === 'registered')?.id ?? '';
  const sent = (posId: string) =>
    world.platform.history(OPA_ID, Number(posId)).map((entry) => String(entry.status));
  const answered = (posIds: readonly string[]) =>
    eventually(
      'the answers to be on the platform',
      () => posIds.every((posId) => sent(posId).filter((status) => status === 'SEND_RESPONSE').length === 1),
      MANY,
    );
  const waiting = async () => (await listDeliveries(world.db, { state: 'attention' })).length;

  it(
    'finds a wrong password on Overview, mends the file that it names, checks, and has one mail at each end',
    async () => {
      const { platform, smtp, url } = world;
      const page = await world.as('admin');
      platform.setPassword(OTHER_OPA_ID, 'другой-пароль-77');
      platform.revokeTokens(OTHER_OPA_ID);
      const about = () => smtp.mails().filter(({ subject, text }) => `${subject}${text}`.includes('lko-2'));
      await eventually('the mail of the opening', () => about().length === 1);
      await page.goto(url);
      const alarm = page.locator('main li', { has: page.locator('a[href="/cabinets/lko-2"]') }).first();
      const [, file = ''] = /пароль в файле (\S+?);/.exec((await alarm.textContent()) ?? '') ?? [];
      expect(file).toMatch(/secrets\/lko-2$/);
      await writeFile(file, 'другой-пароль-77\n');
      await alarm.locator('a[href="/cabinets/lko-2"]').click();
      await page.click('form[action="/cabinets/lko-2/check"] button');
      await page.waitForSelector('#check .mark.good');
      expect(await page.locator('#check .mark.bad').count()).toBe(0);
      await eventually('the mail of the end', () => about().length === 2);
      await page.goto(url);
      expect(await page.locator('main a[href="/cabinets/lko-2"]:has(b)').count()).toBe(0);
      expect(about()).toHaveLength(2);
    },
    LONG,
  );

  it(
    'sends a mended group of 25 refused answers again, each once',
    async () => {
      const { platform, delo, url } = world;
      const posIds = await registered(25);
      const rule = platform.fault({
        route: 'answers',
        kind: 'status',
        status: 422,
        body: '{"error":"invalid"}',
      });
      for (const posId of posIds) delo.answer(cardOf(posId), { text: 'Яма заделана' });
      await eventually('all to be refused', async () => (await waiting()) === 25, MANY);
      platform.clearFaults(rule);
      const page = await world.as('operator');
      await page.goto(`${url}/errors`);
      await page.click('main a:has-text("Платформа отказала в приёме данных")');
      await page.click('a:has-text("Отправить снова всю группу")');
      expect(await page.textContent('main')).toContain('Будет отправлено снова: 25.');
      await page.fill('[name=why]', 'на платформе исправлено');
      await page.click('button:has-text("Отправить снова: 25")');
      await answered(posIds);
      await eventually('nobody to wait', async () => (await waiting()) === 0);
    },
    LONG,
  );

  it(
    'replaces the file of an answer that is too large by an upload',
    async () => {
      const { delo, url } = world;
      const [posId = ''] = await registered(1);
      const files = [{ name: 'ответ.pdf', content: `%PDF-1.4 ${'я'.repeat(MOST_ANSWER_BYTES)}` }];
      delo.answer(cardOf(posId), { text: 'Ответ в файле', files });
      await eventually('it to be refused', async () => (await waiting()) === 1);
      const page = await world.as('operator');
      await page.goto(`${url}/errors`);
      await page.click('main a:has-text("Файл ответа не подходит платформе")');
      await page.click('main details:has(a[href$="/edit"]) > summary');
      await page.click('main a[href$="/edit"]');
      const [file] = [
        { name: 'короткий.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 да') },
      ];
      if (file !== undefined) await page.setInputFiles('[name=file]', file);
      await page.selectOption('[name=fileFor]', '0');
      await page.fill('[name=why]', 'файл сжат');
      await page.click('form[enctype] button');
      await answered([posId]);
      const uploaded = world.platform.files(OPA_ID).filter((each) => each.uploaded);
      expect(uploaded.map(({ name }) => name)).toEqual(['короткий.pdf']);
    },
    LONG,
  );

  it(
    'maps an unmapped rubric by its first suggestion',
    async () => {
      await addWaiting(world.db, UNMAPPED, 40);
      const page = await world.as('operator');
      await page.goto(`${world.url}/rubrics/unmapped`);
      const row = page.locator('main tr', { has: page.locator(`a[href="/rubrics/code/${UNMAPPED}"]`) });
      expect(await row.locator('td.number').textContent()).toContain('40');
      const choice = row.locator('button.choice').first();
      const [, category = ''] = (await choice.getAttribute('value'))?.split(' ') ?? [];
      await choice.click();
      await page.waitForSelector('.notice.good');
      expect(await row.locator('.mark.good').count()).toBe(1);
      const [rule] = await rulesOf(world.db, UNMAPPED);
      const { id } = (
        await world.db.query<{ id: string }>(
          'SELECT key AS id FROM category WHERE key = $1 AND NOT retired',
          [category],
        )
      )[0] ?? { id: '' };
      expect(id).toBe(category);
      expect(rule).toMatchObject({ source: 'person' });
    },
    LONG,
  );

  it(
    'previews a classifier with renamed categories and takes it',
    async () => {
      const page = await world.as('operator');
      const text = fixture('pos-categories.csv').toString().replace('Ямы, выбоины', 'Ямы и выбоины');
      await page.goto(`${world.url}/rubrics/import`);
      const file = { name: 'категории.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
      await page.setInputFiles('[name=file]', file);
      await page.click('form[enctype] button');
      await page.waitForURL(/\/rubrics\/import\/[0-9a-f]+/);
      expect(await page.textContent('main')).toContain('Переименованы: 1');
      const name = async () =>
        (
          await world.db.query<{ name: string }>(
            `SELECT subsubject AS name FROM category WHERE key = '2001/200101'`,
          )
        )[0]?.name;
      expect(await name()).toBe('Ямы, выбоины');
      await page.fill('form[action$="/take"] [name=why]', 'новая редакция');
      await page.click('form[action$="/take"] button');
      await page.waitForURL(`${world.url}/rubrics`);
      expect(await name()).toBe('Ямы и выбоины');
    },
    LONG,
  );

  it(
    'lets a viewer look, and offers him nothing that changes',
    async () => {
      const { db, url } = world;
      const [appeal] = await db.query<{ id: string }>('SELECT id::text AS id FROM appeal LIMIT 1');
      const [incident] = await db.query<{ id: string }>('SELECT id::text AS id FROM incident LIMIT 1');
      const page = await world.as('viewer');
      const looks = ['/', '/appeals', `/appeals/${appeal?.id}`, '/errors', `/errors/${incident?.id}`];
      for (const path of [
        ...looks,
        '/rubrics',
        '/rubrics/unmapped',
        '/cabinets',
        '/cabinets/lko-1',
        '/showcase',
      ]) {
        expect({ path, status: (await page.goto(`${url}${path}`))?.status() }).toEqual({ path, status: 200 });
        // Signing out is all that he may send.
        const forms = await page
          .locator('form[method=post]')
          .evaluateAll((found) => found.map((form) => form.getAttribute('action')));
        expect({ path, forms }).toEqual({ path, forms: ['/sign-out'] });
      }
      for (const path of [
        `/errors/${incident?.id}/resend`,
        '/rubrics/import',
        '/rubrics/map',
        '/users',
        '/deliveries/1/edit',
      ]) {
        expect({ path, status: (await page.goto(`${url}${path}`))?.status() }).toEqual({ path, status: 403 });
      }
      await page.goto(`${url}/account`);
      const csrf = await page.locator('form[action="/sign-out"] [name=csrf]').getAttribute('value');
      for (const path of [
        '/cabinets/lko-1/pause',
        `/errors/${incident?.id}/resend`,
        '/rubrics/map',
        '/showcase/run',
        '/users',
      ]) {
        const form = { csrf: csrf ?? '', why: 'так', code: UNMAPPED, category: '2001/200101' };
        const answer = await page.request.post(`${url}${path}`, {
          form,
          headers: { origin: url },
          maxRedirects: 0,
        });
        expect({ path, status: answer.status() }).toEqual({ path, status: 403 });
      }
    },
    LONG,
  );
});
