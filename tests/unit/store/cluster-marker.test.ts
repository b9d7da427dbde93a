import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkClusterMarker, clusterId } from '../../../src/store/cluster-marker.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const MARKER = '.posrednik-cluster';

describe('the mark of the folder of files', () => {
  let first: TestDatabase;
  let second: TestDatabase;
  let db: Queryable;
  let folder: string;
  let spool: string;

  beforeAll(async () => {
    [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    db = queryable(first.dataSource);
  });
  afterAll(() => Promise.all([first.drop(), second.drop()]));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posrednik-marker-'));
    spool = join(folder, 'spool');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is made with the folder at the first start, and holds at every later one', async () => {
    const id = await checkClusterMarker(db, spool);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readFile(join(spool, MARKER), 'utf8')).toBe(`${id}\n`);
    expect(await checkClusterMarker(db, spool)).toBe(id);
    expect(await readdir(spool)).toEqual([MARKER]);
  });

  it('is one for daemons that start at once', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => checkClusterMarker(db, spool)));
    expect(new Set(ids).size).toBe(1);
    expect(await readdir(spool)).toEqual([MARKER]);
  });

  it('gives a database one id, however many ask first', async () => {
    await queryable(second.dataSource).query('DELETE FROM setting');
    const ids = await Promise.all(Array.from({ length: 8 }, () => clusterId(queryable(second.dataSource))));
    expect(new Set(ids).size).toBe(1);
  });

  it('keeps off a daemon of another database', async () => {
    await checkClusterMarker(db, spool);
    const other = queryable(second.dataSource);
    await expect(checkClusterMarker(other, spool)).rejects.toMatchObject({
      code: 'SPOOL_FOREIGN',
      detail: expect.stringContaining(spool),
    });
    await checkClusterMarker(other, join(folder, 'own'));
  });

  it('goes to one of two databases that want the folder at once', async () => {
    const other = queryable(second.dataSource);
    for (let round = 0; round < 10; round += 1) {
      const place = join(folder, `round-${round}`);
      const outcomes = await Promise.allSettled([
        checkClusterMarker(db, place),
        checkClusterMarker(other, place),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { code: 'SPOOL_FOREIGN' },
      });
    }
  });

  it('in other words is foreign', async () => {
    await mkdir(spool);
    await writeFile(join(spool, MARKER), 'что-то не наше\n');
    await expect(checkClusterMarker(db, spool)).rejects.toMatchObject({ code: 'SPOOL_FOREIGN' });
  });

  it('that stays empty is told, not taken', async () => {
    await mkdir(spool);
    await writeFile(join(spool, MARKER), '');
    await expect(checkClusterMarker(db, spool)).rejects.toMatchObject({
      code: 'SPOOL_UNAVAILABLE',
      detail: expect.stringContaining('пуст'),
    });
  });

  it('that is empty for a moment is waited for', async () => {
    await mkdir(spool);
    await writeFile(join(spool, MARKER), '');
    const check = checkClusterMarker(db, spool);
    await writeFile(join(spool, MARKER), `${await clusterId(db)}\n`);
    expect(await check).toBe(await clusterId(db));
  });

  it('that cannot be read or made is transient', async () => {
    await writeFile(spool, '');
    await expect(checkClusterMarker(db, spool)).rejects.toMatchObject({
      code: 'SPOOL_UNAVAILABLE',
      kind: 'transient',
    });
    await rm(spool);
    await mkdir(join(spool, MARKER), { recursive: true });
    await expect(checkClusterMarker(db, spool)).rejects.toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
  });
});
