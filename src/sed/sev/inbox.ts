import { toFault } from '../../model/errors.ts';
import { createFolderWatch } from './folder-watch.ts';
import { type InboxOptions, newInboxState } from './inbox-state.ts';
import { sweepInbox } from './inbox-sweep.ts';

/**
 * Reads one channel's `in` folder until aborted: at each hint of the watch, and each `sweepMs` whatever the watch
 * says. Never rejects: an unavailable folder and a sink that refuses are told to `onFault` and tried again, and
 * nothing is removed before the sink has it.
 */
export async function readInbox(options: InboxOptions): Promise<void> {
  const state = newInboxState();
  const watch = createFolderWatch(options.folder, options.clock);
  let lastFull = Number.NEGATIVE_INFINITY;
  try {
    while (!options.signal.aborted) {
      // Before the listing, so that what comes in between is either listed or hinted at.
      await watch.refresh();
      const now = options.clock.now();
      const full = now - lastFull >= options.sweepMs;
      if (full) lastFull = now;
      try {
        await sweepInbox(options, state, full);
      } catch (error) {
        options.onFault(toFault(error));
      }
      await watch.next(Math.max(0, lastFull + options.sweepMs - options.clock.now()), options.signal);
    }
  } finally {
    watch.close();
  }
}
