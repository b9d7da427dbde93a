import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { Fault } from '../../model/errors.ts';
import { thrown } from '../thrown.ts';
import { type Account, canReach, makePrivateFolder } from './account.ts';
import { openRefuge } from './refuge.ts';
import { type EmbeddedState, freshState, readState, writeState } from './state-file.ts';

/** Where the parts of one embedded database lie. */
export interface Layout {
  /** Folder of everything the server's account owns. */
  readonly place: string;
  readonly dataDir: string;
  /** Whether the place is outside the state directory, and so needs a lock of its own. */
  readonly outside: boolean;
  /** Folder of the unix socket. */
  readonly runDir: string;
  readonly logFile: string;
  readonly stateFile: string;
  readonly state: EmbeddedState;
}

/** Makes the state directory when absent (passable, not listable, for the server's account) and names it truly. */
export async function openStateDir(stateDir: string): Promise<string> {
  try {
    const made = await mkdir(stateDir, { recursive: true });
    if (made !== undefined) await chmod(stateDir, 0o711);
    return await realpath(stateDir);
  } catch (error) {
    const detail = `не удалось создать папку состояния ${stateDir}: ${thrown(error).message}`;
    throw new Fault('EMBEDDED_DATABASE_FAILED', { detail, cause: error });
  }
}

export function stateFileOf(stateDir: string): string {
  return join(stateDir, 'embedded.json');
}

/** The layout that the state tells of. */
export function layoutOf(stateDir: string, state: EmbeddedState): Layout {
  const outside = isAbsolute(state.place);
  const place = outside ? state.place : join(stateDir, state.place);
  return {
    place,
    outside,
    dataDir: join(place, 'data'),
    runDir: join(place, 'run'),
    logFile: join(stateDir, 'postgres.log'),
    stateFile: stateFileOf(stateDir),
    state,
  };
}

/**
 * Finds the place of the data, or chooses one at the first start: inside the state directory when the server's
 * account can reach it, else in a refuge. The choice is written down before anything is made there.
 * @throws Fault EMBEDDED_DATABASE_FAILED when data that once were are gone or cannot be reached.
 */
export async function openLayout(
  stateDir: string,
  account: Account | undefined,
  refuges: readonly string[],
): Promise<Layout> {
  const known = await readState(stateFileOf(stateDir));
  const state = known ?? freshState(await choosePlace(stateDir, account, refuges));
  const layout = layoutOf(stateDir, state);
  const hasData = await exists(join(layout.dataDir, 'PG_VERSION'));
  if (known === undefined && hasData)
    throw lost(`в ${layout.dataDir} есть база, но нет файла ${layout.stateFile}`);
  if (state.initialised && !hasData) {
    throw lost(
      `базы нет в ${layout.dataDir}; верните папку или удалите ${layout.stateFile}, чтобы начать с пустой`,
    );
  }
  if (known === undefined) await writeState(layout.stateFile, state);
  return layout;
}

/**
 * Makes the folders of the server's account and returns that account: the owner of existing data wins over the one
 * that would be chosen today.
 * @throws Fault EMBEDDED_DATABASE_FAILED when another user owns the data, or the way to them is closed.
 */
export async function openPlace(layout: Layout, chosen: Account | undefined): Promise<Account | undefined> {
  const account = await accountOfData(layout, chosen);
  await makePrivateFolder(layout.place, account);
  await makePrivateFolder(layout.runDir, account);
  if (account !== undefined && !(await canReach(layout.place, account))) {
    throw lost(`пользователю с uid ${account.uid} закрыт путь к ${layout.place}`);
  }
  return account;
}

async function accountOfData(layout: Layout, chosen: Account | undefined): Promise<Account | undefined> {
  const info = await stat(layout.dataDir).catch(() => undefined);
  const own = process.getuid?.();
  if (info === undefined) return chosen;
  if (own === 0) return info.uid === 0 ? chosen : { uid: info.uid, gid: info.gid };
  if (info.uid === own) return undefined;
  throw lost(
    `базой в ${layout.dataDir} владеет другой пользователь (uid ${info.uid}), программа запущена под uid ${own}`,
  );
}

/** Removes what a killed first start left: half-made databases and password files. */
export async function removeLeftovers(layout: Layout): Promise<void> {
  for (const name of await readdir(layout.place)) {
    if (!name.startsWith('initdb-')) continue;
    // The initdb of a killed process may still be writing there; the next start tries again.
    await rm(join(layout.place, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function choosePlace(stateDir: string, account: Account | undefined, refuges: readonly string[]) {
  if (account === undefined || (await canReach(stateDir, account))) return 'postgres';
  const refuge = await openRefuge(refuges, account);
  // Random, not a hash of the path: a state directory removed and made again must not meet the old data.
  const suffix = randomBytes(4).toString('hex');
  return join(
    refuge,
    `${basename(stateDir)
      .replace(/[^\w-]/g, '_')
      .slice(0, 40)}-${suffix}`,
  );
}

function lost(detail: string): Fault {
  return new Fault('EMBEDDED_DATABASE_FAILED', { detail });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
