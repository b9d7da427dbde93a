import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Client } from 'pg';
import { GZIP_LEVEL } from '../../src/showcase/write-file.ts';

/**
 * The floor of `bench showcase`: a bare cursor over a table of finished records, JSON, gzip, one file. No archive, no
 * mapping, no hashes, nothing stored. Database and working folder come as arguments.
 */
const [url = '', dir = ''] = process.argv.slice(2);
const FETCH = 2000;
const client = new Client({ connectionString: url });
await client.connect();
let records = 0;

async function* lines(): AsyncGenerator<string> {
  await client.query('BEGIN');
  await client.query('DECLARE floor NO SCROLL CURSOR FOR SELECT * FROM bench_row');
  for (;;) {
    const { rows } = await client.query<Record<string, unknown>>(`FETCH ${FETCH} FROM floor`);
    if (rows.length === 0) break;
    records += rows.length;
    yield rows.map((row) => `${JSON.stringify(withoutNulls(row))}\n`).join('');
  }
  await client.query('COMMIT');
}

function withoutNulls(row: Record<string, unknown>): Record<string, unknown> {
  for (const name in row) if (row[name] === null) row[name] = undefined;
  return row;
}

const begun = performance.now();
const file = await open(join(dir, 'floor.ndjson.gz'), 'w');
const sink = new Writable({
  write: (chunk: Buffer, _encoding, done) => {
    file.writeFile(chunk).then(() => done(), done);
  },
});
await pipeline(Readable.from(lines()), createGzip({ level: GZIP_LEVEL, chunkSize: 1024 * 1024 }), sink);
await file.datasync();
await file.close();
const seconds = (performance.now() - begun) / 1000;
await client.end();
process.stdout.write(`${JSON.stringify({ records, seconds })}\n`);
