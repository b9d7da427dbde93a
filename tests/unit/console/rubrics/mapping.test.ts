import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { readSheets } from '../../../../src/rubrics/sheet-file.ts';
import { listVersions } from '../../../../src/rubrics/versions.ts';
import { addWaiting, OTHER, openRubricRig, ROAD, type RubricRig, rulesOf } from './rig.ts';

const LONG = 120_000;
const FOREIGN = '<script>alert(1)</script>';

describe('pages of rubrics', () => {
  let rig: RubricRig;

  beforeAll(async () => {
    rig = await openRubricRig();
  }, LONG);
  afterAll(() => rig.close(), LONG);
  beforeEach(async () => {
    await rig.db.query('TRUNCATE showcase_record, audit');
    await rig.db.query('TRUNCATE rubric_version, rubric_rule');
  });

  describe('the tree', () => {
    it('tells what is covered, in words, by section', async () => {
      const page = await (await rig.person('viewer')).get('/rubrics');
      expect(page.status).toBe(200);
      expect(page.text).toContain('href="/rubrics?section=0003"');
      expect(page.text).toMatch(
        /<span class="mark bad">не сопоставлено<\/span> <small>сопоставлено 0 из \d+/,
      );
      expect(page.text).not.toContain(ROAD);
    });

    it('opens a section, and a theme in it with its codes', async () => {
      const person = await rig.person('viewer');
      const section = await person.get('/rubrics?section=0003');
      expect(section.text).toContain('href="/rubrics?section=0003.0009#open"');
      expect(section.text).not.toContain(`/rubrics/code/${ROAD}`);
      const theme = await person.get('/rubrics?section=0003.0009');
      expect(theme.text).toContain(`/rubrics/code/${ROAD}`);
      expect(theme.text).toContain('<details open>');
    });

    it.each(['nonsense', '9999', '0003.0009.0099.0742', '../../x'])(
      'opens nothing for section=%s',
      async (at) => {
        const page = await (await rig.person('viewer')).get(`/rubrics?section=${encodeURIComponent(at)}`);
        expect(page.status).toBe(200);
        expect(page.text).not.toContain('<details open>');
      },
    );

    it(
      'stays small whichever theme is open',
      async () => {
        const person = await rig.person('admin');
        const themes = await rig.db.query<{ code: string }>('SELECT code FROM rubric WHERE level = 2');
        expect(themes.length).toBeGreaterThan(20);
        for (const { code } of themes) {
          const page = await person.get(`/rubrics?section=${code.slice(0, 9)}`);
          expect(Buffer.byteLength(page.text)).toBeLessThan(100_000);
        }
      },
      LONG,
    );

    it('sees a rule that another process made', async () => {
      const person = await rig.person('viewer');
      expect((await person.get(`/rubrics/code/${ROAD}`)).text).toContain('Для этой рубрики правила нет');
      await rig.db.query(
        `INSERT INTO rubric_version (version, source, who, why, rules) VALUES (1, 'person', 'команда', 'так', 1)`,
      );
      await rig.db.query(
        `INSERT INTO rubric_rule (version, rule_id, code, subject, subsubject, subject_id, subsubject_id, source)
         VALUES (1, $1, $1, 'Автомобильные дороги', 'Ямы, выбоины', '2001', '200101', 'person')`,
        [ROAD],
      );
      const page = await person.get(`/rubrics/code/${ROAD}`);
      expect(page.text).toContain('собственное правило рубрики');
      expect(page.text).toContain('<span class="mark good">сопоставлена</span>');
    });
  });

  describe('codes without a category', () => {
    it('puts the one that most cards wait for first, with suggestions as buttons', async () => {
      await addWaiting(rig.db, OTHER, 2, 100);
      await addWaiting(rig.db, ROAD, 40);
      const page = await (await rig.person('operator')).get('/rubrics/unmapped');
      expect(page.text.indexOf(`value="${ROAD}"`)).toBeGreaterThan(0);
      expect(page.text.indexOf(`value="${ROAD}"`)).toBeLessThan(page.text.indexOf(`value="${OTHER}"`));
      expect(page.text).toMatch(new RegExp(`form="pick"[^>]* name="pick" value="${ROAD} [^"]+"`));
      expect(page.text).toContain('<td class="number" data-label="Ждёт карточек">40</td>');
    });

    it('maps by one click on a suggestion, and says who and why', async () => {
      await addWaiting(rig.db, ROAD, 40);
      const person = await rig.person('operator');
      const page = await person.get('/rubrics/unmapped');
      const pick = new RegExp(`value="(${ROAD} [^"]+)"`).exec(page.text)?.[1] ?? '';
      const done = await person.post('/rubrics/pick', { pick, back: '/rubrics/unmapped' });
      expect([done.status, done.location]).toEqual([303, '/rubrics/unmapped']);
      expect(await rulesOf(rig.db, ROAD)).toMatchObject([{ source: 'person' }]);
      const [version] = await listVersions(rig.db);
      expect(version).toMatchObject({ who: 'operator', why: 'принята подсказка' });
      const [entry] = await listAudit(rig.db, { action: 'rubric-mapped' });
      expect(entry).toMatchObject({ who: 'operator', why: 'принята подсказка', object: `rubric:${ROAD}` });
      const after = await person.get('/rubrics/unmapped');
      expect(after.text).toContain('правило есть, уйдут при сборке');
      expect(after.text).toContain('action="/showcase/run"');
      expect(after.text).toContain(`Версия 1: ${ROAD} →`);
    });

    it('does not make a version for what is there already', async () => {
      const person = await rig.person('operator');
      const form = { pick: `${ROAD} 2001/200101`, back: '/rubrics/unmapped' };
      await person.post('/rubrics/pick', form);
      await person.post('/rubrics/pick', form);
      expect(await listVersions(rig.db)).toHaveLength(1);
      expect((await person.get('/rubrics/unmapped')).text).toContain('Такое правило уже есть.');
    });

    it('maps several at once as one version', async () => {
      const person = await rig.person('operator');
      const page = await person.get(
        `/rubrics/map?code=${ROAD}&code=${OTHER}&code=nonsense&find=${encodeURIComponent('ямы')}`,
      );
      expect(page.text).toContain('Сопоставить рубрики: 2');
      expect(page.text).toContain('type="radio" name="category" value="2001/200101"');
      const done = await rig.send(person, '/rubrics/map-many', [
        ['code', ROAD],
        ['code', OTHER],
        ['category', '2001/200101'],
        ['why', 'дороги'],
      ]);
      expect([done.status, done.location]).toEqual([303, '/rubrics/unmapped']);
      expect(await listVersions(rig.db)).toMatchObject([
        { version: 1, who: 'operator', why: 'дороги', rules: 2 },
      ]);
      expect(await listAudit(rig.db, { action: 'rubrics-mapped' })).toMatchObject([
        { who: 'operator', why: 'дороги', data: { version: 1, codes: [ROAD, OTHER] } },
      ]);
    });

    it('maps none when one of several cannot be', async () => {
      const person = await rig.person('operator');
      const done = await rig.send(person, '/rubrics/map-many', [
        ['code', ROAD],
        ['code', '9999.0001.0001.0001'],
        ['category', '2001/200101'],
        ['why', 'дороги'],
      ]);
      expect(done.status).toBe(422);
      expect(done.text).toContain('в тематическом классификаторе нет кода 9999.0001.0001.0001');
      expect(await listVersions(rig.db)).toEqual([]);
    });

    it('finds by a word of the name, and pages through all codes', async () => {
      const person = await rig.person('viewer');
      const all = await person.get('/rubrics/unmapped?all=1');
      expect(all.text).toContain('href="/rubrics/unmapped?all=1&amp;from=25"');
      const next = await person.get('/rubrics/unmapped?all=1&from=25');
      expect(next.text).toContain('К началу');
      const found = await person.get(`/rubrics/unmapped?all=1&word=${ROAD}`);
      expect(found.text).toContain('Рубрик: 4');
      const none = await person.get(`/rubrics/unmapped?all=1&word=${encodeURIComponent('"><b>нет')}`);
      expect(none.text).toContain('По этому отбору ничего нет.');
      expect(none.text).not.toContain('<b>нет');
    });

    it('says what will stand here when nothing waits', async () => {
      const page = await (await rig.person('viewer')).get('/rubrics/unmapped');
      expect(page.text).toContain('Ни одна карточка не ждёт категории');
    });

    it('escapes a code that a card brought', async () => {
      await addWaiting(rig.db, FOREIGN, 3);
      const person = await rig.person('operator');
      const page = await person.get('/rubrics/unmapped');
      expect(page.text).not.toContain('<script>alert');
      expect(page.text).toContain('нет в тематическом классификаторе');
      const code = await person.get(`/rubrics/code/${encodeURIComponent(FOREIGN)}`);
      expect(code.status).toBe(404);
      expect(code.text).not.toContain('<script>alert');
      expect(code.text).toContain('Ждёт карточек: 3');
      expect((await person.get('/rubrics/code/%00')).status).toBe(404);
    });
  });

  describe('one code', () => {
    it('finds a category by its words and by its number', async () => {
      const person = await rig.person('operator');
      const path = `/rubrics/code/${ROAD}`;
      const byWord = await person.get(`${path}?find=${encodeURIComponent('РАЗМЕТКА дорожная')}`);
      expect(byWord.text).toContain('value="2001/200102"');
      expect(byWord.text).toContain('Найдено категорий: 1.');
      const byNumber = await person.get(`${path}?find=200101`);
      expect(byNumber.text).toContain('value="2001/200101"');
      const none = await person.get(`${path}?find=${encodeURIComponent('<i>ы')}`);
      expect(none.text).toContain('Таких категорий нет');
      expect(none.text).not.toContain('<i>ы');
    });

    it('takes a narrowed rule, shows it and takes it away', async () => {
      const person = await rig.person('operator');
      const form = {
        code: ROAD,
        category: '2001/200102',
        cardfile: '0.<A>',
        word: 'разметка',
        note: 'по письму',
        back: `/rubrics/code/${ROAD}`,
      };
      expect((await person.post('/rubrics/map', { ...form, why: '' })).status).toBe(422);
      const done = await person.post('/rubrics/map', { ...form, why: 'так вернее' });
      expect([done.status, done.location]).toEqual([303, `/rubrics/code/${ROAD}`]);
      expect(await rulesOf(rig.db, ROAD)).toMatchObject([
        { cardfile: '0.<A>', word: 'разметка', note: 'по письму' },
      ]);
      const page = await person.get(`/rubrics/code/${ROAD}`);
      expect(page.text).toContain(
        'Картотека (DUE): 0.&lt;A&gt;; Слово в названии рубрики карточки: разметка',
      );
      expect(page.text).toContain('только по условиям');
      const gone = await person.post('/rubrics/unmap', {
        code: ROAD,
        cardfile: '0.<A>',
        word: 'разметка',
        why: 'не надо',
      });
      expect([gone.status, gone.location]).toEqual([303, `/rubrics/code/${ROAD}`]);
      expect(await rulesOf(rig.db, ROAD)).toEqual([]);
      expect(await listAudit(rig.db, { action: 'rubric-unmapped' })).toMatchObject([{ why: 'не надо' }]);
      await person.post('/rubrics/unmap', { code: ROAD, why: 'ещё раз' });
      expect((await person.get('/rubrics')).text).toContain('Такого правила уже нет.');
    });

    it('shows what a rule above gives', async () => {
      const person = await rig.person('operator');
      await person.post('/rubrics/map', {
        code: '0003.0009.0099.0000',
        category: '2001/200101',
        why: 'тема',
      });
      const page = await person.get(`/rubrics/code/${ROAD}`);
      expect(page.text).toContain('правило рубрики уровнем выше');
      expect(page.text).toContain('Ямы, выбоины');
      const tree = await person.get('/rubrics?section=0003.0009');
      expect(tree.text).toContain('сопоставлено частично');
    });

    it.each([
      ['a category that is not', { category: 'нет такой', why: 'так' }],
      ['a code that is not', { code: '9999.0001.0001.0001', why: 'так' }],
      ['an unfit reason', { why: '   ' }],
    ])('refuses %s', async (_name, fields) => {
      const person = await rig.person('operator');
      const answer = await person.post('/rubrics/map', { code: ROAD, category: '2001/200101', ...fields });
      expect(answer.status).toBe(422);
      expect(await listVersions(rig.db)).toEqual([]);
    });

    it('does not lead away when it is done', async () => {
      const person = await rig.person('operator');
      const form = { code: ROAD, category: '2001/200101', why: 'так', back: '//evil.example/x' };
      expect((await person.post('/rubrics/map', form)).location).toBe(`/rubrics/code/${ROAD}`);
    });
  });

  describe('versions', () => {
    it('tells what a version changed and goes back to it with a reason', async () => {
      const person = await rig.person('operator');
      await person.post('/rubrics/map', { code: ROAD, category: '2001/200101', why: 'первая <b>' });
      await person.post('/rubrics/map', { code: ROAD, category: '2001/200102', why: 'вторая' });
      const list = await person.get('/rubrics/versions');
      expect(list.text).toContain('первая &lt;b&gt;');
      const second = await person.get('/rubrics/versions/2');
      expect(second.text).toContain('Изменены: 1');
      expect(second.text).toContain('прежде: Автомобильные дороги / Ямы, выбоины');
      expect(second.text).not.toContain('Вернуться к этой версии');
      const first = await person.get('/rubrics/versions/1');
      expect(first.text).toContain('Против действующей версии 2: добавится 0, уйдёт 0, изменится 1.');
      expect((await person.post('/rubrics/versions/1/roll-back', {})).status).toBe(422);
      const done = await person.post('/rubrics/versions/1/roll-back', { why: 'ошиблись' });
      expect([done.status, done.location]).toEqual([303, '/rubrics/versions/3']);
      expect(await rulesOf(rig.db, ROAD)).toMatchObject([{ subsubject: 'Ямы, выбоины' }]);
      expect(await listAudit(rig.db, { action: 'rubrics-rolled-back' })).toMatchObject([
        { why: 'ошиблись', data: { to: 1 } },
      ]);
      const again = await person.post('/rubrics/versions/1/roll-back', { why: 'ещё раз' });
      expect(again.location).toBe('/rubrics/versions');
      expect(await listVersions(rig.db)).toHaveLength(3);
    });

    it('knows nothing of versions that are not', async () => {
      const person = await rig.person('operator');
      for (const at of ['99', '0', 'x', '1e3']) {
        expect((await person.get(`/rubrics/versions/${at}`)).status).toBe(404);
      }
      expect((await person.post('/rubrics/versions/99/roll-back', { why: 'так' })).status).toBe(422);
    });
  });

  it('gives the rules as a workbook', async () => {
    const person = await rig.person('operator');
    await person.post('/rubrics/map', { code: ROAD, category: '2001/200101', why: 'так' });
    const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(`${rig.served.url}/rubrics/export`, { headers: { cookie } });
    expect(answer.headers.get('content-disposition')).toContain('rubrics-v1.xlsx');
    const sheets = readSheets(new Uint8Array(await answer.arrayBuffer()), 'rubrics.xlsx');
    expect(sheets[0]?.rows[1]?.slice(0, 4)).toEqual([
      ROAD,
      expect.any(String),
      'Автомобильные дороги',
      'Ямы, выбоины',
    ]);
  });

  it('lets a viewer look and change nothing', async () => {
    await addWaiting(rig.db, ROAD, 2);
    const person = await rig.person('viewer');
    for (const path of ['/rubrics/unmapped', `/rubrics/code/${ROAD}`]) {
      const page = await person.get(path);
      expect(page.status).toBe(200);
      expect(page.text).not.toContain('name="pick"');
      expect(page.text).not.toContain('method="post" action="/rubrics');
    }
    for (const path of ['/rubrics/map', '/rubrics/import']) expect((await person.get(path)).status).toBe(403);
    const form = { code: ROAD, category: '2001/200101', why: 'так', pick: `${ROAD} 2001/200101` };
    for (const path of [
      'pick',
      'map',
      'map-many',
      'unmap',
      'versions/1/roll-back',
      'import',
      'import/platform',
      'import/0/take',
      'import/0/drop',
    ]) {
      expect([path, (await person.post(`/rubrics/${path}`, form)).status]).toEqual([path, 403]);
    }
    expect(await listVersions(rig.db)).toEqual([]);
  });
});
