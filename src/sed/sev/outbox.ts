import { readdir } from 'node:fs/promises';
import { folderFault } from './folder-fault.ts';

/**
 * Of these message folders, those that still stand in `out`, as folder or envelope: the СЭД has not taken them
 * yet. One listing, however many are asked. Throws SED_FOLDER_UNAVAILABLE.
 */
export async function waitingIn(
  outDir: string,
  messageDirs: readonly string[],
  channel: string,
): Promise<ReadonlySet<string>> {
  let names: Set<string>;
  try {
    names = new Set(await readdir(outDir));
  } catch (error) {
    throw folderFault(error, `канал ${channel}, папка out`);
  }
  return new Set(messageDirs.filter((dir) => names.has(dir) || names.has(`${dir}.env`)));
}
