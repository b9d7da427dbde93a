import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Daemon } from '../../src/daemon.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeStand, type Stand, type StandCabinet } from '../support/stand.ts';
import { endSurroundings, startStandDaemon } from '../support/stand-daemon.ts';

const LONG = 120_000;

let database: TestDatabase;
let db: Queryable;
let platform: PlatformSimulator;
let stand: Stand;
let delo: DeloSimulator;
let daemon: Daemon | undefined;
let good: StandCabinet;
let bad: StandCabinet;

beforeEach(async () => {
  platform = await startPlatform();
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  stand = await makeStand({ platformUrl: platform.url, cabinets: 2 });
  const [first, second] = stand.cabinets;
  if (first === undefined || second === undefined) throw new Error('two cabinets wanted');
  good = first;
  bad = second;
  delo = await startDelo({ channels: stand.channels });
});
afterEach(async () => {
  await endSurroundings({ daemons: [daemon], delo, platform, database, stand });
  daemon = undefined;
});

async function start(): Promise<void> {
  daemon = await startStandDaemon(stand, database);
}

async function restart(): Promise<void> {
  await daemon?.stop();
  await start();
}

const logins = (cabinet: StandCabinet) => platform.counters().logins[cabinet.opaId] ?? { ok: 0, failed: 0 };
const cards = () => delo.cards().length;

async function stateOf(cabinet: StandCabinet): Promise<string | undefined> {
  const [row] = await db.query<{ state: string }>('SELECT state FROM cabinet WHERE opa_id = $1', [
    cabinet.opaId,
  ]);
  return row?.state;
}

async function openIncidents(): Promise<string[]> {
  const rows = await db.query<{ code: string }>(
    'SELECT code FROM incident WHERE closed_at IS NULL ORDER BY id',
  );
  return rows.map((row) => row.code);
}

describe('a daemon with a cabinet whose password is wrong', () => {
  it(
    'runs the others on, tries once, and goes on when the file is mended, without a restart',
    async () => {
      platform.addCabinet({ ...good });
      platform.addCabinet({ ...bad });
      await stand.setPassword(bad.id, 'не тот');
      platform.addAppeal(good.opaId);
      platform.addAppeal(bad.opaId);
      await start();
      await eventually('the bad one is blocked', async () => (await stateOf(bad)) === 'blocked');
      await eventually('the good one’s card', () => cards() === 1);
      expect(await openIncidents()).toEqual(['PLATFORM_CREDENTIALS_WRONG']);
      expect(logins(bad)).toEqual({ ok: 0, failed: 1 });

      await stand.setPassword(bad.id, bad.password);
      await eventually('the other card', () => cards() === 2);
      expect(await stateOf(bad)).toBe('active');
      expect(await openIncidents()).toEqual([]);
      expect(logins(bad).failed).toBe(1);
    },
    LONG,
  );

  it(
    'started again and again, it does not try the refused password again, but a changed one at once',
    async () => {
      platform.addCabinet({ ...good });
      platform.addCabinet({ ...bad, password: 'новый пароль' });
      await start();
      await eventually('the bad one is blocked', async () => (await stateOf(bad)) === 'blocked');
      await restart();
      await restart();
      platform.addAppeal(good.opaId);
      await eventually('the good one works', () => cards() === 1);
      // One refusal for all three starts.
      expect(logins(bad)).toEqual({ ok: 0, failed: 1 });
      await daemon?.stop();
      await stand.setPassword(bad.id, 'новый пароль');
      await start();
      await eventually('it works', async () => (await stateOf(bad)) === 'active');
      expect(logins(bad).failed).toBe(1);
      expect(await openIncidents()).toEqual([]);
    },
    LONG,
  );
});

describe('a daemon whose spool goes away', () => {
  it(
    'keeps the appeal and sends it with its file when the folder is back',
    async () => {
      platform.addCabinet({ ...good });
      platform.addCabinet({ ...bad });
      platform.addAppeal(good.opaId);
      await start();
      await eventually('it works', () => cards() === 1);
      const partial = join(stand.dir, 'state', 'spool', 'partial');
      await rm(partial, { recursive: true });
      await writeFile(partial, '');
      const withFile = platform.addAppeal(good.opaId, {
        files: [{ name: 'фото.jpg', content: 'x'.repeat(5000), mimeType: 'image/jpeg' }],
      });
      const attachment = async () =>
        (
          await db.query<{ state: string; error_code: string | null }>(
            `SELECT f.state, f.error_code FROM attachment f JOIN appeal a ON a.id = f.appeal_id WHERE a.pos_id = $1`,
            [String(withFile)],
          )
        )[0];
      await eventually(
        'the refusal of the disk',
        async () => (await attachment())?.error_code === 'SPOOL_UNAVAILABLE',
      );
      expect(await attachment()).toEqual({ state: 'wanted', error_code: 'SPOOL_UNAVAILABLE' });
      await rm(partial);
      await mkdir(partial);
      await eventually('the file', async () => (await attachment())?.state === 'stored');
      await eventually('the card with its file', () => cards() === 2);
    },
    LONG,
  );
});
