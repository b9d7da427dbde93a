import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/index.ts';
import { registerCabinets } from '../../src/intake/cabinets.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { type ArchiveSimulator, startArchive } from '../simulators/delo/archive/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { runRepairCommand } from '../support/command-run.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import type { CommandResult } from '../support/posrednik.ts';
import { acceptAll, readShowcaseFile, rowsOf } from '../support/showcase-build.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const LONG = 120_000;
const CARDS = 500;

let database: TestDatabase;
let db: Queryable;
let platform: PlatformSimulator;
let archive: ArchiveSimulator;
let stand: Stand;

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  platform = await startPlatform();
  archive = await startArchive({
    cards: CARDS,
    cardfiles: 5,
    severalQuestions: 0.2,
    poor: 0.1,
    platformBorn: 0.1,
    rubricsFile: fileURLToPath(new URL('../../mappings/otk-2025-10-31.tsv', import.meta.url)),
    user: 'api',
    password: 'secret-1',
  });
  const showcase = {
    id: 'city',
    cabinet: 'lko-1',
    archive: 'delo',
    region: '35',
    cardfiles: archive.cardfiles,
    from: '2000-01-01',
    maxRecords: 100,
  };
  stand = await makeStand({
    platformUrl: platform.url,
    cabinets: 1,
    config: {
      archives: [{ id: 'delo', baseUrl: archive.url, user: 'api', pageSize: 50 }],
      showcases: [showcase],
    },
  });
  for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
  process.env['POSREDNIK_ARCHIVE_DELO_PASSWORD'] = 'secret-1';
  const loaded = await loadConfig({ path: stand.configPath, env: process.env, cwd: stand.dir });
  await registerCabinets(db, loaded.cabinets);
}, LONG);

afterAll(async () => {
  delete process.env['POSREDNIK_ARCHIVE_DELO_PASSWORD'];
  await archive?.close();
  await platform?.close();
  await database?.drop();
  await stand?.remove();
});

