// Starts the run's PostgreSQL without waiting for it: only tests that want a database wait (tests/support/database.ts).
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// biome-ignore lint/style/noDefaultExport: demanded by jest
export default function setUp() {
  // Programs that the tests start share what has been compiled: they are hundreds, all of the same source.
  process.env.NODE_COMPILE_CACHE ??= mkdtempSync(join(tmpdir(), 'posrednik-jest-compiled-'));
  globalThis.posrednikCompiled = process.env.NODE_COMPILE_CACHE;
  const infoFile = join(tmpdir(), `posrednik-jest-${randomBytes(6).toString('hex')}.json`);
  const script = join(import.meta.dirname, 'postgres-host.ts');
  // Detached: Ctrl-C ends jest, and then the host by its closed standard input, in this order.
  const host = spawn(process.execPath, [script, infoFile], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  host.unref();
  process.env.POSREDNIK_TEST_POSTGRES = infoFile;
  globalThis.posrednikPostgresHost = host;
}
