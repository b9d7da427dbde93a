import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canReach } from '../../src/store/embedded/account.ts';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { IS_ROOT, NOBODY, uidOf } from '../support/embedded.ts';
import { isServerAlive, stateOf, stopServer } from '../support/embedded-state.ts';
import { eventually } from '../support/eventually.ts';
import { type Posrednik, type RunOptions, runPosrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const LONG = 240_000;
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const asRoot = IS_ROOT ? it : it.skip;
const asNobody = IS_ROOT && (await canReach(PROJECT, NOBODY)) ? it : it.skip;

describe('whose account the daemon runs under', () => {
  let platform: PlatformSimulator;
  let home: string;
  let stand: Stand;
  let delo: DeloSimulator;
  let daemon: Posrednik | undefined;

  beforeEach(async () => {
    platform = await startPlatform();
    home = await mkdtemp(join(tmpdir(), 'posrednik-home-'));
    stand = await makeStand({ platformUrl: platform.url, cabinets: 1, dir: join(home, 'work') });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels, keepFiles: false });
  });
  afterEach(async () => {
    daemon?.process.kill('SIGKILL');
    await daemon?.exited;
    daemon = undefined;
    await delo.stop();
    await platform.close();
    await stopServer(stand.dir);
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });

  async function registerOne(options: RunOptions): Promise<Posrednik> {
    daemon = startPosrednik(['run', '--config', stand.configPath], options);
    await daemon.logged('daemon started');
    const file = { name: 'фото.jpg', content: 'снимок', mimeType: 'image/jpeg' };
    platform.addAppeal(stand.cabinets[0]?.opaId ?? '', { posId: 621_001, files: [file] });
    await eventually('the card is registered', () => delo.counters.registered === 1, LONG);
    return daemon;
  }

  asNobody(
    'a plain user with a home of their own (skipped when not root, or when the project is closed to others)',
    async () => {
      await giveTo(home, NOBODY);
      await chmod(home, 0o700);
      // ДЕЛО goes on as root here, so it may take what a plain user wrote.
      const options = { ...NOBODY, cwd: home, env: { HOME: home } };
      const running = await registerOne(options);
      expect(await uidOf(running.process.pid ?? 0)).toBe(NOBODY.uid);
      const { pid } = await stateOf(stand.dir);
      expect(await uidOf(pid)).toBe(NOBODY.uid);
      expect((await stat(join(stand.dir, 'state'))).uid).toBe(NOBODY.uid);

      const check = await runPosrednik(['check', '--config', stand.configPath], options);
      expect({ code: check.code, stderr: check.stderr }).toEqual({ code: 0, stderr: '' });
      running.process.kill('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(await isServerAlive(stand.dir)).toBe(false);
    },
    LONG,
  );

  asNobody(
    'a plain user who may not write the channel is told which folder and why (skipped as above)',
    async () => {
      await giveTo(home, NOBODY);
      const [channel] = stand.channels;
      const out = channel?.out ?? '';
      await chown(out, 0, 0);
      await chmod(out, 0o755);
      const check = await runPosrednik(['check', '--json', '--config', stand.configPath], {
        ...NOBODY,
        cwd: home,
        env: { HOME: home },
      });
      expect(check.code).toBe(1);
      const { ok, checks } = JSON.parse(check.stdout) as { ok: boolean; checks: Record<string, unknown>[] };
      expect(ok).toBe(false);
      expect(checks.filter((line) => line['ok'] === false)).toEqual([
        expect.objectContaining({
          area: 'channel',
          name: channel?.id,
          code: 'SED_FOLDER_UNAVAILABLE',
          message: expect.stringContaining(out),
        }),
      ]);
    },
    LONG,
  );

  asRoot(
    'root with everything in a 0700 home: the server runs under another account (skipped when not root)',
    async () => {
      await chmod(home, 0o700);
      const running = await registerOne({ cwd: home, env: { HOME: home } });
      const { pid } = await stateOf(stand.dir);
      expect(await uidOf(pid)).not.toBe(0);
      running.process.kill('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(await isServerAlive(stand.dir)).toBe(false);
      // The same data are found again.
      const again = startPosrednik(['run', '--config', stand.configPath], { cwd: home, env: { HOME: home } });
      daemon = again;
      const { url } = await again.logged('daemon started');
      await eventually('the card is known as registered', async () => {
        const metrics = await (await fetch(`${String(url)}/metrics`)).text();
        return metrics.includes('posrednik_appeals{stage="card-registered"} 1');
      });
      again.process.kill('SIGTERM');
      expect((await again.exited).code).toBe(0);
    },
    LONG,
  );

  it(
    'a working folder that is not there yet is made, a relative path stands beside the settings',
    async () => {
      await mkdir(join(home, 'elsewhere'));
      const running = await registerOne({
        cwd: join(home, 'elsewhere'),
        env: { POSREDNIK_SPOOLDIR: 'files/spool' },
      });
      expect(await readdir(join(home, 'elsewhere', 'files', 'spool'))).toContain('.posrednik-cluster');
      running.process.kill('SIGTERM');
      expect((await running.exited).code).toBe(0);
    },
    LONG,
  );
});

async function giveTo(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await lchown(path, uid, gid);
  if (!(await stat(path)).isDirectory()) return;
  for (const name of await readdir(path)) await giveTo(join(path, name), { uid, gid });
}
