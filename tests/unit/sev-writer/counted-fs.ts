import type { PackageFs } from '../../../src/sed/sev/package-fs.ts';

/** Tells the number of each file operation before it is begun; what `before` throws, the operation throws. */
export function countedFs(
  real: PackageFs,
  before: (number: number, name: keyof PackageFs) => void,
): PackageFs {
  let count = 0;
  function counted<Args extends unknown[], T>(name: keyof PackageFs, call: (...args: Args) => Promise<T>) {
    return async (...args: Args): Promise<T> => {
      before(count++, name);
      return await call(...args);
    };
  }
  return {
    makeFolder: counted('makeFolder', real.makeFolder),
    writeFile: counted('writeFile', real.writeFile),
    copyFile: counted('copyFile', real.copyFile),
    syncFolder: counted('syncFolder', real.syncFolder),
    rename: counted('rename', real.rename),
    exists: counted('exists', real.exists),
    remove: counted('remove', real.remove),
  };
}

/** An error as a file call of Node throws it, path in its message and all. */
export function systemError(code: string, path = '/out/Паспорт Иванова.pdf'): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: trouble, write '${path}'`), {
    code,
    syscall: 'write',
    errno: -1,
    path,
  });
}
