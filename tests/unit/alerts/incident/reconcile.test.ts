import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { countMembers, isMember, listMembers } from '../../../../src/alerts/incident/members.ts';
import { reconcileIncidents, reconcileRecords } from '../../../../src/alerts/incident/reconcile.ts';
import { log, startWorld, WORLD, type World } from './world.ts';

const LONG = 120_000;
let world: World;
beforeAll(async () => {
  world = await startWorld();
}, LONG);
afterAll(() => world.stop());
beforeEach(() => world.clear());

const reconcile = (quiet = 0) => reconcileIncidents({ db: world.db, incidents: world.incidents, log }, quiet);
const seen = async () =>
  (await world.open()).map(({ code, scope, fingerprint, count }) => [code, scope, fingerprint, count]).sort();

describe('reconciling', () => {
  it('opens what the tables tell, by cause and cabinet, with its number', async () => {
    await world.deliveries({ count: 3, detail: 'код ответа 422: № 1' });
    await world.deliveries({ count: 2, detail: 'код ответа 422: № 99' });
    await world.deliveries({ count: 4, code: 'ANSWER_EMPTY', detail: 'пустой ответ' });
    await world.deliveries({ opaId: '200', field: 'comment', detail: 'код ответа 422' });
    await world.deliveries({ state: 'queued', code: null, count: 5 });
    expect(await reconcile()).toBe(0);
    expect(await seen()).toEqual([
      ['ANSWER_EMPTY', 'opa:100', 'пустой ответ', 4],
      ['PLATFORM_REJECTED', 'opa:100', 'код ответа 422: № N', 5],
      ['PLATFORM_REJECTED', 'opa:200', 'comment: код ответа 422', 1],
    ]);
    await reconcile();
    expect(await seen()).toHaveLength(3);
  });

  it('closes what has no member left, and only that', async () => {
    const gone = await world.deliveries({ count: 3, cause: 'а' });
    const stays = await world.deliveries({ count: 2, cause: 'б' });
    await reconcile();
    await world.db.query(`UPDATE delivery SET state = 'cancelled' WHERE id = ANY($1::bigint[])`, [
      [...gone, stays[0]],
    ]);
    expect(await reconcile()).toBe(1);
    expect(await seen()).toEqual([['PLATFORM_REJECTED', 'opa:100', 'б', 1]]);
    await world.db.query(`UPDATE delivery SET state = 'done' WHERE id = $1`, [stays[1]]);
    expect(await reconcile()).toBe(1);
    expect(await seen()).toEqual([]);
  });

  it('leaves alone what was counted just now: its members may not be seen yet', async () => {
    await world.incidents.open(world.db, 'PLATFORM_REJECTED', 'opa:100', 'а', 'а');
    expect(await reconcile(60)).toBe(0);
    await world.db.query(`UPDATE incident SET last_at = now() - interval '2 minutes'`);
    expect(await reconcile(60)).toBe(1);
  });

  it('leaves alone what others watch', async () => {
    await world.incidents.openCounted(world.db, 'ANSWER_NOT_ARRIVED', 'opa:100', 3);
    await world.incidents.openCounted(world.db, 'SED_SILENT', 'channel:main:not-taken', 3);
    await world.incidents.open(world.db, 'ENDPOINT_PAUSED', 'channel:main');
    await world.incidents.open(world.db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:city');
    expect(await reconcile()).toBe(0);
    expect(await seen()).toHaveLength(4);
  });

  it('gathers causes beyond the tenth, and closes the gathering when none is left', async () => {
    for (let n = 0; n < 14; n += 1) await world.deliveries({ cause: `причина ${'абвгдежзиклмно'[n]}` });
    await reconcile();
    const open = await world.open();
    expect(open).toHaveLength(11);
    const rest = open.find(({ fingerprint }) => fingerprint === '*');
    expect(rest?.count).toBe(4);
    if (rest === undefined) throw new Error('nothing is gathered');
    const { members } = await listMembers(world.db, rest, WORLD, { limit: 10 });
    expect(members).toHaveLength(4);
    await world.db.query(`UPDATE delivery SET state = 'done' WHERE id = ANY($1::bigint[])`, [
      members.map(({ id }) => id),
    ]);
    expect(await reconcile()).toBe(1);
    expect((await world.open()).some(({ fingerprint }) => fingerprint === '*')).toBe(false);
  });

  it('follows unreadable messages, and lets an orphan be for a day', async () => {
    const put = `INSERT INTO quarantine (channel, message_dir, code, detail)
      VALUES ('main', $1, 'SED_MESSAGE_UNREADABLE', 'XML: строка ' || $1)`;
    for (const n of [1, 2, 3]) await world.db.query(put, [n]);
    await world.incidents.open(world.db, 'SED_MESSAGE_ORPHAN', 'channel:main');
    await reconcile();
    expect(await seen()).toEqual([
      ['SED_MESSAGE_ORPHAN', 'channel:main', '', 1],
      ['SED_MESSAGE_UNREADABLE', 'channel:main', 'XML: строка N', 3],
    ]);
    const page = await listMembers(world.db, await world.only('SED_MESSAGE_UNREADABLE'), WORLD, { limit: 2 });
    expect(page.members.map(({ kind, what }) => [kind, what])).toEqual([
      ['message', '3'],
      ['message', '2'],
    ]);
    await world.db.query('UPDATE quarantine SET settled_at = now()');
    await world.db.query(`UPDATE incident SET last_at = now() - interval '23 hours'`);
    expect(await reconcile()).toBe(1);
    await world.db.query(`UPDATE incident SET last_at = now() - interval '25 hours'`);
    expect(await reconcile()).toBe(1);
  });

  it('by many daemons at once opens each once', async () => {
    await world.deliveries({ count: 3, cause: 'а' });
    await world.deliveries({ count: 3, cause: 'б' });
    await Promise.all(Array.from({ length: 5 }, () => reconcile()));
    expect(await seen()).toHaveLength(2);
    await world.db.query(`UPDATE delivery SET state = 'done'`);
    const closed = await Promise.all(Array.from({ length: 5 }, () => reconcile()));
    expect(closed.reduce((sum, count) => sum + count, 0)).toBe(2);
  });
});

describe('records of a showcase', () => {
  const records = () => reconcileRecords({ db: world.db, incidents: world.incidents, log });
  const put = (no: number, verdict: string, code: string, field: string | null) =>
    world.db.query(
      `INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, cardfile, verdict,
         own_code, own_field, since, build_id) VALUES ('region', 'k', $1, '0003', '1', 'ОГ-1', '0.', $2, $3, $4, now(), 1)`,
      [no, verdict, code, field],
    );

  it('are incidents by code and field, closed when none is left', async () => {
    for (const no of [1, 2, 3]) await put(no, 'unmapped', 'RUBRIC_NOT_MAPPED', null);
    await put(4, 'refuse', 'SHOWCASE_FIELD_MISSING', 'regDate');
    await put(5, 'refuse', 'SHOWCASE_FIELD_MISSING', 'oktmo');
    expect(await records()).toBe(0);
    expect(await seen()).toEqual([
      ['RUBRIC_NOT_MAPPED', 'showcase:region', '', 3],
      ['SHOWCASE_FIELD_MISSING', 'showcase:region', 'oktmo', 1],
      ['SHOWCASE_FIELD_MISSING', 'showcase:region', 'regDate', 1],
    ]);
    const { members } = await listMembers(world.db, await world.only('RUBRIC_NOT_MAPPED'), WORLD, {
      limit: 9,
    });
    expect(members.map(({ kind, what, cardNumber }) => [kind, what, cardNumber])).toEqual(
      Array.from({ length: 3 }, () => ['record', '0003', 'ОГ-1']),
    );
    await world.db.query(`DELETE FROM showcase_record WHERE verdict = 'unmapped'`);
    expect(await records()).toBe(1);
    expect(await seen()).toHaveLength(2);
  });
});

describe('members', () => {
  it('are paged newest first, each once', async () => {
    const ids = await world.deliveries({ count: 25, cause: 'а' });
    await world.deliveries({ count: 3, cause: 'б' });
    await world.deliveries({ count: 3, cause: 'а', opaId: '200' });
    await reconcile();
    const incident = (await world.open()).find(
      ({ fingerprint, scope }) => fingerprint === 'а' && scope === 'opa:100',
    );
    if (incident === undefined) throw new Error('no incident');
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await listMembers(world.db, incident, WORLD, {
        limit: 10,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.members.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(found).toEqual(ids.toSorted((a, b) => Number(b) - Number(a)));
    expect(await countMembers(world.db, incident, WORLD, 1000)).toBe(25);
    expect(await countMembers(world.db, incident, WORLD, 7)).toBe(7);
    expect(await isMember(world.db, incident, WORLD, 'delivery', ids[0] ?? '')).toBe(true);
    const [other] = await world.deliveries({ cause: 'б' });
    expect(await isMember(world.db, incident, WORLD, 'delivery', other ?? '')).toBe(false);
    expect(await isMember(world.db, incident, WORLD, 'delivery', "1' OR true")).toBe(false);
  });

  it('of refused cards and of additions to them come one after the other', async () => {
    const [card] = await world.db.query<{ id: string; change: string }>(
      `WITH a AS (INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at)
         SELECT '100', 'p' || g, 'open', 'MESSAGE', 'X', now() FROM generate_series(1, 3) g RETURNING id),
       c AS (INSERT INTO appeal_change (appeal_id, identity, change) SELECT id, 'i', 'NEW' FROM a RETURNING id),
       k AS (INSERT INTO card (appeal_id, document_uid, channel, stage, error_code)
         SELECT id, 'u' || id, 'main', 'attention', 'CARD_MAPPING_INVALID' FROM a RETURNING id)
       SELECT max(k.id)::text AS id, max(c.id)::text AS change FROM k, c`,
    );
    await world.db.query(`UPDATE card SET stage = 'registered', error_code = NULL WHERE id = $1`, [card?.id]);
    await world.db.query(
      `INSERT INTO package (card_id, part, attempt, channel, change_id, attachments, missing, message_id, return_id,
         message_dir, header_time, owner, stage, failure_text)
       VALUES ($1, 1, 1, 'main', $2, '[]', '[]', 'm', 'r', 'd', now(), 'o', 'failed', 'CARD_MAPPING_INVALID: поле')`,
      [card?.id, card?.change],
    );
    await world.incidents.open(world.db, 'CARD_MAPPING_INVALID', 'channel:main:cards');
    const incident = await world.only('CARD_MAPPING_INVALID');
    const first = await listMembers(world.db, incident, WORLD, { limit: 2 });
    expect(first.members.map(({ kind, what }) => [kind, what])).toEqual([
      ['card', ''],
      ['card', ''],
    ]);
    const second = await listMembers(world.db, incident, WORLD, { limit: 2, after: first.next ?? '' });
    expect(second.members.map(({ kind }) => kind)).toEqual(['addition']);
    expect(second.next).toBeUndefined();
  });

  it('of every scope and code can be asked for', async () => {
    const scopes = [
      'opa:100',
      'cabinet:city',
      'cabinet:none',
      'registration',
      'showcase:region',
      'platform',
      'smtp',
      'settings',
      'odd',
      '',
      ...['', ':in', ':cards', ':code-39', ':code--1', ':not-taken', ':not-registered'].map(
        (part) => `channel:main${part}`,
      ),
    ];
    const codes = [
      'PLATFORM_REJECTED',
      'ANSWER_NOT_ARRIVED',
      'CARD_TERM_TOO_LATE',
      'APPEAL_SHAPE_UNKNOWN',
      'SED_REFUSED',
      'SED_SILENT',
      'SED_MESSAGE_ORPHAN',
      'SED_MESSAGE_UNREADABLE',
      'SHOWCASE_FILE_REFUSED',
      'RUBRIC_NOT_MAPPED',
      'DEFECT',
    ] as const;
    const plain = await blank();
    for (const scope of scopes) {
      for (const code of codes) {
        for (const fingerprint of ['', '*']) {
          const facts = { ...plain, code, scope, fingerprint };
          expect((await listMembers(world.db, facts, WORLD, { limit: 5 })).members).toEqual([]);
          expect(await countMembers(world.db, facts, WORLD, 5)).toBe(0);
        }
      }
    }
  });

  async function blank() {
    await world.incidents.open(world.db, 'DEFECT', 'registration');
    return await world.only('DEFECT');
  }

  it(
    'of a group of 50,000 in a full table give their first page at once',
    async () => {
      await world.deliveries({ count: 50_000, cause: 'а' });
      await world.deliveries({ count: 5000, cause: 'а', opaId: '200' });
      await world.db.query('ANALYZE delivery, appeal, card');
      await reconcile();
      for (const incident of await world.open()) {
        await listMembers(world.db, incident, WORLD, { limit: 20 });
        const began = performance.now();
        const page = await listMembers(world.db, incident, WORLD, { limit: 20 });
        expect(page.members).toHaveLength(20);
        expect(performance.now() - began).toBeLessThan(300);
      }
    },
    LONG,
  );
});
