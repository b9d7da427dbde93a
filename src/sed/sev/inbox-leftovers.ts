import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMessageDir } from './envelope-reader.ts';
import { fingerprint } from './fingerprint.ts';
import { folderFault } from './folder-faults.ts';
import { removeFolder } from './inbox-message.ts';
import { type InboxOptions, type InboxState, SinkError, throughSink } from './inbox-state.ts';
import { locateMessage, readMessageId } from './incoming.ts';
import { UnreadableError } from './unreadable.ts';

/** The СЭД may be writing a message that it sent before: its folder is not ours while it changes. */
const GRACE_MS = 30_000;
const TELL_AFTER_MS = 3_600_000;

/**
 * Folders without an envelope: one whose MessageID is stored was accepted by a process that died before it removed
 * the folder, so it is removed; any other is left, and told once when nothing has changed in it for an hour.
 */
export async function handleLeftovers(
  names: readonly string[],
  options: InboxOptions,
  state: InboxState,
): Promise<void> {
  const owned = new Set(state.folderOf.values());
  for (const name of names) if (/\.env$/i.test(name)) owned.add(name.slice(0, -'.env'.length));
  const present = new Set(names);
  for (const name of state.leftovers.keys()) if (!present.has(name)) state.leftovers.delete(name);
  for (const name of names) {
    if (options.signal.aborted) return;
    if (name.toLowerCase().endsWith('.env') || name.startsWith('.') || !isMessageDir(name)) continue;
    if (owned.has(name)) {
      state.leftovers.delete(name);
      continue;
    }
    try {
      await handleLeftover(name, options, state);
    } catch (error) {
      options.onFault(error instanceof SinkError ? error.cause : folderFault(options.folder, error));
    }
  }
}

async function handleLeftover(name: string, options: InboxOptions, state: InboxState): Promise<void> {
  const path = join(options.folder, name);
  const stat = await lstat(path).catch(() => undefined);
  if (stat?.isDirectory() !== true) return;
  const now = options.clock.now();
  const print = await fingerprint(path);
  let seen = state.leftovers.get(name);
  if (seen?.print !== print) {
    seen = { print, since: now, checked: false, told: seen?.told ?? false };
    state.leftovers.set(name, seen);
  }
  if (!seen.checked && now - seen.since >= GRACE_MS) {
    if (await removeWhenKnown(path, options)) {
      state.leftovers.delete(name);
      return;
    }
    seen.checked = true;
  }
  if (!seen.told && now - seen.since >= TELL_AFTER_MS) {
    await throughSink(() =>
      options.sink.trouble(options.channel, name, 'SED_MESSAGE_NO_ENVELOPE', 'папка сообщения без конверта'),
    );
    seen.told = true;
  }
}

async function removeWhenKnown(path: string, options: InboxOptions): Promise<boolean> {
  try {
    const located = await locateMessage(path, options);
    const messageId = await readMessageId(located, options);
    if (!(await throughSink(() => options.sink.known(options.channel, messageId)))) return false;
    await removeFolder(located);
    return true;
  } catch (error) {
    if (error instanceof UnreadableError) return false;
    throw error;
  }
}
