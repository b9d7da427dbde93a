import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconcileIncidents } from '../../../../src/alerts/incident/reconcile.ts';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { log } from '../../alerts/incident/world.ts';
import { type ErrorsRig, startErrors } from './rig.ts';

const LONG = 120_000;
let rig: ErrorsRig;
beforeAll(async () => {
  rig = await startErrors();
}, LONG);
afterAll(() => rig.stop(), LONG);
beforeEach(async () => {
  await rig.clear();
  await rig.world.db.query('TRUNCATE backfill');
  await rm(inbox(), { recursive: true });
  await mkdir(inbox('quarantine'), { recursive: true });
});

const inbox = (...names: string[]) => join(rig.folder, 'main/in', ...names);
const reconcile = () => reconcileIncidents({ db: rig.world.db, incidents: rig.world.incidents, log }, 0);

/** Messages that were set aside; those of `lost` lie nowhere. */
async function setAside(names: readonly string[], { lost = '', code = 'SED_MESSAGE_UNREADABLE' } = {}) {
  for (const name of names) {
    await rig.world.db.query(
      `INSERT INTO quarantine (channel, message_dir, code, detail) VALUES ('main', $1, $2, 'XML: строка 7')`,
      [name, code],
    );
    if (name === lost) continue;
    await mkdir(inbox('quarantine', name));
    await writeFile(inbox('quarantine', name, 'Report.xml'), '<Report/>');
    await writeFile(inbox('quarantine', `${name}.env`), 'конверт');
  }
  await reconcile();
  return (await rig.world.only(code)).id;
}

async function waiting(): Promise<string[]> {
  const rows = await rig.world.db.query<{ name: string }>(
    'SELECT message_dir AS name FROM quarantine WHERE settled_at IS NULL ORDER BY id',
  );
  return rows.map(({ name }) => name);
}

async function idOf(name: string): Promise<string> {
  const [row] = await rig.world.db.query<{ id: string }>(
    'SELECT id::text AS id FROM quarantine WHERE message_dir = $1',
    [name],
  );
  return row?.id ?? '';
}

describe('messages of the СЭД that could not be read', () => {
  it('are listed with their reason, and one is put back to be read anew; its group ends with the last', async () => {
    const id = await setAside(['a1', 'b2']);
    const operator = await rig.as('operator');
    const { text } = await operator.get(`/errors/${id}`);
    expect(text).toContain('сообщение СЭД a1');
    expect(text).toContain('XML: строка 7');
    const read = async (name: string) =>
      await operator.post(`/errors/${id}/members/message/${await idOf(name)}`, {
        do: 'resend',
        why: 'исправлено',
      });
    expect((await read('a1')).location).toBe(`/errors/${id}#members`);
    expect((await operator.get(`/errors/${id}`)).text).toContain('Сообщение возвращено в папку канала');
    expect((await readdir(inbox())).sort()).toEqual(['a1', 'a1.env', 'quarantine']);
    expect(await waiting()).toEqual(['b2']);
    expect((await rig.world.incident(id)).closedAt).toBeNull();
    await read('b2');
    expect((await rig.world.incident(id)).closedAt).not.toBeNull();
    const audit = await listAudit(rig.world.db, { action: 'quarantine-retried' });
    expect(audit.map(({ who, object, why }) => [who, object, why])).toEqual([
      ['operator', 'channel:main', 'исправлено'],
      ['operator', 'channel:main', 'исправлено'],
    ]);
  });

  it('are put back all at once, but for one that lies there no more', async () => {
    const id = await setAside(['a1', 'b2', 'c3'], { lost: 'b2' });
    const operator = await rig.as('operator');
    expect((await operator.get(`/errors/${id}`)).text).toContain(`action="/errors/${id}/read-again"`);
    expect((await operator.post(`/errors/${id}/read-again`, { why: '' })).status).toBe(422);
    await operator.post(`/errors/${id}/read-again`, { why: 'программа обновлена' });
    expect((await operator.get(`/errors/${id}`)).text).toContain(
      'Возвращено сообщений: 2; не нашлось или не возвращается: 1.',
    );
    expect((await readdir(inbox())).sort()).toEqual(['a1', 'a1.env', 'c3', 'c3.env', 'quarantine']);
    expect(await waiting()).toEqual(['b2']);
  });

  it('that were dealt with by hand are waited for no more, and stay where they lie', async () => {
    const id = await setAside(['d4'], { code: 'SED_MESSAGE_NO_ENVELOPE' });
    const operator = await rig.as('operator');
    const path = `/errors/${id}/members/message/${await idOf('d4')}`;
    expect((await operator.get(`/errors/${id}`)).text).not.toContain('read-again');
    await operator.post(path, { do: 'resend', why: 'так' });
    expect((await operator.get(`/errors/${id}`)).text).toContain('За это время всё изменилось');
    await operator.post(path, { do: 'cancel', why: 'удалено администратором СЭД' });
    expect((await operator.get(`/errors/${id}`)).text).toContain('Сообщения больше не ждут.');
    expect([await waiting(), await readdir(inbox())]).toEqual([[], ['quarantine']]);
    expect((await rig.world.incident(id)).closedAt).not.toBeNull();
    const [audit] = await listAudit(rig.world.db, { action: 'quarantine-dropped' });
    expect(audit).toMatchObject({ who: 'operator', why: 'удалено администратором СЭД' });
  });

  it('are nothing to a viewer', async () => {
    const id = await setAside(['a1']);
    const viewer = await rig.as('viewer');
    expect((await viewer.get(`/errors/${id}`)).text).not.toContain('read-again');
    const wish = { do: 'cancel', why: 'так' };
    expect((await viewer.post(`/errors/${id}/read-again`, wish)).status).toBe(403);
    expect((await viewer.post(`/errors/${id}/members/message/${await idOf('a1')}`, wish)).status).toBe(403);
    expect(await waiting()).toEqual(['a1']);
  });
});

