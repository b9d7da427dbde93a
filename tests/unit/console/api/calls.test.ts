import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconcileIncidents } from '../../../../src/alerts/incident/reconcile.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { deliveryOf, putDelivery } from '../../cli/delivery-rows.ts';
import { type ApiStand, startApi } from './api-stand.ts';

const LONG = 120_000;
let api: ApiStand;
let operator: string;
beforeAll(async () => {
  api = await startApi();
  operator = await api.token({ name: 'бот', role: 'operator' });
}, LONG);
afterAll(() => api.stop(), LONG);

const lastAudit = async () => (await listAudit(api.db, { limit: 1 }))[0];

/** An answer in attention with one file of so many bytes; gives its number. */
async function putAnswer(posId: string, size: number): Promise<string> {
  const id = await putDelivery(api.database, {
    posId,
    state: 'attention',
    code: 'ANSWER_FILE_REFUSED',
    detail: 'ответ.pdf велик',
  });
  const type = [...api.deps.answers.answerTypes][0] ?? '';
  const payload = { kind: 'answer', answerType: type, comment: 'Ответ во вложении' };
  await api.db.query(`UPDATE delivery SET kind = 'answer', payload = $2 WHERE id = $1`, [
    id,
    JSON.stringify(payload),
  ]);
  await api.db.query(`INSERT INTO blob (sha256, size) VALUES ($1, $2)`, [posId.padStart(64, '0'), size]);
  await api.db.query(
    `INSERT INTO delivery_file (delivery_id, position, name, sha256, size) VALUES ($1, 0, 'ответ.pdf', $2, $3)`,
    [id, posId.padStart(64, '0'), size],
  );
  return id;
}

