// A worker in a process of its own, to be killed with work in hand. Arguments: database URL, how many at once.
import { pino } from 'pino';
import { openQueue } from '../../../src/queue/queue.ts';

const [connectionString = '', concurrency = '8'] = process.argv.slice(2);
const queue = await openQueue({ connectionString, log: pino({ level: 'silent' }) });
await queue.workAppeals(Number(concurrency), async (jobs) => {
  for (const job of jobs) process.stdout.write(`${job.data.appealId}\n`);
  // Never done: whoever waits for it has to outlive us.
  await new Promise(() => undefined);
});
process.stdout.write('ready\n');
