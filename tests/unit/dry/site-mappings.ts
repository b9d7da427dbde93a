import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SHIPPED = fileURLToPath(new URL('../../../mappings', import.meta.url));

/** A site's copy of the shipped mappings: every answer explains, one organisation is known. Gives its folder. */
export async function siteMappings(folder: string): Promise<string> {
  await cp(SHIPPED, folder, { recursive: true });
  const path = join(folder, 'statuses.yaml');
  const text = await readFile(path, 'utf8');
  const changed = text
    .replace(/^ {2}types: \[\]$/m, '  types: [{ type: EXPLAINED }]')
    .replace(/^forward: \[\]$/m, 'forward: [{ name: Комитет по паркам, to: subordinate, opaId: "100002" }]');
  if (changed.match(/EXPLAINED \}\]|Комитет по паркам/g)?.length !== 2) {
    throw new Error('the shipped statuses.yaml does not look as expected');
  }
  await writeFile(path, changed);
  return folder;
}
