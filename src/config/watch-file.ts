import { createBell } from './bell.ts';
import { fileState } from './file-state.ts';
import { watchFolders } from './folder-watch.ts';

export interface WatchFileOptions {
  readonly signal: AbortSignal;
  /** Pause between looks when nothing rings, ms; a network share and a swapped link ring nothing. */
  readonly pollMs?: number;
  /** How long the file may settle after a ring, ms: an editor writes in several steps. */
  readonly settleMs?: number;
}

/**
 * Calls `onLook` whenever one file may have changed: after a change of its folder, on SIGHUP, and at each look at which
 * the file is another or so young that it may change unseen. Resolves when the signal is aborted; what `onLook` throws
 * ends the watch.
 */
export async function watchFile(
  path: string,
  onLook: () => Promise<void>,
  { signal, pollMs = 10_000, settleMs = 200 }: WatchFileOptions,
): Promise<void> {
  const bell = createBell(signal);
  const folders = watchFolders(() => bell.ring());
  let forced = false;
  const onHangup = () => {
    forced = true;
    bell.ring();
  };
  process.on('SIGHUP', onHangup);
  try {
    // What was read at the start may be of another moment than this first picture: the first look reads again.
    let seen = '';
    while (!signal.aborted) {
      folders.update([path]);
      const rung = await bell.wait(pollMs);
      if (rung && !forced) await bell.quiet(settleMs);
      if (signal.aborted) return;
      const { text, recent } = await fileState([path]);
      const isSame = text === seen && !recent && !forced;
      forced = false;
      seen = text;
      if (!isSame) await onLook();
    }
  } finally {
    process.off('SIGHUP', onHangup);
    folders.close();
  }
}
