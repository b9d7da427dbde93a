import { createHmac, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Environment } from './env.ts';
import type { Cabinet } from './load.ts';
import { readSecret } from './secrets.ts';

/** What changed this recently may change again unseen (shares tick in whole seconds), or be half-written. */
const RECENT_MS = 3_000;

/**
 * Time of change, size and inode of each file, as one text; follows links, so a swapped link shows.
 * `recent`: some file is so young that the same text does not prove the same content.
 */
export async function fileState(paths: readonly string[]): Promise<{ text: string; recent: boolean }> {
  const now = Date.now();
  const states = await Promise.all(
    paths.map(async (path) => {
      try {
        const info = await stat(path);
        return {
          text: `${info.mtimeMs}:${info.size}:${info.ino}`,
          recent: Math.abs(now - info.mtimeMs) < RECENT_MS,
        };
      } catch {
        return { text: 'none', recent: false };
      }
    }),
  );
  return {
    text: paths.map((path, index) => `${path}=${states[index]?.text}`).join('\n'),
    recent: states.some((state) => state.recent),
  };
}

/** Tells whether a cabinet's password file has other content than when it was last readable. */
export interface SecretWatch {
  /** Ids of cabinets whose content differs from what was last marked as seen. */
  changed(cabinets: readonly Cabinet[]): Promise<ReadonlySet<string>>;
  /** What the last `changed` read counts as seen from now on. */
  markSeen(): void;
}

/** Keeps a keyed hash of each secret, with a key of this process only: never the secret itself. */
export function createSecretWatch(env: Environment): SecretWatch {
  const key = randomBytes(32);
  let seen = new Map<string, string>();
  let latest = new Map<string, string>();
  return {
    changed: async (cabinets) => {
      latest = new Map(seen);
      const found = new Set<string>();
      for (const { id, secretFile } of cabinets) {
        if (secretFile === undefined) continue;
        const hash = await secretHash(secretFile, key, env);
        // Gone or empty for a moment is how a file is replaced; only readable content is news.
        if (hash === undefined || seen.get(id) === hash) continue;
        latest.set(id, hash);
        found.add(id);
      }
      return found;
    },
    markSeen: () => {
      seen = latest;
    },
  };
}

async function secretHash(path: string, key: Buffer, env: Environment): Promise<string | undefined> {
  try {
    const secret = await readSecret({ kind: 'file', path }, env);
    return createHmac('sha256', key).update(secret).digest('hex');
  } catch {
    return undefined;
  }
}