describe('items of the feed that could not be read', () => {
  it('are listed with what is wrong, and their days are read again', async () => {
    const { db, incidents } = rig.world;
    await db.query(
      `INSERT INTO unread_item (opa_id, identity, raw, issues, seen_at) VALUES
         ('100', '1', '{}', 'posId: нет', '2026-03-05T22:00:00Z'), ('100', '2', '{}', 'posId: нет', '2026-03-09T10:00:00Z')`,
    );
    await incidents.openCounted(db, 'APPEAL_SHAPE_UNKNOWN', 'cabinet:city', 2, 'Мэрия (city)');
    const { id } = await rig.world.only('APPEAL_SHAPE_UNKNOWN');
    const operator = await rig.as('operator');
    const { text } = await operator.get(`/errors/${id}`);
    expect(text.split('запись ленты')).toHaveLength(3);
    expect(text).toContain('posId: нет');
    const [, path = ''] = /href="(\/errors\/\d+\/items\/\d+)"/.exec(text) ?? [];
    const raw = await operator.get(path);
    expect(raw.text).toContain('posId: нет');
    expect(raw.text).toMatch(/<pre id="raw-0" tabindex="0">\{\}<\/pre>/);
    expect((await operator.get(`${path}?part=0`)).text).toBe('{}');
    expect((await operator.get(`${path}9999`)).status).toBe(404);
    expect((await (await rig.as('viewer')).get(path)).status).toBe(403);
    expect(await listAudit(db, { action: 'appeal-raw-viewed' })).toHaveLength(2);
    // In the cabinet's zone the first was seen on the sixth.
    expect(text).toContain('дни с 05.03.2026 по сегодня');
    expect((await operator.post(`/errors/${id}/read-again`, { why: 'правило исправлено' })).location).toBe(
      `/errors/${id}`,
    );
    const asked = await db.query(`SELECT opa_id, reason, changed_from, force_cards FROM backfill`);
    expect(asked).toEqual([
      {
        opa_id: '100',
        reason: 'command',
        changed_from: new Date('2026-03-04T21:00:00Z'),
        force_cards: false,
      },
    ]);
    const [audit] = await listAudit(db, { action: 'backfill-asked' });
    expect(audit).toMatchObject({ who: 'operator', object: 'cabinet:city', why: 'правило исправлено' });
  });
});
