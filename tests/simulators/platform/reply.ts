import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteSource } from './bytes.ts';
import { clock, type PlatformState } from './state.ts';

/** What a route answers, before it is put on the wire; faults may still change it. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** Text of the body; or `bytes` with the range [from, to). */
  text?: string;
  bytes?: { source: ByteSource; from: number; to: number };
}

const JSON_TYPE = 'application/json; charset=utf-8';

export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { 'Content-Type': JSON_TYPE, ...headers }, text: JSON.stringify(value) };
}

export function jsonTextReply(text: string): Reply {
  return { status: 200, headers: { 'Content-Type': JSON_TYPE }, text };
}

export type BodyRead = { ok: true; body: Buffer } | { ok: false; reason: 'too-large' | 'aborted' };

/** Reads a request's body; what is over the limit is read to the end and dropped. */
export function readBody(req: IncomingMessage, limit: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let length = 0;
    req.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= limit) pieces.push(piece);
      else pieces.length = 0;
    });
    req.on('end', () =>
      resolve(
        length > limit ? { ok: false, reason: 'too-large' } : { ok: true, body: Buffer.concat(pieces) },
      ),
    );
    req.on('close', () => resolve({ ok: false, reason: 'aborted' }));
    req.on('error', () => resolve({ ok: false, reason: 'aborted' }));
  });
}

let dateSecond = -1;
let dateText = '';

function dateHeader(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(ms).toUTCString();
  }
  return dateText;
}

function waitForDrain(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    res.on('drain', done);
    res.on('close', done);
  });
}

function* limited(pieces: Iterable<Buffer>, bytes: number): Generator<Buffer> {
  let left = bytes;
  for (const piece of pieces) {
    if (left <= 0) return;
    yield piece.length <= left ? piece : piece.subarray(0, left);
    left -= piece.length;
  }
}

/**
 * Puts a reply on the wire. `cutAfterBytes`: announces the whole length, sends that many bytes at most
 * (always fewer than all) and drops the connection. `garble`: turns the body's bytes round.
 */
export async function sendReply(
  state: PlatformState,
  res: ServerResponse,
  reply: Reply,
  effect: { cutAfterBytes?: number; garble?: boolean } = {},
): Promise<void> {
  if (res.destroyed) return;
  const text = reply.text === undefined ? undefined : Buffer.from(reply.text, 'utf8');
  const range = reply.bytes;
  const length = text?.length ?? (range === undefined ? 0 : range.to - range.from);
  res.sendDate = false;
  res.setHeader('Date', dateHeader(clock(state)));
  res.writeHead(reply.status, { 'Content-Length': length, ...reply.headers });
  let pieces: Iterable<Buffer> =
    range === undefined ? [text ?? Buffer.alloc(0)] : range.source.read(range.from, range.to);
  if (effect.garble === true) pieces = garbled(pieces);
  if (effect.cutAfterBytes !== undefined) {
    pieces = limited(pieces, Math.min(effect.cutAfterBytes, Math.max(0, length - 1)));
  }
  for (const piece of pieces) {
    if (res.destroyed) return;
    if (!res.write(piece)) await waitForDrain(res);
  }
  if (effect.cutAfterBytes === undefined) res.end();
  else flushAndDrop(res);
}

function* garbled(pieces: Iterable<Buffer>): Generator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece.map((byte) => byte ^ 0x20));
}

/** The bytes written so far must reach the caller before the connection goes. */
function flushAndDrop(res: ServerResponse): void {
  const socket = res.socket;
  res.write('', () => {
    if (socket === null || socket.destroyed) return;
    socket.end(() => socket.destroy());
  });
}
