import { Fault } from '../../model/errors.ts';

/**
 * Trouble with a channel's folder as the Fault of it. Only the errno and the call go on: the message of
 * Node's own error holds the path, and with it a citizen's file name, so it is not even kept as `cause`.
 */
export function folderFault(error: unknown, where: string): Fault {
  if (error instanceof Fault) return error;
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined)
    return new Fault('DEFECT', { detail: where, cause: error });
  const meaning = MEANINGS[code];
  return new Fault('SED_FOLDER_UNAVAILABLE', {
    detail: `${where}: ${code}${meaning === undefined ? '' : ` (${meaning})`}, ${syscall}`,
  });
}

/** The errno of a failed file call, '' for anything else. */
export function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'нет прав',
  EPERM: 'нет прав',
  EROFS: 'только для чтения',
  ENOSPC: 'нет места',
  EDQUOT: 'исчерпана квота',
  ENOENT: 'папки нет',
  ENOTDIR: 'это не папка',
  ESTALE: 'сетевая папка отключилась',
  EIO: 'ошибка диска или сети',
  ETIMEDOUT: 'сетевая папка не отвечает',
};
