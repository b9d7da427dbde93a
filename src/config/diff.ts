import { isDeepStrictEqual } from 'node:util';
import type { Cabinet, LoadedConfig } from './load.ts';

/** What became of the cabinets between two versions of the settings. */
export interface ConfigChange {
  readonly added: readonly Cabinet[];
  readonly removed: readonly Cabinet[];
  readonly changed: readonly { readonly before: Cabinet; readonly after: Cabinet }[];
  /** Cabinets whose password file has new content; those of `added` and `changed` are not repeated here. */
  readonly secretsChanged: readonly Cabinet[];
  /** Settings other than cabinets changed: they come into force at the next start. */
  readonly restartNeeded: boolean;
  /** The version now in force. */
  readonly loaded: LoadedConfig;
}

/** Compares two versions by cabinet id; `secrets` holds the ids whose password file has new content. */
export function diffConfig(
  before: LoadedConfig,
  after: LoadedConfig,
  secrets: ReadonlySet<string> = new Set(),
): ConfigChange {
  const old = new Map(before.cabinets.map((cabinet) => [cabinet.id, cabinet]));
  const present = new Set(after.cabinets.map((cabinet) => cabinet.id));
  const pairs = after.cabinets.flatMap((cabinet) => {
    const earlier = old.get(cabinet.id);
    return earlier === undefined ? [] : [{ before: earlier, after: cabinet }];
  });
  const changed = pairs.filter((pair) => !isDeepStrictEqual(settings(pair.before), settings(pair.after)));
  return {
    added: after.cabinets.filter((cabinet) => !old.has(cabinet.id)),
    removed: before.cabinets.filter((cabinet) => !present.has(cabinet.id)),
    changed,
    secretsChanged: pairs
      .filter((pair) => secrets.has(pair.after.id) && !changed.includes(pair))
      .map((pair) => pair.after),
    restartNeeded: !isDeepStrictEqual({ ...before.config, cabinets: [] }, { ...after.config, cabinets: [] }),
    loaded: after,
  };
}

/** Whether there is anything to tell. */
export function isEmptyChange(change: ConfigChange): boolean {
  const { added, removed, changed, secretsChanged, restartNeeded } = change;
  return !restartNeeded && added.length + removed.length + changed.length + secretsChanged.length === 0;
}

/** What counts as a change; a cabinet moved to another file is the same cabinet. */
function settings({ file, access, ...rest }: Cabinet): unknown {
  void file;
  void access;
  return rest;
}
