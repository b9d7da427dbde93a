import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import type { Visitor } from '../../../support/console.ts';
import { fixture } from '../../rubrics/support.ts';
import { openRubricRig, ROAD, type RubricRig, rulesOf, sha256 } from './rig.ts';

const LONG = 120_000;
const ORIGINAL = fixture('pos-categories.csv').toString();

describe('the import of classifiers and rules', () => {
  let rig: RubricRig;
  let person: Visitor;
  const asked: string[] = [];

  beforeAll(async () => {
    const cabinets = [{ id: 'mirny', opaId: '77', region: '14', access: { opaId: '77' } }];
    rig = await openRubricRig({
      cabinets: () => cabinets,
      platform: {
        readClassifier: async (_access: unknown, region: string) => {
          asked.push(region);
          return [{ subjectId: '2001', subject: 'Дороги <b>' }];
        },
      },
    } as unknown as Partial<ConsoleDeps>);
    person = await rig.person('operator');
  }, LONG);
  afterAll(() => rig.close(), LONG);
  beforeEach(async () => {
    await rig.db.query('TRUNCATE rubric_upload, audit');
  });

  function upload(
    content: string | Buffer,
    name: string,
    fields: readonly (readonly [string, string])[] = [],
  ) {
    const file = new Blob([new Uint8Array(Buffer.from(content))]);
    return rig.send(person, '/rubrics/import', [...fields, ['file', file, name]], true);
  }
  async function kept(): Promise<number> {
    const [row] = await rig.db.query<{ count: number }>('SELECT count(*)::int AS count FROM rubric_upload');
    return row?.count ?? -1;
  }
  const markOf = (text: string) => /name="mark" value="([^"]*)"/.exec(text)?.[1] ?? '';

  it('previews a list with a renamed category, keeps the file, and takes it on a word', async () => {
    await person.post('/rubrics/map', { code: ROAD, category: '2001/200102', why: 'до загрузки' });
    const text = ORIGINAL.replace('Ямы, выбоины', 'Ямы и <b>выбоины</b>').replace(/^.*;200102\r?\n/m, '');
    const sent = await upload(text, 'C:\\Папка\\категории <1>.csv');
    expect(sent.status).toBe(303);
    expect(sent.location).toMatch(/^\/rubrics\/import\/[0-9a-f]{32}$/);
    const path = sent.location ?? '';
    const page = await person.get(path);
    expect(page.text).toContain('<dd>категории &lt;1&gt;.csv</dd>');
    expect(page.text).toContain('Переименованы: 1');
    expect(page.text).toContain('Убраны: 1');
    expect(page.text).toContain('Ямы и &lt;b&gt;выбоины&lt;/b&gt;');
    expect(page.text).toContain('После этого перестанут действовать правила: 1');
    expect(page.text).not.toContain('name="force"');
    const mark = markOf(page.text);
    expect((await person.post(`${path}/take`, { mark, why: '' })).status).toBe(422);
    const done = await person.post(`${path}/take`, { mark, why: 'новая редакция' });
    expect([done.status, done.location]).toEqual([303, '/rubrics']);
    const [category] = await rig.db.query(
      `SELECT subsubject FROM category WHERE key = '2001/200101' AND NOT retired`,
    );
    expect(category).toEqual({ subsubject: 'Ямы и <b>выбоины</b>' });
    expect(await listAudit(rig.db, { action: 'classifier-imported' })).toMatchObject([
      {
        who: 'operator',
        why: 'новая редакция',
        data: { kind: 'categories', sha256: sha256(Buffer.from(text)) },
      },
    ]);
    expect(await kept()).toBe(0);
    expect((await person.get(path)).status).toBe(404);
    const again = await person.post(`${path}/take`, { mark, why: 'ещё раз' });
    expect(again.location).toBe('/rubrics/import');
    expect((await person.get(`/rubrics/code/${ROAD}`)).text).toContain('нет номера в загруженном');
  });

  it('takes nothing when the rules have changed since the preview', async () => {
    const { location } = await upload(ORIGINAL, 'a.csv');
    const mark = markOf((await person.get(location ?? '')).text);
    await person.post('/rubrics/map', {
      code: ROAD,
      category: '2001/200101',
      why: `между ${Math.random()}`,
      note: `${Math.random()}`,
    });
    const done = await person.post(`${location}/take`, { mark, why: 'так' });
    expect(done.location).toBe(location);
    expect((await person.get(location ?? '')).text).toContain('посмотрите отличия ещё раз');
    expect(await listAudit(rig.db, { action: 'classifier-imported' })).toEqual([]);
  });

  it('asks for a second word when more than half is gone', async () => {
    const few = ORIGINAL.split('\n').slice(0, 3).join('\n');
    const { location } = await upload(few, 'a.csv');
    const page = await person.get(location ?? '');
    expect(page.text).toContain('Вероятно, это не тот файл');
    expect(page.text).toContain('name="force" value="1" required');
    const mark = markOf(page.text);
    const refused = await person.post(`${location}/take`, { mark, why: 'так' });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('В новом классификаторе нет больше половины прежнего');
    const done = await person.post(`${location}/take`, { mark, why: 'так', force: '1' });
    expect(done.status).toBe(303);
    await person.post(`${(await upload(ORIGINAL, 'a.csv')).location}/take`, {
      mark: markOf((await person.get('/rubrics/import')).text),
      why: 'x',
    });
    const back = await upload(ORIGINAL, 'a.csv');
    const again = markOf((await person.get(back.location ?? '')).text);
    expect((await person.post(`${back.location}/take`, { mark: again, why: 'обратно' })).location).toBe(
      '/rubrics',
    );
  });

  it('takes a table of rules that was exported before, and refuses one that cannot be', async () => {
    await person.post('/rubrics/map', { code: ROAD, category: '2001/200101', why: 'было', note: 'старое' });
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(`${rig.served.url}/rubrics/export`, { headers: { cookie } });
    const book = Buffer.from(await answer.arrayBuffer());
    await person.post('/rubrics/map', { code: ROAD, category: '2001', why: 'стало' });
    const { location } = await upload(book, 'правила.xlsx');
    const page = await person.get(location ?? '');
    expect(page.text).toContain('таблица правил');
    expect(page.text).toContain('Изменены: 1');
    const done = await person.post(`${location}/take`, { mark: markOf(page.text), why: 'из таблицы' });
    expect(done.location).toMatch(/^\/rubrics\/versions\/\d+$/);
    expect(await rulesOf(rig.db, ROAD)).toMatchObject([{ note: 'старое' }]);
    const bad = 'Код рубрики;Категория;Слово\n0003.0009.0099.0742;Нет <такой>;\n';
    const refused = await upload(bad, 'правила.csv');
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Нет &lt;такой&gt;');
    expect(await kept()).toBe(0);
  });

  it('takes a new edition of the thematic classifier, and asks for its day', async () => {
    const rows = await rig.db.query<{ code: string; name: string }>(
      `SELECT code, name FROM rubric WHERE NOT retired`,
    );
    const lines = rows.map(({ code, name }) => `${code}\t${code === ROAD ? 'Новое название' : name}`);
    const text = ['Код рубрики\tНаименование', ...lines].join('\n');
    const without = await upload(text, 'otk.tsv', [['kind', 'otk']]);
    expect(without.status).toBe(422);
    expect(without.text).toContain('укажите день редакции');
    expect(
      (
        await upload(text, 'otk.tsv', [
          ['kind', 'otk'],
          ['edition', '21.11.2026'],
        ])
      ).status,
    ).toBe(422);
    const { location } = await upload(text, 'otk.tsv', [
      ['kind', 'otk'],
      ['edition', '2026-11-21'],
    ]);
    const page = await person.get(location ?? '');
    expect(page.text).toContain('Переименованы: 1');
    expect(page.text).toContain('Правила не затронуты.');
    const done = await person.post(`${location}/take`, { mark: markOf(page.text), why: 'редакция' });
    expect(done.location).toBe('/rubrics');
    expect((await person.get(`/rubrics/code/${ROAD}`)).text).toContain('<h1>Новое название</h1>');
    expect((await person.get('/rubrics/import')).text).toContain('otk.tsv 2026-11-21');
  });

  it('reads what the platform tells', async () => {
    const sent = await person.post('/rubrics/import/platform', { cabinet: 'mirny', region: '' });
    expect(asked).toEqual(['14']);
    const page = await person.get(sent.location ?? '');
    expect(page.text).toContain('платформа, регион 14');
    expect(page.text).toContain('Дороги &lt;b&gt;');
    for (const fields of [{ cabinet: 'нет' }, { cabinet: 'mirny', region: '../x' }]) {
      expect((await person.post('/rubrics/import/platform', fields)).status).toBe(422);
    }
    await rig.db.query(
      `INSERT INTO cabinet (opa_id, name, start_from, state) VALUES ('77', 'mirny', now(), 'blocked')`,
    );
    const blocked = await person.post('/rubrics/import/platform', { cabinet: 'mirny' });
    expect(blocked.text).toContain('кабинет заблокирован');
    expect(asked).toEqual(['14']);
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'a.csv'],
    ['nonsense', Buffer.from([0x50, 0x4b, 1, 2, 3, 4]), 'a.xlsx'],
    ['another table', Buffer.from('имя;возраст\nа;1\n'), 'a.csv'],
  ])('refuses %s and keeps nothing', async (_name, content, name) => {
    const answer = await upload(content, name);
    expect(answer.status).toBe(422);
    expect(await kept()).toBe(0);
  });

  it('refuses a form without a file, columns that are none, and a file too large', async () => {
    expect((await rig.send(person, '/rubrics/import', [['kind', 'auto']], true)).text).toContain(
      'файл не выбран',
    );
    const columns = await upload(ORIGINAL, 'a.csv', [['columns', 'x=1']]);
    expect([columns.status, columns.text.includes('непонятно')]).toEqual([422, true]);
    expect((await upload(Buffer.alloc(2 * 1024 * 1024, 'a'), 'a.csv')).status).toBe(413);
  });

  it('keeps five files of a person, for a day, for himself alone', async () => {
    for (let n = 0; n < 7; n += 1) await upload(ORIGINAL, `a${n}.csv`);
    expect(await kept()).toBe(5);
    const { location } = await upload(ORIGINAL, 'own.csv');
    const other = await rig.person('admin');
    expect((await other.get(location ?? '')).status).toBe(404);
    expect((await other.post(`${location}/drop`)).status).toBe(303);
    expect((await person.get(location ?? '')).status).toBe(200);
    await rig.db.query(`UPDATE rubric_upload SET expires_at = now() - interval '1 second'`);
    expect((await person.get(location ?? '')).status).toBe(404);
    const last = await upload(ORIGINAL, 'b.csv');
    expect(await kept()).toBe(1);
    expect((await person.post(`${last.location}/drop`)).location).toBe('/rubrics/import');
    expect(await kept()).toBe(0);
  });
});
