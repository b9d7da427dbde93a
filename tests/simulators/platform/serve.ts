import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from './call.ts';
import { decideFault, type FaultSpec } from './faults.ts';
import { cursorExpired } from './feed-route.ts';
import { tooLarge } from './file-routes.ts';
import { jsonReply, type Reply, readBody, sendReply } from './reply.ts';
import type { Route } from './routes.ts';
import { count, type PlatformState } from './state.ts';
import { cabinetOfLogin, invalidGrant, notReady } from './token-route.ts';
import { posIdOf } from './wire.ts';

const EMPTY = Buffer.alloc(0);
const FORM_OVERHEAD = 64 * 1024;
const SHOWCASE_BYTES = 256 * 1024 * 1024;

/** Calls `action` after `ms`, unless the platform closes before. */
function later(state: PlatformState, ms: number, action: () => void): void {
  const timer = setTimeout(() => {
    state.timers.delete(timer);
    action();
  }, ms);
  state.timers.add(timer);
}

function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'Retry-After': String(seconds) };
}

/** The refusal that a fault gives in place of the route's own answer, when it is of that sort. */
function refusal(spec: FaultSpec, call: Call): Reply | undefined {
  switch (spec.kind) {
    case 'rate-limit':
      return jsonReply(429, { error: 'too_many_requests' }, retryAfter(spec.retryAfterSeconds ?? 1));
    case 'error-500':
      return jsonReply(500, { error: 'internal' });
    case 'unavailable':
      return jsonReply(503, { error: 'unavailable' }, retryAfter(spec.retryAfterSeconds));
    case 'status':
      return {
        status: spec.status ?? 502,
        headers: { 'Content-Type': 'text/html; charset=utf-8', ...retryAfter(spec.retryAfterSeconds) },
        text: spec.body ?? '<html><body>Bad Gateway</body></html>',
      };
    case 'unauthorized':
      return jsonReply(401, { error: 'invalid_token' });
    case 'forbidden':
      return jsonReply(403, { error: 'access_denied' });
    case 'wrong-password':
      return invalidGrant();
    case 'not-ready':
      return notReady(spec.missing ?? ['training', 'readiness']);
    case 'cursor-expired': {
      const cabinet = call.opaId === undefined ? undefined : call.state.cabinets.get(call.opaId);
      return cabinet === undefined ? undefined : cursorExpired(cabinet);
    }
    default:
      return undefined;
  }
}

function bodyLength(reply: Reply): number {
  if (reply.bytes !== undefined) return reply.bytes.to - reply.bytes.from;
  return Buffer.byteLength(reply.text ?? '');
}

/** Carries a fault out around the route: what is done, what is sent, and when the connection drops. */
async function playFault(
  call: Call,
  route: Route,
  spec: FaultSpec,
  req: IncomingMessage,
  res: ServerResponse,
) {
  const refused = refusal(spec, call);
  if (refused !== undefined) return sendReply(call.state, res, refused);
  if (spec.kind === 'hang') return;
  if (spec.kind === 'cut-before' || spec.kind === 'commit-after-cut') {
    req.socket.destroy();
    if (spec.kind === 'commit-after-cut') later(call.state, spec.ms ?? 1000, () => route.handle(call));
    return;
  }
  const reply = route.handle(call);
  if (spec.kind === 'hang-after') return;
  if (spec.kind === 'cut-after') {
    req.socket.destroy();
    return;
  }
  if (spec.kind === 'bad-json') {
    const text = reply.text ?? '{"content":[{]}';
    return sendReply(call.state, res, {
      ...reply,
      text: `${text.slice(0, Math.ceil(text.length / 2))}\u0001{`,
    });
  }
  const cutAfterBytes =
    spec.kind === 'truncate' ? (spec.bytes ?? Math.floor(bodyLength(reply) / 2)) : undefined;
  return sendReply(call.state, res, reply, {
    garble: spec.kind === 'wrong-bytes',
    ...(cutAfterBytes === undefined ? {} : { cutAfterBytes }),
  });
}

function bodyLimit({ settings }: PlatformState, { name }: Route): number {
  if (name === 'showcase-upload') return SHOWCASE_BYTES;
  return name === 'upload' ? settings.maxFileBytes + FORM_OVERHEAD : 1024 * 1024;
}

/** Serves one request of the interface, faults included. */
export async function serveApi(
  state: PlatformState,
  found: { route: Route; params: string[] },
  query: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { route, params } = found;
  count(state.counters.requests, route.name);
  let body: Buffer = EMPTY;
  if (route.method === 'POST') {
    const limit = bodyLimit(state, route);
    const read = await readBody(req, limit);
    if (!read.ok) {
      if (read.reason === 'too-large') await sendReply(state, res, tooLarge(state.settings.maxFileBytes));
      return;
    }
    body = read.body;
  }
  const header = req.headers['opa-id'];
  const opaId =
    route.name === 'token'
      ? cabinetOfLogin(state, body)?.opaId
      : typeof header === 'string'
        ? header
        : undefined;
  const decision = decideFault(state.faults, {
    route: route.name,
    opaId,
    ...(route.name === 'file' ? { fileId: params[0] } : { posId: posIdOf(params[0]) }),
  });
  const spec = decision.spec;
  const call: Call = {
    state,
    route: route.name,
    headers: req.headers,
    query,
    body,
    opaId,
    params,
    duplicateItems: spec?.kind === 'duplicate-items',
    ignoreRange: spec?.kind === 'ignore-range',
  };
  if (decision.delayMs > 0) {
    count(state.counters.faults, 'latency');
    await new Promise<void>((resolve) => later(state, decision.delayMs, resolve));
  }
  if (spec === undefined) return sendReply(state, res, route.handle(call));
  count(state.counters.faults, spec.kind);
  return playFault(call, route, spec, req, res);
}
