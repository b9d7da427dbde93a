import { Fault } from '../../model/errors.ts';
import type { Queryable } from '../../store/data-source.ts';
import { LANGUAGES, type Language, ROLES, type Role } from '../web/viewer.ts';
import { hashPassword, isPassword, LONGEST_PASSWORD, SHORTEST_PASSWORD } from './password.ts';
import { endSessionsOf, IDLE } from './sessions.ts';
import { beginDeviceTry, beginTry, forgetTries, rememberDevice } from './tries.ts';

export interface ConsoleUser {
  readonly id: string;
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly lang: Language;
  readonly timeZone: string;
  readonly createdAt: Date;
  readonly disabledAt: Date | null;
  /** Wrong tries keep new browsers out until then. */
  readonly lockedUntil: Date | null;
  /** Without one he comes by the trusted proxy's header only. */
  readonly hasPassword: boolean;
  /** In how many places he is signed in. */
  readonly sessions: number;
}

export interface NewUser {
  readonly login: string;
  readonly name: string;
  readonly role: Role;
  readonly password?: string;
}

const SELECT = `SELECT id::text AS id, login, name, role, lang, time_zone AS "timeZone", created_at AS "createdAt",
  disabled_at AS "disabledAt", CASE WHEN t.locked_until > now() THEN t.locked_until END AS "lockedUntil",
  password IS NOT NULL AS "hasPassword",
  (SELECT count(*)::int FROM console_session s
   WHERE s.user_id = console_user.id AND s.expires_at > now() AND s.seen_at > now() - ${IDLE}) AS sessions
  FROM console_user LEFT JOIN sign_in_tries t ON t.login_hash = sha256(convert_to(lower(login), 'UTF8'))`;

/** All users, by login. */
export async function listUsers(db: Queryable): Promise<ConsoleUser[]> {
  return await db.query<ConsoleUser>(`${SELECT} ORDER BY lower(login)`);
}

/** A user by login, whatever the case of its letters. */
export async function findUser(db: Queryable, login: string): Promise<ConsoleUser | undefined> {
  const [user] = await db.query<ConsoleUser>(`${SELECT} WHERE lower(login) = lower($1)`, [login.trim()]);
  return user;
}

/** Whether there is anybody who may sign in. */
export async function hasUsers(db: Queryable): Promise<boolean> {
  return (await db.query('SELECT 1 FROM console_user WHERE disabled_at IS NULL LIMIT 1')).length > 0;
}

/** Whom the audit means by these words must be nobody's login. */
const RESERVED: ReadonlySet<string> = new Set(['команда', 'гость', 'посредник']);

/** @throws Fault COMMAND_INVALID for a login that is taken, an unknown role or a password that is too short */
export async function addUser(db: Queryable, user: NewUser): Promise<string> {
  const login = user.login.trim();
  if (!/^[\p{L}\p{N}._@-]{2,64}$/u.test(login)) {
    throw invalid('имя для входа: от 2 до 64 букв, цифр и знаков . _ @ -');
  }
  if (RESERVED.has(login.toLowerCase())) throw invalid(`имя «${login}» занято: так посредник называет своих`);
  if (!ROLES.includes(user.role)) throw invalid(`роли «${user.role}» нет; есть: ${ROLES.join(', ')}`);
  const password = user.password === undefined ? null : await hashPassword(checked(user.password));
  const [row] = await db.query<{ id: string }>(
    `INSERT INTO console_user (login, name, role, password) VALUES ($1, $2, $3, $4)
     ON CONFLICT (lower(login)) DO NOTHING RETURNING id::text AS id`,
    [login, user.name.trim() || login, user.role, password],
  );
  if (row === undefined) throw invalid(`пользователь «${login}» уже есть`);
  return row.id;
}

/**
 * Sets a new password, opens a locked login, ends all the user's sessions and forgets his browsers.
 * @throws Fault COMMAND_INVALID for a password that is too short or no such user
 */
export async function setPassword(db: Queryable, id: string, password: string): Promise<void> {
  const hash = await hashPassword(checked(password));
  const rows = await db.query(
    `WITH ended AS (DELETE FROM console_session WHERE user_id = $1),
       strange AS (DELETE FROM console_device WHERE user_id = $1),
       opened AS (DELETE FROM sign_in_tries WHERE login_hash =
         (SELECT sha256(convert_to(lower(login), 'UTF8')) FROM console_user WHERE id = $1))
     UPDATE console_user SET password = $2 WHERE id = $1 RETURNING 1`,
    [id, hash],
  );
  if (rows.length === 0) throw invalid('такого пользователя нет');
}

/**
 * Changes one's own password; wrong present ones are counted as tries to sign in are. All his sessions end.
 * @throws Fault COMMAND_INVALID for a new password that is too short or too long
 */
