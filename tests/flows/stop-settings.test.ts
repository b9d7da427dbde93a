import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type Posrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand, type StandCabinet } from '../support/stand.ts';

const LONG = 240_000;

describe('settings changed while the daemon runs', () => {
  let platform: PlatformSimulator;
  let stand: Stand;
  let delo: DeloSimulator;
  let database: TestDatabase;
  let daemon: Posrednik;
  let url: string;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    platform = await startPlatform();
    stand = await makeStand({
      platformUrl: platform.url,
      cabinets: 3,
      config: { cabinetsDir: './cabinets.d' },
    });
    folder = join(stand.dir, 'cabinets.d');
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    await moveCabinetsToFolder();
    delo = await startDelo({ channels: stand.channels, keepFiles: false });
    daemon = startPosrednik(['run', '--config', stand.configPath], { env: { DATABASE_URL: database.url } });
    url = String((await daemon.logged('daemon started'))['url']);
  }, LONG);
  afterEach(async () => {
    daemon.process.kill('SIGKILL');
    await daemon.exited;
    await delo.stop();
    await platform.close();
    await database.drop();
    await stand.remove();
  });

  /** The first cabinet stays in the main file; the second gets a file of its own; the third waits for its test. */
  async function moveCabinetsToFolder(): Promise<void> {
    await mkdir(folder);
    const config = JSON.parse(await readFile(stand.configPath, 'utf8')) as { cabinets: { id: string }[] };
    const [first, second, third] = config.cabinets;
    await writeFile(stand.configPath, JSON.stringify({ ...config, cabinets: [first] }));
    await writeFile(join(folder, 'second.yaml'), JSON.stringify(second));
    await writeFile(join(stand.dir, 'third.yaml'), JSON.stringify(third));
  }

  const cabinet = (index: number): StandCabinet => {
    const found = stand.cabinets[index];
    if (found === undefined) throw new Error('no such cabinet');
    return found;
  };
  const logins = (index: number) => platform.counters().logins[cabinet(index).opaId] ?? { ok: 0, failed: 0 };
  const cards = () =>
    delo
      .cards()
      .map((card) => card.posId)
      .sort();
  const messages = (msg: string) => daemon.log().filter((line) => line['msg'] === msg);
  async function metric(pattern: RegExp): Promise<boolean> {
    return pattern.test(await (await fetch(`${url}/metrics`)).text());
  }
  async function openIncidents(code: string): Promise<{ scope: string; detail: string }[]> {
    return await database.dataSource.query(
      'SELECT scope, detail FROM incident WHERE code = $1 AND closed_at IS NULL',
      [code],
    );
  }

  it(
    'a cabinet put into the folder is read, one taken out is not read any more, nor shown in the metrics',
    async () => {
      expect(logins(2)).toEqual({ ok: 0, failed: 0 });
      platform.addAppeal(cabinet(2).opaId, { posId: 631_001 });
      await rename(join(stand.dir, 'third.yaml'), join(folder, 'third.yaml'));
      await eventually('its appeal is registered', () => cards().includes('631001'), LONG);
      expect(messages('settings read again').at(-1)).toMatchObject({
        cabinets: 3,
        added: ['lko-3'],
        removed: [],
      });
      expect(await metric(/^posrednik_cabinet_lag_seconds\{cabinet="lko-2"\}/m)).toBe(true);
      const breaker = new RegExp(
        `^posrednik_breaker_state\\{endpoint="cabinet:${cabinet(1).opaId}"\\} 0$`,
        'm',
      );
      expect(await metric(breaker)).toBe(true);

      await rm(join(folder, 'second.yaml'));
      await eventually('it is told', () => messages('settings read again').length === 2, LONG);
      expect(messages('settings read again').at(-1)).toMatchObject({ cabinets: 2, removed: ['lko-2'] });
      platform.addAppeal(cabinet(1).opaId, { posId: 631_002 });
      // Both others are read several times after that; the one taken out is not.
      platform.addAppeal(cabinet(0).opaId, { posId: 631_003 });
      await eventually('the others go on', () => cards().includes('631003'), LONG);
      expect(await metric(/cabinet="lko-2"/)).toBe(false);
      expect(await metric(breaker)).toBe(false);
      expect(await metric(/cabinet="lko-1"/)).toBe(true);
      expect(cards()).toEqual(['631001', '631003']);
      expect(daemon.stderr).toEqual([]);
    },
    LONG,
  );

  it(
    'a wrong password blocks that cabinet alone; the right one in the secret file lets it work again',
    async () => {
      platform.setPassword(cabinet(1).opaId, 'another-password');
      platform.revokeTokens(cabinet(1).opaId);
      await eventually(
        'it is blocked',
        async () => (await openIncidents('PLATFORM_CREDENTIALS_WRONG')).length > 0,
      );
      expect(await openIncidents('PLATFORM_CREDENTIALS_WRONG')).toEqual([
        { scope: 'cabinet:lko-2', detail: expect.stringContaining(cabinet(1).name) },
      ]);
      platform.addAppeal(cabinet(0).opaId, { posId: 632_001 });
      platform.addAppeal(cabinet(1).opaId, { posId: 632_002 });
      await eventually('the other cabinet works on', () => cards().includes('632001'), LONG);
      expect(cards()).toEqual(['632001']);
      expect(await metric(/^posrednik_cabinet_state\{cabinet="lko-2",state="blocked"\} 1$/m)).toBe(true);
      expect(await metric(/^posrednik_incidents_open\{code="PLATFORM_CREDENTIALS_WRONG"\} 1$/m)).toBe(true);
      expect(logins(1).failed).toBe(1);

      await stand.setPassword('lko-2', 'another-password');
      await eventually('its appeal is registered', () => cards().includes('632002'), LONG);
      expect(await openIncidents('PLATFORM_CREDENTIALS_WRONG')).toEqual([]);
      expect(logins(1).failed).toBe(1);
      expect(await metric(/^posrednik_cabinet_state\{cabinet="lko-2",state="active"\} 1$/m)).toBe(true);
      const written = [...daemon.stdout, ...daemon.stderr].join('\n');
      for (const { password } of stand.cabinets) expect(written).not.toContain(password);
      expect(written).not.toContain('another-password');
    },
    LONG,
  );

  it(
    'a blocked cabinet taken out of the settings takes its incident along, and put back it starts afresh',
    async () => {
      platform.setPassword(cabinet(1).opaId, 'another-password');
      platform.revokeTokens(cabinet(1).opaId);
      await eventually(
        'it is blocked',
        async () => (await openIncidents('PLATFORM_CREDENTIALS_WRONG')).length > 0,
      );
      await rename(join(folder, 'second.yaml'), join(stand.dir, 'second.yaml'));
      await eventually(
        'nothing is open',
        async () => (await openIncidents('PLATFORM_CREDENTIALS_WRONG')).length === 0,
      );
      platform.setPassword(cabinet(1).opaId, cabinet(1).password);
      platform.addAppeal(cabinet(1).opaId, { posId: 633_001 });
      await rename(join(stand.dir, 'second.yaml'), join(folder, 'second.yaml'));
      await eventually('its appeal is registered', () => cards().includes('633001'), LONG);
    },
    LONG,
  );

  it(
    'an invalid change is told once and changes nothing, and its incident ends when it is mended; SIGHUP reads at once',
    async () => {
      await writeFile(join(folder, 'third.yaml'), 'id: lko-3\nname: Третий\nopaID: 7\n');
      await eventually('it is told', () => messages('new settings not taken').length > 0, LONG);
      await eventually('it is an incident', async () => (await openIncidents('CONFIG_INVALID')).length > 0);
      expect(await openIncidents('CONFIG_INVALID')).toEqual([
        { scope: 'settings', detail: expect.stringMatching(/third\.yaml.*opaI/s) },
      ]);
      daemon.process.kill('SIGHUP');
      platform.addAppeal(cabinet(1).opaId, { posId: 634_001 });
      await eventually('the old settings stay', () => cards().includes('634001'), LONG);
      daemon.process.kill('SIGHUP');

      const good = await readFile(join(stand.dir, 'third.yaml'));
      await writeFile(join(folder, 'third.yaml'), good);
      daemon.process.kill('SIGHUP');
      platform.addAppeal(cabinet(2).opaId, { posId: 634_002 });
      await eventually('the new cabinet is read', () => cards().includes('634002'), LONG);
      await eventually('the incident ends', async () => (await openIncidents('CONFIG_INVALID')).length === 0);
      expect(messages('new settings not taken')).toHaveLength(1);
      expect(messages('new settings not taken')[0]).toMatchObject({ level: 50, code: 'CONFIG_INVALID' });

      // Mended by taking the faulty part away again: nothing has changed, and that too is sound.
      await writeFile(join(folder, 'fourth.yaml'), 'id: Нет\n');
      daemon.process.kill('SIGHUP');
      await eventually('told again', () => messages('new settings not taken').length === 2, LONG);
      await eventually('it is an incident', async () => (await openIncidents('CONFIG_INVALID')).length > 0);
      await rm(join(folder, 'fourth.yaml'));
      daemon.process.kill('SIGHUP');
      await eventually('the incident ends', async () => (await openIncidents('CONFIG_INVALID')).length === 0);
    },
    LONG,
  );

  it(
    'a setting that needs a restart is told as such and changes nothing now',
    async () => {
      const config = JSON.parse(await readFile(stand.configPath, 'utf8')) as Record<string, unknown>;
      await writeFile(stand.configPath, JSON.stringify({ ...config, console: { port: 1 } }));
      daemon.process.kill('SIGHUP');
      await eventually('it is told', () => messages('settings read again').length > 0, LONG);
      expect(messages('settings read again').at(-1)).toMatchObject({
        restartNeeded: true,
        added: [],
        removed: [],
      });
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    },
    LONG,
  );
});
