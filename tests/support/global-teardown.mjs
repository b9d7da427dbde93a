import { once } from 'node:events';

const LIMIT_MS = 60_000;

// biome-ignore lint/style/noDefaultExport: demanded by jest
export default async function tearDown() {
  const host = globalThis.posrednikPostgresHost;
  if (host === undefined || host.exitCode !== null) return;
  host.ref();
  host.stdin.end();
  await once(host, 'exit', { signal: AbortSignal.timeout(LIMIT_MS) });
}
