import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../model/errors.ts';
import { type Account, canReach } from './account.ts';

/** Where root keeps what another account must reach, best first; /tmp is the last: cleaners empty it. */
export function defaultRefuges(): string[] {
  return ['/var/lib/posrednik', '/var/tmp/posrednik', join(tmpdir(), 'posrednik')];
}

/**
 * The first folder of the list that root can make, only root can change and the account can pass through.
 * @throws Fault EMBEDDED_DATABASE_FAILED when none fits.
 */
export async function openRefuge(refuges: readonly string[], account: Account): Promise<string> {
  for (const path of refuges) {
    if (await isUsable(path, account)) return path;
  }
  const detail = `нет папки, доступной непривилегированному пользователю (${refuges.join(', ')})`;
  throw new Fault('EMBEDDED_DATABASE_FAILED', { detail });
}

async function isUsable(path: string, account: Account): Promise<boolean> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
    const { mode, uid } = await lstat(path).then((info) =>
      info.isDirectory() ? info : { mode: 0o777, uid: -1 },
    );
    // In a folder open to all, somebody else may have made it first, to put binaries of theirs in it.
    return uid === process.getuid?.() && (mode & 0o022) === 0 && (await canReach(path, account));
  } catch {
    return false;
  }
}
