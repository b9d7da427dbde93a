import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconcileIncidents } from '../../../../src/alerts/incident/reconcile.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { ERROR_CODES } from '../../../../src/model/error-codes.ts';
import { log } from '../../alerts/incident/world.ts';
import { type ErrorsRig, startErrors } from './rig.ts';

const LONG = 120_000;
let rig: ErrorsRig;
beforeAll(async () => {
  rig = await startErrors();
}, LONG);
afterAll(() => rig.stop(), LONG);
beforeEach(() => rig.clear());

const reconcile = () => reconcileIncidents({ db: rig.world.db, incidents: rig.world.incidents, log }, 0);

async function group(count: number, seed: object = {}): Promise<string> {
  await rig.world.deliveries({ count, field: 'comment', detail: 'код ответа 422', ...seed });
  await reconcile();
  return (await rig.world.only('PLATFORM_REJECTED')).id;
}

describe('the error log', () => {
  it('says what will appear while nothing is wrong', async () => {
    const { status, text } = await (await rig.as('viewer')).get('/errors');
    expect(status).toBe(200);
    expect(text).toContain('Открытых неполадок нет.');
    expect(text).toContain('lang="ru"');
    expect(text.length).toBeLessThan(100_000);
  });

  it('shows groups newest or largest first, with what happened, where, how many', async () => {
    await group(7);
    await rig.world.incidents.openCounted(rig.world.db, 'SED_SILENT', 'channel:main:not-taken', 3);
    const viewer = await rig.as('viewer');
    const { text } = await viewer.get('/errors');
    const place = (words: string, page = text) => page.indexOf(words);
    expect(text).toContain('Канал СЭД main: пакеты не забраны');
    expect(text).toContain('Кабинет Мэрия (city)');
    expect(text).toContain('comment: код ответа 422');
    expect(place(ERROR_CODES.SED_SILENT.title)).toBeLessThan(place(ERROR_CODES.PLATFORM_REJECTED.title));
    const large = (await viewer.get('/errors?order=large')).text;
    expect(place(ERROR_CODES.PLATFORM_REJECTED.title, large)).toBeLessThan(
      place(ERROR_CODES.SED_SILENT.title, large),
    );
  });

  it('keeps its filters in the address: cabinet, kind, state, text', async () => {
    await group(1);
    await rig.world.incidents.open(rig.world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:water');
    await rig.world.incidents.open(rig.world.db, 'SED_SILENT', 'channel:main:not-taken');
    await rig.world.incidents.open(rig.world.db, 'DEFECT', 'registration');
    await rig.world.incidents.close(rig.world.db, 'DEFECT', 'registration');
    const viewer = await rig.as('viewer');
    const codes = async (query: string) => {
      const { text } = await viewer.get(`/errors?${query}`);
      return [...text.matchAll(/<small class="mono">([A-Z_]+)<\/small>/g)].map(([, code]) => code).sort();
    };
    expect(await codes('cabinet=water')).toEqual(['PLATFORM_CREDENTIALS_WRONG', 'SED_SILENT']);
    expect(await codes('cabinet=city')).toEqual(['PLATFORM_REJECTED', 'SED_SILENT']);
    expect(await codes('kind=credentials')).toEqual(['PLATFORM_CREDENTIALS_WRONG']);
    expect(await codes('state=closed')).toEqual(['DEFECT']);
    expect(await codes('state=all')).toHaveLength(4);
    expect(await codes(`text=${encodeURIComponent('идентификатор или ПАРОЛЬ')}`)).toEqual([
      'PLATFORM_CREDENTIALS_WRONG',
    ]);
    expect(await codes('text=SILENT')).toEqual(['SED_SILENT']);
    expect(await codes('text=%25')).toEqual([]);
    expect(await codes('kind=nonsense&state=nonsense&order=nonsense')).toHaveLength(3);
    const page = (await viewer.get('/errors?cabinet=water&text=%22%3Cb%3E')).text;
    expect(page).toContain('value="&quot;&lt;b&gt;"');
    expect(page).toContain('По этому отбору ничего нет.');
  });

  it('is paged, and every group is on one page', async () => {
    for (let n = 0; n < 120; n += 1)
      await rig.world.incidents.open(rig.world.db, 'ENDPOINT_PAUSED', `cabinet:c${n}`);
    const viewer = await rig.as('viewer');
    const seen = new Set<string>();
    let path: string | undefined = '/errors';
    for (let pages = 0; path !== undefined && pages < 5; pages += 1) {
      const { text } = await viewer.get(path);
      expect(text.length).toBeLessThan(100_000);
      for (const [, id = ''] of text.matchAll(/href="\/errors\/(\d+)"/g)) seen.add(id);
      path = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen.size).toBe(120);
  });

  it('speaks English to who wants it', async () => {
    await group(1);
    await rig.world.db.query(`UPDATE console_user SET lang = 'en' WHERE login = 'viewer'`);
    const viewer = await rig.as('viewer');
    const { id } = await rig.world.only('PLATFORM_REJECTED');
    expect((await viewer.get('/errors')).text).toContain('Error log');
    expect((await viewer.get(`/errors/${id}`)).text).toContain('What to do');
    await rig.world.db.query(`UPDATE console_user SET lang = 'ru' WHERE login = 'viewer'`);
  });
});

describe('one group', () => {
  it('says what it means, what to do, where to mend it, whom it concerns', async () => {
    await rig.world.deliveries({
      count: 3,
      code: 'ANSWER_TYPE_NOT_MAPPED',
      detail: 'группа документа «Письмо»',
    });
    await reconcile();
    const { id } = await rig.world.only('ANSWER_TYPE_NOT_MAPPED');
    const { text, status } = await (await rig.as('operator')).get(`/errors/${id}`);
    expect(status).toBe(200);
    expect(text).toContain(ERROR_CODES.ANSWER_TYPE_NOT_MAPPED.title);
    expect(text).toContain(ERROR_CODES.ANSWER_TYPE_NOT_MAPPED.remedy);
    expect(text).toContain('statuses.yaml</code> (<code>answers.types</code>)');
    expect(text).toContain('группа документа «…»');
    expect([...text.matchAll(/href="\/appeals\/\d+">pos-/g)]).toHaveLength(3);
    expect(text).toContain('группа документа «Письмо»');
    expect(text).toContain(`/errors/${id}/resend`);
  });

  it('names the file of a wrong password, never the password', async () => {
    await rig.world.incidents.open(rig.world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city');
    const { id } = await rig.world.only('PLATFORM_CREDENTIALS_WRONG');
    const { text } = await (await rig.as('viewer')).get(`/errors/${id}`);
    expect(text).toContain(`${rig.folder}/posrednik.yaml</code>`);
    expect(text).toContain(`${rig.folder}/secrets/city</code>`);
    expect(text).not.toContain('тайна-77');
  });

  it('shows a viewer neither details nor buttons, and lets him do nothing', async () => {
    const id = await group(2, { detail: 'Ответ Петрову.pdf: велик' });
    const [delivery] = await rig.world.db.query<{ id: string }>('SELECT id::text AS id FROM delivery');
    const viewer = await rig.as('viewer');
    const { text } = await viewer.get(`/errors/${id}`);
    expect(text).not.toContain('Петрову');
    expect(text).not.toMatch(/<form method="post" action="\/errors/);
    const paths = [
      'acknowledge',
      'snooze',
      'note',
      'close',
      'check',
      'resend',
      `members/delivery/${delivery?.id}`,
    ];
    for (const path of paths) {
      expect(
        (await viewer.post(`/errors/${id}/${path}`, { why: 'так', for: 'hour', note: 'x' })).status,
      ).toBe(403);
    }
    expect((await viewer.get(`/errors/${id}/resend`)).status).toBe(403);
    expect((await viewer.get(`/deliveries/${delivery?.id}/edit`)).status).toBe(403);
    expect((await viewer.post(`/deliveries/${delivery?.id}/edit`, { why: 'так' })).status).toBe(403);
    expect(await rig.world.incident(id)).toMatchObject({ acknowledgedAt: null, note: null, closedAt: null });
    expect(await rig.world.db.query(`SELECT 1 FROM delivery WHERE state = 'attention'`)).toHaveLength(2);
  });

  it('does nothing without the token of its forms', async () => {
    const id = await group(1);
    const operator = await rig.as('operator');
    const { status } = await operator.post(`/errors/${id}/close`, { csrf: 'чужой', why: 'так' });
    expect(status).toBe(403);
    expect((await rig.world.incident(id)).closedAt).toBeNull();
  });

  it('is paged by its members, with their number', async () => {
    const id = await group(45);
    const operator = await rig.as('operator');
    const seen = new Set<string>();
    let path: string | undefined = `/errors/${id}`;
    for (let pages = 0; path !== undefined && pages < 5; pages += 1) {
      const { text } = await operator.get(path);
      expect(text.length).toBeLessThan(100_000);
      expect(text).toContain('Сейчас в группе: 45');
      for (const [, member = ''] of text.matchAll(/id="delivery-(\d+)"/g)) seen.add(member);
      path = /rel="next" href="([^"#]+)/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen.size).toBe(45);
  });

  it('that is not there is said so', async () => {
    const viewer = await rig.as('viewer');
    for (const id of ['999999', 'x', '1%27%20OR%201']) {
      const { status, text } = await viewer.get(`/errors/${id}`);
      expect(status).toBe(404);
      expect(text).toContain('Такой группы нет');
    }
  });
});

describe('what an operator does', () => {
  it('takes a group up, snoozes it, leaves a note, closes it by hand; all with who and why', async () => {
    const id = await group(1);
    const operator = await rig.as('operator');
    const done = async (path: string, fields: Record<string, string>) => {
      const answer = await operator.post(`/errors/${id}/${path}`, fields);
      expect(answer).toMatchObject({ status: 303, location: `/errors/${id}` });
      return (await operator.get(`/errors/${id}`)).text;
    };
    expect(await done('acknowledge', {})).toContain('Группа взята в работу.');
    expect(await done('note', { note: 'Ждём <b>поддержку</b>' })).toContain(
      'Ждём &lt;b&gt;поддержку&lt;/b&gt;',
    );
    expect(await done('snooze', { for: 'day' })).toContain('отложено');
    expect((await operator.get('/errors')).text).toContain('Открытых неполадок нет.');
    expect((await operator.get('/errors?state=snoozed')).text).toContain('PLATFORM_REJECTED');
    expect(await done('snooze', { for: '' })).toContain('Группа возвращена из отложенных.');
    expect((await operator.post(`/errors/${id}/close`, { why: '' })).status).toBe(422);
    expect(await done('close', { why: 'канала больше нет' })).toContain('закрыто');
    const audit = await listAudit(rig.world.db, { object: `incident:${id}` });
    expect(audit.map(({ who, action, why }) => [who, action, why]).reverse()).toEqual([
      ['operator', 'incident-acknowledged', null],
      ['operator', 'incident-noted', null],
      ['operator', 'incident-snoozed', null],
      ['operator', 'incident-woken', null],
      ['operator', 'incident-closed', 'канала больше нет'],
    ]);
  });

  it('sees what would go, sends the whole group again, and follows its progress', async () => {
    const id = await group(25);
    const operator = await rig.as('operator');
    const preview = (await operator.get(`/errors/${id}/resend`)).text;
    expect(preview).toContain('Будет отправлено снова: 25.');
    expect([...preview.matchAll(/id="delivery-\d+"/g)]).toHaveLength(20);
    expect((await operator.post(`/errors/${id}/resend`, { why: ' ' })).status).toBe(422);
    const answer = await operator.post(`/errors/${id}/resend`, { why: 'поле исправлено' });
    expect(answer).toMatchObject({ status: 303, location: `/errors/${id}` });
    const { text } = await operator.get(`/errors/${id}`);
    expect(text).toContain('Отправляются снова: 25 отправок.');
    expect(text).toMatch(/<progress max="25" value="0"/);
    expect(text).toContain('поле исправлено');
    expect(text).toContain('Передано 25 из 25; ещё идут: 25');
    expect(await rig.world.db.query(`SELECT 1 FROM delivery WHERE state = 'cancelled'`)).toHaveLength(25);
    const [audit] = await listAudit(rig.world.db, { object: `incident:${id}` });
    expect(audit).toMatchObject({ who: 'operator', action: 'incident-resent', why: 'поле исправлено' });
  });

  it('sends one of it again, or cancels one, and only one of this group', async () => {
    const id = await group(3);
    const ids = await rig.world.db.query<{ id: string }>('SELECT id::text AS id FROM delivery ORDER BY id');
    const [first = '', second = ''] = ids.map((row) => row.id);
    const operator = await rig.as('operator');
    const change = (member: string, what: string, kind = 'delivery') =>
      operator.post(`/errors/${id}/members/${kind}/${member}`, { do: what, why: 'по просьбе' });
    await change(first, 'resend');
    await change(second, 'cancel');
    const states = await rig.world.db.query<{ state: string }>('SELECT state FROM delivery ORDER BY id');
    expect(states.map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'attention']);
    expect(await rig.world.db.query(`SELECT 1 FROM sed_event WHERE handled_at IS NULL`)).toHaveLength(1);
    const audit = await rig.world.db.query<{ action: string; why: string }>(
      `SELECT action, why FROM audit WHERE object LIKE 'delivery:%' ORDER BY id`,
    );
    expect(audit).toEqual([
      { action: 'delivery-resent', why: 'по просьбе' },
      { action: 'delivery-cancelled', why: 'по просьбе' },
    ]);
    const [stranger] = await rig.world.deliveries({ code: 'ANSWER_EMPTY' });
    await change(stranger ?? '', 'cancel');
    await change(second, 'resend', 'quarantine');
    await change('x', 'resend');
    expect((await operator.get(`/errors/${id}`)).text).toContain('За это время всё изменилось');
    expect(await rig.world.db.query(`SELECT 1 FROM delivery WHERE state = 'attention'`)).toHaveLength(2);
  });
});

describe('cards of a group', () => {
  it('and additions to them are told apart, though their numbers are the same', async () => {
    const { db, incidents } = rig.world;
    // Two registered cards; one becomes a refused card, the other has a refused addition of the same number.
    await rig.world.deliveries({ count: 2, state: 'done' });
    const [first, second] = await db.query<{ card: string; appeal: string }>(
      'SELECT id::text AS card, appeal_id::text AS appeal FROM card ORDER BY id',
    );
    await db.query(`UPDATE card SET stage = 'attention', error_code = 'SED_REFUSED' WHERE id = $1`, [
      first?.card,
    ]);
    await db.query(
      `WITH c AS (INSERT INTO appeal_change (appeal_id, identity, change) VALUES ($1, '1', 'AMENDED') RETURNING id)
       INSERT INTO package (id, card_id, part, attempt, channel, change_id, attachments, missing, message_id, return_id,
         message_dir, header_time, stage, owner, failure_code, failure_text)
       OVERRIDING SYSTEM VALUE
       SELECT n.id, $2, n.part, 1, 'main', c.id, '[]', '[]', 'm' || n.id || n.part, 'r' || n.id || n.part, 'd', now(), 'failed', 'test', 39, 'нет рубрики'
       FROM c, (VALUES ($3::bigint, 1)) n (id, part)`,
      [second?.appeal, second?.card, first?.card],
    );
    await db.query(
      `WITH c AS (INSERT INTO appeal_change (appeal_id, identity, change) VALUES ($1, '1', 'NEW') RETURNING id)
       INSERT INTO package (card_id, part, attempt, channel, change_id, attachments, missing, message_id, return_id,
         message_dir, header_time, stage, owner, failure_code, failure_text)
       SELECT $2, 0, 1, 'main', c.id, '[]', '[]', 'm0', 'r0', 'd0', now(), 'failed', 'test', 39, 'нет рубрики' FROM c`,
      [first?.appeal, first?.card],
    );
    await incidents.openCounted(db, 'SED_REFUSED', 'channel:main:code-39', 2);
    const { id } = await rig.world.only('SED_REFUSED');
    const operator = await rig.as('operator');
    const { text } = await operator.get(`/errors/${id}`);
    expect(text).toContain(`id="card-${first?.card}"`);
    expect(text).toContain(`id="addition-${first?.card}"`);
    const send = (kind: string) =>
      operator.post(`/errors/${id}/members/${kind}/${first?.card}`, {
        do: 'resend',
        why: 'рубрика добавлена',
      });
    await send('addition');
    const stages = () =>
      db.query(
        `SELECT k.stage AS card, (SELECT stage FROM package WHERE part = 1) AS addition FROM card k WHERE k.id = $1`,
        [first?.card],
      );
    expect(await stages()).toEqual([{ card: 'attention', addition: 'again' }]);
    await send('card');
    expect(await stages()).toEqual([{ card: 'planned', addition: 'again' }]);
  });

  it('that only wait for the СЭД are listed without a button, and are not sent again by their address', async () => {
    const { db, incidents } = rig.world;
    await rig.world.deliveries({ count: 1, state: 'done' });
    const [card] = await db.query<{ id: string }>('SELECT id::text AS id FROM card');
    await db.query(`UPDATE sed_event SET kind = 'answer-announced', stored_at = now() - interval '2 days'`);
    await incidents.openCounted(db, 'ANSWER_NOT_ARRIVED', 'opa:100', 1);
    const { id } = await rig.world.only('ANSWER_NOT_ARRIVED');
    const operator = await rig.as('operator');
    const { text } = await operator.get(`/errors/${id}`);
    expect(text).toContain(`id="card-${card?.id}"`);
    expect(text).not.toContain('/members/card/');
    await db.query(`UPDATE card SET stage = 'attention'`);
    await operator.post(`/errors/${id}/members/card/${card?.id}`, { do: 'resend', why: 'так' });
    expect(await db.query(`SELECT stage FROM card`)).toEqual([{ stage: 'attention' }]);
  });
});

describe('«Проверить соединение»', () => {
  it('logs the cabinet in, and one that was blocked and gets in works again', async () => {
    const { world } = rig;
    await world.incidents.open(world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city');
    await world.db.query(
      `UPDATE cabinet SET state = 'blocked', state_code = 'PLATFORM_CREDENTIALS_WRONG' WHERE opa_id = '100'`,
    );
    const { id } = await world.only('PLATFORM_CREDENTIALS_WRONG');
    const operator = await rig.as('operator');
    const { text, status } = await operator.post(`/errors/${id}/check`);
    expect(status).toBe(200);
    expect(text).toContain('Вход кабинета city');
    expect(text).toContain('в порядке');
    expect((await world.incident(id)).closedAt).not.toBeNull();
    expect(await world.db.query(`SELECT state FROM cabinet WHERE opa_id = '100'`)).toEqual([
      { state: 'active' },
    ]);
    const [audit] = await listAudit(world.db, { object: `incident:${id}` });
    expect(audit).toMatchObject({ who: 'operator', action: 'connection-checked' });
    expect(audit?.data).toMatchObject({ login: 'ok', feed: 'ok' });
  });

  it('tells what is still wrong', async () => {
    const { world } = rig;
    await world.incidents.open(world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:water');
    const { id } = await world.only('PLATFORM_CREDENTIALS_WRONG');
    const { text } = await (await rig.as('operator')).post(`/errors/${id}/check`);
    expect(text).toContain('не получилось');
    expect(text).toContain('SECRET_UNREADABLE');
  });

  it.each([
    ['ENDPOINT_PAUSED', 'channel:main', 'Папки канала main', 'в порядке'],
    ['SED_FOLDER_UNAVAILABLE', 'channel:other:in', 'Папки канала other', 'не получилось'],
    ['SMTP_REFUSED', 'smtp', 'Почтовый сервер', 'в порядке'],
    ['ENDPOINT_PAUSED', 'platform', 'Вход кабинета city', 'в порядке'],
    ['SED_FOLDER_UNAVAILABLE', 'channel:gone:in', 'Проверить нечего', ''],
  ] as const)('tries what is behind %s %s', async (code, scope, words, outcome) => {
    await rig.world.incidents.open(rig.world.db, code, scope);
    const { id } = await rig.world.only(code);
    const { text } = await (await rig.as('operator')).post(`/errors/${id}/check`);
    expect(text).toContain(words);
    expect(text).toContain(outcome);
  });
});
