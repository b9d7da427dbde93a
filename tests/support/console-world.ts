import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { loadConfig } from '../../src/config/index.ts';
import { type Daemon, startDaemon } from '../../src/daemon.ts';
import { createLog } from '../../src/log.ts';
import { importCategories } from '../../src/rubrics/import.ts';
import { seedRubrics } from '../../src/rubrics/seed.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { type SmtpSimulator, startSmtp } from '../simulators/smtp/index.ts';
import { fixtureCategories, MAPPINGS } from '../unit/rubrics/support.ts';
import { addTestUser, PASSWORD } from './console.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { makeStand, type Stand } from './stand.ts';

/** A daemon with all that is around it, and a browser in front of its console. */
export interface ConsoleWorld {
  readonly url: string;
  readonly db: Queryable;
  readonly stand: Stand;
  readonly platform: PlatformSimulator;
  readonly delo: DeloSimulator;
  readonly smtp: SmtpSimulator;
  /** A page of its own, without cookies of others. */
  page(): Promise<Page>;
  /** One that has signed in as `viewer`, `operator` or `admin`. */
  as(login: 'viewer' | 'operator' | 'admin'): Promise<Page>;
  close(): Promise<void>;
}

/** So much fits into an answer's file here, bytes: small, that a test's file can be too large. */
export const MOST_ANSWER_BYTES = 2000;

export async function openConsoleWorld(program: string): Promise<ConsoleWorld> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const database: TestDatabase = await createTestDatabase();
    undo.push(() => database.drop());
    const db = queryable(database.dataSource);
    const platform = await startPlatform();
    undo.push(() => platform.close());
    const smtp = await startSmtp();
    undo.push(() => smtp.close());
    const { host, port } = smtp;
    const stand = await makeStand({
      platformUrl: platform.url,
      cabinets: 2,
      config: {
        mappingsDir: './mappings',
        smtp: { host, port, from: 'posrednik@example.test', to: ['administrator@example.test'] },
        alerts: { digest: false },
      },
    });
    undo.push(() => stand.remove());
    await copyMappings(stand.dir);
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    const delo = await startDelo({ channels: stand.channels });
    undo.push(() => delo.stop());
    await seedRubrics(database.dataSource, MAPPINGS);
    await importCategories(database.dataSource, fixtureCategories(), { source: 'тест', who: 'тест' });
    const env = { DATABASE_URL: database.url };
    const loaded = await loadConfig({ path: stand.configPath, env, cwd: stand.dir });
    const daemon: Daemon = await startDaemon(loaded, createLog('silent'));
    undo.push(() => daemon.stop());
    for (const role of ['viewer', 'operator', 'admin'] as const) await addTestUser(db, role, role);
    const browser: Browser = await chromium.launch({
      executablePath: program,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    undo.push(() => browser.close());
    const page = async () => await (await browser.newContext({ locale: 'ru-RU' })).newPage();
    return {
      url: daemon.url,
      db,
      stand,
      platform,
      delo,
      smtp,
      page,
      async as(login) {
        const own = await page();
        await own.goto(`${daemon.url}/sign-in`);
        await signIn(own, login, PASSWORD);
        await own.waitForURL(`${daemon.url}/`);
        return own;
      },
      close: () => undoAll(undo),
    };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

/** Fills in the form of signing in and sends it. */
export async function signIn(page: Page, login: string, password: string): Promise<void> {
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', password);
  await page.click('form.sign-in button');
}

async function undoAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  for (const action of undo.reverse()) await action();
}

/** The shipped rules, with a type for every answer and a small limit of its files. */
async function copyMappings(dir: string): Promise<void> {
  const own = join(dir, 'mappings');
  await cp(MAPPINGS, own, { recursive: true });
  await change(join(own, 'statuses.yaml'), '  types: []', '  types: [{ type: EXPLAINED }]');
  await change(
    join(own, 'platform.yaml'),
    'uploadFileBytes: 52428800',
    `uploadFileBytes: ${MOST_ANSWER_BYTES}`,
  );
}

async function change(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} has no «${from}»`);
  await writeFile(path, text.replace(from, to));
}
