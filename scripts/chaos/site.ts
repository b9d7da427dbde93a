import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeStand, type Stand } from '../../tests/support/stand.ts';
import { projectFile } from '../bench/place.ts';
import { SETTLE_AFTER_MS } from './options.ts';

const CABINETS = 3;
const CHANNELS = 2;

/** Settings of the daemon under trial: short waits, and a mapping with a rule for the kind of every answer. */
export async function makeSite(dir: string, platformUrl: string): Promise<Stand> {
  const stand = await makeStand({
    dir,
    platformUrl,
    cabinets: CABINETS,
    channels: CHANNELS,
    config: {
      mappingsDir: './mappings',
      platform: { timeout: '10s', settleAfter: `${SETTLE_AFTER_MS}ms` },
      sed: { sweepInterval: '300ms' },
    },
  });
  const mappings = join(stand.dir, 'mappings');
  await cp(projectFile('mappings'), mappings, { recursive: true });
  const statuses = join(mappings, 'statuses.yaml');
  const shipped = await readFile(statuses, 'utf8');
  const ruled = shipped.replace('\n  types: []\n', '\n  types: [{ type: EXPLAINED }]\n');
  if (ruled === shipped) throw new Error('в mappings/statuses.yaml нет строки «types: []»');
  await writeFile(statuses, ruled);
  return stand;
}
