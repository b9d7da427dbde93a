import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { opaIdOf } from './appeals.ts';

const SHIPPED = fileURLToPath(new URL('../../mappings', import.meta.url));

/** The one organisation that the demo's ДЕЛО may redirect to and the daemon knows on the platform. */
export const FORWARD_TARGET = 'Управление дорожного хозяйства Верхнелипской области';

/**
 * A copy of the shipped mappings with what a site must decide itself: every answer explains, and where a redirected
 * appeal goes. Gives the folder.
 */
export async function writeMappings(folder: string): Promise<string> {
  await cp(SHIPPED, folder, { recursive: true });
  const path = join(folder, 'statuses.yaml');
  const document = parseDocument(await readFile(path, 'utf8'));
  document.setIn(['answers', 'types'], document.createNode([{ type: 'EXPLAINED' }]));
  const target = { name: FORWARD_TARGET, to: 'subordinate', opaId: opaIdOf(1) };
  document.setIn(['forward'], document.createNode([target]));
  await writeFile(path, String(document));
  return folder;
}
