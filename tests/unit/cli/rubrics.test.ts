import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utils, write } from '@e965/xlsx';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readSheets } from '../../../src/rubrics/sheet-file.ts';
import { queryable } from '../../../src/store/data-source.ts';
import { SUBJECTS } from '../../simulators/platform/classifier.ts';
import { type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';
import { runRepairCommand } from '../../support/command-run.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { CommandResult } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';
import { FIXTURES } from '../rubrics/support.ts';

const XLS = join(FIXTURES, 'pos-categories.xls');
const BY = ['--who', 'Иванова', '--why', 'проверка'];
const ROADS = '0003.0009.0099.0742';
const HOLES = 'Автомобильные дороги / Ямы, выбоины';

let platform: PlatformSimulator;
let stand: Stand;
let database: TestDatabase;
let dir: string;

beforeAll(async () => {
  platform = await startPlatform();
  stand = await makeStand({ platformUrl: platform.url, cabinets: 1 });
  for (const { opaId, name, identifier, password } of stand.cabinets) {
    platform.addCabinet({ opaId, name, identifier, password });
  }
  database = await createTestDatabase();
  dir = await mkdtemp(join(tmpdir(), 'posrednik-rubrics-'));
});
afterAll(async () => {
  await database.drop();
  await platform.close();
  await stand.remove();
  await rm(dir, { recursive: true });
});
beforeEach(async () => {
  await queryable(database.dataSource).query(
    'TRUNCATE rubric_rule, rubric_version, category, rubric, classifier_import, showcase_record, cabinet CASCADE',
  );
});

function run(...args: string[]): Promise<CommandResult> {
  return runRepairCommand(stand.configPath, database.url, ['rubrics', ...args]);
}

/** The JSON of a command that must end well. */
async function json<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
}

describe('rubrics import', () => {
  it('takes the .xls of a real program: the diff first, then what was taken', async () => {
    const { code, stdout, stderr } = await run('import', XLS);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Прочитано строк: 251, категорий и подкатегорий: 287\n/);
    expect(stdout).toContain('Новые категории: 287');
    expect(stdout).toContain('Правила: начнёт действовать: 175');
    expect(stdout).toContain('Замечание: одно название в нескольких категориях: оставлены все (8)');
    expect(stdout).toMatch(/\nПринято\.$/);
    const { categories } = await json<{ categories: unknown[] }>('categories', 'освещение');
    expect(categories).toHaveLength(3);
  });

  it('--dry-run takes nothing', async () => {
    const { stdout } = await run('import', XLS, '--dry-run');
    expect(stdout).toMatch(/Ничего не принято: это был просмотр \(--dry-run\)\.$/);
    expect((await json<{ categories: unknown[] }>('categories')).categories).toEqual([]);
  });

  it('again shows what changed and which rules break', async () => {
    await json('import', XLS);
    await json('map', ROADS, HOLES, ...BY);
    await json('map', '0003.0009.0099.0744', '200103', ...BY);
    // Rows by path only, so that the new name is another category.
    const [sheet] = readSheets(await readFile(XLS), 'a.xls');
    const rows = (sheet?.rows ?? [])
      .filter((row) => row[2] !== 'Дорожные знаки')
      .map((row) => (row[2] === 'Ямы, выбоины' ? [row[0], row[1], 'Ямы и выбоины', row[3]] : row))
      .map((row) => row.join('\t'));
    const result = await json<Record<string, never[]>>(
      'import',
      await file('b.tsv', rows.join('\n')),
      '--dry-run',
    );
    expect(result).toMatchObject({ kind: 'categories', taken: false });
    expect(result['renamed']).toMatchObject([
      { from: { subsubject: 'Ямы, выбоины' }, to: { subsubject: 'Ямы и выбоины' } },
    ]);
    expect(result['removed']?.map((each: { key: string }) => each.key)).toContain('2001/200103');
    const effects = (result['rules'] ?? []).map((each: { ruleId: string; effect: string }) => [
      each.ruleId,
      each.effect,
    ]);
    expect(effects).toContainEqual([ROADS, 'renamed']);
    expect(effects).toContainEqual(['0003.0009.0099.0744', 'broken']);
  });

  it('asks for columns that nobody could guess, and takes them as told', async () => {
    const path = await file('own.csv', 'Тема;Подтема;Номер\nДороги;Ямы;11\nДороги;Знаки;12\n');
    const refused = await run('import', path, '--categories');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^CLASSIFIER_UNREADABLE: .*«Тема», «Подтема», «Номер»/);
    expect(await json('import', path, '--columns', 'category=A,sub=B,id=C,from=2')).toMatchObject({
      total: 3,
    });
  });

  it('takes a newer edition of the thematic classifier and its day from the name or the flag', async () => {
    const [sheet] = readSheets(await readFile(join(FIXTURES, '../../mappings/otk-2025-10-31.tsv')), 'a.tsv');
    const rows = [...(sheet?.rows ?? []).filter(([code]) => code !== ROADS)];
    rows.push(['0003.0009.0099.7777', '4', '', 'Самокаты']);
    const book = utils.book_new();
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows.map((row) => [...row])), 'ОТК');
    const path = await file('otk.xlsx', write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer);
    const refused = await run('import', path);
    expect(refused.stderr).toMatch(/^COMMAND_INVALID: .*--edition/);
    const result = await json('import', path, '--edition', '2026-06-01');
    expect(result).toMatchObject({
      kind: 'otk',
      edition: '2026-06-01',
      taken: true,
      added: [{ code: '0003.0009.0099.7777', name: 'Самокаты' }],
      removed: [{ code: ROADS }],
      renamed: [],
    });
    expect(result['rules']).toMatchObject([{ ruleId: ROADS }]);
  });

  it('reads the platform itself, and compares it with what is there', async () => {
    const ALL = SUBJECTS.reduce((sum, { children }) => sum + 1 + children.length, 0);
    const first = await json('import', '--platform', 'lko-1', '--region', '80');
    expect(first).toMatchObject({ kind: 'categories', taken: true, total: ALL, same: 0 });
    const again = await json('import', '--platform', 'lko-1', '--region', '80', '--dry-run');
    expect(again).toMatchObject({ taken: false, added: [], removed: [], renamed: [], same: ALL });
  });

  it('does not log in to a blocked cabinet', async () => {
    await queryable(database.dataSource).query(
      `INSERT INTO cabinet (opa_id, name, state, start_from) VALUES ($1, 'x', 'blocked', now())`,
      [stand.cabinets[0]?.opaId],
    );
    platform.resetCounters();
    const { code, stderr } = await run('import', '--platform', 'lko-1', '--region', '80');
    expect(code).toBe(1);
    expect(stderr).toMatch(/cabinets check lko-1/);
    expect(platform.counters().logins).toEqual({});
  });

  it.each([
    [[], /назовите файл или --platform/],
    [[XLS, '--platform', 'lko-1'], /одно из двух/],
    [[XLS, '--otk', '--categories'], /назовите что-то одно/],
    [[XLS, '--columns', 'price=A'], /category=A,sub=B,id=C/],
    [['--platform', 'lko-9', '--region', '80'], /нет кабинета «lko-9»/],
    [['/no/such/file.xls'], /файл не читается/],
  ])('%j is refused', async (args, words) => {
    const { code, stderr } = await run('import', ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^COMMAND_INVALID/);
    expect(stderr).toMatch(words);
  });

  it('a list that lost most of its categories needs --force', async () => {
    await json('import', XLS);
    const path = await file('few.csv', 'Категория;ID\nМусор;2010\n');
    const refused = await run('import', path);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^CLASSIFIER_SHRINKS: .*пропадает 286 из 287/);
    expect(await json('import', path, '--force')).toMatchObject({ taken: true });
  });
});

