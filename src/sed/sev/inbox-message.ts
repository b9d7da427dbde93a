import { rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMessageDir, readEnvelope } from './envelope-reader.ts';
import { asUnreadable, folderFault } from './folder-faults.ts';
import { type Envelope, type InboxOptions, type InboxState, throughSink } from './inbox-state.ts';
import {
  type LocatedMessage,
  locateMessage,
  type ParsedMessage,
  parseMessage,
  spoolFiles,
} from './incoming.ts';
import { UnreadableError } from './unreadable.ts';

export interface ReadyMessage {
  readonly envelope: Envelope;
  readonly dir: string;
  readonly located: LocatedMessage;
}

export interface ReadMessage extends ReadyMessage {
  readonly parsed: ParsedMessage;
  /** Messages that share one of these are accepted one after another. */
  readonly keys: readonly string[];
}

/**
 * Finds the folder of an envelope and looks into it.
 *
 * @param names all entries of the `in` folder
 * @throws UnreadableError, or the file system's error
 */
export async function locate(
  envelope: Envelope,
  names: ReadonlySet<string>,
  options: InboxOptions,
  state: InboxState,
): Promise<ReadyMessage> {
  try {
    const named = await readEnvelope(join(options.folder, envelope.name), envelope.stem);
    const dir = chooseFolder(named, envelope, names);
    // `quarantine.env` would have the whole quarantine read and removed.
    if (!isMessageDir(dir)) throw new UnreadableError('bad-name');
    state.folderOf.set(envelope.stem, dir);
    return { envelope, dir, located: await locateMessage(join(options.folder, dir), options) };
  } catch (error) {
    throw asUnreadable(error);
  }
}

/** The folder the envelope names, unless another envelope owns it or it is not there and the stem's own is. */
function chooseFolder(named: string, envelope: Envelope, names: ReadonlySet<string>): string {
  const { stem } = envelope;
  if (named === stem || !names.has(stem) || !isMessageDir(stem)) return named;
  return names.has(named) && !names.has(`${named}.env`) ? named : stem;
}

/** Reads the XML and checks the files. Throws as `locate` does. */
export async function parse(ready: ReadyMessage, options: InboxOptions): Promise<ReadMessage> {
  try {
    const parsed = await parseMessage(ready.located, ready.dir, options);
    const { messageId, returnId, events } = parsed.message;
    const keys = [...new Set([ready.dir, messageId, returnId, ...events.map((event) => event.documentUid)])];
    return { ...ready, parsed, keys: keys.filter((key) => key !== '') };
  } catch (error) {
    throw asUnreadable(error);
  }
}

/**
 * Makes a read message durable and only then removes it: files to the spool, message and events to the store, then
 * the envelope, then the folder (contracts/sev.md, «Reading `in`»). A kill between any two is made good by the
 * next sweep: reading again gives the same identities.
 *
 * @throws SinkError when the sink refuses: nothing was removed
 */
export async function acceptMessage(message: ReadMessage, options: InboxOptions): Promise<void> {
  await throughSink(async () => {
    await options.sink.accept(await spoolFiles(message.parsed, options.sink));
  });
  try {
    await unlink(join(options.folder, message.envelope.name)).catch(unlessMissing);
    await removeFolder(message.located);
  } catch (error) {
    // Stored already: read again it is the same message, and the folder alone is found by its MessageID.
    options.onFault(folderFault(options.folder, error));
  }
}

/** The XML goes last: while it is there, a folder half removed can be known by its MessageID. */
export async function removeFolder(located: LocatedMessage): Promise<void> {
  const others = located.entries.filter((entry) => entry !== located.xml);
  for (const entry of [...others, located.xml]) {
    await unlink(join(located.dir, entry)).catch(async () => {
      // Gone already, or a folder inside the folder.
      await rm(join(located.dir, entry), { recursive: true, force: true });
    });
  }
  await rmdir(located.dir).catch(async () => {
    await rm(located.dir, { recursive: true, force: true });
  });
}

function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}
