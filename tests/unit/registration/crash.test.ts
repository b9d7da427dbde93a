import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { workAppeals } from '../../../src/registration/work.ts';
import { inTransaction } from '../../../src/store/data-source.ts';
import { eventually } from '../../support/eventually.ts';
import { dieAt, listMessages, readMessage, takeAway } from './folders.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, journalOf, packageOf, packagesOf } from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ withoutDelo: true });
});
afterAll(async () => {
  await rig.stop();
});
afterEach(async () => {
  for (const dir of await listMessages(rig)) await takeAway(rig, dir);
});

const PHOTO = { name: 'фото двора.jpg', content: 'снимок '.repeat(500), mimeType: 'image/jpeg' };

/**
 * Makes the database fail in the middle of a statement, as when it is shut down or chooses a victim of a deadlock.
 * `times` counts through rollbacks, for a sequence never goes back.
 */
async function failAt(
  table: string,
  when: string,
  { state = '57P01', times = 1_000_000 } = {},
): Promise<() => Promise<void>> {
  await rig.db.query('CREATE SEQUENCE failures');
  await rig.db.query(`CREATE FUNCTION fail_here() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('failures') <= ${times} THEN RAISE EXCEPTION 'as told' USING ERRCODE = '${state}'; END IF;
      RETURN NEW;
    END $$`);
  await rig.db.query(
    `CREATE TRIGGER fail_here ${when} ON ${table} FOR EACH ROW EXECUTE FUNCTION fail_here()`,
  );
  return async () => {
    await rig.db.query('DROP FUNCTION fail_here CASCADE');
    await rig.db.query('DROP SEQUENCE failures');
  };
}

/** The work of one process on an appeal. */
async function startWork(posId: string, deps = rig.deps): Promise<{ done: Promise<void> }> {
  const { id, opa_id } = await appealOf(rig.db, posId);
  rig.queue.takeAppeals();
  return { done: workAppeals(deps, [jobOf({ appealId: id, opaId: opa_id })]) };
}

async function expectOneSent(posId: string): Promise<void> {
  expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  expect((await packagesOf(rig.db, posId)).map((p) => [p.part, p.attempt, p.stage])).toEqual([
    [0, 1, 'sent'],
  ]);
  expect(await listMessages(rig)).toEqual([(await packageOf(rig.db, posId)).message_dir]);
  expect((await journalOf(rig.db, posId)).filter((event) => event === 'card-sent')).toHaveLength(1);
}

describe('a process that dies', () => {
  it('before the card is begun: nothing is there, the next one does it all', async () => {
    const posId = await rig.appeal();
    const mend = await failAt('package', 'BEFORE INSERT');
    await expect((await startWork(posId)).done).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect(await cardsOf(rig.db, posId)).toEqual([]);
    expect(await listMessages(rig)).toEqual([]);
    await mend();
    await (await startWork(posId, rig.worker())).done;
    await expectOneSent(posId);
    expect((await packageOf(rig.db, posId)).begun).toBe(1);
  });

  it('after begin: another takes the package over and writes the very same bytes', async () => {
    const posId = await rig.appeal({ files: [PHOTO] });
    const dying = dieAt(rig.sed, 'before-write');
    const first = await startWork(posId, rig.worker({ owner: 'dead', sed: dying.sed }));
    const request = await dying.reached;
    expect(await packageOf(rig.db, posId)).toMatchObject({ stage: 'writing', begun: 1, owner: 'dead' });
    const rendered = rig.sed.render(request);

    await (await startWork(posId, rig.worker({ owner: 'heir' }))).done;
    await expectOneSent(posId);
    expect(await packageOf(rig.db, posId)).toMatchObject({ begun: 2, owner: 'heir' });
    const { messageDir } = rendered.identity;
    const message = await readMessage(rig, messageDir);
    expect(message.xml).toBe(Buffer.from(rendered.files[0]?.content as Uint8Array).toString('utf8'));

    // The first was only slow: what it does now changes nothing.
    dying.revive();
    await first.done;
    expect(await readMessage(rig, messageDir)).toEqual(message);
    await expectOneSent(posId);
  });

  it('after the writing, before «sent»: the next finds it written', async () => {
    const posId = await rig.appeal({ files: [PHOTO] });
    const dying = dieAt(rig.sed, 'after-write');
    await startWork(posId, rig.worker({ owner: 'dead', sed: dying.sed }));
    await dying.reached;
    const { message_dir, stage } = await packageOf(rig.db, posId);
    expect(stage).toBe('writing');
    const message = await readMessage(rig, message_dir);
    await (await startWork(posId, rig.worker({ owner: 'heir' }))).done;
    await expectOneSent(posId);
    expect(await readMessage(rig, message_dir)).toEqual(message);
  });

  it('after the writing, when the СЭД has taken it meanwhile: the same package stands there again', async () => {
    const posId = await rig.appeal({ files: [PHOTO] });
    const dying = dieAt(rig.sed, 'after-write');
    await startWork(posId, rig.worker({ sed: dying.sed }));
    await dying.reached;
    const { message_dir } = await packageOf(rig.db, posId);
    const message = await readMessage(rig, message_dir);
    await takeAway(rig, message_dir);
    await (await startWork(posId, rig.worker())).done;
    await expectOneSent(posId);
    expect(await readMessage(rig, message_dir)).toEqual(message);
    // It may lie there twice, and says so.
    expect((await packageOf(rig.db, posId)).begun).toBe(2);
  });

  it('while it says «sent»: it is said by the next', async () => {
    const posId = await rig.appeal();
    const mend = await failAt('package', `BEFORE UPDATE OF stage`);
    await expect((await startWork(posId)).done).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
    expect((await packageOf(rig.db, posId)).stage).toBe('writing');
    expect(await listMessages(rig)).toHaveLength(1);
    await mend();
    await (await startWork(posId, rig.worker())).done;
    await expectOneSent(posId);
  });

  it('after «sent»: nothing is done a second time', async () => {
    const posId = await rig.appeal();
    await (await startWork(posId)).done;
    const { begun } = await packageOf(rig.db, posId);
    await (await startWork(posId, rig.worker())).done;
    await (await startWork(posId, rig.worker())).done;
    await expectOneSent(posId);
    expect((await packageOf(rig.db, posId)).begun).toBe(begun);
    expect((await appealOf(rig.db, posId)).due_at).toBeNull();
  });

  it('while an addition is on its way: the addition alone goes on', async () => {
    const posId = await rig.appeal();
    await (await startWork(posId)).done;
    await rig.db.query(
      `UPDATE card SET stage = 'registered', number = '1', date = '2026-01-01' WHERE id = $1`,
      [(await cardOf(rig.db, posId)).id],
    );
    await rig.change(posId, 'WITHDRAWN', { withdrawnReason: 'передумал' });
    const dying = dieAt(rig.sed, 'after-write');
    await startWork(posId, rig.worker({ sed: dying.sed }));
    await dying.reached;
    const addition = await packageOf(rig.db, posId, 1);
    const message = await readMessage(rig, addition.message_dir);
    expect(message.xml).toContain('MessageType="AddToDoc"');
    await (await startWork(posId, rig.worker())).done;
    expect(await readMessage(rig, addition.message_dir)).toEqual(message);
    expect((await packagesOf(rig.db, posId)).map((p) => [p.part, p.attempt, p.stage])).toEqual([
      [0, 1, 'sent'],
      [1, 1, 'sent'],
    ]);
  });
});

