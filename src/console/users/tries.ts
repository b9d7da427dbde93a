import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../store/data-source.ts';

/** Wrong tries that cost nothing; each one more doubles the wait. */
export const FREE_TRIES = 5;
const FIRST_WAIT_S = 30;
const LONGEST_WAIT_S = 3600;
/** Tries are forgotten after a day without one. */
const MEMORY = "interval '1 day'";

/** What is counted under: the typed login, whether such a user is or not. Hashed, for passwords get typed there too. */
const KEY = "sha256(convert_to(lower($1), 'UTF8'))";

export type Begun = { readonly ok: true } | { readonly ok: false; readonly until: Date };

/**
 * Counts a try before it is made, so that a hundred at the same time are not a hundred free ones; a right one is taken
 * back by `forgetTries`. Says no while the login is locked, to unknown logins as to known ones.
 */
export async function beginTry(db: Queryable, login: string): Promise<Begun> {
  const begun = await db.query(
    `WITH old AS (DELETE FROM sign_in_tries WHERE last_at < now() - ${MEMORY} AND login_hash <> ${KEY})
     INSERT INTO sign_in_tries AS t (login_hash, failures) VALUES (${KEY}, 1)
     ON CONFLICT (login_hash) DO UPDATE SET last_at = now(),
       failures = CASE WHEN t.last_at < now() - ${MEMORY} THEN 1 ELSE t.failures + 1 END,
       locked_until = CASE WHEN t.last_at >= now() - ${MEMORY} AND t.failures + 1 >= $2::int
         THEN now() + make_interval(secs => least(${LONGEST_WAIT_S}, ${FIRST_WAIT_S} * power(2, least(10, t.failures + 1 - $2::int)))) END
     WHERE t.locked_until IS NULL OR t.locked_until <= now()
     RETURNING 1`,
    [login, FREE_TRIES],
  );
  if (begun.length > 0) return { ok: true };
  const [row] = await db.query<{ until: Date }>(
    `SELECT coalesce(locked_until, now()) AS until FROM sign_in_tries WHERE login_hash = ${KEY}`,
    [login],
  );
  return { ok: false, until: row?.until ?? new Date() };
}

/** Opens a login: after a right password, a new one, or by an administrator. */
export async function forgetTries(db: Queryable, login: string): Promise<void> {
  await db.query(`DELETE FROM sign_in_tries WHERE login_hash = ${KEY}`, [login]);
}

/**
 * Whether the user has signed in from this browser before: its tries are counted apart, so that strangers who guess
 * cannot lock him out. Counts the try; a browser that goes on guessing is a stranger's too.
 */
export async function beginDeviceTry(db: Queryable, login: string, secret: string): Promise<boolean> {
  const rows = await db.query(
    `UPDATE console_device d SET failures = d.failures + 1 FROM console_user u
     WHERE d.hash = $2 AND u.id = d.user_id AND lower(u.login) = lower($1) AND u.disabled_at IS NULL
       AND d.failures < $3 AND d.seen_at > now() - interval '180 days'
     RETURNING 1`,
    [login, hashOf(secret), FREE_TRIES],
  );
  return rows.length > 0;
}

/** Marks a browser as one in which the user has signed in; gives the secret for its cookie: `given` only if it is ours. */
export async function rememberDevice(db: Queryable, userId: string, given?: string): Promise<string> {
  const isOurs =
    given !== undefined &&
    (await db.query('SELECT 1 FROM console_device WHERE hash = $1 LIMIT 1', [hashOf(given)])).length > 0;
  const secret = isOurs ? given : randomBytes(32).toString('base64url');
  await db.query(
    `WITH old AS (DELETE FROM console_device WHERE seen_at < now() - interval '180 days')
     INSERT INTO console_device (hash, user_id) VALUES ($1, $2)
     ON CONFLICT (hash, user_id) DO UPDATE SET failures = 0, seen_at = now()`,
    [hashOf(secret), userId],
  );
  return secret;
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
