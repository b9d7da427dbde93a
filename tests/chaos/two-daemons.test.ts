import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { startDaemonProcess } from '../support/daemon-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const APPEALS = 500;

describe('two daemons on one database', () => {
  let platform: PlatformSimulator;
  let delo: DeloSimulator;
  let stand: Stand;
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
    platform = await startPlatform();
    stand = await makeStand({
      platformUrl: platform.url,
      cabinets: 4,
      channels: 2,
      config: { registration: { concurrency: 8 } },
    });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels, keepFiles: false });
  });

  afterAll(async () => {
    await delo.stop();
    await platform.close();
    await database.drop();
    await stand.remove();
  });

  it('share the appeals: each gets one card, both do some', async () => {
    const env = { DATABASE_URL: database.url };
    const daemons = await Promise.all([
      startDaemonProcess(stand.configPath, env),
      startDaemonProcess(stand.configPath, env),
    ]);
    for (let index = 0; index < APPEALS; index += 1) {
      const cabinet = stand.cabinets[index % stand.cabinets.length];
      platform.addAppeal(cabinet?.opaId ?? '', { posId: 700_000 + index });
    }
    await eventually('all cards registered', () => delo.counters.registered >= APPEALS, 120_000);
    await eventually('every card known as registered', async () => {
      const rows = await database.dataSource.query(
        `SELECT count(*)::int AS n FROM card WHERE stage = 'registered'`,
      );
      return rows[0]?.n === APPEALS;
    });
    const owners = await database.dataSource.query(
      `SELECT split_part(owner, ':', 2) AS pid, count(*)::int AS n FROM package GROUP BY 1`,
    );
    for (const daemon of daemons) expect(await daemon.stop()).toBe(0);

    const cards = delo.cards();
    expect(new Set(cards.map((card) => card.posId)).size).toBe(APPEALS);
    expect(cards).toHaveLength(APPEALS);
    expect(delo.complaints).toEqual([]);
    const byPid = new Map(owners.map((row: { pid: string; n: number }) => [Number(row.pid), row.n]));
    for (const daemon of daemons) expect(byPid.get(daemon.pid) ?? 0).toBeGreaterThan(0);
  }, 300_000);
});
