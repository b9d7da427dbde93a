import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonReply, type Reply, readBody, sendReply } from './reply.ts';
import type { PlatformControl } from './simulator.ts';
import type { PlatformState } from './state.ts';

const LIMIT = 64 * 1024 * 1024;

function argumentsOf(body: Buffer): unknown[] {
  if (body.length === 0) return [];
  const value: unknown = JSON.parse(body.toString('utf8'));
  return Array.isArray(value) ? value : [value];
}

function call(control: PlatformControl, operation: string, args: unknown[]): Reply {
  const entry = Object.entries(control).find(([name]) => name === operation);
  if (entry === undefined) {
    return jsonReply(404, { error: `no operation ${operation}`, operations: Object.keys(control) });
  }
  const action: (...args: unknown[]) => unknown = entry[1];
  const result = action(...args);
  return jsonReply(200, { result: Buffer.isBuffer(result) ? result.toString('base64') : (result ?? null) });
}

/**
 * The control interface: POST /_control/{operation}, the body a JSON list of the arguments as
 * `PlatformControl` has them (nothing: no arguments; a GET likewise). Answers `{result}`, or 400 `{error}`.
 * File contents go as `contentBase64` and come as base64.
 */
export async function serveControl(
  state: PlatformState,
  control: PlatformControl,
  operation: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const read = await readBody(req, LIMIT);
  if (!read.ok) {
    if (read.reason === 'too-large') await sendReply(state, res, jsonReply(413, { error: 'too large' }));
    return;
  }
  let reply: Reply;
  try {
    reply = call(control, operation, argumentsOf(read.body));
  } catch (error) {
    reply = jsonReply(400, { error: error instanceof Error ? error.message : String(error) });
  }
  await sendReply(state, res, reply);
}
