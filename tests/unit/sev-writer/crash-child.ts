import { readFileSync } from 'node:fs';
import type { RenderedPackage } from '../../../src/sed/port.ts';
import { packageFs } from '../../../src/sed/sev/package-fs.ts';
import { writePackage } from '../../../src/sed/sev/package-writer.ts';
import { countedFs } from './counted-fs.ts';

/** Writes a package and kills itself, as `kill -9` would, before the file operation with the given number. */
const [out = '', json = '', step = '0'] = process.argv.slice(2);
const rendered = JSON.parse(readFileSync(json, 'utf8'), (_, value) =>
  value?.type === 'Buffer' ? Buffer.from(value.data) : value,
) as RenderedPackage;

const fs = countedFs(packageFs, (number) => {
  if (number === Number(step)) process.kill(process.pid, 'SIGKILL');
});
await writePackage(out, rendered, { fs });
process.stdout.write('finished');
