import { stat } from 'node:fs/promises';
import type { Cabinet } from '../../../config/index.ts';
import { cabinetVariable } from '../../../config/secrets.ts';

/** Where a cabinet's password is kept, and since when: never what it is. */
export interface Credentials {
  readonly kind: 'file' | 'variable';
  /** Path of the file, or name of the variable. */
  readonly place: string;
  /** When the file was last written; absent for a variable and for a file that is not there. */
  readonly since?: Date;
  /** The file cannot be looked at. */
  readonly isMissing: boolean;
}

/** Longer than any local disk takes; a share that hangs must not hold the page. */
const STAT_MS = 500;

export async function readCredentials(cabinet: Pick<Cabinet, 'id' | 'secretFile'>): Promise<Credentials> {
  const { secretFile } = cabinet;
  if (secretFile === undefined) {
    return { kind: 'variable', place: cabinetVariable(cabinet.id), isMissing: false };
  }
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), STAT_MS);
  const found = await Promise.race([stat(secretFile).catch(() => undefined), late.promise]);
  clearTimeout(timer);
  const since = found?.mtime;
  return {
    kind: 'file',
    place: secretFile,
    isMissing: since === undefined,
    ...(since === undefined ? {} : { since }),
  };
}