describe('two workers on one appeal', () => {
  it('begin it once between them', async () => {
    const posId = await rig.appeal();
    const { id, opa_id } = await appealOf(rig.db, posId);
    const job = jobOf({ appealId: id, opaId: opa_id });
    const workers = ['a', 'b', 'c', 'd'].map((owner) => workAppeals(rig.worker({ owner }), [job]));
    await Promise.all(workers);
    await rig.drive();
    await expectOneSent(posId);
  });

  it('that hold the same begun package: one goes on, the other waits', async () => {
    const posId = await rig.appeal();
    const dying = dieAt(rig.sed, 'before-write');
    await startWork(posId, rig.worker({ sed: dying.sed }));
    await dying.reached;
    const { id, opa_id } = await appealOf(rig.db, posId);
    const job = jobOf({ appealId: id, opaId: opa_id });
    await Promise.all(['b', 'c'].map((owner) => workAppeals(rig.worker({ owner }), [job])));
    await rig.until('the loser finds it done', async () => (await appealOf(rig.db, posId)).due_at === null);
    await expectOneSent(posId);
  });

  it('that knew of an amendment which the other did not: the amendment is not forgotten', async () => {
    const posId = await rig.appeal({ description: 'Яма' });
    const dying = dieAt(rig.sed, 'before-write');
    await startWork(posId, rig.worker({ sed: dying.sed }));
    await dying.reached;
    await rig.change(posId, 'AMENDED', { description: 'Яма и открытый люк' });
    await (await startWork(posId, rig.worker())).done;
    // The card was begun with the first text, so the second is still to be told.
    const pending = await rig.db.query(
      `SELECT 1 FROM appeal_change WHERE appeal_id = $1 AND change = 'AMENDED' AND handled_at IS NULL`,
      [(await appealOf(rig.db, posId)).id],
    );
    expect(pending).toHaveLength(1);
    const { xml } = await readMessage(rig, (await packageOf(rig.db, posId)).message_dir);
    expect(xml).not.toContain('люк');
  });

  it('that meet in a deadlock: it is done again, and nobody is told of a defect', async () => {
    const posId = await rig.appeal();
    const mend = await failAt('package', 'BEFORE UPDATE OF stage', { state: '40P01', times: 2 });
    await (await startWork(posId)).done;
    await mend();
    await expectOneSent(posId);
    expect(await appealOf(rig.db, posId)).toMatchObject({ error_code: null, due_at: null });
  });

  it('and a reader of Reports lock in one order: neither is a victim', async () => {
    const posId = await rig.appeal();
    const dying = dieAt(rig.sed, 'after-write');
    const { done } = await startWork(posId, rig.worker({ sed: dying.sed }));
    await dying.reached;
    const { id: card } = await cardOf(rig.db, posId);
    const { id: pkg } = await packageOf(rig.db, posId);
    await inTransaction(rig.database.dataSource, async (tx) => {
      await tx.query('SELECT 1 FROM card WHERE id = $1 FOR UPDATE', [card]);
      dying.revive();
      await eventually('«sent» waits for the card', async () => {
        const waiting = await rig.db.query(`SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%UPDATE package%'`);
        return waiting.length > 0;
      });
      await tx.query(`SET LOCAL lock_timeout = '500ms'`);
      await tx.query(`UPDATE package SET stage = 'received' WHERE id = $1`, [pkg]);
      await tx.query(`UPDATE card SET stage = 'received' WHERE id = $1`, [card]);
    });
    await done;
    // What the reader has stored is newer than «sent» and stays.
    expect((await packageOf(rig.db, posId)).stage).toBe('received');
    expect((await cardOf(rig.db, posId)).stage).toBe('received');
  });
});
