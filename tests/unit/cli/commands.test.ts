import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type CommandResult, runPosrednik } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';

const LONG = 120_000;
const DAY_MS = 86_400_000;

describe('commands that need no daemon', () => {
  let stand: Stand;
  let empty: TestDatabase;
  let full: TestDatabase;

  beforeAll(async () => {
    full = await createTestDatabase();
  }, LONG);
  afterAll(() => full.drop());
  beforeEach(async () => {
    stand = await makeStand({ platformUrl: 'http://127.0.0.1:9', cabinets: 2 });
    empty = await createEmptyDatabase();
  });
  afterEach(async () => {
    await empty.drop();
    await stand.remove();
  });

  function run(args: readonly string[], database = full): Promise<CommandResult> {
    return runPosrednik(['--config', stand.configPath, ...args], { env: { DATABASE_URL: database.url } });
  }

  it(
    'migrate: makes the tables of an empty database, then has nothing to do',
    async () => {
      const first = await run(['migrate'], empty);
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).toMatch(/^Выполнены обновления: Foundation\d+/);
      expect(await run(['migrate'], empty)).toEqual({
        code: 0,
        stdout: 'Таблицы уже соответствуют этой версии.',
        stderr: '',
      });
      const [row] = await empty.dataSource.query(`SELECT to_regclass('public.appeal')::text AS name`);
      expect(row).toEqual({ name: 'appeal' });
      const again = await run(['migrate', '--json'], empty);
      expect(JSON.parse(again.stdout)).toEqual({ migrations: [] });
    },
    LONG,
  );

  it(
    'migrate --json: the names of what it ran, one line',
    async () => {
      const { code, stdout } = await run(['migrate', '--json'], empty);
      expect(code).toBe(0);
      expect(stdout.split('\n')).toHaveLength(1);
      const { migrations } = JSON.parse(stdout) as { migrations: string[] };
      expect(migrations[0]).toMatch(/^Foundation/);
    },
    LONG,
  );

  it(
    'migrate: a database of a newer version is refused with words, and left as it is',
    async () => {
      await run(['migrate'], empty);
      await empty.dataSource.query(
        `INSERT INTO migration (timestamp, name) VALUES (9999999999999, 'Later9999999999999')`,
      );
      const { code, stderr } = await run(['migrate'], empty);
      expect(code).toBe(1);
      expect(stderr).toContain('DATABASE_UNSUITABLE');
      expect(stderr).toContain('Later9999999999999');
    },
    LONG,
  );

  const COMMANDS: string[][] = [
    ['appeals', 'resend', '1'],
    ['quarantine', 'list'],
    ['quarantine', 'retry', 'delo-1', 'abc'],
    ['cabinets', 'backfill', 'lko-1', '--from', '2026-01-01', '--to', '2026-01-31'],
  ];
  it.each(COMMANDS)(
    '%s %s on a database without tables: says to migrate, and makes none',
    async (...args) => {
      const { code, stdout, stderr } = await run(args, empty);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^DATABASE_NOT_MIGRATED: .*\n.*posrednik migrate/);
      const [row] = await empty.dataSource.query(`SELECT to_regclass('public.appeal')::text AS name`);
      expect(row).toEqual({ name: null });
    },
    LONG,
  );

  it.each(COMMANDS)(
    '%s %s with the database away: says so and how to mend it',
    async (...args) => {
      const { code, stdout, stderr } = await runPosrednik(['--config', stand.configPath, ...args], {
        env: { DATABASE_URL: 'postgresql://a:dbsecret77@127.0.0.1:9/x' },
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^DATABASE_UNREACHABLE: .*\n.*DATABASE_URL/);
      expect(stderr).not.toContain('dbsecret77');
    },
    LONG,
  );

  it(
    'appeals resend: an unknown number → words and exit code 1, in JSON an empty list',
    async () => {
      expect(await run(['appeals', 'resend', '999999'])).toEqual({
        code: 1,
        stdout: 'Обращение 999999 посреднику неизвестно.',
        stderr: '',
      });
      const json = await run(['appeals', 'resend', '999999', '--json']);
      expect(json.code).toBe(1);
      expect(JSON.parse(json.stdout)).toEqual({ outcomes: [] });
    },
    LONG,
  );

  it(
    'quarantine: an empty list, an unknown channel, an unknown or hostile message name',
    async () => {
      expect(await run(['quarantine', 'list'])).toEqual({ code: 0, stdout: 'Карантин пуст.', stderr: '' });
      expect(JSON.parse((await run(['quarantine', 'list', '--json'])).stdout)).toEqual({ messages: [] });
      const channel = await run(['quarantine', 'retry', 'delo-7', 'abc']);
      expect(channel.code).toBe(1);
      expect(channel.stderr).toContain('нет канала «delo-7»; есть: delo-1');
      for (const name of ['abc', '../../etc/passwd', 'quarantine', '']) {
        const message = await run(['quarantine', 'retry', 'delo-1', name]);
        expect(message.code).toBe(1);
        expect(message.stderr).toMatch(/^SED_MESSAGE_UNREADABLE: /);
      }
    },
    LONG,
  );

  const BAD_DAYS: [string, string, string][] = [
    ['31.01.2026', '2026-02-01', '--from: напишите день как 2026-01-31'],
    ['2026-02-30', '2026-03-01', '--from: напишите день как 2026-01-31'],
    ['2026-01-01', '2026-1-5', '--to: напишите день как 2026-01-31'],
    ['2026-01-01', '2026-01-31T00:00:00', '--to: напишите день как 2026-01-31'],
    ['2026-02-01', '2026-01-31', 'последний день раньше первого'],
  ];
  it.each(BAD_DAYS)(
    'cabinets backfill --from %s --to %s → %s',
    async (from, to, words) => {
      const { code, stderr } = await run(['cabinets', 'backfill', 'lko-1', '--from', from, '--to', to]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^COMMAND_INVALID: /);
      expect(stderr).toContain(words);
      expect(await full.dataSource.query('SELECT count(*)::int AS n FROM backfill')).toEqual([{ n: 0 }]);
    },
    LONG,
  );

  it(
    'cabinets backfill: an unknown cabinet is answered with the known ones',
    async () => {
      const { code, stderr } = await run([
        'cabinets',
        'backfill',
        'lko',
        '--from',
        '2026-01-01',
        '--to',
        '2026-01-02',
      ]);
      expect(code).toBe(1);
      expect(stderr).toContain('нет кабинета «lko»; есть: lko-1, lko-2');
    },
    LONG,
  );

  it(
    'cabinets backfill: both days whole, in the zone of the cabinet; stored for the daemon though none has run yet',
    async () => {
      await run(['migrate'], empty);
      const days = ['--from', '2026-01-05', '--to', '2026-01-06'];
      const { code, stdout } = await run(
        ['cabinets', 'backfill', 'lko-2', ...days, '--with-cards', '--json'],
        empty,
      );
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        cabinet: 'lko-2',
        from: '2026-01-04T21:00:00.000Z',
        to: '2026-01-06T21:00:00.000Z',
      });
      const rows = (await empty.dataSource.query('SELECT * FROM backfill')) as Record<string, unknown>[];
      expect(rows).toMatchObject([
        { opa_id: '100002', reason: 'command', force_cards: true, finished_at: null },
      ]);
      expect(Number(rows[0]?.['changed_to']) - Number(rows[0]?.['changed_from'])).toBe(2 * DAY_MS);
      const words = await run(['cabinets', 'backfill', 'lko-1', ...days], empty);
      expect(words.stdout).toBe(
        'Дочитывание кабинета lko-1 с 2026-01-05 по 2026-01-06 поставлено в очередь.',
      );
    },
    LONG,
  );

  it(
    'without a command: the help; with an unknown one: words; both with exit code 1',
    async () => {
      const bare = await runPosrednik([]);
      expect(bare.code).toBe(1);
      expect(bare.stderr).toMatch(/^Вызов: posrednik \[параметры\] \[команда\]/);
      const unknown = await runPosrednik(['restart']);
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toContain('Нет такой команды: «restart».');
      const help = await runPosrednik(['cabinets', 'backfill', '--help']);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(help.stdout).toContain('--from <день>');
      expect(help.stdout).not.toMatch(/Usage|Options|display/);
    },
    LONG,
  );
});