describe('calls of the API', () => {
  it('what a viewer may see names no file and quotes no journal', async () => {
    const detail = 'нет файла «Жалоба Полевой.pdf»';
    await putDelivery(api.database, { posId: '8001', state: 'attention', code: 'PLATFORM_REJECTED', detail });
    await api.db.query(`UPDATE card SET error_code = 'SED_REFUSED', error_detail = $1`, [detail]);
    await api.db.query(`UPDATE appeal SET error_code = 'SED_REFUSED', error_detail = $1`, [detail]);
    await api.db.query(`UPDATE journal SET data = jsonb_build_object('file', $1::text)`, [detail]);
    const viewer = await api.token({ role: 'viewer', scopes: ['all:read'] });
    for (const path of ['/deliveries?posId=8001', '/appeals/8001', '/appeals?posId=8001']) {
      const [seen, whole] = [await api.call(viewer, 'GET', path), await api.call(operator, 'GET', path)];
      expect([path, seen.status, whole.status]).toEqual([path, 200, 200]);
      expect(JSON.stringify(seen.body)).not.toContain('Полевой');
      if (!path.startsWith('/appeals?')) expect(JSON.stringify(whole.body)).toContain('Полевой');
    }
    expect(await lastAudit()).toMatchObject({
      action: 'appeal-viewed',
      who: 'token:бот',
      object: expect.stringMatching(/^appeal:\d+$/),
    });
  });

  it('pages through appeals, each once, and refuses a made-up place', async () => {
    for (let n = 0; n < 7; n += 1) await putDelivery(api.database, { posId: `81${n}`, state: 'done' });
    const seen: string[] = [];
    let after = '';
    for (;;) {
      const path = `/appeals?posId=81&limit=3${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
      const { body } = await api.call(operator, 'GET', path);
      seen.push(...(body['items'] as { posId: string }[]).map(({ posId }) => posId));
      if (body['next'] === null) break;
      after = String(body['next']);
    }
    expect(seen.sort()).toEqual(['810', '811', '812', '813', '814', '815', '816']);
    expect((await api.call(operator, 'GET', '/appeals?after=мимо')).status).toBe(400);
  });

  it('sends again by number or by code, not by both or neither', async () => {
    const [a, b] = [
      await putDelivery(api.database, { posId: '8201', state: 'attention', code: 'ANSWER_EMPTY' }),
      await putDelivery(api.database, { posId: '8202', state: 'attention', code: 'ANSWER_EMPTY' }),
    ];
    for (const body of [{ why: 'x' }, { why: 'x', id: a, error: 'ANSWER_EMPTY' }]) {
      const answer = await api.call(operator, 'POST', '/deliveries/resend', body);
      expect([answer.status, answer.body['detail']]).toEqual([422, 'назовите id или error, одно из двух']);
    }
    const one = await api.call(operator, 'POST', '/deliveries/resend', { id: a, why: 'исправили' });
    expect(one.body).toEqual({ resent: [a] });
    expect(await lastAudit()).toMatchObject({
      action: 'delivery-resent',
      object: `delivery:${a}`,
      why: 'исправили',
    });
    expect(
      (await api.call(operator, 'POST', '/deliveries/resend', { error: 'ANSWER_EMPTY', why: 'x' })).body,
    ).toEqual({ resent: [b] });
    expect(await deliveryOf(api.database, b)).toMatchObject({ fresh: true, rung: true });
    const none = await api.call(operator, 'POST', `/deliveries/999999/cancel`, { why: 'x' });
    expect([none.status, none.body['code']]).toEqual([404, 'API_NOT_FOUND']);
  });

  it('replaces the file of an answer that is too large, through the spool', async () => {
    const id = await putAnswer('8301', 999_999_999);
    const bytes = Buffer.from('%PDF-1.7 малый');
    const by = { name: 'ответ.pdf', content: bytes.toString('base64') };
    const edit = { replace: [{ name: 'ответ.pdf', by }], why: 'сжали' };
    const answer = await api.call(operator, 'POST', `/deliveries/${id}/edit`, edit);
    expect([answer.status, answer.body]).toEqual([200, { id, edited: true }]);
    const [file] = await api.db.query<{ sha256: string; size: string }>(
      'SELECT sha256, size::text AS size FROM delivery_file WHERE delivery_id = $1',
      [id],
    );
    expect(Number(file?.size)).toBe(bytes.length);
    expect(await readFile(api.deps.spool.pathOf(file?.sha256 ?? ''))).toEqual(bytes);
    expect((await deliveryOf(api.database, id)).state).toBe('queued');
    const audited = await lastAudit();
    expect(audited).toMatchObject({ action: 'delivery-edited', object: `delivery:${id}`, why: 'сжали' });
    expect(JSON.stringify(audited)).not.toContain('ответ.pdf');
  });

  it('keeps the group of what is sent again or mended open until it is known how it ends, as the pages do', async () => {
    const code = 'FORWARD_TARGET_UNKNOWN';
    const sent = await putDelivery(api.database, { posId: '8311', state: 'attention', code });
    const mended = await putAnswer('8312', 999_999_999);
    const settle = () => reconcileIncidents({ ...api.deps, db: api.db }, 0);
    await settle();
    await api.call(operator, 'POST', '/deliveries/resend', { id: sent, why: 'исправили' });
    await api.call(operator, 'POST', `/deliveries/${mended}/edit`, { without: ['ответ.pdf'], why: 'лишний' });
    await settle();
    const held = await api.db.query(
      `SELECT i.code, i.closed_at IS NULL AS open, r.who, r.why, d.id::text AS delivery FROM incident_resent s
       JOIN incident_resend r ON r.id = s.resend_id JOIN incident i ON i.id = r.incident_id
       JOIN delivery d ON d.event_id = s.ref ORDER BY d.id`,
    );
    const who = 'token:бот';
    expect(held).toEqual([
      { code, open: true, who, why: 'исправили', delivery: sent },
      { code: 'ANSWER_FILE_REFUSED', open: true, who, why: 'лишний', delivery: mended },
    ]);
  });

  it('refuses an edit that the platform would not take either, and changes nothing', async () => {
    const id = await putAnswer('8302', 999_999_999);
    const file = { name: 'вирус.exe', content: Buffer.from('MZ').toString('base64') };
    const refused = await api.call(operator, 'POST', `/deliveries/${id}/edit`, {
      add: [file],
      without: ['ответ.pdf'],
      why: 'x',
    });
    expect([refused.status, refused.body['code']]).toEqual([422, 'ANSWER_FILE_REFUSED']);
    const wrong = { add: [{ name: 'a.pdf', content: 'это не base64!' }], why: 'x' };
    expect((await api.call(operator, 'POST', `/deliveries/${id}/edit`, wrong)).status).toBe(400);
    expect((await deliveryOf(api.database, id)).state).toBe('attention');
  });

  it('checks a cabinet at the platform, and says in words why it was not let in', async () => {
    const fine = await api.call(operator, 'POST', '/cabinets/lko-1/check', {});
    expect(fine.body).toEqual({ id: 'lko-1', ok: true, state: 'active', trouble: null });
    // The second one is in the settings and unknown to the platform.
    const bad = await api.call(operator, 'POST', '/cabinets/lko-2/check', {});
    expect(bad.body).toMatchObject({
      ok: false,
      state: 'blocked',
      trouble: { code: 'PLATFORM_CREDENTIALS_WRONG', remedy: expect.any(String) },
    });
    const list = (await api.call(operator, 'GET', '/cabinets')).body['items'] as {
      id: string;
      state: string;
      nextPollAt: unknown;
    }[];
    expect(list.find(({ id }) => id === 'lko-2')).toMatchObject({ state: 'blocked', nextPollAt: null });
    expect((await api.call(operator, 'POST', '/cabinets/none/check', {})).status).toBe(404);
  });

  it('pauses and resumes, and back-fills whole days of the cabinet’s zone', async () => {
    const admin = operator;
    expect((await api.call(admin, 'POST', '/cabinets/lko-1/pause', { why: 'ремонт' })).body).toMatchObject({
      state: 'paused',
      changed: true,
    });
    expect((await api.call(admin, 'POST', '/cabinets/lko-1/pause', { why: 'ремонт' })).body).toMatchObject({
      changed: false,
    });
    expect((await api.call(admin, 'POST', '/cabinets/lko-1/resume', {})).body).toMatchObject({
      state: 'active',
      changed: true,
    });
    const days = { from: '2026-01-01', to: '2026-01-31', why: 'пропуск' };
    const asked = await api.call(operator, 'POST', '/cabinets/lko-1/backfill', days);
    expect(asked.body).toEqual({
      id: 'lko-1',
      from: '2025-12-31T21:00:00.000Z',
      to: '2026-01-31T21:00:00.000Z',
      enabled: true,
    });
    const back = await api.call(operator, 'POST', '/cabinets/lko-1/backfill', { ...days, to: '2025-12-31' });
    expect([back.status, back.body['detail']]).toEqual([422, 'to: последний день раньше первого']);
  });

  it('showcases that are not in the settings are unknown', async () => {
    expect((await api.call(operator, 'GET', '/showcase/failed?showcase=none')).status).toBe(404);
    expect(
      (await api.call(operator, 'POST', '/showcase/upload', { showcase: 'none', why: 'x' })).status,
    ).toBe(404);
  });

  it.each([
    ['a field that there is not', '/deliveries/resend', { id: '1', why: 'x', whom: 1 }, 'body'],
    ['no reason', '/deliveries/resend', { id: '1' }, 'body.why'],
    ['an empty reason', '/deliveries/resend', { id: '1', why: '  ' }, 'body.why'],
    ['a number that is none', '/deliveries/resend', { id: '1; DROP', why: 'x' }, 'body.id'],
    ['another type', '/cabinets/lko-1/backfill', { from: 1, to: '2026-01-01', why: 'x' }, 'body.from'],
  ])('%s is told with its place', async (_what, path, body, at) => {
    const answer = await api.call(operator, 'POST', path, body);
    expect([answer.status, answer.body['code']]).toEqual([400, 'API_REQUEST_INVALID']);
    expect(answer.body['errors']).toEqual([{ at, detail: expect.stringMatching(/[а-яё]/i) }]);
  });

  it.each([
    ['broken JSON', '{"why":', 400],
    ['U+0000', '{"error":"ANSWER_EMPTY","why":"a\\u0000b"}', 400],
    ['an array', '[]', 400],
    ['a text', '"x"', 400],
    ['null', 'null', 400],
    ['too much', JSON.stringify({ why: 'x'.repeat(300_000) }), 413],
    ['a prototype', '{"__proto__":{"why":"x"},"id":"1"}', 400],
  ])('bears %s', async (_what, body, status) => {
    const answer = await api.call(operator, 'POST', '/deliveries/resend', body);
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json; charset=utf-8']);
  });

  it('takes bodies as JSON only, whatever forms a page could send', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
    ]) {
      const answer = await fetch(`${api.url}/api/v1/deliveries/resend`, {
        method: 'POST',
        headers: { authorization: `Bearer ${operator}`, 'content-type': type },
        body: 'error=ANSWER_EMPTY&why=x',
      });
      expect([type, answer.status]).toEqual([type, type.startsWith('text') ? 400 : 415]);
    }
  });

  it('a defect is told without a word of its inside', async () => {
    await api.db.query('ALTER TABLE audit RENAME TO audit_away');
    const admin = await api.token();
    const answer = await api.call(admin, 'GET', '/audit');
    await api.db.query('ALTER TABLE audit_away RENAME TO audit');
    expect([answer.status, answer.body['code'], answer.body['detail']]).toEqual([500, 'DEFECT', undefined]);
  });
});
