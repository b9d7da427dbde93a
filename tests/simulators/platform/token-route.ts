import type { Call } from './call.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type Cabinet, cabinetByIdentifier, newToken, type PlatformState } from './state.ts';

function countLogin(state: PlatformState, opaId: string, good: boolean): void {
  const entry = state.counters.logins[opaId] ?? { ok: 0, failed: 0 };
  if (good) entry.ok += 1;
  else entry.failed += 1;
  state.counters.logins[opaId] = entry;
}

export function invalidGrant(): Reply {
  return jsonReply(400, { error: 'invalid_grant', error_description: 'Неверный идентификатор или пароль' });
}

export function notReady(missing: readonly string[]): Reply {
  return jsonReply(423, {
    error: 'cabinet_not_ready',
    error_description: 'Кабинет организации не готов к работе',
    missing,
  });
}

/** The cabinet that a log-in speaks of, whatever its password. */
export function cabinetOfLogin(state: PlatformState, body: Buffer): Cabinet | undefined {
  const username = new URLSearchParams(body.toString('utf8')).get('username');
  return username === null ? undefined : cabinetByIdentifier(state, username);
}

/** POST /auth-service/oauth/token: the password grant (contract, section 1). */
export function tokenRoute(call: Call): Reply {
  const { state } = call;
  const form = new URLSearchParams(call.body.toString('utf8'));
  if (form.get('grant_type') !== 'password') {
    return jsonReply(400, { error: 'unsupported_grant_type', error_description: 'Ожидается password' });
  }
  const cabinet = cabinetOfLogin(state, call.body);
  if (cabinet === undefined || form.get('password') !== cabinet.password) {
    countLogin(state, cabinet?.opaId ?? '?', false);
    return invalidGrant();
  }
  if (!cabinet.ready) {
    countLogin(state, cabinet.opaId, false);
    return notReady(cabinet.missing);
  }
  countLogin(state, cabinet.opaId, true);
  const token = newToken();
  const seconds = state.settings.tokenSeconds;
  state.tokens.set(token, { opaId: cabinet.opaId, expiresAtMs: performance.now() + seconds * 1000 });
  return jsonReply(200, {
    access_token: token,
    token_type: 'bearer',
    expires_in: seconds,
    scope: form.get('scope') ?? '',
    jti: newToken(),
    opaId: cabinet.opaId,
    organization: { name: cabinet.name, inn: cabinet.inn, ogrn: cabinet.ogrn, oktmo: cabinet.oktmo },
  });
}

/** The cabinet of a good token whose OPA-ID header names the same cabinet; else the 401 or 403 to give. */
export function authorise(call: Call): { cabinet: Cabinet } | { refusal: Reply } {
  const { state } = call;
  const header = call.headers.authorization ?? '';
  const holder = header.startsWith('Bearer ') ? state.tokens.get(header.slice(7)) : undefined;
  if (holder === undefined || holder.expiresAtMs <= performance.now()) {
    return { refusal: jsonReply(401, { error: 'invalid_token', error_description: 'Токен недействителен' }) };
  }
  const cabinet = state.cabinets.get(holder.opaId);
  if (cabinet === undefined || call.opaId !== holder.opaId) {
    return {
      refusal: jsonReply(403, { error: 'access_denied', error_description: 'Нет права на этот кабинет' }),
    };
  }
  return { cabinet };
}
