import { type Fault, toFault } from '../model/errors.ts';
import { type ConfigChange, diffConfig, isEmptyChange } from './diff.ts';
import { createSecretWatch, fileState } from './file-state.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { ConfigError } from './problems.ts';
import { type WatchFilesOptions, watchFiles } from './watch-files.ts';

export interface WatchOptions extends WatchFilesOptions {
  /** An invalid new version, told once; the old one stays in force. Also what `onChange` throws. */
  onFault(fault: Fault): void;
  /** After a fault: the settings can be read and are in force again. */
  onSound?(): void;
}

/**
 * Reads the settings and password files again when they change, on SIGHUP, and at each look; calls
 * `onChange` with what differs. A change whose `onChange` failed is told again at the next look.
 * Resolves when the signal is aborted; never rejects.
 */
export async function watchConfig(
  loaded: LoadedConfig,
  onChange: (change: ConfigChange) => void | Promise<void>,
  options: WatchOptions,
): Promise<void> {
  const look = createLook(loaded, onChange, options);
  await look.start();
  await watchFiles(look.files, look.once, options);
}

interface Look {
  /** Takes the first picture of the password files; from then on their changes are told. */
  start(): Promise<void>;
  /** Looks once; `whole` reads everything though no file seems changed. */
  once(whole: boolean): Promise<void>;
  /** Files and folders on which the settings depend now. */
  files(): readonly string[];
}

function createLook(
  loaded: LoadedConfig,
  onChange: (change: ConfigChange) => void | Promise<void>,
  { onFault, onSound }: WatchOptions,
): Look {
  const secrets = createSecretWatch(loaded.source.env);
  let current = loaded;
  let read = loaded.files;
  let state: string | undefined;
  let told: string | undefined;

  async function once(whole: boolean): Promise<void> {
    try {
      const now = await fileState(read);
      const same = !whole && now.text === state && !now.recent;
      state = undefined;
      const next = same ? current : await loadConfig(loaded.source);
      read = next.files;
      const change = diffConfig(current, next, await secrets.changed(next.cabinets));
      requireKnownChannels(loaded, next);
      // A file being copied is empty for a moment: a cabinet must not stop for that. The next look decides.
      if (change.removed.length > 0 && now.recent && !whole) return;
      if (!isEmptyChange(change)) await onChange(change);
      if (told !== undefined) onSound?.();
      told = undefined;
      current = next;
      secrets.markSeen();
      state = now.text;
    } catch (error) {
      const fault = toFault(error);
      if (error instanceof ConfigError && error.files.length > 0) read = error.files;
      if (fault.message !== told) onFault(fault);
      told = fault.message;
    }
  }

  return {
    start: async () => {
      await secrets.changed(current.cabinets);
      secrets.markSeen();
    },
    once,
    files: () => [...read, ...current.cabinets.flatMap((cabinet) => cabinet.secretFile ?? [])],
  };
}

/** Channels are opened at start only: a cabinet must not begin on one that nobody reads. */
function requireKnownChannels(started: LoadedConfig, next: LoadedConfig): void {
  const known = new Set(started.config.channels.map((channel) => channel.id));
  const problems = next.cabinets
    .filter((cabinet) => !known.has(cabinet.channel))
    .map((cabinet) => ({
      path: `${cabinet.file}: ${cabinet.id}.channel`,
      message: `канал «${cabinet.channel}» добавлен после запуска: перезапустите посредник, чтобы его открыть`,
    }));
  if (problems.length > 0) throw new ConfigError(problems, next.files);
}
