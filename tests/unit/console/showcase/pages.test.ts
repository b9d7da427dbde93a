import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { takeAskedRuns } from '../../../../src/showcase/asked-runs.ts';
import { eventually } from '../../../support/eventually.ts';
import { addRecord, addUpload, openShowcaseRig, type ShowcaseRig } from './rig.ts';

const LONG = 120_000;
const HOSTILE = '<img src=x onerror=alert(1)>';
const REFUSED = { verdict: 'send', code: 'SHOWCASE_RECORD_REFUSED', isRefused: true } as const;

describe('pages of the showcase', () => {
  let rig: ShowcaseRig;

  beforeAll(async () => {
    rig = await openShowcaseRig();
  }, LONG);
  afterAll(() => rig.close(), LONG);
  beforeEach(async () => {
    await rig.db.query(
      'TRUNCATE showcase_record, showcase_upload, showcase_error, showcase_build, audit, setting, journal',
    );
  });

  describe('how it stands', () => {
    it('counts questions by state and tells the last build and its trouble', async () => {
      await addRecord(rig.db, { key: 'a', verdict: 'send', isAccepted: true });
      await addRecord(rig.db, { key: 'b', verdict: 'send' });
      await addRecord(rig.db, { key: 'c', code: 'RUBRIC_NOT_MAPPED' });
      await rig.db.query(
        `INSERT INTO showcase_build (showcase, cards, questions, error_code) VALUES ('yakutsk', 7, 9, 'SHOWCASE_BUSY')`,
      );
      const viewer = await rig.person('viewer');
      // A slow count is told as such, and is there at a later look.
      const page = await eventually('the count', async () => {
        const shown = await viewer.get('/showcase');
        return shown.text.includes('ещё считаются') ? undefined : shown;
      });
      expect(page.status).toBe(200);
      expect(page.text).toContain('<b>3</b>вопросов в витрине');
      expect(page.text).toContain('<b>1</b>принято платформой');
      expect(page.text).toContain('href="/showcase/failed?showcase=yakutsk&amp;state=unmapped">1</a>');
      expect(page.text).toContain('карточек 7, вопросов 9');
      expect(page.text).toContain('Эту витрину сейчас собирает другой процесс');
      expect(page.text).toContain('каждый день в 02:30 (Asia/Yakutsk)');
    });

    it(
      'says what will stand here',
      async () => {
        const page = await (await rig.person('viewer')).get('/showcase');
        expect(page.text).toContain('Выгрузок ещё не было');
        const bare = await openShowcaseRig([]);
        try {
          const none = await (await bare.person('viewer')).get('/showcase');
          expect(none.text).toContain('Витрин в настройках нет');
          const post = await (await bare.person('operator')).post('/showcase/run', { why: 'так' });
          expect(post.status).toBe(422);
        } finally {
          await bare.close();
        }
      },
      LONG,
    );

    it('asks for a run, once, with who and why', async () => {
      const person = await rig.person('operator');
      expect((await person.post('/showcase/run', { showcase: 'yakutsk' })).status).toBe(422);
      const done = await person.post('/showcase/run', { showcase: 'yakutsk', why: 'новые правила' });
      expect([done.status, done.location]).toEqual([303, '/showcase']);
      expect((await person.get('/showcase')).text).toContain('Запуск уже заказан');
      await person.post('/showcase/run', { why: 'обе', back: '/rubrics/unmapped' });
      expect((await takeAskedRuns(rig.db)).sort()).toEqual(['mirny', 'yakutsk']);
      expect(await listAudit(rig.db, { action: 'showcase-asked' })).toMatchObject([
        { who: 'operator', why: 'обе', data: { showcases: ['yakutsk', 'mirny'] } },
        { who: 'operator', why: 'новые правила', data: { showcases: ['yakutsk'] } },
      ]);
    });

    it('refuses a showcase that the settings do not have', async () => {
      const person = await rig.person('operator');
      for (const path of ['run', 'resend']) {
        const answer = await person.post(`/showcase/${path}`, { showcase: HOSTILE, why: 'так' });
        expect(answer.status).toBe(422);
        expect(answer.text).not.toContain('<img');
      }
      expect(await takeAskedRuns(rig.db)).toEqual([]);
    });
  });

  describe('uploads', () => {
    it('tells each state in a word, and what to do about a refused file', async () => {
      await addUpload(rig.db, 'settled', { accepted: 8, rejected: 2 });
      await addUpload(rig.db, 'failed', {
        error_code: 'SHOWCASE_FILE_REFUSED',
        error_detail: `E42: ${HOSTILE}`,
      });
      await addUpload(rig.db, 'polling', { attempts: 3 });
      const page = await (await rig.person('operator')).get('/showcase/uploads');
      expect(page.text).toContain('<span class="mark good">разобран</span>');
      expect(page.text).toContain('Платформа отказала всему файлу витрины');
      expect(page.text).toContain('попыток: 3');
      expect(page.text).toContain('&lt;img src=x');
      expect(page.text).not.toContain('<img');
      const viewer = await (await rig.person('viewer')).get('/showcase/uploads');
      expect(viewer.text).not.toContain('E42');
    });

    it('filters and pages by keyset', async () => {
      for (let n = 0; n < 53; n += 1) await addUpload(rig.db, n % 2 === 0 ? 'settled' : 'split');
      const person = await rig.person('viewer');
      const first = await person.get('/showcase/uploads');
      const next = /rel="next" href="([^"]+)"/.exec(first.text)?.[1] ?? '';
      const second = await person.get(next);
      expect(second.text.match(/scope="row"/g)).toHaveLength(3);
      const split = await person.get('/showcase/uploads?state=split&showcase=yakutsk');
      expect(split.text.match(/scope="row"/g)).toHaveLength(26);
      expect((await person.get('/showcase/uploads?state=settled&showcase=mirny')).text).toContain(
        'ничего нет',
      );
      expect(
        (await person.get('/showcase/uploads?before=x&state=x')).text.match(/scope="row"/g),
      ).toHaveLength(50);
    });
  });

  describe('what is not uploaded', () => {
    it('tells why and what to do, with the way to the rubric', async () => {
      await addRecord(rig.db, { key: 'a', code: 'RUBRIC_NOT_MAPPED' });
      await addRecord(rig.db, {
        key: 'b',
        verdict: 'refuse',
        code: 'SHOWCASE_FIELD_MISSING',
        field: 'oktmo',
      });
      await addRecord(rig.db, { key: 'c', ...REFUSED, detail: `E42: ${HOSTILE}` });
      const page = await (await rig.person('operator')).get('/showcase/failed');
      expect(page.text).toContain('href="/rubrics/code/0003.0009.0099.0742#choose"');
      expect(page.text).toContain('поле oktmo');
      expect(page.text).toContain('Платформа не приняла запись витрины');
      expect(page.text).toContain('E42: &lt;img src=x');
      expect(page.text).not.toContain('<img');
      expect(page.text).toContain('href="/rubrics/unmapped"');
      expect(page.text).toContain('name="record" value="c#1"');
      const viewer = await (await rig.person('viewer')).get('/showcase/failed');
      expect(viewer.text).not.toContain('onerror');
      expect(viewer.text).toContain('E42');
      expect(viewer.text).not.toContain('action="/showcase/resend"');
    });

    it.each([
      ['code=RUBRIC_NOT_MAPPED', ['a', 'd']],
      ['code=E42', ['c']],
      ['cardfile=0.B.', ['b']],
      ['rubric=0005', ['b']],
      [`text=${encodeURIComponent('а-C')}`, ['c']],
      ['text=quoted', ['c']],
      ['showcase=mirny', ['d']],
      ['state=refused', ['b', 'c']],
      ['state=unmapped&showcase=yakutsk', ['a']],
      ['state=ready', ['r']],
      ['state=nonsense', ['a', 'b', 'c', 'd']],
      ['text=%25', []],
      ['text=%00', ['a', 'b', 'c', 'd']],
      [`code=${encodeURIComponent("' OR 1=1 --")}`, []],
    ])('filters by %s', async (query, keys) => {
      await addRecord(rig.db, { key: 'a', code: 'RUBRIC_NOT_MAPPED' });
      await addRecord(rig.db, {
        key: 'b',
        verdict: 'refuse',
        code: 'SHOWCASE_FIELD_MISSING',
        cardfile: '0.B.',
        otk: '0005.0005.0056.1160',
      });
      await addRecord(rig.db, { key: 'c', ...REFUSED, detail: 'E42: quoted' });
      await addRecord(rig.db, { key: 'd', showcase: 'mirny', code: 'RUBRIC_NOT_MAPPED' });
      await addRecord(rig.db, { key: 'r', verdict: 'send' });
      const page = await (await rig.person('operator')).get(`/showcase/failed?${query}`);
      expect(page.status).toBe(200);
      const found = [...page.text.matchAll(/<th scope="row">(?:<a[^>]*>)?А-(\w)\/26/g)].map(([, key]) => key);
      expect(found.sort()).toEqual(keys);
    });

    it('leads to the card where the settings tell its address', async () => {
      await addRecord(rig.db, { key: 'm"&', showcase: 'mirny', number: '12', code: 'RUBRIC_NOT_MAPPED' });
      await addRecord(rig.db, { key: 'y', number: '13', code: 'RUBRIC_NOT_MAPPED' });
      const person = await rig.person('operator');
      const { text } = await person.get('/showcase/failed');
      expect(text).toContain('<a href="https://delo.test/?card=m%22%26&amp;x" rel="noreferrer">12</a>');
      expect(text).toContain('<th scope="row">13 ');
      const table = (await person.get('/showcase/failed.csv?showcase=mirny')).text;
      expect(table).toContain(';https://delo.test/?card=m%22%26&x\r\n');
    });

    it('does not look for a viewer in words that he may not read', async () => {
      await addRecord(rig.db, { key: 'c', ...REFUSED, detail: 'E42: quoted' });
      const page = await (await rig.person('viewer')).get('/showcase/failed?text=quoted');
      expect(page.text).toContain('По этому отбору ничего нет.');
    });

    it('pages through all of them, none twice and none left out', async () => {
      for (let n = 100; n < 160; n += 1) await addRecord(rig.db, { key: `u${n}`, code: 'RUBRIC_NOT_MAPPED' });
      for (let n = 100; n < 155; n += 1)
        await addRecord(rig.db, {
          key: `m${n}`,
          showcase: 'mirny',
          verdict: 'refuse',
          code: 'SHOWCASE_FIELD_INVALID',
        });
      const person = await rig.person('viewer');
      const seen: string[] = [];
      for (let at: string | undefined = '/showcase/failed'; at !== undefined; ) {
        const page = await person.get(at.replaceAll('&amp;', '&'));
        seen.push(
          ...[...page.text.matchAll(/<th scope="row">(?:<a[^>]*>)?А-(\w+)\/26/g)].map(([, key]) => key ?? ''),
        );
        at = /rel="next" href="([^"]+)"/.exec(page.text)?.[1];
      }
      expect(seen).toHaveLength(115);
      expect(new Set(seen).size).toBe(115);
    });

    it('gives the same as a table, escaped for spreadsheets', async () => {
      await addRecord(rig.db, { key: 'a', code: 'RUBRIC_NOT_MAPPED', number: '=CMD()' });
      await addRecord(rig.db, { key: 'c', ...REFUSED, detail: 'E42: secret words' });
      const whole = await (await rig.person('operator')).get('/showcase/failed.csv?showcase=yakutsk');
      expect(whole.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      expect(whole.text.trimEnd().split('\r\n')).toHaveLength(3);
      expect(whole.text).toContain(";'=CMD();");
      expect(whole.text).toContain('secret words');
      const one = await (await rig.person('viewer')).get('/showcase/failed.csv?code=E42');
      expect(one.text.trimEnd().split('\r\n')).toHaveLength(2);
      expect(one.text).not.toContain('secret words');
      expect(await listAudit(rig.db, { action: 'showcase-exported' })).toMatchObject([
        { who: 'viewer', data: { rows: 1 } },
        { who: 'operator', data: { rows: 2 } },
      ]);
    });

    it('sends one again, or all of a cause, with who and why', async () => {
      for (const key of ['a', 'b', 'c'])
        await addRecord(rig.db, { key, ...REFUSED, detail: `${key === 'c' ? 'E43' : 'E42'}: нет` });
      const state = () =>
        rig.db.query(`SELECT card_key AS key, state FROM showcase_record ORDER BY card_key`);
      const person = await rig.person('operator');
      const one = await person.post('/showcase/resend', {
        showcase: 'yakutsk',
        record: 'a#1',
        why: 'исправили',
        back: '/showcase/failed?code=E42',
      });
      expect(one.location).toBe('/showcase/failed?code=E42');
      expect(await state()).toEqual([
        { key: 'a', state: 'ready' },
        { key: 'b', state: 'refused' },
        { key: 'c', state: 'refused' },
      ]);
      await person.post('/showcase/resend', {
        showcase: 'yakutsk',
        code: 'E42',
        why: 'у платформы исправили',
      });
      expect(await state()).toEqual([
        { key: 'a', state: 'ready' },
        { key: 'b', state: 'ready' },
        { key: 'c', state: 'refused' },
      ]);
      expect(await listAudit(rig.db, { action: 'showcase-resent' })).toMatchObject([
        { why: 'у платформы исправили', data: { records: 1, code: 'E42' } },
        { why: 'исправили', object: 'showcase-record:a#1', data: { records: 1 } },
      ]);
      expect(await takeAskedRuns(rig.db)).toEqual(['yakutsk']);
      await person.post('/showcase/resend', { showcase: 'yakutsk', code: 'E42', why: 'снова' });
      expect((await person.get('/showcase')).text).toContain('Отправлять нечего');
    });

    it('says what will stand here when all is well', async () => {
      expect((await (await rig.person('viewer')).get('/showcase/failed')).text).toContain(
        'Всё, что можно выгрузить',
      );
    });
  });

  describe('the heat map', () => {
    it('is a page of its own whose style is not inside', async () => {
      await addRecord(rig.db, { key: 'a', verdict: 'send', isAccepted: true });
      const person = await rig.person('viewer');
      const page = await person.get('/showcase/preview/yakutsk');
      expect(page.status).toBe(200);
      expect(page.text).toContain('98701000');
      expect(page.text).not.toMatch(/<style|style="|<script/);
      expect(page.text).toContain('<link rel="stylesheet" href="/showcase/preview.css">');
      const style = await person.get('/showcase/preview.css');
      expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
      expect(style.text).toContain('.chart');
      expect((await person.get('/showcase/preview/none')).status).toBe(404);
    });
  });

  it('lets a viewer look and change nothing', async () => {
    await addRecord(rig.db, { key: 'c', ...REFUSED, detail: 'E42: нет' });
    const person = await rig.person('viewer');
    expect((await person.get('/showcase')).text).not.toContain('method="post" action="/showcase');
    for (const path of ['run', 'resend']) {
      expect((await person.post(`/showcase/${path}`, { why: 'так' })).status).toBe(403);
    }
    expect(await takeAskedRuns(rig.db)).toEqual([]);
    expect(await rig.db.query(`SELECT state FROM showcase_record`)).toEqual([{ state: 'refused' }]);
  });
});
