import { once } from 'node:events';
import { rmSync } from 'node:fs';

const LIMIT_MS = 60_000;

// biome-ignore lint/style/noDefaultExport: demanded by jest
export default async function tearDown() {
  const compiled = globalThis.posrednikCompiled ?? '';
  if (compiled.includes('posrednik-jest-compiled-')) rmSync(compiled, { recursive: true, force: true });
  const host = globalThis.posrednikPostgresHost;
  if (host === undefined || host.exitCode !== null) return;
  host.ref();
  host.stdin.end();
  await once(host, 'exit', { signal: AbortSignal.timeout(LIMIT_MS) });
}
