import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toFault } from '../../model/errors.ts';
import { folderFault } from './folder-faults.ts';
import { handleLeftovers } from './inbox-leftovers.ts';
import { acceptMessage, locate, parse, type ReadMessage, type ReadyMessage } from './inbox-message.ts';
import { type Envelope, type InboxOptions, type InboxState, SinkError } from './inbox-state.ts';
import { handleUnreadable } from './inbox-unreadable.ts';

/** Messages read at once. */
const BATCH = 8;
/** XML read at once, bytes: eight messages of the greatest size would not fit the daemon's memory. */
const BATCH_BYTES = 2 * 1024 * 1024;
/** So many refusals of the sink in a row mean the sink, not the messages. */
const GIVE_UP_AFTER = 8;

/** Course of one sweep. */
interface Sweep {
  readonly options: InboxOptions;
  readonly state: InboxState;
  readonly names: ReadonlySet<string>;
  /** Documents with an earlier message not accepted: later ones wait behind it. */
  blocked: Set<string>;
  /** Documents of the messages that the sink refused in this sweep. */
  readonly refused: Set<string>;
  /** Waiting behind another, but not refused themselves. */
  readonly waiting: Envelope[];
  refusals: number;
}

/**
 * One pass over the `in` folder. What can be read is accepted and removed, what cannot is left or quarantined; no
 * message holds another one up. Messages of one document are accepted in the order in which they came.
 *
 * @param full also tries unreadable messages again and looks at folders without an envelope
 * @returns whether the folder could be listed
 */
export async function sweepInbox(options: InboxOptions, state: InboxState, full: boolean): Promise<boolean> {
  const listing = await readdir(options.folder).catch((error: unknown) => {
    options.onFault(folderFault(options.folder, error));
    return undefined;
  });
  if (listing === undefined) return false;
  const envelopes = await listEnvelopes(listing, options);
  forgetGone(envelopes, state);
  const due = full ? envelopes : envelopes.filter((envelope) => !state.unreadable.has(envelope.stem));
  const sweep: Sweep = {
    options,
    state,
    names: new Set(listing),
    blocked: new Set([...state.held.values()].flat()),
    refused: new Set(),
    waiting: [],
    refusals: 0,
  };
  const heldBefore = new Set(state.held.keys());
  await readAll(
    due.filter((envelope) => !heldBefore.has(envelope.stem)),
    sweep,
  );
  // Those that the sink refused come last, so that one it never takes holds nobody up but its own document.
  sweep.blocked = new Set(sweep.refused);
  const again = [...due.filter((envelope) => heldBefore.has(envelope.stem)), ...sweep.waiting.splice(0)];
  await readAll(again.sort(byAge), sweep);
  if (full) await handleLeftovers(listing, options, state);
  return true;
}

async function listEnvelopes(
  listing: readonly string[],
  options: InboxOptions,
): Promise<readonly Envelope[]> {
  const names = listing.filter((name) => /[^.].*\.env$/i.test(name) && !name.startsWith('.'));
  const envelopes: Envelope[] = [];
  for (let from = 0; from < names.length; from += 64) {
    const found = await Promise.all(
      names.slice(from, from + 64).map(async (name): Promise<readonly Envelope[]> => {
        const stat = await lstat(join(options.folder, name)).catch(() => undefined);
        if (stat === undefined || stat.isDirectory()) return [];
        return [{ name, stem: name.slice(0, -'.env'.length), mtimeMs: stat.mtimeMs }];
      }),
    );
    envelopes.push(...found.flat());
  }
  return envelopes.sort(byAge);
}

function byAge(a: Envelope, b: Envelope): number {
  if (a.mtimeMs !== b.mtimeMs) return a.mtimeMs - b.mtimeMs;
  return a.name < b.name ? -1 : 1;
}

