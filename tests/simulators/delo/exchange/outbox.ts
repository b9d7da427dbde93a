import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutgoingMessage } from '../sev/parts.ts';
import type { NonsenseKind } from '../types.ts';
import type { Agenda } from './agenda.ts';
import type { Script } from './behaviour.ts';
import { nonsenseMessage } from './nonsense.ts';
import { newMessageDir, type Store } from './store.ts';

/** Writes messages into the `in` folders, as well or as badly as the script says. */
export interface Outbox {
  /** Puts a message in the queue; it is on disk some time later. */
  send(message: OutgoingMessage): void;
  /** Sends one piece of nonsense. */
  sendNonsense(channel: string, kind: NonsenseKind): void;
  /** Writes everything that was withheld: envelopes and files that were not there. */
  release(): void;
  /** Messages that are not on disk yet. */
  readonly pending: number;
}

export interface OutboxParts {
  readonly folders: ReadonlyMap<string, string>;
  readonly script: Script;
  readonly agenda: Agenda;
  readonly store: Store;
  readonly hugeBytes: number;
}

const HOLD_MS = 300;
const RETRY_MS = 500;
/** How long others may wait for their turn on this thread. */
const SLICE_MS = 10;

/** How one message is put on disk. */
interface Writing {
  readonly withoutEnvelope?: boolean;
  readonly withoutLastFile?: boolean;
}

interface Entry {
  readonly message: OutgoingMessage;
  readonly writing: Writing;
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir);
  } catch (error) {
    // Written by half before: what is in it is written again.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** An outbox for all channels: one queue, so that what is said later is not read earlier. */
export function createOutbox({ folders, script, agenda, store, hugeBytes }: OutboxParts): Outbox {
  const withheld: (() => void)[] = [];
  const queue: Entry[] = [];
  let done = 0;
  let ringing = false;

  function writeEnvelope(folder: string, message: OutgoingMessage): void {
    const path = join(folder, `${message.messageDir}.env`);
    writeFileSync(`${path}.tmp`, message.envelope(message.messageDir));
    renameSync(`${path}.tmp`, path);
  }

  function withhold(complete: () => void): void {
    store.counters.withheld += 1;
    withheld.push(complete);
  }

  function write({ message, writing }: Entry): void {
    const folder = folders.get(message.channel);
    if (folder === undefined) throw new RangeError(`нет канала ${message.channel}`);
    const dir = join(folder, message.messageDir);
    makeFolder(dir);
    const present = writing.withoutLastFile ? message.files.slice(0, -1) : message.files;
    for (const file of present) writeFileSync(join(dir, file.name), file.content);
    const last = message.files.at(-1);
    if (writing.withoutLastFile && last !== undefined) {
      withhold(() => {
        // The partner may have put the incomplete message aside, folder and all.
        makeFolder(dir);
        writeFileSync(join(dir, last.name), last.content);
      });
    }
    writeFileSync(join(dir, message.xmlName), message.xml);
    if (writing.withoutEnvelope) withhold(() => writeEnvelope(folder, message));
    else writeEnvelope(folder, message);
    store.counters.written += 1;
  }

  function drain(): void {
    const sliceEnd = performance.now() + SLICE_MS;
    let entry = queue[done];
    while (entry !== undefined && performance.now() < sliceEnd) {
      try {
        write(entry);
      } catch {
        // A folder that cannot be written now is tried again: ДЕЛО loses nothing either.
        agenda.after(RETRY_MS, ring);
        return;
      }
      done += 1;
      entry = queue[done];
    }
    if (entry !== undefined) {
      ring();
    } else {
      queue.length = 0;
      done = 0;
    }
  }

  function ring(): void {
    if (ringing) return;
    ringing = true;
    setImmediate(() => {
      ringing = false;
      drain();
    });
  }

  function enqueue(message: OutgoingMessage, writing: Writing = {}): void {
    queue.push({ message, writing });
    ring();
  }

  function sendNonsense(channel: string, kind: NonsenseKind): void {
    const { message, withoutEnvelope, withoutLastFile } = nonsenseMessage(kind, channel, store, hugeBytes);
    store.counters.nonsense += 1;
    enqueue(message, { withoutEnvelope, withoutLastFile });
  }

  function sendAll(message: OutgoingMessage, writing: Writing, twice: boolean): void {
    enqueue(message, writing);
    if (twice) enqueue({ ...message, messageDir: newMessageDir() }, writing);
  }

  return {
    send(message) {
      const plan = script.outgoing(message.channel);
      const writing = { withoutEnvelope: plan.noEnvelope, withoutLastFile: plan.missingFile };
      if (plan.hold) {
        agenda.after(HOLD_MS, () => sendAll(message, writing, plan.twice));
      } else {
        sendAll(message, writing, plan.twice);
      }
      if (plan.nonsense !== undefined) sendNonsense(message.channel, plan.nonsense);
    },
    sendNonsense,
    release() {
      for (const complete of withheld.splice(0)) complete();
    },
    get pending() {
      return queue.length - done;
    },
  };
}
