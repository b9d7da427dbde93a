#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startArchive } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    cards: { type: 'string', default: '500' },
    cardfiles: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    rubrics: { type: 'string' },
    user: { type: 'string', default: 'posrednik' },
    password: { type: 'string', default: 'secret' },
  },
});

function whole(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} wants a whole number`);
  return value;
}

const archive = await startArchive({
  port: whole(values.port, 'port'),
  cards: whole(values.cards, 'cards'),
  cardfiles: whole(values.cardfiles, 'cardfiles'),
  seed: whole(values.seed, 'seed'),
  user: values.user,
  password: values.password,
  ...(values.rubrics !== undefined && { rubricsFile: values.rubrics }),
});
process.stdout.write(`${JSON.stringify({ url: archive.url, cardfiles: archive.cardfiles })}\n`);

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  archive.close().then(() => process.exit(0));
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
// The parent's death closes this pipe: no server is left behind.
process.stdin.on('end', stop);
process.stdin.on('close', stop);
process.stdin.resume();
