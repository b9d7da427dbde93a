import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that may pass through all transfers together before their buffers are given back. */
const COLLECT_BYTES = 8 * 1024 * 1024;

let passed = 0;
let collect: (() => void) | undefined;

/**
 * Told of every piece that a transfer has written. Each piece came in a buffer of its own outside V8's heap, and V8
 * by itself lets some 64 MB of those gather before it looks: measured, a large file then adds 70 MB to the process,
 * and 35 MB so. One young-generation collection takes a few milliseconds.
 */
export function noteTransferred(bytes: number): void {
  passed += bytes;
  if (passed < COLLECT_BYTES) return;
  passed = 0;
  collect ??= findCollector();
  collect();
}

function findCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('globalThis.gc');
  return typeof gc === 'function' ? () => void gc({ type: 'minor' }) : () => undefined;
}
