import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../model/errors.ts';
import { systemCode } from './system-code.ts';

/**
 * Tries a folder for real: makes it if need be, writes a file with fsync and deletes it.
 * @throws {Fault} SPOOL_UNAVAILABLE naming the folder and the system's code.
 */
export async function checkWritableFolder(folder: string): Promise<void> {
  const probe = join(folder, `.posrednik-check-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(probe, 'wx');
    try {
      await file.writeFile('posrednik\n');
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = systemCode(error) || 'неизвестная ошибка';
    throw new Fault('SPOOL_UNAVAILABLE', { detail: `${folder}: ${code}`, cause: error });
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}
