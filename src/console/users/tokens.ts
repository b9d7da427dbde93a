import { createHash, randomBytes } from 'node:crypto';
import { Fault } from '../../model/errors.ts';
import type { Queryable } from '../../store/data-source.ts';
import { ROLES, type Role } from '../web/viewer.ts';

/** What a token may be used for; `write` does not include `read`. */
export const SCOPES = [
  'appeals:read',
  'appeals:write',
  'deliveries:read',
  'deliveries:write',
  'cabinets:read',
  'cabinets:write',
  'incidents:read',
  'incidents:write',
  'showcase:read',
  'showcase:write',
  'rubrics:read',
  'rubrics:write',
  'audit:read',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly Scope[];
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly usedAt: Date | null;
}

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date;
  readonly createdBy: string;
}

/** By it a leaked token is known for what it is. */
const PREFIX = 'posrednik_';

const COLUMNS = `id::text AS id, name, role, scopes, created_by AS "createdBy", created_at AS "createdAt",
  expires_at AS "expiresAt", revoked_at AS "revokedAt", used_at AS "usedAt"`;

/**
 * Makes a token of an integration; gives its secret, of which only the hash is stored: it cannot be shown again. It has
 * 256 random bits, so a plain hash is enough.
 * @throws Fault COMMAND_INVALID for a name that is taken or odd, an unknown role or scope, a time in the past
 */
export async function addToken(db: Queryable, token: NewToken): Promise<string> {
  const name = token.name.trim();
  if (!/^[\p{L}\p{N}._-]{2,64}$/u.test(name))
    throw invalid('имя токена: от 2 до 64 букв, цифр и знаков . _ -');
  if (!ROLES.includes(token.role)) throw invalid(`роли «${token.role}» нет; есть: ${ROLES.join(', ')}`);
  const scopes = readScopes(token.scopes);
  if (token.role === 'viewer' && scopes.some((scope) => scope.endsWith(':write'))) {
    throw invalid('роль viewer ничего не меняет: права «:write» ей ни к чему');
  }
  if (token.expiresAt !== undefined && token.expiresAt.getTime() <= Date.now()) {
    throw invalid('срок токена уже прошёл');
  }
  const secret = `${PREFIX}${randomBytes(32).toString('base64url')}`;
  const rows = await db.query(
    `INSERT INTO api_token (name, hash, role, scopes, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (lower(name)) WHERE revoked_at IS NULL DO NOTHING RETURNING 1`,
    [name, hashOf(secret), token.role, scopes, token.createdBy, token.expiresAt ?? null],
  );
  if (rows.length === 0) throw invalid(`токен «${name}» уже есть: сначала отзовите его`);
  return secret;
}

/** `all`, `all:read` or single scopes. */
function readScopes(texts: readonly string[]): readonly Scope[] {
  const wanted = new Set(
    texts.flatMap((text) => {
      if (text === 'all') return SCOPES;
      if (text === 'all:read') return SCOPES.filter((scope) => scope.endsWith(':read'));
      const scope = SCOPES.find((known) => known === text);
      if (scope === undefined)
        throw invalid(`права «${text}» нет; есть: ${SCOPES.join(', ')}, all, all:read`);
      return [scope];
    }),
  );
  if (wanted.size === 0) throw invalid('назовите хотя бы одно право');
  return [...wanted];
}

/** The token that this is the secret of; undefined when it is none, revoked or too old. */
export async function findToken(db: Queryable, secret: string): Promise<ApiToken | undefined> {
  if (!secret.startsWith(PREFIX) || secret.length > 100) return undefined;
  const [token] = await db.query<ApiToken & { stale: boolean }>(
    `SELECT ${COLUMNS}, coalesce(used_at < now() - interval '1 minute', true) AS stale FROM api_token
     WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
    [hashOf(secret)],
  );
  if (token === undefined) return undefined;
  const { stale, ...found } = token;
  if (stale) await db.query('UPDATE api_token SET used_at = now() WHERE id = $1', [token.id]);
  return found;
}

/** All tokens, those that work first. */
export async function listTokens(db: Queryable): Promise<ApiToken[]> {
  return await db.query<ApiToken>(
    `SELECT ${COLUMNS} FROM api_token ORDER BY revoked_at IS NOT NULL, lower(name), api_token.id DESC`,
  );
}

/** Revokes the token of this name at once; false when there is none that works. */
export async function revokeToken(db: Queryable, name: string): Promise<boolean> {
  const rows = await db.query(
    'UPDATE api_token SET revoked_at = now() WHERE lower(name) = lower($1) AND revoked_at IS NULL RETURNING 1',
    [name.trim()],
  );
  return rows.length > 0;
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
