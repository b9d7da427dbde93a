import { Fault, toFault } from '../../model/errors.ts';
import { UnreadableError } from './unreadable.ts';

/** A file-system error as the fault of a folder; anything else passes through `toFault`. */
export function folderFault(folder: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error instanceof Fault || typeof code !== 'string') return toFault(error);
  return new Fault('SED_FOLDER_UNAVAILABLE', { detail: `${folder}: ${code}`, cause: error });
}

/**
 * Errors of one message's own files, as the reason why it cannot be read; the rest (a share that went away, a full
 * table of open files) is nobody's message and passes as it is.
 */
export function asUnreadable(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'EACCES' || code === 'EPERM') return new UnreadableError('no-access');
  if (code === 'ENOENT' || code === 'ENOTDIR') return new UnreadableError('file-missing');
  return error;
}