describe('rubrics map, unmap, diff, rollback', () => {
  it('the way of a rule', async () => {
    await json('import', XLS);
    const mapped = await run('map', ROADS, HOLES, ...BY);
    expect(mapped.stdout).toBe(
      `Версия 2: ${ROADS} → ${HOLES} [2001/200101]. Прежде: ${ROADS} → Автомобильные дороги (черновик).`,
    );
    expect((await run('map', ROADS, HOLES, ...BY)).stdout).toMatch(/^Такое правило уже есть/);
    const narrowed = await json('map', ROADS, '200301', '--word', 'двор', '--cardfile', '0.A.', ...BY);
    expect(narrowed).toMatchObject({ version: 3, ruleId: `${ROADS}?cardfile=0.A.&word=двор` });
    const last = await run('diff');
    expect(last.stdout).toMatch(/Новые правила: 1\n.*cardfile=0\.A\.&word=двор/);
    expect(await json('diff', '1', '3')).toMatchObject({
      from: 1,
      to: 3,
      added: [{}],
      changed: [{}],
      removed: [],
    });
    expect(await json('unmap', ROADS, '--word', 'двор', '--cardfile', '0.A.', ...BY)).toMatchObject({
      version: 4,
    });
    expect((await run('unmap', ROADS, '--word', 'двор', ...BY)).code).toBe(1);
    expect(await json('rollback', '1', ...BY)).toMatchObject({ version: 5, equalTo: 1 });
    expect((await run('diff', '1', '5')).stdout).toContain('Правила не отличаются.');
    expect((await run('rollback', '1', ...BY)).stdout).toBe('Правила и так равны версии 1.');
    const { versions } = await json<{ versions: { version: number; who: string }[] }>('versions');
    expect(versions.map(({ version, who }) => [version, who])).toEqual([
      [5, 'Иванова'],
      [4, 'Иванова'],
      [3, 'Иванова'],
      [2, 'Иванова'],
      [1, 'поставка'],
    ]);
  });

  it.each([
    [['map', 'x', HOLES, ...BY], /не код рубрики/],
    [['map', ROADS, 'Реки', ...BY], /нет категории «Реки»/],
    [['map', ROADS, HOLES, '--who', '', '--why', 'x'], /--who/],
    [['rollback', '99', ...BY], /нет версии правил 99/],
    [['rollback', 'x', ...BY], /номер версии/],
    [['diff', '7'], /нет версии правил 7/],
    [['suggest', '0009.0009.0009.0009'], /нет кода/],
    [['suggest', ROADS, '--most', '0'], /--most/],
    [['unmapped', '--limit', 'x'], /--limit/],
    [['export', 'rules.csv'], /\.xlsx/],
  ])('%j is refused', async (args, words) => {
    if (args[0] === 'map') await json('import', XLS);
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^COMMAND_INVALID/);
    expect(stderr).toMatch(words);
  });
});