function forgetGone(envelopes: readonly Envelope[], state: InboxState): void {
  const present = new Set(envelopes.map((envelope) => envelope.stem));
  for (const memory of [state.unreadable, state.held, state.folderOf]) {
    for (const stem of memory.keys()) if (!present.has(stem)) memory.delete(stem);
  }
}

/** What one batch gave: fewer envelopes may be dealt with than were asked for when their XML is large. */
interface Batch {
  readonly taken: number;
  readonly messages: readonly ReadMessage[];
}

/** Reads one batch while the one before is being stored. */
async function readAll(envelopes: readonly Envelope[], sweep: Sweep): Promise<void> {
  if (envelopes.length === 0 || sweep.options.signal.aborted || sweep.refusals >= GIVE_UP_AFTER) return;
  let next = 0;
  let reading = readBatch(envelopes.slice(0, BATCH), sweep);
  for (;;) {
    const batch = await reading;
    next += batch.taken;
    const last = next >= envelopes.length || sweep.options.signal.aborted || sweep.refusals >= GIVE_UP_AFTER;
    if (!last) reading = readBatch(envelopes.slice(next, next + BATCH), sweep);
    await Promise.all([acceptInOrder(batch.messages, sweep), last ? undefined : reading]);
    if (last) return;
  }
}

async function readBatch(envelopes: readonly Envelope[], sweep: Sweep): Promise<Batch> {
  const { options, state } = sweep;
  const located = await Promise.allSettled(
    envelopes.map((envelope) => locate(envelope, sweep.names, options, state)),
  );
  const ready: ReadyMessage[] = [];
  let bytes = 0;
  let taken = 0;
  for (const [index, outcome] of located.entries()) {
    if (outcome.status === 'fulfilled') {
      bytes += outcome.value.located.xmlBytes;
      if (ready.length > 0 && bytes > BATCH_BYTES) break;
      ready.push(outcome.value);
    } else {
      await unread(envelopes[index], outcome.reason, sweep);
    }
    taken += 1;
  }
  const messages: ReadMessage[] = [];
  const parsed = await Promise.allSettled(ready.map((message) => parse(message, options)));
  for (const [index, outcome] of parsed.entries()) {
    if (outcome.status === 'fulfilled') messages.push(outcome.value);
    else await unread(ready[index]?.envelope, outcome.reason, sweep);
  }
  return { taken, messages };
}

async function unread(envelope: Envelope | undefined, reason: unknown, sweep: Sweep): Promise<void> {
  if (envelope !== undefined) await handleUnreadable(envelope, reason, sweep.options, sweep.state);
}

/** All at once, but those of one document one after another. */
async function acceptInOrder(messages: readonly ReadMessage[], sweep: Sweep): Promise<void> {
  const last = new Map<string, Promise<void>>();
  const all: Promise<void>[] = [];
  for (const message of messages) {
    const before = message.keys.flatMap((key) => last.get(key) ?? []);
    const done = Promise.all(before).then(() => acceptOne(message, sweep));
    for (const key of message.keys) last.set(key, done);
    all.push(done);
  }
  await Promise.all(all);
}

async function acceptOne(message: ReadMessage, sweep: Sweep): Promise<void> {
  const { options, state, blocked } = sweep;
  const { envelope, keys } = message;
  if (message.keys.some((key) => blocked.has(key))) {
    if (!state.held.has(envelope.stem)) sweep.waiting.push(envelope);
    state.held.set(envelope.stem, keys);
    for (const key of keys) blocked.add(key);
    return;
  }
  try {
    await acceptMessage(message, options);
    state.held.delete(envelope.stem);
    state.unreadable.delete(envelope.stem);
    sweep.refusals = 0;
  } catch (error) {
    state.held.set(envelope.stem, keys);
    for (const key of keys) {
      blocked.add(key);
      sweep.refused.add(key);
    }
    sweep.refusals += 1;
    options.onFault(error instanceof SinkError ? toFault(error.cause) : toFault(error));
  }
}
