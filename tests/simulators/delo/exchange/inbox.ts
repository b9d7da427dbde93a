import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { DeloChannel } from '../types.ts';
import type { Agenda } from './agenda.ts';
import type { IncomingPlan, Script } from './behaviour.ts';
import { type TakenPackage, takePackage } from './package.ts';
import type { Store } from './store.ts';

/** Takes messages out of one channel's `out` folder. */
export interface Inbox {
  /** Looks into the folder now; concurrent calls are one. Resolves when nothing that may be taken is left. */
  sweep(): Promise<void>;
  close(): void;
}

export interface InboxParts {
  readonly channel: DeloChannel;
  readonly takenDir: string;
  readonly keepFiles: boolean;
  readonly script: Script;
  readonly agenda: Agenda;
  readonly store: Store;
  receive(channel: string, taken: TakenPackage, plan: IncomingPlan): void;
}

interface Seen {
  readonly plan: IncomingPlan;
  readonly takeAt: number;
}

/** How long others may wait for their turn on this thread. */
const SLICE_MS = 10;
const ENVELOPE = /^[^.].*\.env$/;

/** Starts watching; the watch only rings, the sweep looks. */
export function openInbox(parts: InboxParts): Inbox {
  const { channel, script, agenda, store } = parts;
  const seen = new Map<string, Seen>();
  let serial = 0;
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;

  function planOf(name: string): Seen {
    const known = seen.get(name);
    if (known !== undefined) return known;
    const plan = script.incoming(channel.id);
    const found = { plan, takeAt: performance.now() + plan.takeDelayMs };
    seen.set(name, found);
    if (plan.takeDelayMs > 0) agenda.after(plan.takeDelayMs, () => void sweep());
    return found;
  }

  async function takeOne(name: string): Promise<void> {
    const { plan, takeAt } = planOf(name);
    if (performance.now() < takeAt) return;
    serial += 1;
    const options = { keep: parts.keepFiles, serial };
    const taken = await takePackage(channel.out, name, parts.takenDir, options);
    seen.delete(name);
    if (taken === undefined) store.counters.strayEnvelopes += 1;
    else if (!closed) parts.receive(channel.id, taken, plan);
  }

  function complainOfDefect(name: string, error: Error): void {
    const text = error.stack ?? error.message;
    store.complaints.push({ channel: channel.id, messageDir: name, code: 'simulator-defect', text });
  }

  async function takeAll(names: readonly string[]): Promise<void> {
    let sliceEnd = performance.now() + SLICE_MS;
    for (const name of names) {
      if (closed || script.isSilent(channel.id)) return;
      // A share may hiccup, and the partner may be in the middle of writing: the next sweep tries again.
      await takeOne(name).catch((error: NodeJS.ErrnoException) => {
        if (error.code === undefined) complainOfDefect(name, error);
      });
      if (performance.now() < sliceEnd) continue;
      await setImmediate();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      if (closed || script.isSilent(channel.id)) return;
      const names = await readdir(channel.out).catch(() => []);
      await takeAll(names.filter((name) => ENVELOPE.test(name)));
    } while (again);
  }

  function sweep(): Promise<void> {
    again = true;
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(channel.out, { persistent: false }, (_event, name) => {
      if (name === null || ENVELOPE.test(name)) void sweep();
    });
    // Some shares cannot be watched: the poll is enough then.
    watcher.on('error', () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  return {
    sweep,
    close() {
      closed = true;
      watcher?.close();
    },
  };
}
