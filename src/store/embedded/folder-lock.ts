import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { Fault } from '../../model/errors.ts';
import { thrown } from '../thrown.ts';
import { readLivingOwner, writeOwner } from './owner-file.ts';

export interface FolderLock {
  release(): void;
}

/** Locks live as long as their file handle, so none may be collected before it is released. */
const held = new Set<DatabaseSync>();

/** SQLite's SQLITE_BUSY and SQLITE_LOCKED: somebody else holds the file. */
const HELD_BY_OTHER = [5, 6];
/** Extended codes keep the basic one in the lowest byte. */
const BASIC_CODE = 0xff;

/**
 * Takes the exclusive lock `<path>.lock` and tells who took it in `<path>.pid`.
 *
 * The lock is the operating system's own record lock on an empty file, taken through Node's SQLite because
 * Node offers no other way to one. It ends with the process however that dies, needs no judgement of pids
 * (two containers on one volume both are number 1) and is not inherited by the PostgreSQL we start.
 *
 * @throws Fault STATE_DIR_BUSY when another process, or this one, holds it; EMBEDDED_DATABASE_FAILED when
 *   the folder cannot be written or its file system knows no locks.
 */
export async function lockFolder(path: string): Promise<FolderLock> {
  const lock = await openLock(path);
  const release = () => {
    if (held.delete(lock)) lock.close();
  };
  try {
    await writeOwner(`${path}.pid`);
  } catch (error) {
    release();
    throw unusable(path, error);
  }
  return { release };
}

async function openLock(path: string): Promise<DatabaseSync> {
  let lock: DatabaseSync | undefined;
  try {
    await refuseReadOnly(`${path}.lock`);
    lock = new DatabaseSync(`${path}.lock`);
    // In memory: a lock file must not leave a journal beside it.
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (!HELD_BY_OTHER.includes(thrown(error).errcode & BASIC_CODE)) throw unusable(path, error);
    throw new Fault('STATE_DIR_BUSY', { detail: await describeOwner(path), cause: error });
  }
  held.add(lock);
  return lock;
}

/**
 * On a file that we may only read SQLite would quietly take a shared lock. Not tried by opening it: the system drops
 * a process's record locks when it closes any handle of the file, that of an earlier holder among them.
 */
async function refuseReadOnly(file: string): Promise<void> {
  try {
    await access(file, constants.W_OK);
  } catch (error) {
    if (thrown(error).code !== 'ENOENT') throw error;
  }
}

function unusable(path: string, cause: unknown): Fault {
  const detail = `не удалось занять файл ${path}.lock: ${thrown(cause).message}`;
  return new Fault('EMBEDDED_DATABASE_FAILED', { detail, cause });
}

async function describeOwner(path: string): Promise<string> {
  const owner = await readLivingOwner(`${path}.pid`);
  if (owner === undefined) return 'файл занят процессом, который отсюда не виден (другой контейнер?)';
  return owner.pid === process.pid ? 'уже занята этим же процессом' : `занята процессом ${owner.pid}`;
}
