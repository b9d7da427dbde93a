import { parseArgs } from 'node:util';
import { startDelo } from './simulator.ts';
import type { DeloChannel } from './types.ts';

const USAGE = `Имитатор СЭД «ДЕЛО»: обмен файлами СЭВ.

  node main.ts --channel ИМЯ=OUT:IN [--channel …] [--port 0] [--host 127.0.0.1]
               [--seed 1] [--forget-files] [--taken-dir ПАПКА]

OUT — папка, из которой ДЕЛО забирает; IN — папка, в которую ДЕЛО пишет.`;

/** Reads `id=OUT:IN`; throws RangeError with words when it is not that. */
function parseChannel(text: string): DeloChannel {
  const [, id, out, into] = /^([^=]+)=([^:]+):([^:]+)$/.exec(text) ?? [];
  if (id === undefined || out === undefined || into === undefined) {
    throw new RangeError(`Канал пишется так: имя=папка_out:папка_in, а не «${text}»`);
  }
  return { id, out, in: into };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      channel: { type: 'string', multiple: true, default: [] },
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      seed: { type: 'string', default: '1' },
      'forget-files': { type: 'boolean', default: false },
      'taken-dir': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  if (values.channel.length === 0) throw new RangeError('Нужен хотя бы один --channel');
  const takenDir = values['taken-dir'];
  const delo = await startDelo({
    channels: values.channel.map(parseChannel),
    port: Number(values.port),
    host: values.host,
    seed: Number(values.seed),
    keepFiles: !values['forget-files'],
    ...(takenDir !== undefined && { takenDir }),
  });
  process.stdout.write(`${JSON.stringify({ url: delo.url })}\n`);
  let stopping = false;
  function stop(): void {
    if (stopping) return;
    stopping = true;
    void delo.stop().then(() => process.exit(0));
  }
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The parent holds the other end: when it dies, however it dies, this ends too.
  process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
  process.exit(1);
});
