import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { keepHeapSmall } from '../../src/cli/small-heap.ts';
import { collectShowcase } from '../../src/showcase/collect.ts';
import type { BuildDeps, Showcase } from '../../src/showcase/deps.ts';
import { writeUploads } from '../../src/showcase/uploads.ts';
import { openDatabase, queryable } from '../../src/store/data-source.ts';
import { loadTerms } from '../../src/terms/index.ts';
import { peakRssMb } from './child.ts';
import { projectFile } from './place.ts';
import { benchArchive, benchMapper, readRubrics } from './showcase-archive.ts';

/** The measured process of `bench showcase`: database, working folder and number of questions come as arguments. */
const [url = '', dir = '', count = '0'] = process.argv.slice(2);
const questions = Number(count);
keepHeapSmall();
const log = pino({ level: 'silent' });
const dataSource = await openDatabase({ url, log, poolSize: 4 });
const rubrics = await readRubrics();
const archive = benchArchive(rubrics, questions);
const deps: BuildDeps = {
  dataSource,
  db: queryable(dataSource),
  log,
  mapper: benchMapper(rubrics),
  terms: await loadTerms(projectFile('mappings')),
  spoolDir: join(dir, 'spool'),
  now: Date.now,
  writeFlags: false,
  archive: {
    ...archive,
    findCard: async () => undefined,
    cardfiles: async () => [],
    check: async () => undefined,
    close: async () => undefined,
  },
};
const showcase: Showcase = {
  id: 'bench',
  cabinet: 'bench',
  archive: 'bench',
  region: '14',
  cardfiles: ['0.'],
  from: '2026-01-01',
  ogrn: '1021400000000',
  includePlatformBorn: false,
  schedule: '30 2 * * *',
  maxRecords: 10_000,
  reportInterval: 15_000,
  digestAt: '07:00',
  mailTo: [],
  opaId: '900001',
  timeZone: 'Asia/Yakutsk',
};
await mkdir(deps.spoolDir, { recursive: true });
await deps.db.query(
  `INSERT INTO cabinet (opa_id, name, start_from) VALUES ('900001', 'bench', now()) ON CONFLICT DO NOTHING`,
);

/** One build as the schedule does it: the pass over the archive, then the files. */
async function build(): Promise<{ seconds: number; changed: number; files: number }> {
  const begun = performance.now();
  const summary = await collectShowcase(deps, showcase);
  const uploads = await writeUploads(deps, showcase);
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, changed: summary.changed, files: summary.files + uploads.length };
}

const first = await build();
const rssMb = await peakRssMb('self');
const again = await build();
await dataSource.destroy();
process.stdout.write(`${JSON.stringify({ first, again, rssMb })}\n`);