describe('rubrics coverage, suggest, unmapped', () => {
  it('before any categories says what to do', async () => {
    const { code, stdout } = await run('coverage');
    expect(code).toBe(1);
    expect(stdout).toMatch(/ещё не загружены.*rubrics import/);
    expect((await run('suggest', ROADS)).code).toBe(1);
  });

  it('with the draft alone covers over 90 % by category', async () => {
    await json('import', XLS);
    const report = await json<{ percent: number; all: { byDraft: number; mapped: number } }>('coverage');
    expect(report.percent).toBeGreaterThan(90);
    expect(report.all.byDraft).toBe(report.all.mapped);
    expect((await run('coverage')).stdout).toMatch(/^Версия правил 1\. Сопоставлено \d+ из 1876 кодов/);
  });

  it('a rule that cannot do what it says makes the exit code 1', async () => {
    await json('import', XLS);
    await json('map', ROADS, 'Таможня', ...BY);
    const { code, stdout } = await run('coverage');
    expect(code).toBe(1);
    expect(stdout).toContain(`${ROADS} → Таможня: у категории нет идентификатора`);
  });

  it('suggests categories', async () => {
    await json('import', XLS);
    const { suggestions } = await json<{ suggestions: { path: string }[] }>('suggest', '0002.0014.0143.0393');
    expect(suggestions[0]?.path).toBe('Медицина / Скорая помощь');
    expect((await run('suggest', '0002.0014.0143.0393', '--most', '1')).stdout).toMatch(
      /^1\.00 {2}Медицина \/ Скорая помощь \[2014\/201404\]$/,
    );
  });

  it('lists what waits with suggestions, and what has a rule meanwhile', async () => {
    await json('import', XLS);
    expect((await run('unmapped')).stdout).toBe('Ни одна карточка не ждёт сопоставления.');
    const code = '0001.0020.0182.0000';
    const { unmapped } = await json<{ unmapped: { code: string }[]; total: number }>(
      'unmapped',
      '--all',
      '--limit',
      '3',
    );
    expect(unmapped).toHaveLength(3);
    const waits = unmapped[0]?.code ?? code;
    await queryable(database.dataSource).query(
      `INSERT INTO showcase_record (showcase, card_key, otk_code, question_no, card_isn, reg_number, cardfile, verdict,
                                    since, build_id)
       VALUES ('v', 'k', $1, 1, '1', '1', '0.A.', 'unmapped', now(), 1)`,
      [waits],
    );
    expect((await run('unmapped')).stdout).toMatch(
      new RegExp(`^${waits} {2}карточек 1: .*\\(нет правила\\)`),
    );
    await json('map', waits, HOLES, ...BY);
    expect((await run('unmapped')).stdout).toMatch(/правило уже есть/);
  });
});

describe('rules in a spreadsheet', () => {
  it('go out and come back the same; a changed row is a new version', async () => {
    await json('import', XLS);
    await json('map', ROADS, HOLES, '--word', 'яма', '--note', 'по просьбе отдела', ...BY);
    const path = join(dir, 'rules.xlsx');
    expect(await json('export', path)).toMatchObject({ version: 2, rules: 176 });
    expect((await run('export', path)).stderr).toMatch(/файл уже есть; заменить его: --force/);
    expect((await run('export', path, '--force')).code).toBe(0);
    const same = await json('import', path, ...BY);
    expect(same).toMatchObject({ kind: 'rules', taken: true, added: [], removed: [], changed: [] });
    expect(same['version']).toBeUndefined();

    const sheets = readSheets(await readFile(path), 'rules.xlsx');
    const rows = (sheets[0]?.rows ?? [])
      .filter((row) => row[8] !== 'яма')
      .map((row) => (row[0] === ROADS ? row.with(3, 'Ремонт дорог') : row));
    const book = utils.book_new();
    utils.book_append_sheet(book, utils.aoa_to_sheet(rows.map((row) => [...row])), 'Правила');
    const edited = await file('edited.xlsx', write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer);
    expect((await run('import', edited)).stderr).toMatch(/--who/);
    expect(await json('import', edited, '--dry-run')).toMatchObject({
      taken: false,
      removed: [{ word: 'яма' }],
    });
    expect(await json('import', edited, ...BY)).toMatchObject({
      version: 3,
      changed: [
        { to: { code: ROADS, subsubject: 'Ремонт дорог', subsubjectId: '200110', source: 'person' } },
      ],
    });
  });
});
