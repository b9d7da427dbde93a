import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { type BrowserContext, chromium } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of this machine; undefined when it has none. */
function findChromium(): string | undefined {
  return PROGRAMS.find((path) => existsSync(path));
}

/**
 * `describe` for tests that want a browser: skipped with words on a machine that has none; in CI they run, and
 * `requireChromium` fails them.
 */
export function describeWithBrowser(what: string, tests: () => void): void {
  if (findChromium() === undefined && process.env['CI'] !== 'true') {
    process.stderr.write(
      'tests/browser: skipped, no Chromium on this machine (Debian: apt-get install chromium)\n',
    );
    describe.skip(what, tests);
  } else describe(what, tests);
}

/** The browser of this machine. @throws Error when it has none */
export function requireChromium(): string {
  const program = findChromium();
  if (program === undefined) throw new Error('no Chromium: scripts/ci-setup.sh installs it');
  return program;
}

export interface Browser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** Starts a headless browser with an empty profile that talks to nobody but the pages it is shown. */
export async function startBrowser(program: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'posrednik-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: program,
    headless: true,
    locale: 'ru-RU',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    context,
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
