import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { eventually } from '../support/eventually.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const APPEALS = 200;
const KILLS = 20;

describe('daemon killed with kill -9 at random moments', () => {
  let platform: PlatformSimulator;
  let delo: DeloSimulator;
  let stand: Stand;

  beforeAll(async () => {
    platform = await startPlatform();
    stand = await makeStand({
      platformUrl: platform.url,
      cabinets: 2,
      config: { sed: { sweepInterval: '100ms' } },
    });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels, keepFiles: false, pollMs: 50 });
  });

  afterAll(async () => {
    await delo.stop();
    await platform.close();
    await stand.remove();
  });

  it('makes exactly one card of each appeal', async () => {
    const posIds: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const daemon = await startDaemonProcess(stand.configPath);
      // New appeals come while it runs, so that each death meets another stage of the way.
      for (let index = 0; index < APPEALS / KILLS; index += 1)
        posIds.push(addAppeal(platform, stand, posIds.length));
      const moment = Math.random() * 600;
      const since = performance.now();
      await eventually('the moment to die', () => performance.now() - since > moment);
      await daemon.kill();
    }
    const daemon = await startDaemonProcess(stand.configPath);
    await eventually('all cards registered', () => delo.counters.registered >= APPEALS, 120_000);
    await eventually(
      'all cards known as registered',
      async () => (await registered(daemon.url)) === APPEALS,
      30_000,
    );
    expect(await daemon.stop()).toBe(0);

    const cards = delo.cards();
    expect(cards.map((card) => card.posId).sort()).toEqual([...posIds].sort());
    // What was written twice had the same identity, so ДЕЛО could tell; nothing came under a second one.
    const uids = new Map(cards.map((card) => [card.posId, card.documentUid]));
    for (const double of delo.doubleList) expect(double.documentUid).toBe(uids.get(double.posId));
    expect(delo.complaints).toEqual([]);
    for (const card of cards) expect(card.files.length).toBe(Number(card.posId) % 3 === 0 ? 2 : 1);
  }, 400_000);
});

function addAppeal(platform: PlatformSimulator, stand: Stand, index: number): string {
  const cabinet = stand.cabinets[index % stand.cabinets.length];
  const posId = 500_000 + index;
  const files =
    posId % 3 === 0
      ? [{ name: 'фото.jpg', content: `снимок ${posId}`.repeat(2000), mimeType: 'image/jpeg' }]
      : [];
  platform.addAppeal(cabinet?.opaId ?? '', { posId, files });
  return String(posId);
}

async function registered(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^posrednik_appeals\{stage="card-registered"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}
