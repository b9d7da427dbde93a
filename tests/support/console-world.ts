import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Pool } from 'pg';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { giveCommand } from '../../scripts/demo/command.ts';
import { openStage, type Stage } from '../../scripts/demo/stage.ts';
import type { Role } from '../../src/console/web/viewer.ts';
import type { Queryable } from '../../src/store/data-source.ts';
import { findRunningEmbedded } from '../../src/store/embedded/index.ts';
import { PASSWORD } from './console.ts';

/**
 * The running demo, and a browser in front of its console. Nobody works in its ДЕЛО but the test: the demo's clerk acts
 * only when `stage.look()` is called.
 */
export interface ConsoleWorld {
  readonly stage: Stage;
  /** Address of the console. */
  readonly url: string;
  /** The daemon's database, to look into. */
  readonly db: Queryable;
  /** A page of its own, without cookies of others. */
  page(): Promise<Page>;
  /** One that has signed in as `viewer`, `operator` or `admin`. */
  as(login: Role): Promise<Page>;
  passwordOf(login: Role): string;
  /** Adds a user by the command line, with the password of all tests. */
  addUser(login: string, role: Role): Promise<void>;
  closePages(): Promise<void>;
  close(): Promise<void>;
}

/** Nobody presses Ctrl-C in a test. */
const NEVER = new AbortController().signal;

/** Starts the demo as `npm run demo` does, with a viewer and an operator beside its administrator. */
export async function openConsoleWorld(program: string): Promise<ConsoleWorld> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const stage = await openStage({}, { leave: NEVER, hurry: NEVER }, undo, () => undefined);
    const { configPath, stateDir, administrator, daemon } = stage;
    const pool = await openPool(stateDir);
    undo.push(() => pool.end());
    const passwordFile = join(dirname(configPath), 'people.password');
    await writeFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    const addUser: ConsoleWorld['addUser'] = async (login, role) => {
      const args = ['user', 'add', login, '--role', role, '--password-file', passwordFile];
      await giveCommand(configPath, args);
    };
    await Promise.all((['viewer', 'operator'] as const).map((role) => addUser(role, role)));
    const browser = await chromium.launch({
      executablePath: program,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    undo.push(() => browser.close());
    const passwordOf = (login: Role) => (login === 'admin' ? administrator.password : PASSWORD);
    const contexts: BrowserContext[] = [];
    async function page(): Promise<Page> {
      const context = await browser.newContext({ locale: 'ru-RU' });
      contexts.push(context);
      return await context.newPage();
    }
    return {
      stage,
      url: daemon.url,
      db: {
        async query<T>(sql: string, params: readonly unknown[] = []) {
          return (await pool.query(sql, [...params])).rows as T[];
        },
      },
      page,
      async as(login) {
        const own = await page();
        await own.goto(`${daemon.url}/sign-in`);
        await signIn(own, login, passwordOf(login));
        await own.waitForURL(`${daemon.url}/`);
        return own;
      },
      passwordOf,
      addUser,
      async closePages() {
        for (const context of contexts.splice(0)) await context.close();
      },
      close: () => undoAll(undo),
    };
  } catch (error) {
    await undoAll(undo).catch(() => undefined);
    throw error;
  }
}

/** Fills in the form of signing in and sends it. */
export async function signIn(page: Page, login: string, password: string): Promise<void> {
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', password);
  await page.click('form.sign-in button');
}

async function openPool(stateDir: string): Promise<Pool> {
  const connectionString = await findRunningEmbedded(stateDir);
  if (connectionString === undefined) throw new Error('the database of the demo does not answer');
  const pool = new Pool({ connectionString, max: 2 });
  // A connection that the daemon's stop has cut is told by the next query.
  pool.on('error', () => undefined);
  return pool;
}

/** Undoes all, whatever fails: nothing may be left running. Throws the first failure afterwards. */
async function undoAll(undo: (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const action of undo.splice(0).reverse()) {
    await action().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
