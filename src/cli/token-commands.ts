import type { Command } from 'commander';
import { DateTime } from 'luxon';
import { writeAudit } from '../console/users/audit.ts';
import { type ApiToken, addToken, listTokens, revokeToken, SCOPES } from '../console/users/tokens.ts';
import { ROLES, type Role } from '../console/web/viewer.ts';
import { Fault } from '../model/errors.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { WHO } from './words.ts';

export interface AddTokenFlags extends JsonFlag {
  readonly role: string;
  readonly scopes: string;
  readonly expires?: string;
}

/** Adds the group of commands about tokens of the JSON API. */
export function addTokenCommands(program: Command, options: () => GlobalOptions): void {
  const token = program.command('token').description('токены JSON API, по одному на программу');
  token
    .command('add')
    .argument('<имя>', 'имя токена: какая это программа')
    .description('выдать токен; он печатается один раз')
    .requiredOption('--role <роль>', `роль: ${ROLES.join(', ')}`)
    .requiredOption('--scopes <права>', `через запятую: ${SCOPES.join(', ')}; или all, all:read`)
    .option('--expires <день>', 'до какого дня включительно действует (ГГГГ-ММ-ДД) или сколько дней (90d)')
    .option('--json', 'ответ в JSON')
    .action((name: string, flags: AddTokenFlags) => addTokenCommand(options(), name, flags));
  token
    .command('list')
    .description('выданные токены, без самих токенов')
    .option('--json', 'ответ в JSON')
    .action((flags: JsonFlag) => listTokensCommand(options(), flags));
  token
    .command('revoke')
    .argument('<имя>', 'имя токена')
    .description('отозвать токен сейчас же')
    .option('--json', 'ответ в JSON')
    .action((name: string, flags: JsonFlag) => revokeTokenCommand(options(), name, flags));
}

/** `posrednik token add`. @throws Fault COMMAND_INVALID */
export async function addTokenCommand(
  options: GlobalOptions,
  name: string,
  flags: AddTokenFlags,
): Promise<void> {
  const scopes = flags.scopes.split(',').flatMap((scope) => (scope.trim() === '' ? [] : [scope.trim()]));
  const expiresAt = flags.expires === undefined ? undefined : expiryOf(flags.expires);
  // An unknown role is refused where it is stored.
  const role = flags.role as Role;
  const loaded = await loadForCommand(options);
  const secret = await withTables(loaded, commandLog(), async (db) => {
    const expires = expiresAt === undefined ? {} : { expiresAt };
    const made = await addToken(db, { name, role, scopes, createdBy: WHO, ...expires });
    const object = `token:${name.trim()}`;
    await writeAudit(db, { who: WHO, action: 'token-added', object, data: { role, scopes } });
    return made;
  });
  printResult(flags.json, { name, role, scopes, expiresAt: expiresAt ?? null, token: secret }, [
    `Токен «${name}»: ${secret}`,
    'Больше он не будет показан. Передавайте его в заголовке «Authorization: Bearer …»; описание API — на странице /api/docs консоли.',
  ]);
}

/** The end of the day in the zone of this machine, or so many days from now. */
function expiryOf(text: string): Date {
  const [, days] = /^([1-9]\d{0,3})d$/.exec(text) ?? [];
  if (days !== undefined)
    return DateTime.now()
      .plus({ days: Number(days) })
      .toJSDate();
  const day = DateTime.fromISO(text);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && day.isValid) return day.endOf('day').toJSDate();
  throw new Fault('COMMAND_INVALID', {
    detail: '--expires: напишите день как 2026-12-31 или число дней как 90d',
    field: '--expires',
  });
}

/** `posrednik token list`. */
export async function listTokensCommand(options: GlobalOptions, flags: JsonFlag): Promise<void> {
  const loaded = await loadForCommand(options);
  const tokens = await withTables(loaded, commandLog(), listTokens);
  printResult(
    flags.json,
    { tokens },
    tokens.length === 0 ? ['Токенов нет. Новый выдаёт «posrednik token add».'] : tokens.map(lineOf),
  );
}

function lineOf({ name, role, scopes, expiresAt, revokedAt, usedAt }: ApiToken): string {
  const day = (at: Date) => DateTime.fromJSDate(at).toFormat('dd.MM.yyyy HH:mm');
  const isOver = expiresAt !== null && expiresAt.getTime() <= Date.now();
  const state = [
    ...(revokedAt === null ? [] : [`отозван ${day(revokedAt)}`]),
    ...(expiresAt === null ? ['без срока'] : [`${isOver ? 'кончился' : 'до'} ${day(expiresAt)}`]),
    usedAt === null ? 'не использован' : `использован ${day(usedAt)}`,
  ];
  return `${name}: ${role}, ${state.join(', ')}; права: ${scopes.join(', ')}`;
}

/** `posrednik token revoke`: exit code 1 when there is no such token that works. */
export async function revokeTokenCommand(
  options: GlobalOptions,
  name: string,
  flags: JsonFlag,
): Promise<void> {
  const loaded = await loadForCommand(options);
  const revoked = await withTables(loaded, commandLog(), async (db) => {
    const done = await revokeToken(db, name);
    if (done) await writeAudit(db, { who: WHO, action: 'token-revoked', object: `token:${name.trim()}` });
    return done;
  });
  printResult(flags.json, { name, revoked }, [
    revoked ? `Токен «${name}» отозван.` : `Действующего токена «${name}» нет.`,
  ]);
  if (!revoked) process.exitCode = 1;
}
