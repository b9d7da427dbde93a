import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../store/data-source.ts';
import type { Viewer } from '../web/viewer.ts';

/** How long a session lives, and how long without being used. */
const LIFE = "interval '12 hours'";
export const IDLE = "interval '2 hours'";

/** How a viewer is looked for. */
export interface ViewerLook {
  /** False for what a page does by itself: an open page alone must not keep its session alive. */
  readonly touches?: boolean;
  /** Login that the trusted proxy names on this request: a session of its header is good for that one only. */
  readonly header?: string;
}

/**
 * Opens a session; gives the secret for the cookie, of which only the hash is stored. `byHeader`: opened by the trusted
 * proxy's word, and worth nothing without it.
 */
export async function openSession(db: Queryable, userId: string, byHeader = false): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  await db.query(
    `WITH old AS (DELETE FROM console_session WHERE expires_at < now() OR seen_at < now() - ${IDLE})
     INSERT INTO console_session (hash, user_id, csrf, by_header, expires_at) VALUES ($1, $2, $3, $4, now() + ${LIFE})`,
    [hashOf(secret), userId, randomBytes(24).toString('base64url'), byHeader],
  );
  return secret;
}

/** The viewer of a session; undefined when it has ended or its user may not sign in any more. */
export async function findViewer(
  db: Queryable,
  secret: string,
  { touches = true, header }: ViewerLook = {},
): Promise<Viewer | undefined> {
  const [row] = await db.query<Viewer & { stale: boolean }>(
    `SELECT u.id::text AS id, u.login, u.name, u.role, u.lang, u.time_zone AS "timeZone", s.csrf,
            s.seen_at < now() - interval '1 minute' AS stale
     FROM console_session s JOIN console_user u ON u.id = s.user_id
     WHERE s.hash = $1 AND s.expires_at > now() AND s.seen_at > now() - ${IDLE} AND u.disabled_at IS NULL
       AND CASE WHEN s.by_header THEN lower(u.login) = lower($2) ELSE true END`,
    [hashOf(secret), header ?? null],
  );
  if (row === undefined) return undefined;
  const { stale, ...viewer } = row;
  if (stale && touches) {
    await db.query('UPDATE console_session SET seen_at = now() WHERE hash = $1', [hashOf(secret)]);
  }
  return viewer;
}

/** Which of these sessions still stand: one question for all who watch. */
export async function aliveSessions(db: Queryable, secrets: readonly string[]): Promise<ReadonlySet<string>> {
  const byHash = new Map(secrets.map((secret) => [hashOf(secret).toString('hex'), secret]));
  const rows = await db.query<{ hash: string }>(
    `SELECT encode(s.hash, 'hex') AS hash FROM console_session s JOIN console_user u ON u.id = s.user_id
     WHERE s.hash = ANY($1::bytea[]) AND s.expires_at > now() AND s.seen_at > now() - ${IDLE} AND u.disabled_at IS NULL`,
    [[...byHash.keys()].map((hash) => `\\x${hash}`)],
  );
  return new Set(rows.flatMap(({ hash }) => byHash.get(hash) ?? []));
}

/** Ends one session. */
export async function endSession(db: Queryable, secret: string): Promise<void> {
  await db.query('DELETE FROM console_session WHERE hash = $1', [hashOf(secret)]);
}

/** Signs a user out everywhere; how many places that were. */
export async function endSessionsOf(db: Queryable, userId: string): Promise<number> {
  const rows = await db.query('DELETE FROM console_session WHERE user_id = $1 RETURNING 1', [userId]);
  return rows.length;
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
