import type { Command } from 'commander';
import { writeAudit } from '../console/users/audit.ts';
import { endSessionsOf } from '../console/users/sessions.ts';
import { forgetTries } from '../console/users/tries.ts';
import {
  addUser,
  type ConsoleUser,
  changeUser,
  findUser,
  listUsers,
  setPassword,
} from '../console/users/users.ts';
import { ROLES, type Role } from '../console/web/viewer.ts';
import { Fault } from '../model/errors.ts';
import type { Queryable } from '../store/data-source.ts';
import { askPassword, type PasswordFlags } from './ask-password.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { WHO } from './words.ts';

export interface AddUserFlags extends JsonFlag, PasswordFlags {
  readonly role: string;
  readonly name?: string;
  readonly header?: boolean;
}

export interface NewPasswordFlags extends JsonFlag, PasswordFlags {}

/** Adds the group of commands about users of the console: also the way in when nobody can sign in. */
export function addUserCommands(program: Command, options: () => GlobalOptions): void {
  const user = program.command('user').description('пользователи консоли');
  const json = ['--json', 'ответ в JSON'] as const;
  user
    .command('add')
    .argument('<имя>', 'имя для входа')
    .description('добавить пользователя; пароль спрашивается, либо читается из файла или стандартного ввода')
    .requiredOption('--role <роль>', `роль: ${ROLES.join(', ')}`)
    .option('--name <имя>', 'как показывать на страницах')
    .option('--password-file <файл>', 'пароль — первая строка файла')
    .option('--random', 'придумать пароль и напечатать его один раз')
    .option('--header', 'без пароля: впускает доверенный прокси (console.headerSignIn)')
    .option(...json)
    .action((login: string, flags: AddUserFlags) => addUserCommand(options(), login, flags));
  user
    .command('list')
    .description('кто может входить')
    .option(...json)
    .action((flags: JsonFlag) => listUsersCommand(options(), flags));
  user
    .command('password')
    .argument('<имя>', 'имя для входа')
    .description('задать новый пароль; все сеансы завершаются, закрытый вход открывается')
    .option('--password-file <файл>', 'пароль — первая строка файла')
    .option('--random', 'придумать пароль и напечатать его один раз')
    .option(...json)
    .action((login: string, flags: NewPasswordFlags) => passwordCommand(options(), login, flags));
  const simple = (name: string, description: string, act: Act) =>
    user
      .command(name)
      .argument('<имя>', 'имя для входа')
      .description(description)
      .option(...json)
      .action((login: string, flags: JsonFlag) => changeCommand(options(), login, flags, act));
  simple('disable', 'не впускать; все сеансы завершаются', async (db, { id }) => {
    await changeUser(db, id, { disabled: true });
    return { action: 'user-disabled', said: 'отключён' };
  });
  simple('enable', 'снова впускать', async (db, { id }) => {
    await changeUser(db, id, { disabled: false });
    return { action: 'user-enabled', said: 'включён' };
  });
  simple('unlock', 'открыть вход, закрытый после неверных попыток', async (db, { login }) => {
    await forgetTries(db, login);
    return { action: 'user-unlocked', said: 'вход открыт' };
  });
  simple('sign-out', 'завершить все сеансы', async (db, { id }) => {
    const ended = await endSessionsOf(db, id);
    return { action: 'user-signed-out', said: `сеансов завершено: ${ended}` };
  });
}

type Act = (db: Queryable, user: ConsoleUser) => Promise<{ readonly action: string; readonly said: string }>;

/** `posrednik user add`. @throws Fault COMMAND_INVALID */
export async function addUserCommand(
  options: GlobalOptions,
  login: string,
  flags: AddUserFlags,
): Promise<void> {
  const role = roleOf(flags.role);
  const loaded = await loadForCommand(options);
  const asked = flags.header === true ? undefined : await askPassword(flags);
  const id = await withTables(loaded, commandLog(), async (db) => {
    const password = asked === undefined ? {} : { password: asked.password };
    const added = await addUser(db, { login, name: flags.name ?? '', role, ...password });
    await writeAudit(db, { who: WHO, action: 'user-added', object: `user:${added}`, data: { role } });
    return added;
  });
  printResult(flags.json, { id, login, role, ...shownOf(asked) }, [
    `Пользователь ${login} добавлен, роль: ${role}.`,
    ...passwordLines(asked),
  ]);
}

/** `posrednik user list`: no secret of anybody. */
export async function listUsersCommand(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const users = await withTables(loaded, commandLog(), listUsers);
  printResult(
    flags.json,
    { users },
    users.length === 0
      ? ['Пользователей нет. Первого администратора создаёт «posrednik user add ИМЯ --role admin».']
      : users.map(lineOf),
  );
}

function lineOf(user: ConsoleUser): string {
  const state = [
    ...(user.disabledAt === null ? [] : ['отключён']),
    ...(user.lockedUntil === null ? [] : [`вход закрыт до ${user.lockedUntil.toISOString()}`]),
    ...(user.hasPassword ? [] : ['входит через прокси']),
  ];
  const name = user.name === user.login ? '' : ` (${user.name})`;
  const tail = state.length === 0 ? '' : `, ${state.join(', ')}`;
  return `${user.login}${name}: ${user.role}, сеансов ${user.sessions}${tail}`;
}

/** `posrednik user password`. @throws Fault COMMAND_INVALID */
export async function passwordCommand(
  options: GlobalOptions,
  login: string,
  flags: NewPasswordFlags,
): Promise<void> {
  const loaded = await loadForCommand(options);
  const asked = await askPassword(flags);
  await withTables(loaded, commandLog(), async (db) => {
    const { id } = await requireUser(db, login);
    await setPassword(db, id, asked.password);
    await writeAudit(db, { who: WHO, action: 'password-renewed', object: `user:${id}` });
  });
  printResult(flags.json, { login, ...shownOf(asked) }, [
    `Пароль пользователя ${login} задан, его сеансы завершены.`,
    ...passwordLines(asked),
  ]);
}

async function changeCommand(
  options: GlobalOptions,
  login: string,
  flags: JsonFlag,
  act: Act,
): Promise<void> {
  const loaded = await loadForCommand(options);
  const said = await withTables(loaded, commandLog(), async (db) => {
    const user = await requireUser(db, login);
    const done = await act(db, user);
    await writeAudit(db, { who: WHO, action: done.action, object: `user:${user.id}` });
    return done.said;
  });
  printResult(flags.json, { login, done: said }, [`Пользователь ${login}: ${said}.`]);
}

async function requireUser(db: Queryable, login: string): Promise<ConsoleUser> {
  const user = await findUser(db, login);
  if (user === undefined) throw new Fault('COMMAND_INVALID', { detail: `пользователя «${login}» нет` });
  return user;
}

function roleOf(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (role !== undefined) return role;
  throw new Fault('COMMAND_INVALID', {
    detail: `--role: роли «${text}» нет; есть: ${ROLES.join(', ')}`,
    field: '--role',
  });
}

type Asked = Awaited<ReturnType<typeof askPassword>> | undefined;

function shownOf(asked: Asked) {
  return asked?.isRandom === true ? { password: asked.password } : {};
}

function passwordLines(asked: Asked): string[] {
  return asked?.isRandom === true ? [`Пароль: ${asked.password}`, 'Больше он не будет показан.'] : [];
}
