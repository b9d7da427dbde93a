#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startPlatform } from './index.ts';
import type { KeyMode } from './types.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'key-mode': { type: 'string', default: 'keys' },
    'bare-object': { type: 'boolean', default: false },
    'clock-offset-ms': { type: 'string', default: '0' },
    'seed-bench': { type: 'string' },
    'file-bytes': { type: 'string', default: '51200' },
    cabinets: { type: 'string', default: '1' },
    sha256: { type: 'boolean', default: false },
  },
});

function keyMode(text: string): KeyMode {
  if (text !== 'keys' && text !== 'nokeys') throw new Error('--key-mode is keys or nokeys');
  return text;
}

function whole(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value)) throw new Error(`--${name} wants a whole number`);
  return value;
}

const platform = await startPlatform({
  port: whole(values.port, 'port'),
  keyMode: keyMode(values['key-mode']),
  bareObject: values['bare-object'],
  clockOffsetMs: whole(values['clock-offset-ms'], 'clock-offset-ms'),
});
if (values['seed-bench'] !== undefined) {
  platform.seedBench({
    appeals: whole(values['seed-bench'], 'seed-bench'),
    fileBytes: whole(values['file-bytes'], 'file-bytes'),
    cabinets: whole(values.cabinets, 'cabinets'),
    sha256: values.sha256,
  });
}
process.stdout.write(`${JSON.stringify({ url: platform.url })}\n`);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  platform.close().then(() => process.exit(0));
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// The parent's death closes this pipe: no server is left behind.
process.stdin.on('end', stop);
process.stdin.on('close', stop);
process.stdin.resume();
