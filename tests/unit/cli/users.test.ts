import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { askPassword } from '../../../src/cli/ask-password.ts';
import { listAudit } from '../../../src/console/users/audit.ts';
import { openSession } from '../../../src/console/users/sessions.ts';
import { findToken } from '../../../src/console/users/tokens.ts';
import { beginTry } from '../../../src/console/users/tries.ts';
import { findUser, trySignIn } from '../../../src/console/users/users.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { runRepairCommand } from '../../support/command-run.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { CommandResult } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';

const LONG = 60_000;
const PASSWORD = 'длинный-пароль-из-файла';
let stand: Stand;
let database: TestDatabase;
let db: Queryable;
let dir: string;
let file: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'posrednik-users-'));
  file = join(dir, 'password');
  await writeFile(file, `${PASSWORD}\r\nвторая строка\n`);
  stand = await makeStand({ platformUrl: 'http://127.0.0.1:9', cabinets: 1 });
  database = await createTestDatabase();
  db = queryable(database.dataSource);
}, LONG);
afterAll(async () => {
  await database.drop();
  await stand.remove();
  await rm(dir, { recursive: true });
});
beforeEach(async () => {
  await db.query('TRUNCATE console_user, sign_in_tries, api_token, audit RESTART IDENTITY CASCADE');
});

function run(...args: string[]): Promise<CommandResult> {
  return runRepairCommand(stand.configPath, database.url, args);
}