function run(...args: string[]): Promise<CommandResult> {
  return runRepairCommand(stand.configPath, database.url, ['showcase', ...args]);
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const result = await run(...args, '--json');
  expect(result.stderr).toBe('');
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

/** Questions as the archive truly has them: of cards that go to the showcase. */
function trueQuestions(): number {
  let count = 0;
  for (const card of archive.cards()) {
    if (card.state === 'REMOVED' || card.posId !== '') continue;
    const codes = new Set(card.rubrics.filter((code) => !code.endsWith('.0000')));
    count += Math.max(1, codes.size);
  }
  return count;
}

describe('a site builds its showcase by command', () => {
  it(
    'says so before anything was built',
    async () => {
      expect((await run('status')).stdout).toContain('ещё не собиралась');
      expect((await run('failed')).stdout).toBe('Всё, что можно выгрузить, выгружено или ждёт очереди.');
    },
    LONG,
  );

  it(
    'before the platform’s classifier is there every question stands in the log with its cause',
    async () => {
      const { showcases } = await json('build');
      const [city] = showcases as { ok: boolean; files: number; collected: Record<string, number> }[];
      expect(city).toMatchObject({ ok: true, files: 0 });
      expect(city?.collected).toMatchObject({ cards: CARDS, questions: trueQuestions() });
      const [status] = (await json('status'))['showcases'] as Record<string, number>[];
      expect(status?.['records']).toBe(trueQuestions());
      expect(Number(status?.['refused']) + Number(status?.['unmapped'])).toBe(trueQuestions());
      const { failed } = await json('failed', '--limit', '1000');
      const codes = new Set((failed as { code: string; remedy: string }[]).map(({ code }) => code));
      expect([...codes].every((code) => /^(RUBRIC|SHOWCASE|SED)_/.test(code))).toBe(true);
      expect((failed as { remedy: string }[]).every(({ remedy }) => remedy !== '')).toBe(true);
    },
    LONG,
  );

  it(
    'with it, the mapped ones go into files; accepted + refused + unmapped + waiting = all questions',
    async () => {
      await importCategories();
      const { showcases } = await json('build');
      const [city] = showcases as { files: number }[];
      const lines = await linesOfFiles();
      expect(city?.files).toBe(Math.ceil(lines.length / 100));
      expect(lines.length).toBeGreaterThan(200);
      const [status] = (await json('status'))['showcases'] as Record<string, number>[];
      const parts = ['accepted', 'refused', 'unmapped', 'waiting'].map((name) => Number(status?.[name]));
      expect(parts.reduce((sum, part) => sum + part, 0)).toBe(trueQuestions());
      expect(status?.['waiting']).toBe(lines.length);
      await acceptAll(db);
      const told = await run('status');
      expect(told.stdout).toContain(`принято платформой: ${lines.length}`);
    },
    LONG,
  );

  it(
    'a second build of the same archive makes no file; one changed card makes one',
    async () => {
      const again = (await json('build'))['showcases'] as { files: number; collected: { changed: number } }[];
      expect([again[0]?.files, again[0]?.collected.changed]).toEqual([0, 0]);
      const accepted = (await rowsOf(db)).find(({ state }) => state === 'accepted');
      archive.withdraw(Number(accepted?.card_key));
      const changed = (await json('build'))['showcases'] as {
        files: number;
        collected: { removed: number };
      }[];
      expect(changed[0]?.files).toBe(1);
      expect(changed[0]?.collected.removed).toBeGreaterThan(0);
    },
    LONG,
  );

  it(
    'cards from the platform stay out, and their requisite says so',
    async () => {
      const born = [...archive.cards()].filter(({ posId, state }) => posId !== '' && state !== 'REMOVED');
      expect(born.length).toBeGreaterThan(10);
      const keys = new Set((await rowsOf(db)).map(({ card_key }) => card_key));
      expect(born.filter(({ isn }) => keys.has(String(isn)))).toEqual([]);
      const flags = born.map(({ isn }) => archive.requisites(isn)['Выгрузка в витрину ПОС']);
      expect(new Set(flags)).toEqual(new Set(['0']));
    },
    LONG,
  );

  it(
    'the table holds every failed question, the list as many as asked for',
    async () => {
      const path = join(stand.dir, 'failed.csv');
      const { rows } = await json('failed', '--csv', path);
      const text = await readFile(path, 'utf8');
      expect(text.trimEnd().split('\r\n')).toHaveLength(Number(rows) + 1);
      const [status] = (await json('status'))['showcases'] as Record<string, number>[];
      expect(rows).toBe(Number(status?.['refused']) + Number(status?.['unmapped']));
      expect((await run('failed', '--limit', '3')).stdout.split('\n')).toHaveLength(3);
      const one = await json('failed', '--code', 'SHOWCASE_NO_QUESTION', '--limit', '1');
      expect((one['failed'] as { reason: string }[])[0]?.reason).toBe(
        'В карточке нет рубрики 4-го или 5-го уровня',
      );
    },
    LONG,
  );

  it(
    'the preview shows what was built',
    async () => {
      const path = join(stand.dir, 'map.html');
      const { questions } = await json('preview', '--out', path);
      const sendable = (await rowsOf(db)).filter(({ verdict }) => verdict === 'send').length;
      expect(questions).toBe(sendable);
      const page = await readFile(path, 'utf8');
      expect(page).toContain('Муниципалитеты и категории');
    },
    LONG,
  );

  it(
    'an archive that is away is told with its remedy, and the exit code says it',
    async () => {
      archive.setPassword('another');
      archive.loseSessions();
      const result = await run('build');
      expect(result.code).toBe(1);
      expect(result.stdout).toContain('city: не собрана. SED_ARCHIVE_CREDENTIALS_WRONG');
      expect((await run('status')).stdout).toContain('прервана: SED_ARCHIVE_CREDENTIALS_WRONG');
    },
    LONG,
  );

  it.each([
    [['build', '--showcase', 'none'], '--showcase: витрины «none» нет; есть: city'],
    [['failed', '--limit', 'x'], '--limit: напишите целое число от 1'],
    [['failed', '--csv', '/nowhere/at/all.csv'], '--csv: файл не записать (ENOENT)'],
    [['preview', '--out', '/nowhere/at/all.html'], '--out: файл не записать (ENOENT)'],
  ])(
    '%j is refused: %s',
    async (args, words) => {
      const { code, stderr } = await run(...args);
      expect(code).toBe(1);
      expect(stderr).toContain('COMMAND_INVALID');
      expect(stderr).toContain(words);
    },
    LONG,
  );
});

/** Gives every rule's category of the shipped draft an id, as an imported classifier would. */
async function importCategories(): Promise<void> {
  await db.query(
    `WITH source AS (INSERT INTO classifier_import (kind, source, who, added, removed, renamed, total)
       VALUES ('categories', 'test', 'test', 1, 0, 0, 1) RETURNING id),
     paths AS (SELECT DISTINCT subject FROM rubric_rule)
     INSERT INTO category (key, subject_id, subject, first_import_id, import_id)
     SELECT 'id ' || row_number() OVER (ORDER BY subject), row_number() OVER (ORDER BY subject), subject, source.id, source.id
     FROM paths, source`,
  );
  await db.query(
    `WITH source AS (SELECT max(id) AS id FROM classifier_import),
     paths AS (SELECT DISTINCT subject, subsubject FROM rubric_rule WHERE subsubject IS NOT NULL)
     INSERT INTO category (key, subject_id, subject, subsubject_id, subsubject, first_import_id, import_id)
     SELECT 'sub ' || row_number() OVER (ORDER BY p.subject, p.subsubject), c.subject_id, p.subject,
       1000 + row_number() OVER (ORDER BY p.subject, p.subsubject), p.subsubject, source.id, source.id
     FROM paths p JOIN category c ON c.subject = p.subject AND c.subsubject IS NULL, source`,
  );
}

async function linesOfFiles(): Promise<Record<string, unknown>[]> {
  const files = await db.query<{ file: string }>(
    `SELECT file FROM showcase_upload WHERE state = 'ready' ORDER BY id`,
  );
  const all = await Promise.all(
    files.map(async ({ file }) => (await readShowcaseFile(join(stand.dir, 'state', 'spool'), file)).slice(1)),
  );
  return all.flat();
}
