// The PostgreSQL of one jest run. A process of its own that stops the server and removes its folder when its
// standard input closes, which the operating system does however the run ends: no server outlives a crashed run.
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startEmbedded } from '../../src/store/embedded/index.ts';

/** Tests want speed; what they prove about durability they prove on servers of their own. */
const FAST = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };

async function host(infoFile: string): Promise<void> {
  const parentGone = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve).once('close', resolve).resume();
  });
  const folder = await mkdtemp(join(tmpdir(), 'posrednik-jest-'));
  try {
    // As root the server runs under another account, which must be able to pass.
    await chmod(folder, 0o711);
    const server = await startEmbedded({
      stateDir: join(folder, 'state'),
      log: pino({ level: 'silent' }),
      settings: FAST,
    });
    try {
      await publish(infoFile, { url: server.url });
      await parentGone;
    } finally {
      await server.stop();
    }
  } catch (error) {
    await publish(infoFile, { error: String(error) });
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(infoFile, { force: true });
  }
}

/** The file appears whole: tests look for it while it is being written. */
async function publish(infoFile: string, info: { url: string } | { error: string }): Promise<void> {
  await writeFile(`${infoFile}.draft`, JSON.stringify(info), { mode: 0o600 });
  await rename(`${infoFile}.draft`, infoFile);
}

const [infoFile] = process.argv.slice(2);
if (infoFile === undefined) throw new Error('usage: postgres-host.ts INFO_FILE');
await host(infoFile);
