import { chown, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The system user that PostgreSQL runs under. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Preferred first: a user of our own, PostgreSQL's, then the one every system has. */
const PREFERRED = ['posrednik', 'postgres', 'nobody'];
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/** The account to run PostgreSQL under: `undefined` unless we are root, which PostgreSQL refuses to run as. */
export async function chooseAccount(passwdFile = '/etc/passwd'): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return pickAccount(await readFile(passwdFile, 'utf8').catch(() => ''));
}

/** Picks the account from the text of /etc/passwd. */
export function pickAccount(passwd: string): Account {
  const users = new Map<string, Account>();
  for (const line of passwd.split('\n')) {
    const [name, , uid, gid] = line.split(':');
    const account = { uid: Number(uid), gid: Number(gid) };
    const valid = uid !== '' && gid !== '' && account.uid > 0 && Number.isInteger(account.gid);
    if (name !== undefined && valid) users.set(name, account);
  }
  const name = PREFERRED.find((candidate) => users.has(candidate));
  return (name === undefined ? undefined : users.get(name)) ?? NOBODY;
}

/** Whether the account may pass through the folder and all above it (a 0700 home stops it). */
export async function canReach(folder: string, account: Account): Promise<boolean> {
  let path = await realpath(folder);
  for (;;) {
    const { mode, uid, gid } = await stat(path);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    const parent = dirname(path);
    if (parent === path) return true;
    path = parent;
  }
}

/** Makes a folder that only the server's account (and root) can open. */
export async function makePrivateFolder(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(path, account.uid, account.gid);
}
