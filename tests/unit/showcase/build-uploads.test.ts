import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { collectShowcase } from '../../../src/showcase/collect.ts';
import { showcaseDir } from '../../../src/showcase/files.ts';
import { learnLimit } from '../../../src/showcase/limit.ts';
import { removeOrphans } from '../../../src/showcase/orphans.ts';
import { writeUploads } from '../../../src/showcase/uploads.ts';
import { queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { dyingDataSource } from '../../support/dying-database.ts';
import {
  acceptAll,
  type BuildStand,
  buildStand,
  cardOf,
  readShowcaseFile,
  rowsOf,
  showcaseOf,
  statesOf,
} from '../../support/showcase-build.ts';

let database: TestDatabase;
let stand: BuildStand;

beforeAll(async () => {
  database = await createTestDatabase();
  stand = await buildStand(database);
});
beforeEach(() => stand.clear());
afterAll(async () => {
  await stand.remove();
  await database.drop();
});

function cards(count: number): ReturnType<typeof cardOf>[] {
  return Array.from({ length: count }, (_card, at) =>
    cardOf(String(100 + at), { regDate: `2026-03-${String(1 + at).padStart(2, '0')}` }),
  );
}

interface UploadRow {
  readonly id: number;
  readonly key: string;
  readonly state: string;
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
  readonly records: number;
}

async function uploads(): Promise<UploadRow[]> {
  return await stand.db.query<UploadRow>(
    `SELECT id::int, key, state, file, size::int, sha256, records FROM showcase_upload ORDER BY id`,
  );
}

async function filesThere(): Promise<string[]> {
  return (await readdir(showcaseDir(stand.spoolDir)).catch(() => [])).sort();
}

describe('files', () => {
  it('hold at most as many records as the setting says, each with its own count and days', async () => {
    stand.archive.cardsNow = cards(5);
    const showcase = showcaseOf({ maxRecords: 2 });
    const { files } = await collectShowcase(stand.deps, showcase);
    expect(files).toBe(2);
    expect((await writeUploads(stand.deps, showcase)).map(({ records }) => records)).toEqual([1]);
    const rows = await uploads();
    const headers = await Promise.all(
      rows.map(async ({ file }) => (await readShowcaseFile(stand.spoolDir, file))[0]),
    );
    expect(headers.map((header) => [header?.['records'], header?.['from'], header?.['to']])).toEqual([
      [2, '2026-03-01', '2026-03-02'],
      [2, '2026-03-03', '2026-03-04'],
      [1, '2026-03-05', '2026-03-05'],
    ]);
    expect(await statesOf(stand.db)).toEqual(
      ['100#1', '101#1', '102#1', '103#1', '104#1'].map((id) => `${id} sent`),
    );
  });

  it('are the same whether written on the way or from the database', async () => {
    stand.archive.cardsNow = cards(4);
    const lines: unknown[][] = [];
    for (const maxRecords of [2, 20_000]) {
      await stand.clear();
      stand.archive.cardsNow = cards(4);
      const showcase = showcaseOf({ maxRecords });
      await collectShowcase(stand.deps, showcase);
      await writeUploads(stand.deps, showcase);
      const all = await Promise.all(
        (await uploads()).map(({ file }) => readShowcaseFile(stand.spoolDir, file)),
      );
      lines.push(all.flatMap((file) => file.slice(1)));
    }
    expect(lines[0]).toEqual(lines[1]);
  });

  it('are stored with size and hash of what lies on the disk, under a key that is theirs alone', async () => {
    stand.archive.cardsNow = cards(1);
    const showcase = showcaseOf();
    const keys: string[] = [];
    // The same content goes twice: accepted, another one accepted, and back.
    for (const oktmo of ['98701000', '98702000', '98701000']) {
      stand.archive.cardsNow = [cardOf('1', { oktmo })];
      await collectShowcase(stand.deps, showcase);
      await writeUploads(stand.deps, showcase);
      await acceptAll(stand.db);
    }
    for (const { key, file, size, sha256 } of await uploads()) {
      const bytes = await readFile(join(showcaseDir(stand.spoolDir), file));
      expect([bytes.length, file]).toEqual([size, `${key}.ndjson.gz`]);
      expect((await import('node:crypto')).hash('sha256', bytes)).toBe(sha256);
      expect(key).toMatch(/^yakutsk-\d+-[0-9a-f]{32}$/);
      keys.push(key);
    }
    expect(new Set(keys).size).toBe(3);
  });

  it('become smaller when the platform has found one too large', async () => {
    await learnLimit(stand.db, 'yakutsk', 5);
    stand.archive.cardsNow = cards(5);
    await collectShowcase(stand.deps, showcaseOf());
    await writeUploads(stand.deps, showcaseOf());
    expect((await uploads()).map(({ records }) => records)).toEqual([3, 2]);
  });

  it('are not written when nothing is ready', async () => {
    expect(await writeUploads(stand.deps, showcaseOf())).toEqual([]);
    expect(await filesThere()).toEqual([]);
  });

  it('stop between two when told to', async () => {
    stand.archive.cardsNow = cards(2);
    await collectShowcase(stand.deps, showcaseOf());
    await expect(writeUploads(stand.deps, showcaseOf(), AbortSignal.abort())).rejects.toMatchObject({
      code: 'STOPPED',
    });
    expect(await uploads()).toEqual([]);
  });
});

describe('a death while files are written', () => {
  it('at any statement: no record is in two files, none is lost', async () => {
    const showcase = showcaseOf({ maxRecords: 3 });
    for (const heard of ['before', 'after'] as const) {
      for (let at = 1; at < 30; at += 1) {
        await stand.clear();
        stand.archive.cardsNow = cards(4);
        await collectShowcase(
          { ...stand.deps, askOgrn: async () => undefined },
          showcaseOf({ maxRecords: 20_000 }),
        );
        const dataSource = dyingDataSource(database.dataSource, { at, heard });
        await writeUploads({ ...stand.deps, dataSource, db: queryable(dataSource) }, showcase).catch(
          () => undefined,
        );
        await retried(() => writeUploads(stand.deps, showcase));
        const rows = await uploads();
        expect(rows.map(({ records }) => records)).toEqual([3, 1]);
        const all = await Promise.all(rows.map(({ file }) => readShowcaseFile(stand.spoolDir, file)));
        const ids = all.flatMap((file) => file.slice(1).map((line) => line['recordId']));
        expect(ids.sort()).toEqual(['100#1', '101#1', '102#1', '103#1']);
        expect((await rowsOf(stand.db)).every(({ state }) => state === 'sent')).toBe(true);
      }
    }
  });
});

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // The server needs a moment to notice that a connection is gone.
      if (!(error instanceof Fault && error.code === 'SHOWCASE_BUSY')) throw error;
    }
  }
}

