// A reader in a process of its own: it says on its standard output when it holds the channel, and reads until killed.
import { pino } from 'pino';
import { readChannel } from '../../../src/registration/channel-reader.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';

const [databaseUrl, channel] = process.argv.slice(2);
if (databaseUrl === undefined || channel === undefined) throw new Error('usage: reader-child.ts URL CHANNEL');

const deps = {
  log: pino({ level: 'silent' }),
  db: { query: async () => [] },
  sed: {
    async read(_channel: string, _sink: unknown, { signal }: { signal: AbortSignal }) {
      process.stdout.write('reading\n');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  },
} as unknown as RegistrationDeps;
const never = new AbortController().signal;
const sink = {} as Parameters<typeof readChannel>[3];
await readChannel(deps, databaseUrl, channel, sink, {
  sweepMs: 1000,
  signal: never,
  tryAgainMs: 50,
  probeMs: 100,
});