describe('user', () => {
  it('list says how to begin while there is nobody', async () => {
    expect((await run('user', 'list')).stdout).toContain('posrednik user add ИМЯ --role admin');
    expect(JSON.parse((await run('user', 'list', '--json')).stdout)).toEqual({ users: [] });
  });

  it('add takes the password from a file, its first line, and prints none', async () => {
    const added = await run(
      'user',
      'add',
      'Ольга',
      '--role',
      'admin',
      '--name',
      'Ольга П.',
      '--password-file',
      file,
    );
    expect(added).toEqual({ code: 0, stdout: 'Пользователь Ольга добавлен, роль: admin.', stderr: '' });
    expect(await trySignIn(db, 'ольга', PASSWORD)).toMatchObject({ ok: true });
    const [entry] = await listAudit(db, {});
    expect(entry).toMatchObject({ who: 'команда', action: 'user-added', data: { role: 'admin' } });
    expect((await run('user', 'list')).stdout).toBe('Ольга (Ольга П.): admin, сеансов 0');
  });

  it('add --random makes a password and prints it this once', async () => {
    const added = JSON.parse(
      (await run('user', 'add', 'bot', '--role', 'viewer', '--random', '--json')).stdout,
    );
    expect(added).toEqual({
      id: expect.stringMatching(/^\d+$/),
      login: 'bot',
      role: 'viewer',
      password: expect.any(String),
    });
    expect(await trySignIn(db, 'bot', added.password)).toMatchObject({ ok: true });
    const shown = (await run('user', 'add', 'bot2', '--role', 'viewer', '--random')).stdout;
    expect(shown).toMatch(/\nПароль: [a-zA-Z2-9]{20}\nБольше он не будет показан\.$/);
    expect((await run('user', 'list', '--json')).stdout).not.toContain(added.password);
  });

  it('add --header makes one who has no password', async () => {
    await run('user', 'add', 'sso', '--role', 'operator', '--header');
    expect((await run('user', 'list')).stdout).toBe('sso: operator, сеансов 0, входит через прокси');
    expect(await trySignIn(db, 'sso', '')).toMatchObject({ ok: false });
  });

  it.each([
    [['add', 'x', '--role', 'admin', '--random'], 'имя для входа'],
    [['add', 'имя', '--role', 'хозяин', '--random'], 'роли «хозяин» нет; есть: viewer, operator, admin'],
    [['add', 'имя', '--role', 'admin', '--random', '--password-file', 'x'], 'вместе не бывают'],
    [['add', 'имя', '--role', 'admin', '--password-file', '/none/none'], 'ENOENT'],
    [['disable', 'никто'], 'пользователя «никто» нет'],
    [['password', 'никто', '--random'], 'пользователя «никто» нет'],
  ])('refuses %j in words', async (args, words) => {
    const { code, stdout, stderr } = await run('user', ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(words);
    expect(await listAudit(db, {})).toEqual([]);
  });

  it('a password that is too short is refused, and the login is not taken', async () => {
    const short = join(dir, 'short');
    await writeFile(short, 'коротко\n');
    const { stderr } = await run('user', 'add', 'имя', '--role', 'admin', '--password-file', short);
    expect(stderr).toContain('пароль короче 12 знаков');
    expect(stderr).not.toContain('коротко\n');
    expect(await findUser(db, 'имя')).toBeUndefined();
    expect((await run('user', 'add', 'имя', '--role', 'admin', '--random')).code).toBe(0);
    expect((await run('user', 'add', 'ИМЯ', '--role', 'admin', '--random')).stderr).toContain('уже есть');
  });

  it('disable, enable, unlock, sign-out and password do what they say', async () => {
    await run('user', 'add', 'admin', '--role', 'admin', '--random');
    await run('user', 'add', 'Пётр', '--role', 'operator', '--password-file', file);
    const id = (await findUser(db, 'Пётр'))?.id ?? '';
    await openSession(db, id);
    expect((await run('user', 'sign-out', 'пётр')).stdout).toBe('Пользователь пётр: сеансов завершено: 1.');
    await openSession(db, id);
    await run('user', 'disable', 'Пётр');
    expect(await findUser(db, 'Пётр')).toMatchObject({ sessions: 0, disabledAt: expect.any(Date) });
    expect((await run('user', 'list')).stdout).toContain('Пётр: operator, сеансов 0, отключён');
    await run('user', 'enable', 'Пётр');
    for (let turn = 0; turn < 6; turn += 1) await beginTry(db, 'Пётр');
    expect((await run('user', 'list')).stdout).toContain('вход закрыт до');
    await run('user', 'unlock', 'Пётр');
    expect((await findUser(db, 'Пётр'))?.lockedUntil).toBeNull();
    const renewed = JSON.parse((await run('user', 'password', 'Пётр', '--random', '--json')).stdout);
    expect(await trySignIn(db, 'Пётр', PASSWORD)).toMatchObject({ ok: false });
    expect(await trySignIn(db, 'Пётр', renewed.password)).toMatchObject({ ok: true });
    expect((await run('user', 'disable', 'admin')).stderr).toContain('последний администратор');
    expect((await listAudit(db, { object: `user:${id}` })).map(({ action }) => action).reverse()).toEqual([
      'user-added',
      'user-signed-out',
      'user-disabled',
      'user-enabled',
      'user-unlocked',
      'password-renewed',
    ]);
  });
});

describe('asking for a password', () => {
  const stream = (isTTY: boolean) => {
    const through = new PassThrough() as unknown as NodeJS.ReadStream & PassThrough;
    return Object.assign(through, { isTTY, setRawMode: () => through });
  };

  it('reads the first line of what is piped in', async () => {
    const input = stream(false);
    input.end('\uFEFFпароль из трубы \nещё\n');
    expect(await askPassword({}, input)).toEqual({ password: 'пароль из трубы ', isRandom: false });
    const empty = stream(false);
    empty.end('');
    expect(await askPassword({}, empty)).toEqual({ password: '', isRandom: false });
  });

  it('asks twice on a terminal, showing nothing of it', async () => {
    const input = stream(true);
    const asked = askPassword({}, input);
    input.write('тайное-слово\r');
    // The second question stands only when the first is answered.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    input.write('тайное-слово\r');
    expect(await asked).toEqual({ password: 'тайное-слово', isRandom: false });
  });

  it('two that differ are none, and Ctrl+C is a stop', async () => {
    const input = stream(true);
    const asked = askPassword({}, input);
    input.write('одно\r');
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    input.write('другое\r');
    await expect(asked).rejects.toMatchObject({ code: 'COMMAND_INVALID', detail: 'пароли не совпадают' });
    const stopped = stream(true);
    const left = askPassword({}, stopped);
    stopped.write('\u0003');
    await expect(left).rejects.toMatchObject({ code: 'STOPPED' });
  });
});

describe('token', () => {
  it('add prints the token once; list shows everything but it; revoke ends it', async () => {
    const made = JSON.parse(
      (
        await run(
          'token',
          'add',
          'сайт',
          '--role',
          'viewer',
          '--scopes',
          'appeals:read, deliveries:read',
          '--expires',
          '30d',
          '--json',
        )
      ).stdout,
    );
    expect(made).toMatchObject({ name: 'сайт', role: 'viewer', scopes: ['appeals:read', 'deliveries:read'] });
    const found = await findToken(db, made.token);
    const days = ((found?.expiresAt?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);
    const list = await run('token', 'list');
    expect(list.stdout).toMatch(
      /^сайт: viewer, до .+, использован .+; права: appeals:read, deliveries:read$/,
    );
    expect(list.stdout).not.toContain(made.token);
    expect(await run('token', 'revoke', 'САЙТ')).toMatchObject({ code: 0 });
    expect(await findToken(db, made.token)).toBeUndefined();
    expect(await run('token', 'revoke', 'сайт')).toMatchObject({ code: 1 });
    expect((await run('token', 'list')).stdout).toContain('отозван');
    expect((await listAudit(db, {})).map(({ action, object }) => [action, object])).toEqual([
      ['token-revoked', 'token:САЙТ'],
      ['token-added', 'token:сайт'],
    ]);
    expect(JSON.stringify(await listAudit(db, {}))).not.toContain(made.token);
  });

  it('add --expires takes a day whole', async () => {
    const made = JSON.parse(
      (
        await run(
          'token',
          'add',
          'до-дня',
          '--role',
          'admin',
          '--scopes',
          'all',
          '--expires',
          '2999-12-31',
          '--json',
        )
      ).stdout,
    );
    expect((await findToken(db, made.token))?.expiresAt?.getHours()).toBe(23);
  });

  it.each([
    [['--role', 'viewer', '--scopes', 'all'], 'роль viewer ничего не меняет'],
    [['--role', 'root', '--scopes', 'all'], 'роли «root» нет'],
    [['--role', 'admin', '--scopes', ' , '], 'хотя бы одно право'],
    [['--role', 'admin', '--scopes', 'x'], 'права «x» нет'],
    [['--role', 'admin', '--scopes', 'all', '--expires', 'завтра'], '--expires'],
    [['--role', 'admin', '--scopes', 'all', '--expires', '2020-01-01'], 'срок токена уже прошёл'],
  ])('refuses %j in words', async (args, words) => {
    const { code, stderr } = await run('token', 'add', 'имя', ...args);
    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });
});
