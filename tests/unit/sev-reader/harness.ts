import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IncomingMessage, SedSink } from '../../../src/sed/port.ts';
import type { Clock } from '../../../src/sed/sev/clock.ts';
import { type InboxOptions, newInboxState } from '../../../src/sed/sev/inbox-state.ts';
import { sweepInbox } from '../../../src/sed/sev/inbox-sweep.ts';
import { envelope } from './messages.ts';

export interface FakeClock extends Clock {
  /** Moves the time on and wakes whoever slept that long. */
  advance(ms: number): void;
  /** How many sleep now. */
  sleeping(): number;
}

export function fakeClock(start = 1_750_000_000_000): FakeClock {
  let now = start;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  return {
    now: () => now,
    sleeping: () => sleepers.size,
    advance(ms) {
      now += ms;
      for (const sleeper of [...sleepers]) if (sleeper.until <= now) sleeper.wake();
    },
    sleep: async (ms, signal) => {
      if (signal.aborted) return;
      await new Promise<void>((resolve) => {
        const sleeper = { until: now + ms, wake };
        function wake(): void {
          sleepers.delete(sleeper);
          signal.removeEventListener('abort', wake);
          resolve();
        }
        sleepers.add(sleeper);
        signal.addEventListener('abort', wake);
      });
    },
  };
}

export interface RecordingSink extends SedSink {
  readonly accepted: IncomingMessage[];
  readonly troubles: string[][];
  readonly blobs: Map<string, Buffer>;
  /** Runs before each accept: throw to refuse. */
  beforeAccept: (message: IncomingMessage) => Promise<void> | void;
  beforeSpool: (path: string) => Promise<void> | void;
  beforeTrouble: () => Promise<void> | void;
}

export function recordingSink(): RecordingSink {
  const sink: RecordingSink = {
    accepted: [],
    troubles: [],
    blobs: new Map(),
    beforeAccept: () => {},
    beforeSpool: () => {},
    beforeTrouble: () => {},
    async spool(path) {
      await sink.beforeSpool(path);
      const bytes = await readFile(path);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      sink.blobs.set(sha256, bytes);
      return { sha256, size: bytes.length };
    },
    async accept(message) {
      await sink.beforeAccept(message);
      sink.accepted.push(message);
    },
    async known(channel, messageId) {
      return sink.accepted.some((entry) => entry.channel === channel && entry.messageId === messageId);
    },
    async trouble(...told) {
      await sink.beforeTrouble();
      sink.troubles.push(told);
    },
  };
  return sink;
}

export interface Inbox {
  readonly folder: string;
  readonly clock: FakeClock;
  readonly sink: RecordingSink;
  readonly faults: unknown[];
  readonly options: InboxOptions;
  /** Writes a message as the СЭД does: folder, files, envelope by rename at last. `null` leaves the envelope out. */
  put(dir: string, files: Record<string, string | Uint8Array>, env?: string | null): Promise<void>;
  /** One full sweep by the same reader. */
  sweep(): Promise<boolean>;
  /** A reader that remembers nothing: the process was started anew. */
  restart(): void;
  /** Paths under the folder, sorted. */
  list(): Promise<string[]>;
  close(): Promise<void>;
}

export const SWEEP_MS = 5_000;
export const QUARANTINE_AFTER_MS = 600_000;

export async function openInbox(overrides: Partial<InboxOptions> = {}): Promise<Inbox> {
  const root = await mkdtemp(join(tmpdir(), 'sev-inbox-'));
  const folder = join(root, 'in');
  await mkdir(folder);
  const clock = fakeClock();
  const sink = recordingSink();
  const faults: unknown[] = [];
  const stop = new AbortController();
  let state = newInboxState();
  let written = 0;
  const options: InboxOptions = {
    channel: 'main',
    folder,
    sink,
    signal: stop.signal,
    sweepMs: SWEEP_MS,
    quarantineAfterMs: QUARANTINE_AFTER_MS,
    maxMessageBytes: 1024 * 1024,
    zone: 'Europe/Moscow',
    onFault: (fault) => faults.push(fault),
    clock,
    ...overrides,
  };
  return {
    folder,
    clock,
    sink,
    faults,
    options,
    async put(dir, files, env) {
      await mkdir(join(folder, dir), { recursive: true });
      for (const [name, content] of Object.entries(files)) await writeFile(join(folder, dir, name), content);
      if (env === null) return;
      const temporary = join(root, `${dir.replaceAll('/', '_')}.tmp`);
      await writeFile(temporary, env ?? envelope(dir));
      // One second apart, so that the order in which they came is plain to see.
      written += 1;
      await utimes(temporary, 1_700_000_000 + written, 1_700_000_000 + written);
      await rename(temporary, join(folder, `${dir}.env`));
    },
    sweep: async () => await sweepInbox(options, state, true),
    restart() {
      state = newInboxState();
    },
    list: async () => (await readdir(folder, { recursive: true })).sort(),
    async close() {
      stop.abort();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Waits for a condition by polling, at most ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition did not come true');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
