import { join } from 'node:path';
import type { FeedItem } from '../../src/model/appeal.ts';
import { createRestPlatform, loadPlatformMapping } from '../../src/platform/rest/index.ts';
import { openSpool, type StoredBlob } from '../../src/store/spool.ts';
import { peakRssMb } from './child.ts';
import { projectFile } from './place.ts';

/** The measured process of `bench file`: address of the platform, working folder and cabinet come as arguments. */
const [url = '', dir = '', cabinetJson = '{}'] = process.argv.slice(2);
const { opaId, identifier, password } = JSON.parse(cabinetJson) as Record<string, string>;
const cabinet = {
  opaId: opaId ?? '',
  cabinet: 'bench',
  identifier: identifier ?? '',
  readPassword: async () => password ?? '',
  timeZone: 'Europe/Moscow',
};
const platform = createRestPlatform({
  baseUrl: url,
  mapping: await loadPlatformMapping(projectFile('mappings/platform.yaml')),
  timeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  tokenScope: 'sed',
});
const spool = await openSpool(join(dir, 'spool'));

const page = await platform.readFeed(cabinet, { size: 1 });
const file = page.state === 'page' ? attachmentOf(page.items[0]) : undefined;
if (file === undefined) throw new Error('the platform shows no appeal with a file');

/** Takes the file's bytes from `from` on: a short end of it warms everything up, the whole is measured. */
async function take(key: string, from: number): Promise<StoredBlob> {
  return await spool.put({
    key,
    maxBytes: Number.MAX_SAFE_INTEGER,
    openAt: async () => {
      const { stream } = await platform.openFile(cabinet, file?.fileId ?? '', from);
      return { stream, offset: 0 };
    },
  });
}

await take('warm-up', Math.max(1, (file.size ?? 0) - 8_000_000));
// Against what it holds now, not against an earlier peak, which could hide a new one.
const before = process.memoryUsage.rss() / 1e6;
const begun = performance.now();
const { size } = await take('measured', 0);
const seconds = (performance.now() - begun) / 1000;
const addedMb = (await peakRssMb('self')) - before;
if (size !== file.size) throw new Error(`${size} bytes came instead of ${file.size}`);
await platform.close();
process.stdout.write(`${JSON.stringify({ bytes: size, seconds, addedMb })}\n`);

function attachmentOf(item: FeedItem | undefined) {
  return item?.ok === true ? item.appeal.attachments[0] : undefined;
}
