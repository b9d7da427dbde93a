import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { isServerAlive, stateOf } from '../support/embedded-state.ts';
import { eventually } from '../support/eventually.ts';
import { type Posrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const LONG = 300_000;
const MEGABYTE = 1024 * 1024;

describe('an ordered stop', () => {
  let platform: PlatformSimulator;
  let stand: Stand;
  let delo: DeloSimulator;
  let daemon: Posrednik | undefined;

  beforeEach(async () => {
    platform = await startPlatform();
    stand = await makeStand({ platformUrl: platform.url, cabinets: 1 });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels, keepFiles: false });
  });
  afterEach(async () => {
    daemon?.process.kill('SIGKILL');
    await daemon?.exited;
    daemon = undefined;
    await delo.stop();
    await platform.close();
    await stand.remove();
  });

  function start(): Posrednik {
    daemon = startPosrednik(['run', '--config', stand.configPath]);
    return daemon;
  }
  const opaId = () => stand.cabinets[0]?.opaId ?? '';
  const fileRequests = () => platform.counters().requests['file'] ?? 0;
  const feedRequests = () => platform.counters().requests['feed'] ?? 0;

  it(
    'lets a running download end, begins nothing new, says so, and takes the database along',
    async () => {
      const running = start();
      const { url } = await running.logged('daemon started');
      // Larger than what is fetched within the appeal's own job, and slow to begin.
      platform.fault({ route: 'file', kind: 'latency', ms: 4000 });
      const file = { name: 'видео.mp4', size: 2 * MEGABYTE, mimeType: 'video/mp4' };
      platform.addAppeal(opaId(), { posId: 611_001, files: [file] });
      await eventually('the download began', () => fileRequests() > 0);

      running.process.kill('SIGTERM');
      await running.logged('stopping');
      const readiness = await fetch(`${url}/readyz`);
      expect(readiness.status).toBe(503);
      expect(await readiness.json()).toEqual({ ok: false, problem: 'stopping' });
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      platform.addAppeal(opaId(), { posId: 611_002 });
      const feedBefore = feedRequests();

      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(running.stderr).toEqual([]);
      expect(feedRequests()).toBeLessThanOrEqual(feedBefore + 1);
      expect(await isServerAlive(stand.dir)).toBe(false);
      // The next start has the file and goes on: it was fetched once.
      platform.clearFaults();
      const again = start();
      await again.logged('daemon started');
      await eventually('both cards', () => delo.counters.registered >= 2, LONG);
      expect(fileRequests()).toBe(1);
      expect(
        delo
          .cards()
          .map((card) => card.posId)
          .sort(),
      ).toEqual(['611001', '611002']);
      again.process.kill('SIGINT');
      expect(await again.exited).toEqual({ code: 0, signal: null });
    },
    LONG,
  );

  it(
    'a second signal ends it at once, with exit code 1, and its database server goes too',
    async () => {
      const running = start();
      await running.logged('daemon started');
      platform.fault({ route: 'file', kind: 'hang' });
      const file = { name: 'видео.mp4', size: 2 * MEGABYTE, mimeType: 'video/mp4' };
      platform.addAppeal(opaId(), { posId: 612_001, files: [file] });
      await eventually('the download hangs', () => fileRequests() > 0);
      const { pid } = await stateOf(stand.dir);
      expect(pid).toBeGreaterThan(0);

      running.process.kill('SIGTERM');
      await running.logged('stopping');
      const since = performance.now();
      running.process.kill('SIGTERM');
      expect(await running.exited).toEqual({ code: 1, signal: null });
      expect(performance.now() - since).toBeLessThan(10_000);
      expect(running.log().at(-1)).toMatchObject({ level: 40, msg: 'stopped at once', signal: 'SIGTERM' });
      await eventually('the server is gone', async () => !(await isServerAlive(stand.dir)));

      platform.clearFaults();
      const again = start();
      await again.logged('daemon started');
      await eventually('the card', () => delo.counters.registered >= 1, LONG);
      again.process.kill('SIGTERM');
      expect((await again.exited).code).toBe(0);
    },
    LONG,
  );

  it(
    'what hangs is cut after the grace of 20 s, and the stop is still an ordered one',
    async () => {
      const running = start();
      await running.logged('daemon started');
      platform.fault({ route: 'file', kind: 'hang' });
      const file = { name: 'видео.mp4', size: 2 * MEGABYTE, mimeType: 'video/mp4' };
      platform.addAppeal(opaId(), { posId: 613_001, files: [file] });
      await eventually('the download hangs', () => fileRequests() > 0);
      const since = performance.now();
      running.process.kill('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      const seconds = (performance.now() - since) / 1000;
      expect(seconds).toBeGreaterThan(15);
      expect(seconds).toBeLessThan(60);
      expect(running.stderr).toEqual([]);
      expect(await isServerAlive(stand.dir)).toBe(false);
      for (const line of running.log()) expect(line['level']).not.toBe(60);
    },
    LONG,
  );

  it(
    'a signal in the middle of the start undoes the start, and a reload then does no harm',
    async () => {
      const running = start();
      await running.logged('embedded database is ready');
      running.process.kill('SIGHUP');
      running.process.kill('SIGTERM');
      expect(await running.exited).toEqual({ code: 0, signal: null });
      expect(running.stderr).toEqual([]);
      expect(running.log().at(-1)).toMatchObject({ msg: 'stopped' });
      expect(await isServerAlive(stand.dir)).toBe(false);
    },
    LONG,
  );
});
