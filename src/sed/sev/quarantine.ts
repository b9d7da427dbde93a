import { lstat, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../model/errors.ts';
import { isMessageDir, QUARANTINE_FOLDER } from './envelope-reader.ts';

/**
 * Moves a message to `in/quarantine/{dir}` and its envelope beside it, never over what lies there already
 * (a second message of that name becomes `{dir}~2`). The envelope goes last, after `tell`: killed in between, the
 * envelope is still in `in`, so the next sweep finds the half-moved message, tells again and finishes.
 *
 * @param envelope file name of the envelope
 * @param tell reports the move; when it throws, the envelope stays and the move is finished later
 */
export async function moveToQuarantine(
  folder: string,
  dir: string,
  envelope: string,
  tell: (name: string) => Promise<void>,
): Promise<void> {
  const quarantine = join(folder, QUARANTINE_FOLDER);
  await mkdir(quarantine, { recursive: true });
  const hasFolder = isMessageDir(dir) && (await exists(join(folder, dir)));
  const name = await freeName(quarantine, dir, hasFolder);
  if (hasFolder) await rename(join(folder, dir), join(quarantine, name));
  await tell(name);
  await rename(join(folder, envelope), join(quarantine, `${name}.env`));
}

/**
 * Puts a quarantined message back to be read again: its folder first, its envelope last.
 *
 * @param dir its name in quarantine
 * @throws Fault `SED_MESSAGE_UNREADABLE` when it is not there or a message of that name waits in `in`;
 *   `SED_FOLDER_UNAVAILABLE` when the file system refuses
 */
export async function restoreFromQuarantine(folder: string, dir: string): Promise<void> {
  if (!isMessageDir(dir)) throw unreadable('имя папки сообщения недопустимо');
  const quarantine = join(folder, QUARANTINE_FOLDER);
  const envelope = `${dir}.env`;
  try {
    if (!(await exists(join(quarantine, envelope)))) throw unreadable('в quarantine нет такого сообщения');
    if (await exists(join(folder, envelope))) throw unreadable('сообщение с таким именем уже ждёт чтения');
    if (await exists(join(quarantine, dir))) {
      if (await exists(join(folder, dir))) throw unreadable('сообщение с таким именем уже ждёт чтения');
      await rename(join(quarantine, dir), join(folder, dir));
    }
    await rename(join(quarantine, envelope), join(folder, envelope));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('SED_FOLDER_UNAVAILABLE', {
      detail: `${quarantine}: ${(error as NodeJS.ErrnoException).code ?? 'ошибка'}`,
      cause: error,
    });
  }
}

/** The first name with neither folder nor envelope; for an envelope alone, also one that waits for its envelope. */
async function freeName(quarantine: string, dir: string, hasFolder: boolean): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? dir : `${dir}~${number}`;
    if (await exists(join(quarantine, `${name}.env`))) continue;
    if (!hasFolder || !(await exists(join(quarantine, name)))) return name;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function unreadable(detail: string): Fault {
  return new Fault('SED_MESSAGE_UNREADABLE', { detail });
}
