import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Clock } from './clock.ts';

/** Tells when an envelope may have come; a hint only, for network shares tell nothing: the sweep is what counts. */
export interface FolderWatch {
  /** Resolves at the next hint (or one since the last call), after `ms`, or when aborted. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  /** Watches the folder anew when it is another one than before (vanished and came back, mounted again). */
  refresh(): Promise<void>;
  close(): void;
}

/** Watches a folder for `*.env`. Opens at `refresh`, so the folder may not exist yet. */
export function createFolderWatch(folder: string, clock: Clock): FolderWatch {
  let watcher: FSWatcher | undefined;
  let identity = '';
  let pending = false;
  let wake: (() => void) | undefined;

  function hint(name: string | null): void {
    // The folder's own name: it was removed or moved, and this watch sees nothing any more.
    if (name === basename(folder)) identity = '';
    else if (name !== null && !name.toLowerCase().endsWith('.env')) return;
    pending = true;
    wake?.();
  }

  function close(): void {
    watcher?.close();
    watcher = undefined;
    identity = '';
  }

  return {
    close,
    async refresh() {
      const current = await stat(folder).then(
        // The number alone may be given again to a folder made anew.
        ({ dev, ino, birthtimeMs }) => `${dev}:${ino}:${birthtimeMs}`,
        () => '',
      );
      if (current === identity && watcher !== undefined) return;
      close();
      if (current === '') return;
      try {
        watcher = watch(folder, { persistent: false }, (_event, name) => hint(name));
        watcher.on('error', close);
        identity = current;
      } catch {
        // No watch on this file system, or no inotify handle left: sweeps go on.
      }
    },
    async next(ms, signal) {
      if (!pending && !signal.aborted) {
        const timer = new AbortController();
        const hinted = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await Promise.race([hinted, clock.sleep(ms, AbortSignal.any([signal, timer.signal]))]);
        wake = undefined;
        timer.abort();
      }
      pending = false;
    },
  };
}
