import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { isServerAlive, stateOf, stopServer } from '../support/embedded-state.ts';
import { eventually as waitUntil } from '../support/eventually.ts';
import { type CommandResult, type Posrednik, runPosrednik, startPosrednik } from '../support/posrednik.ts';
import { makeStand, type Stand, type StandCabinet } from '../support/stand.ts';

const LONG = 240_000;
const eventually: typeof waitUntil = (what, check) => waitUntil(what, check, 120_000);

describe('commands beside a running daemon', () => {
  let platform: PlatformSimulator;
  let stand: Stand;
  let delo: DeloSimulator;
  let daemon: Posrednik;
  let url: string;
  let database: TestDatabase | undefined;

  async function start(config: Readonly<Record<string, unknown>> = {}, shared = true): Promise<void> {
    database = shared ? await createTestDatabase() : undefined;
    stand = await makeStand({ platformUrl: platform.url, cabinets: 2, config });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
    delo = await startDelo({ channels: stand.channels, keepFiles: false });
    daemon = startPosrednik(['run', '--config', stand.configPath], { env: environment() });
    url = String((await daemon.logged('daemon started'))['url']);
  }
  beforeEach(async () => {
    platform = await startPlatform();
  });
  afterEach(async () => {
    daemon.process.kill('SIGKILL');
    await daemon.exited;
    await delo.stop();
    await platform.close();
    await stopServer(stand.dir);
    await database?.drop();
    await stand.remove();
  });

  const environment = (): Record<string, string> =>
    database === undefined ? {} : { DATABASE_URL: database.url };
  const command = (...args: string[]): Promise<CommandResult> =>
    runPosrednik(['--config', stand.configPath, ...args], { env: environment() });
  const cabinet = (index: number): StandCabinet => {
    const found = stand.cabinets[index];
    if (found === undefined) throw new Error('no such cabinet');
    return found;
  };
  const cards = () =>
    delo
      .cards()
      .map((card) => card.posId)
      .sort();
  const query = async (sql: string): Promise<Record<string, unknown>[]> =>
    (await database?.dataSource.query(sql)) ?? [];
  async function blocked(): Promise<boolean> {
    const rows = await query(`SELECT 1 FROM cabinet WHERE state = 'blocked' AND name = 'lko-1'`);
    return rows.length > 0;
  }

  it(
    'check lets a blocked cabinet work again and closes its incident, at once after the refusal',
    async () => {
      await start();
      platform.setPassword(cabinet(0).opaId, 'changed-over-there');
      platform.revokeTokens(cabinet(0).opaId);
      await eventually('it is blocked', blocked);
      const failing = await command('check');
      expect(failing.code).toBe(1);
      expect(failing.stdout).toMatch(/✗ ошибка\s+кабинет\s+lko-1/);
      expect(await blocked()).toBe(true);

      platform.addAppeal(cabinet(0).opaId, { posId: 641_001 });
      platform.setPassword(cabinet(0).opaId, cabinet(0).password);
      const mended = await command('check');
      expect({ code: mended.code, stderr: mended.stderr }).toEqual({ code: 0, stderr: '' });
      await eventually('its appeal is registered', () => cards().includes('641001'));
      expect(await blocked()).toBe(false);
      expect(await query('SELECT code FROM incident WHERE closed_at IS NULL')).toEqual([]);
      expect(
        await query(`SELECT count(*)::int AS n FROM incident WHERE code = 'PLATFORM_CREDENTIALS_WRONG'`),
      ).toEqual([{ n: 1 }]);
      // One wrong try of the daemon, one of the first check: nothing is tried while the cabinet is blocked.
      expect(platform.counters().logins[cabinet(0).opaId]?.failed).toBe(2);
    },
    LONG,
  );

  it(
    'check lets a cabinet work again that was not ready, without waiting for the hour',
    async () => {
      await start();
      platform.setReady(cabinet(0).opaId, false);
      await eventually('it is blocked', blocked);
      platform.setReady(cabinet(0).opaId, true);
      platform.addAppeal(cabinet(0).opaId, { posId: 642_001 });
      expect((await command('check', '--json')).code).toBe(0);
      await eventually('its appeal is registered', () => cards().includes('642001'));
    },
    LONG,
  );

  it(
    'on the embedded database: commands use the running server and disturb nobody; without a daemon they start it',
    async () => {
      await start({}, false);
      const before = await stateOf(stand.dir);
      const check = await command('check');
      expect({ code: check.code, stderr: check.stderr }).toEqual({ code: 0, stderr: '' });
      expect((await command('migrate')).stdout).toBe('Таблицы уже соответствуют этой версии.');
      expect((await command('quarantine', 'list')).stdout).toBe('Карантин пуст.');
      expect(await stateOf(stand.dir)).toEqual(before);
      platform.addAppeal(cabinet(0).opaId, { posId: 643_001 });
      await eventually('the daemon works on', () => cards().includes('643001'));
      expect((await fetch(`${url}/readyz`)).status).toBe(200);

      await eventually('the card is known as registered', async () => {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        return metrics.includes('posrednik_appeals{stage="card-registered"} 1');
      });
      daemon.process.kill('SIGTERM');
      expect((await daemon.exited).code).toBe(0);
      const alone = await command('appeals', 'resend', '643001');
      expect(alone).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^lko-1, обращение 643001: отправлять нечего/),
        stderr: '',
      });
      expect(await isServerAlive(stand.dir)).toBe(false);
      const interrupted = startPosrednik(['--config', stand.configPath, 'check']);
      await eventually('its server runs', () => isServerAlive(stand.dir));
      interrupted.process.kill('SIGINT');
      await interrupted.exited;
      await eventually('its server is gone', async () => !(await isServerAlive(stand.dir)));
    },
    LONG,
  );

  it(
    'quarantine: a message set aside is listed, put back, read again, and told anew when it is still bad',
    async () => {
      await start({ sed: { sweepInterval: '200ms', quarantineAfter: '500ms' } });
      const folder = join(stand.channels[0]?.in ?? '', 'quarantine');
      delo.sendNonsense('delo-1', 'dtd');
      await eventually('it is in quarantine', async () => (await listed()).length === 1);
      const [first] = await listed();
      expect(first).toMatchObject({ channel: 'delo-1', code: 'SED_MESSAGE_UNREADABLE' });
      const table = await command('quarantine', 'list');
      expect(table.stdout).toMatch(
        new RegExp(`^delo-1  ${first?.message}  .*Сообщение из СЭД не удалось прочитать: .*DOCTYPE`),
      );

      const retried = await command('quarantine', 'retry', 'delo-1', String(first?.message));
      expect(retried).toEqual({
        code: 0,
        stdout: `Сообщение ${first?.message} возвращено в папку канала delo-1 и будет прочитано.`,
        stderr: '',
      });
      await eventually('it is told anew', async () => {
        const rows = await query('SELECT settled_at FROM quarantine ORDER BY id');
        return rows.length === 2 && rows[0]?.['settled_at'] !== null && rows[1]?.['settled_at'] === null;
      });
      await eventually('it lies there again', async () => (await readdir(folder)).length > 0);
      expect(await listed()).toHaveLength(1);
      expect(
        await query(`SELECT scope FROM incident WHERE code = 'SED_MESSAGE_UNREADABLE' AND closed_at IS NULL`),
      ).toEqual([{ scope: 'channel:delo-1' }]);
    },
    LONG,
  );

  it(
    'quarantine: a message that lacked a file is read once the file is there, and the incident ends',
    async () => {
      await start({ sed: { sweepInterval: '200ms', quarantineAfter: '300ms' } });
      delo.behave({ registration: 'command' });
      platform.addAppeal(cabinet(0).opaId, { posId: 644_001 });
      await eventually('taken', () => delo.counters.taken > 0);
      delo.sendNonsense('delo-1', 'missing-file');
      await eventually('it is in quarantine', async () => (await listed()).length > 0);
      const messages = await listed();
      for (const { message } of messages) {
        await writeFile(
          join(stand.channels[0]?.in ?? '', 'quarantine', message, 'Приложение.pdf'),
          '%PDF-1.4\n',
        );
        expect(await command('quarantine', 'retry', 'delo-1', message)).toMatchObject({
          code: 0,
          stderr: '',
        });
      }
      await eventually('nothing is left there', async () => (await listed()).length === 0);
      await eventually('the folder is empty', async () => {
        const names = await readdir(stand.channels[0]?.in ?? '');
        return names.filter((name) => name.endsWith('.env')).length === 0;
      });
      expect(
        await query(`SELECT 1 FROM incident WHERE code = 'SED_MESSAGE_UNREADABLE' AND closed_at IS NULL`),
      ).toEqual([]);
    },
    LONG,
  );

  it(
    'appeals resend: a refused card goes again as a new attempt and is registered',
    async () => {
      await start();
      delo.behave({ refuse: { code: 39 } });
      platform.addAppeal(cabinet(0).opaId, { posId: 645_001 });
      await eventually(
        'it is refused',
        async () => (await query(`SELECT 1 FROM card WHERE stage = 'attention'`)).length > 0,
      );
      delo.behave({ refuse: false });
      expect(await command('appeals', 'resend', '645001')).toEqual({
        code: 0,
        stdout: 'lko-1, обращение 645001: отправлена исправленная карточка',
        stderr: '',
      });
      await eventually(
        'it is registered',
        () => cards().includes('645001') && delo.counters.registered === 1,
      );
      await eventually(
        'it is known',
        async () => (await query(`SELECT 1 FROM card WHERE stage = 'registered'`)).length > 0,
      );
      const again = JSON.parse((await command('appeals', 'resend', '645001', '--json')).stdout) as unknown;
      expect(again).toEqual({ outcomes: [{ posId: '645001', cabinet: 'lko-1', action: 'nothing' }] });
    },
    LONG,
  );

  it(
    'cabinets backfill: what was received before the start gets its card on command',
    async () => {
      await start();
      platform.addAppeal(cabinet(0).opaId, {
        posId: 646_001,
        status: 'SEND_RESPONSE',
        receivedAt: '2026-03-02T10:00:00+03:00',
        changedAtMs: Date.parse('2026-03-02T10:00:00+03:00'),
      });
      await eventually(
        'it is passed over',
        async () => (await query(`SELECT 1 FROM appeal WHERE stage = 'skipped'`)).length > 0,
      );
      const days = ['--from', '2026-03-02', '--to', '2026-03-02'];
      expect((await command('cabinets', 'backfill', 'lko-1', ...days, '--with-cards')).code).toBe(0);
      await eventually('its card is registered', () => cards().includes('646001'));
      await eventually(
        'it is finished',
        async () => (await query('SELECT 1 FROM backfill WHERE finished_at IS NULL')).length === 0,
      );
    },
    LONG,
  );

  async function listed(): Promise<{ channel: string; message: string; code: string }[]> {
    const { stdout } = await command('quarantine', 'list', '--json');
    return (JSON.parse(stdout) as { messages: { channel: string; message: string; code: string }[] })
      .messages;
  }
});
