import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeloSimulator } from '../../tests/simulators/delo/index.ts';
import { countUnsettled } from './database.ts';
import { LATEST_COMMIT_MS, SLOW_MS } from './options.ts';

const LOOK_MS = 500;
const LIMIT_MS = 180_000;
/** Whatever the platform may still commit by itself is there after so long. */
const LAST_COMMITS_MS = LATEST_COMMIT_MS + SLOW_MS + 700;

/** Waits until nobody has anything left to do, at most three minutes; says what is left when there is something. */
export async function waitUntilQuiet(
  siteDir: string,
  delo: DeloSimulator,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = performance.now() + LIMIT_MS;
  let quietTwice = false;
  for (;;) {
    const left = await findLeft(siteDir, delo);
    if (left === undefined && quietTwice) return undefined;
    if (left !== undefined && performance.now() > deadline) return left;
    quietTwice = left === undefined;
    await pause(quietTwice ? LAST_COMMITS_MS : LOOK_MS, undefined, { signal });
  }
}

async function findLeft(siteDir: string, delo: DeloSimulator): Promise<string | undefined> {
  const unread: string[] = [];
  for (const channel of delo.channels) {
    const listing = await readdir(channel.in);
    unread.push(...listing.filter((name) => name.endsWith('.env')));
  }
  if (unread.length > 0) return `не прочитаны сообщения СЭД: ${unread.length}`;
  const counts = await countUnsettled(siteDir);
  if (counts === undefined) return 'база не отвечает';
  const left = Object.entries(counts).filter(([, count]) => count > 0);
  return left.length === 0 ? undefined : left.map(([what, count]) => `${what}: ${count}`).join(', ');
}
