import { createBell } from './bell.ts';
import { watchFolders } from './folder-watch.ts';

export interface WatchFilesOptions {
  readonly signal: AbortSignal;
  /** Pause between looks when nothing rings, ms; a network share and a swapped link ring nothing. */
  readonly pollMs?: number;
  /** How long files may settle after a ring, ms: an editor writes in several steps. */
  readonly settleMs?: number;
  /** Where SIGHUP comes from; the process itself unless a test gives another. */
  readonly hangup?: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
}

/**
 * Calls `onLook` whenever one of these files may have changed: after a change in their folders, at each pause, and on
 * SIGHUP, which asks to read everything (`whole`). Which files those are is asked before each look. Resolves when the
 * signal is aborted; what `onLook` throws ends the watch.
 */
export async function watchFiles(
  files: () => readonly string[],
  onLook: (whole: boolean) => Promise<void>,
  { signal, pollMs = 10_000, settleMs = 200, hangup = process }: WatchFilesOptions,
): Promise<void> {
  const bell = createBell(signal);
  const folders = watchFolders(() => bell.ring());
  let forced = false;
  const onHangup = () => {
    forced = true;
    bell.ring();
  };
  try {
    hangup.on('SIGHUP', onHangup);
    while (!signal.aborted) {
      folders.update(files());
      const rung = await bell.wait(pollMs);
      if (rung && !forced && !signal.aborted) await bell.quiet(settleMs);
      if (signal.aborted) break;
      const whole = forced;
      forced = false;
      await onLook(whole);
    }
  } finally {
    hangup.off('SIGHUP', onHangup);
    folders.close();
  }
}
