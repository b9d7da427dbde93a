import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Rings when something that may be ours changes in the folders of the given files. */
export interface FolderWatch {
  update(paths: readonly string[]): void;
  close(): void;
}

/**
 * Watches folders, not files: editors and orchestrators replace a file rather than write into it. Trouble
 * with a watch (a share, too many watches) is silent: the periodic look finds every change without it.
 */
export function watchFolders(ring: () => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  let names = new Set<string>();

  function open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || names.has(name) || /\.ya?ml$|^\.\./.test(name)) ring();
      });
      watcher.on('error', () => drop(folder));
      watchers.set(folder, watcher);
    } catch {
      // The folder is not there (yet): the next update tries again.
    }
  }

  function drop(folder: string): void {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  }

  return {
    update: (paths) => {
      names = new Set(paths.map((path) => basename(path)));
      const folders = new Set(paths.map((path) => (isFolder(path) ? path : dirname(path))));
      for (const folder of watchers.keys()) if (!folders.has(folder)) drop(folder);
      for (const folder of folders) if (!watchers.has(folder)) open(folder);
    },
    close: () => {
      for (const folder of watchers.keys()) drop(folder);
    },
  };
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
