// A process of its own, so that its memory is nobody else's: fetches one large file and prints what that cost.
import { get, type IncomingMessage } from 'node:http';
import { openSpool } from '../../../src/store/spool.ts';

const [dir = '', small = '', large = ''] = process.argv.slice(2);
const spool = await openSpool(dir);

async function fetchInto(url: string): Promise<number> {
  const { size } = await spool.put({
    key: 'file',
    maxBytes: Number.MAX_SAFE_INTEGER,
    openAt: async () => ({
      stream: await new Promise<IncomingMessage>((resolve) => get(url, resolve)),
      offset: 0,
    }),
  });
  return size;
}

// What a first request costs whatever its size is not counted.
await fetchInto(small);
const before = process.memoryUsage().rss;
let most = before;
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage().rss);
}, 20);
const size = await fetchInto(large);
clearInterval(watch);
process.stdout.write(JSON.stringify({ size, addedMb: (most - before) / 1024 / 1024 }));
process.exit(0);
