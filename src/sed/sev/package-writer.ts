import { join } from 'node:path';
import { Fault } from '../../model/errors.ts';
import type { RenderedPackage, WriteOutcome } from '../port.ts';
import { errnoOf, folderFault } from './folder-fault.ts';
import { type PackageFs, packageFs } from './package-fs.ts';
import { createSharedRun } from './shared-run.ts';
import { temporaryName } from './temporary.ts';

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** Named in a Fault instead of the folder's path. */
  readonly channel?: string;
  readonly fs?: PackageFs;
}

/** What `rename` of a folder says when the name is taken; shares answer with a missing right. */
const MAY_BE_TAKEN = new Set(['EEXIST', 'ENOTEMPTY', 'EACCES', 'EPERM']);

/** Packages written at the same time share one fsync of the folder they all were renamed into. */
const syncOut = createSharedRun((folder) => packageFs.syncFolder(folder));

/**
 * Puts a package into a channel's `out` folder (contracts/sev.md, section 1): everything is written and fsynced
 * under temporary names, then the folder is renamed, then the envelope, the last and only step that makes the
 * message exist. Safe to repeat after a death at any point: a folder that stands there already is whole, for
 * it came by rename, and only its envelope may be missing. Throws SED_FOLDER_UNAVAILABLE, SPOOL_UNAVAILABLE
 * or FILE_DAMAGED, with nothing visible left behind.
 */
export async function writePackage(
  outDir: string,
  rendered: RenderedPackage,
  options: WriteOptions = {},
): Promise<WriteOutcome> {
  const { signal, fs = packageFs } = options;
  const temporary = join(outDir, temporaryName());
  const envelope = `${temporary}.envelope`;
  try {
    signal?.throwIfAborted();
    await fs.makeFolder(temporary);
    await allOf([
      fs.writeFile(envelope, rendered.envelope),
      ...rendered.files.map(({ name, content }) => {
        const path = join(temporary, name);
        return content instanceof Uint8Array
          ? fs.writeFile(path, content)
          : fs.copyFile(content.path, path, content.sha256, signal);
      }),
    ]);
    await fs.syncFolder(temporary);
    signal?.throwIfAborted();
    // From here on the package is finished whatever happens to the signal: half a step would help nobody.
    const target = join(outDir, rendered.identity.messageDir);
    const message = rendered.files[0]?.name ?? '';
    const outcome = await publish(fs, { temporary, envelope, target, message });
    await (fs === packageFs ? syncOut(outDir) : fs.syncFolder(outDir));
    return outcome;
  } catch (error) {
    await allOf([fs.remove(temporary), fs.remove(envelope)]).catch(() => undefined);
    throw toWriteFault(error, options);
  }
}

interface Places {
  readonly temporary: string;
  readonly envelope: string;
  readonly target: string;
  /** Name of the message itself in its folder. */
  readonly message: string;
}

async function publish(fs: PackageFs, places: Places): Promise<WriteOutcome> {
  const { temporary, envelope, target } = places;
  try {
    await fs.rename(temporary, target);
  } catch (error) {
    if (!MAY_BE_TAKEN.has(errnoOf(error)) || !(await fs.exists(target))) throw error;
    await fs.remove(temporary);
    await completeEarlier(fs, places);
    return 'already-written';
  }
  await fs.rename(envelope, `${target}.env`);
  return 'written';
}

/**
 * The folder is there by an earlier writing that may have died before its envelope. When the message is gone,
 * the СЭД is just removing what it has taken, and an envelope now would announce a message that is none.
 */
async function completeEarlier(fs: PackageFs, { envelope, target, message }: Places): Promise<void> {
  const missing = !(await fs.exists(`${target}.env`)) && (await fs.exists(join(target, message)));
  await (missing ? fs.rename(envelope, `${target}.env`) : fs.remove(envelope));
}

/** Waits for all of them even when one fails, so that the clean-up does not race with the others. */
async function allOf(steps: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(steps);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function toWriteFault(error: unknown, { signal, channel }: WriteOptions): Fault {
  const where = channel === undefined ? 'папка out' : `канал ${channel}, папка out`;
  const ofSystem = (error as NodeJS.ErrnoException | undefined)?.syscall !== undefined;
  if (signal?.aborted && !(error instanceof Fault) && !ofSystem) {
    return new Fault('SED_FOLDER_UNAVAILABLE', { detail: `${where}: запись прервана остановкой` });
  }
  return folderFault(error, where);
}
