// Runs one embedded database in a process of its own, so that tests can kill that process, start it as another
// user or start several at once. Prints one JSON line; stops in order when its standard input closes.
import { pino } from 'pino';
import { Fault } from '../../src/model/errors.ts';
import { type EmbeddedOptions, startEmbedded } from '../../src/store/embedded/index.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<EmbeddedOptions, 'log'>;
try {
  const database = await startEmbedded({ ...options, log: pino({ level: 'silent' }) });
  const { url, takenOver } = database;
  process.stdout.write(`${JSON.stringify({ url, takenOver, serverPid: database.pid() })}\n`);
  process.stdin.resume().once('close', () => {
    database.stop().then(
      () => process.exit(0),
      () => process.exit(2),
    );
  });
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stdout.write(`${JSON.stringify({ code: error.code, detail: error.detail ?? '' })}\n`);
}