describe('a spool that refuses', () => {
  it('is a fault of its own, and nothing is marked as sent', async () => {
    stand.archive.cardsNow = cards(2);
    await collectShowcase(stand.deps, showcaseOf());
    // A file where the folder should be.
    await rm(showcaseDir(stand.spoolDir), { recursive: true, force: true });
    await writeFile(showcaseDir(stand.spoolDir), '');
    try {
      await expect(writeUploads(stand.deps, showcaseOf())).rejects.toMatchObject({
        code: 'SPOOL_UNAVAILABLE',
      });
      expect(await statesOf(stand.db)).toEqual(['100#1 ready', '101#1 ready']);
    } finally {
      await rm(showcaseDir(stand.spoolDir));
    }
    expect(await writeUploads(stand.deps, showcaseOf())).toHaveLength(1);
    expect(await filesThere()).toHaveLength(1);
  });
});

describe('orphans', () => {
  const DAY = 24 * 60 * 60_000;

  it('older than a day go; files of uploads and younger ones stay', async () => {
    stand.archive.cardsNow = cards(1);
    await collectShowcase(stand.deps, showcaseOf());
    const [upload] = await writeUploads(stand.deps, showcaseOf());
    const dir = showcaseDir(stand.spoolDir);
    const old = new Date(Date.now() - 2 * DAY);
    for (const name of ['gone.ndjson.gz', 'cut.part']) {
      await writeFile(join(dir, name), 'x');
      await utimes(join(dir, name), old, old);
    }
    await writeFile(join(dir, 'young.ndjson.gz'), 'x');
    await mkdir(join(dir, 'folder'));
    await utimes(join(dir, upload?.file ?? ''), old, old);
    expect(await removeOrphans(stand.db, stand.spoolDir)).toBe(2);
    expect(await filesThere()).toEqual(['folder', upload?.file, 'young.ndjson.gz'].sort());
    expect(await removeOrphans(stand.db, join(stand.spoolDir, 'nowhere'))).toBe(0);
  });
});

describe('the organisation in the header', () => {
  const { ogrn: _, ...bare } = showcaseOf();
  const without = bare as ReturnType<typeof showcaseOf>;

  it('is asked of the platform once, and kept', async () => {
    let asked = 0;
    const deps = {
      ...stand.deps,
      askOgrn: async () => {
        asked += 1;
        return ' 1021400000001 ';
      },
    };
    for (const oktmo of ['98701000', '98702000']) {
      stand.archive.cardsNow = [cardOf('1', { oktmo })];
      await collectShowcase(deps, without);
      await writeUploads(deps, without);
      await acceptAll(stand.db);
    }
    expect(asked).toBe(1);
    const [first] = await uploads();
    const [header] = await readShowcaseFile(stand.spoolDir, first?.file ?? '');
    expect(header?.['organization']).toEqual({ ogrn: '1021400000001' });
  });

  it.each([
    ['nobody asks', undefined],
    ['the platform does not tell', async () => undefined],
    ['the platform tells nothing', async () => '  '],
  ])('unknown because %s: records are stored and wait', async (_why, askOgrn) => {
    stand.archive.cardsNow = cards(2);
    const deps = { ...stand.deps, ...(askOgrn === undefined ? {} : { askOgrn }) };
    await collectShowcase(deps, { ...without, maxRecords: 1 });
    expect(await statesOf(stand.db)).toEqual(['100#1 ready', '101#1 ready']);
    await expect(writeUploads(deps, without)).rejects.toMatchObject({
      code: 'SHOWCASE_ORGANIZATION_UNKNOWN',
    });
  });

  it('a platform that is away does not stop the pass', async () => {
    stand.archive.cardsNow = cards(1);
    const deps = { ...stand.deps, askOgrn: () => Promise.reject(new Fault('PLATFORM_UNREACHABLE')) };
    await collectShowcase(deps, without);
    expect(await statesOf(stand.db)).toEqual(['100#1 ready']);
    await expect(writeUploads(deps, without)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });
});
