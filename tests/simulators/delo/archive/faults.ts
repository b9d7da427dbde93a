import { logicError, odataError, page, type Reply } from './reply.ts';
import { refusedLogin, sidOf } from './session.ts';
import type { ArchiveState, FaultRule } from './state.ts';

export interface CallPlace {
  readonly route: 'login' | 'read' | 'batch';
  readonly entity: string;
}

/** The first fault that falls on this call, if any. */
export function fallingFault(state: ArchiveState, place: CallPlace): FaultRule | undefined {
  return state.faults.find((rule) => {
    if (rule.route !== undefined && rule.route !== place.route) return false;
    if (rule.entity !== undefined && rule.entity !== place.entity) return false;
    if (rule.fired >= (rule.times ?? Number.POSITIVE_INFINITY)) return false;
    rule.seen += 1;
    if (rule.seen <= (rule.skip ?? 0)) return false;
    rule.fired += 1;
    return true;
  });
}

/** The answer that a fault gives in place of the true one; undefined for faults of another sort. */
export function faultReply(
  state: ArchiveState,
  rule: FaultRule,
  cookies: string | undefined,
): Reply | undefined {
  const headers =
    rule.retryAfterSeconds === undefined
      ? {}
      : { headers: { 'Retry-After': String(rule.retryAfterSeconds) } };
  switch (rule.kind) {
    case 'session-lost':
      state.sessions.delete(sidOf(cookies) ?? '');
      return { ...page(rule.status ?? 401, 'Session lost'), ...headers };
    case 'status':
      return { ...page(rule.status ?? 503, 'Unavailable'), ...headers };
    case 'logic':
      return logicError(rule.message ?? 'Действие запрещено');
    case 'server-error':
      return odataError('System.NullReferenceException', 'Object reference not set', 500);
    case 'nonsense':
      return page(200, 'Добро пожаловать');
    case 'login-error':
      return refusedLogin();
    default:
      return undefined;
  }
}
