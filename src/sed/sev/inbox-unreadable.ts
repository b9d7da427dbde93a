import { join } from 'node:path';
import { fingerprint } from './fingerprint.ts';
import { folderFault } from './folder-faults.ts';
import { type Envelope, type InboxOptions, type InboxState, SinkError, throughSink } from './inbox-state.ts';
import { moveToQuarantine } from './quarantine.ts';
import { isHostile, reasonText, UnreadableError } from './unreadable.ts';

/**
 * What becomes of a message that could not be read: hostile content goes to quarantine at once, the rest when its
 * files have not changed for `quarantineAfterMs`; until then it is tried again on each sweep.
 */
export async function handleUnreadable(
  envelope: Envelope,
  error: unknown,
  options: InboxOptions,
  state: InboxState,
): Promise<void> {
  if (!(error instanceof UnreadableError)) {
    options.onFault(folderFault(options.folder, error));
    return;
  }
  const dir = state.folderOf.get(envelope.stem) ?? envelope.stem;
  if (!isHostile(error.reason)) {
    const beside = [join(options.folder, envelope.name)];
    const print = await fingerprint(join(options.folder, dir), beside);
    const before = state.unreadable.get(envelope.stem);
    const now = options.clock.now();
    if (before?.print !== print) {
      state.unreadable.set(envelope.stem, { print, since: now });
      return;
    }
    if (now - before.since < options.quarantineAfterMs) return;
  }
  try {
    await moveToQuarantine(options.folder, dir, envelope.name, (name) =>
      throughSink(() =>
        options.sink.trouble(options.channel, name, 'SED_MESSAGE_UNREADABLE', reasonText(error.reason)),
      ),
    );
    state.unreadable.delete(envelope.stem);
    state.folderOf.delete(envelope.stem);
  } catch (failure) {
    options.onFault(failure instanceof SinkError ? failure.cause : folderFault(options.folder, failure));
  }
}
