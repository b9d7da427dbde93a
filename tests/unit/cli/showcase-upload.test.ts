import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { takeAskedRuns } from '../../../src/showcase/asked-runs.ts';
import { contentHash } from '../../../src/showcase/files.ts';
import { queryable } from '../../../src/store/data-source.ts';
import { runRepairCommand } from '../../support/command-run.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { CommandResult } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';

const LONG = 60_000;
let stand: Stand;
let bare: Stand;
let database: TestDatabase;

beforeAll(async () => {
  const showcase = { cabinet: 'lko-1', archive: 'delo-web', region: '80', from: '2026-01-01' };
  stand = await makeStand({
    platformUrl: 'http://127.0.0.1:9',
    cabinets: 1,
    config: {
      archives: [{ id: 'delo-web', baseUrl: 'http://127.0.0.1:9', user: 'u' }],
      showcases: [
        { ...showcase, id: 'north', cardfiles: ['0.1.'] },
        { ...showcase, id: 'south', cardfiles: ['0.2.'] },
      ],
    },
  });
  bare = await makeStand({ platformUrl: 'http://127.0.0.1:9', cabinets: 1 });
  database = await createTestDatabase();
}, LONG);
afterAll(async () => {
  await database.drop();
  await stand.remove();
  await bare.remove();
});
beforeEach(() => db().query(`TRUNCATE showcase_record, setting, journal CASCADE`));

const db = () => queryable(database.dataSource);
const run = (...args: string[]): Promise<CommandResult> =>
  runRepairCommand(stand.configPath, database.url, ['showcase', ...args]);

/** A record that the platform has refused. */
async function refused(showcase: string, card: string, detail: string): Promise<void> {
  const content = `{"recordId":"${card}#1"}`;
  const hash = contentHash(content);
  await db().query(
    `INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, cardfile, verdict, content,
       hash, refused_hash, error_code, error_field, error_detail, since, build_id)
     VALUES ($1, $2, 1, 'x', '1', 'К-1', '0.1.', 'send', $3, $4, $4, 'SHOWCASE_RECORD_REFUSED', 'dueDate', $5, now(), 1)`,
    [showcase, card, content, hash, detail],
  );
}

const states = async () =>
  (await db().query<{ state: string }>(`SELECT state FROM showcase_record ORDER BY card_key`)).map(
    ({ state }) => state,
  );

describe('showcase upload', () => {
  it(
    'asks the daemon through the database, for all showcases or for one',
    async () => {
      const all = await run('upload');
      expect(all).toMatchObject({ code: 0, stderr: '' });
      expect(all.stdout).toContain('Выгрузка поставлена в очередь: north, south.');
      expect((await takeAskedRuns(db())).sort()).toEqual(['north', 'south']);
      expect(JSON.parse((await run('upload', '--showcase', 'south', '--json')).stdout)).toEqual({
        asked: ['south'],
      });
      expect(await takeAskedRuns(db())).toEqual(['south']);
    },
    LONG,
  );

  it(
    'names the showcases that there are when it does not know the one, and says when there is none',
    async () => {
      const unknown = await run('upload', '--showcase', 'east');
      expect(unknown.code).toBe(1);
      expect(unknown.stderr).toContain('витрины «east» нет; есть: north, south');
      const none = await runRepairCommand(bare.configPath, database.url, ['showcase', 'upload']);
      expect(none.stderr).toContain('в настройках нет ни одной витрины');
      expect(await takeAskedRuns(db())).toEqual([]);
    },
    LONG,
  );
});

describe('showcase resend', () => {
  it(
    'makes refused records ready by code or by record, and asks for their showcases',
    async () => {
      await refused('north', 'a', 'BAD: плохо');
      await refused('north', 'b', 'WORSE: хуже');
      await refused('south', 'c', 'BAD: плохо');
      const one = await run('resend', '--record', 'b#1');
      expect(one.stdout.split('\n')).toEqual([
        'Записей, которые уйдут ещё раз без изменений: 1.',
        'Выгрузка поставлена в очередь: north.',
      ]);
      expect(await states()).toEqual(['refused', 'ready', 'refused']);
      const json = await run('resend', '--code', 'BAD', '--json');
      expect(JSON.parse(json.stdout)).toEqual({ records: 2, showcases: ['north', 'south'] });
      expect(await states()).toEqual(['ready', 'ready', 'ready']);
      expect((await takeAskedRuns(db())).sort()).toEqual(['north', 'south']);
    },
    LONG,
  );

  it(
    'without a filter sends all, and what waits; says when nothing fits',
    async () => {
      await refused('south', 'a', 'BAD: плохо');
      expect((await run('resend', '--showcase', 'north')).stdout).toContain('без изменений: 0');
      expect(await states()).toEqual(['refused']);
      expect((await run('resend')).stdout).toContain('без изменений: 1');
      const nothing = await run('resend', '--code', 'BAD');
      expect(nothing).toMatchObject({ code: 1, stderr: '' });
      expect(nothing.stdout).toContain('Отправлять нечего');
    },
    LONG,
  );

  it(
    'refuses what it cannot understand',
    async () => {
      expect((await run('resend', '--code', 'A', '--record', 'a#1')).stderr).toContain('одно из двух');
      expect((await run('resend', '--record', 'a')).stderr).toContain('ключ карточки#номер вопроса');
    },
    LONG,
  );
});