export async function changePassword(
  db: Queryable,
  user: { readonly id: string },
  current: string,
  next: string,
): Promise<'changed' | 'wrong' | 'locked'> {
  checked(next);
  // Counted apart from tries to sign in: strangers who lock the login must not keep him from this. No login has spaces.
  const counted = `own password of ${user.id}`;
  if (!(await beginTry(db, counted)).ok) return 'locked';
  const [row] = await db.query<{ password: string | null }>(
    'SELECT password FROM console_user WHERE id = $1',
    [user.id],
  );
  if (!(await isPassword(current, row?.password))) return 'wrong';
  await forgetTries(db, counted);
  await setPassword(db, user.id, next);
  return 'changed';
}

/**
 * Changes role or disables and enables; whoever loses something is signed out. The last admin stays one, also when two
 * admins take it from each other at the same moment: each locks the other's row, and the loser of that looks again.
 * @throws Fault COMMAND_INVALID
 */
export async function changeUser(
  db: Queryable,
  id: string,
  change: { readonly role?: Role; readonly disabled?: boolean },
): Promise<void> {
  const takesAway = change.disabled === true || (change.role !== undefined && change.role !== 'admin');
  const rows = await db.query(
    `UPDATE console_user u SET role = coalesce($2, role),
       disabled_at = CASE WHEN $3::boolean IS NULL THEN disabled_at WHEN $3 THEN coalesce(disabled_at, now()) END
     WHERE id = $1 AND (NOT $4 OR u.role <> 'admin' OR u.disabled_at IS NOT NULL OR EXISTS (
       SELECT 1 FROM console_user o WHERE o.id <> u.id AND o.role = 'admin' AND o.disabled_at IS NULL FOR UPDATE))
     RETURNING id`,
    [id, change.role ?? null, change.disabled ?? null, takesAway],
  );
  if (rows.length === 0) {
    const known = await db.query('SELECT 1 FROM console_user WHERE id = $1', [id]);
    throw invalid(
      known.length === 0 ? 'такого пользователя нет' : 'последний администратор остаётся администратором',
    );
  }
  if (takesAway) await endSessionsOf(db, id);
}

/** What a user chooses for himself. @throws Fault COMMAND_INVALID for a zone or language that there is not */
export async function changeSettings(
  db: Queryable,
  id: string,
  { lang, timeZone }: { readonly lang: string; readonly timeZone: string },
): Promise<void> {
  if (!LANGUAGES.some((known) => known === lang)) throw invalid(`языка «${lang}» нет`);
  if (!timeZones().includes(timeZone)) throw invalid('такого часового пояса нет');
  await db.query('UPDATE console_user SET lang = $2, time_zone = $3 WHERE id = $1', [id, lang, timeZone]);
}

/** IANA zones to choose from. */
export function timeZones(): readonly string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')];
}

export type SignIn =
  | { readonly ok: true; readonly id: string; readonly login: string; readonly device: string }
  /** `id`: whose login it is, for the audit and nobody else. */
  | { readonly ok: false; readonly reason: 'wrong'; readonly id?: string }
  | { readonly ok: false; readonly reason: 'locked'; readonly until: Date };

/**
 * Tries a login and password; says nothing of why it was wrong. Wrong ones lock the login for a while that grows to an
 * hour at most, but for browsers in which this user has signed in before (`device`: their cookie): whoever guesses can
 * keep new browsers out while he goes on, never the user in his own; an administrator or `posrednik user unlock` opens.
 */
export async function trySignIn(
  db: Queryable,
  login: string,
  password: string,
  device?: string,
): Promise<SignIn> {
  const name = login.trim();
  if (device === undefined || !(await beginDeviceTry(db, name, device))) {
    const begun = await beginTry(db, name);
    // Not even tried while locked: who guesses learns nothing in that time.
    if (!begun.ok) return { ok: false, reason: 'locked', until: begun.until };
  }
  const [user] = await db.query<{ id: string; login: string; password: string | null }>(
    `SELECT id::text AS id, login, password FROM console_user WHERE lower(login) = lower($1) AND disabled_at IS NULL`,
    [name],
  );
  const isRight = await isPassword(password, user?.password);
  if (user === undefined) return { ok: false, reason: 'wrong' };
  if (!isRight) return { ok: false, reason: 'wrong', id: user.id };
  await forgetTries(db, name);
  return { ok: true, id: user.id, login: user.login, device: await rememberDevice(db, user.id, device) };
}

function checked(password: string): string {
  if (password.length < SHORTEST_PASSWORD) throw invalid(`пароль короче ${SHORTEST_PASSWORD} знаков`);
  if (password.length > LONGEST_PASSWORD) throw invalid(`пароль длиннее ${LONGEST_PASSWORD} знаков`);
  return password;
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
