import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../../src/console/users/audit.ts';
import { queryable } from '../../../src/store/data-source.ts';
import { type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';
import { runRepairCommand } from '../../support/command-run.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { CommandResult } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';

const LONG = 60_000;
let platform: PlatformSimulator;
let stand: Stand;
let database: TestDatabase;

beforeAll(async () => {
  platform = await startPlatform();
  stand = await makeStand({ platformUrl: platform.url, cabinets: 1 });
  for (const { opaId, name, identifier, password } of stand.cabinets) {
    platform.addCabinet({ opaId, name, identifier, password });
  }
  database = await createTestDatabase();
}, LONG);
afterAll(async () => {
  await database.drop();
  await platform.close();
  await stand.remove();
});
beforeEach(async () => {
  await queryable(database.dataSource).query('TRUNCATE cabinet, incident, journal CASCADE');
  await stand.setPassword('lko-1', stand.cabinets[0]?.password ?? '');
});

function run(...args: string[]): Promise<CommandResult> {
  return runRepairCommand(stand.configPath, database.url, ['cabinets', ...args]);
}

async function row(): Promise<unknown> {
  const [found] = await queryable(database.dataSource).query(
    `SELECT state, state_code AS code, state_detail AS detail, next_poll_at <= now() AS due FROM cabinet`,
  );
  return found;
}

async function events(): Promise<string[]> {
  const rows = await queryable(database.dataSource).query<{ event: string }>(
    `SELECT event FROM journal ORDER BY id`,
  );
  return rows.map(({ event }) => event);
}

describe('cabinets pause and resume', () => {
  it(
    'stores the pause with its reason and ends it; both once',
    async () => {
      const paused = await run('pause', 'lko-1', '--why', 'переезд');
      expect(paused).toMatchObject({ code: 0, stderr: '' });
      expect(paused.stdout).toMatch(/^Кабинет lko-1 приостановлен: .*cabinets resume lko-1\.$/);
      expect(await row()).toMatchObject({ state: 'paused', code: null, detail: 'переезд' });
      expect((await run('pause', 'lko-1')).stdout).toBe('Кабинет lko-1 уже приостановлен.');
      const resumed = await run('resume', 'lko-1', '--json');
      expect(JSON.parse(resumed.stdout)).toEqual({ cabinet: 'lko-1', state: 'active', changed: true });
      expect(await row()).toEqual({ state: 'active', code: null, detail: null, due: true });
      expect((await run('resume', 'lko-1')).stdout).toBe('Кабинет lko-1 не был приостановлен.');
      expect(await events()).toEqual(['cabinet-paused', 'cabinet-resumed']);
      const audit = await listAudit(queryable(database.dataSource), { object: 'cabinet:lko-1' });
      expect(audit.map(({ who, action, why }) => [who, action, why]).reverse()).toEqual([
        ['команда', 'cabinet-paused', 'переезд'],
        ['команда', 'cabinet-resumed', null],
      ]);
    },
    LONG,
  );

  it(
    'a cabinet that was blocked is blocked again after a pause, until a check lets it in',
    async () => {
      await stand.setPassword('lko-1', 'wrong');
      expect((await run('check', 'lko-1')).code).toBe(1);
      await run('pause', 'lko-1');
      expect(await row()).toMatchObject({ state: 'paused', code: 'PLATFORM_CREDENTIALS_WRONG' });
      const resumed = await run('resume', 'lko-1');
      expect(resumed.stdout).toMatch(/заблокирован.*cabinets check lko-1\.$/);
      expect(await row()).toMatchObject({ state: 'blocked', code: 'PLATFORM_CREDENTIALS_WRONG', due: false });
    },
    LONG,
  );

  it.each([['pause'], ['resume'], ['check']])(
    '%s: an unknown cabinet is answered with the known ones',
    async (command) => {
      const { code, stderr } = await run(command, 'lko');
      expect(code).toBe(1);
      expect(stderr).toContain('нет кабинета «lko»; есть: lko-1');
    },
    LONG,
  );
});

describe('cabinets check', () => {
  it(
    'tells that the platform let it in',
    async () => {
      expect(await run('check', 'lko-1')).toEqual({
        code: 0,
        stdout: 'Кабинет lko-1: платформа впустила.',
        stderr: '',
      });
    },
    LONG,
  );

  it(
    'blocks on a wrong password with what to do, and unblocks with the right one',
    async () => {
      await stand.setPassword('lko-1', 'wrong');
      const refused = await run('check', 'lko-1');
      expect(refused.code).toBe(1);
      expect(refused.stdout).toMatch(/^Кабинет lko-1: PLATFORM_CREDENTIALS_WRONG: .*\nСверьте/);
      expect(refused.stdout).not.toContain('wrong');
      expect(await row()).toMatchObject({ state: 'blocked', due: false });
      await stand.setPassword('lko-1', stand.cabinets[0]?.password ?? '');
      const good = await run('check', 'lko-1', '--json');
      expect(JSON.parse(good.stdout)).toEqual({ cabinet: 'lko-1', ok: true, state: 'active' });
      expect(await row()).toMatchObject({ state: 'active', code: null, due: true });
      const open = await queryable(database.dataSource).query(
        `SELECT 1 FROM incident WHERE closed_at IS NULL`,
      );
      expect(open).toEqual([]);
    },
    LONG,
  );

  it(
    'a pause by a person stays, but ends unblocked once the platform has let it in',
    async () => {
      await stand.setPassword('lko-1', 'wrong');
      await run('check', 'lko-1');
      await run('pause', 'lko-1', '--why', 'ждём пароль');
      await stand.setPassword('lko-1', stand.cabinets[0]?.password ?? '');
      const checked = await run('check', 'lko-1');
      expect(checked.stdout).toBe(
        'Кабинет lko-1: платформа впустила. Он приостановлен человеком; вернуть: cabinets resume lko-1.',
      );
      expect(await row()).toMatchObject({ state: 'paused', code: null, detail: 'ждём пароль' });
      expect((await run('resume', 'lko-1')).stdout).toBe('Кабинет lko-1 снова работает.');
    },
    LONG,
  );

  it(
    'a platform that is away says nothing of the password: the state stays, exit code 1',
    async () => {
      const away = await makeStand({ platformUrl: 'http://127.0.0.1:9', cabinets: 1 });
      try {
        const check = ['cabinets', 'check', 'lko-1', '--json'];
        const { code, stdout } = await runRepairCommand(away.configPath, database.url, check);
        expect(code).toBe(1);
        expect(JSON.parse(stdout)).toMatchObject({
          ok: false,
          state: 'active',
          code: 'PLATFORM_UNREACHABLE',
        });
      } finally {
        await away.remove();
      }
    },
    LONG,
  );
});
