import { Writable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Fault } from '../../../src/model/errors.ts';
import { dueForgotten, ringDue } from '../../../src/registration/bell.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import { eventually } from '../../support/eventually.ts';
import { dieAt, listMessages, takeAway } from './folders.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, incidentsOf, packageOf, packagesOf } from './rows.ts';

let rig: Rig;
const undo: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await startRig({ withoutDelo: true });
});
afterAll(async () => {
  await rig.stop();
});
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
  for (const dir of await listMessages(rig)) await takeAway(rig, dir);
  rig.queue.takeAppeals();
  await rig.db.query('UPDATE appeal SET due_at = NULL');
});

async function jobsOf(posIds: readonly string[], signal?: AbortSignal) {
  rig.queue.takeAppeals();
  return await Promise.all(
    posIds.map(async (posId) => {
      const { id, opa_id } = await appealOf(rig.db, posId);
      return jobOf({ appealId: id, opaId: opa_id }, signal);
    }),
  );
}

/** The database refuses whatever is stored of one appeal's card: the data's own fault, not the server's. */
async function refuseCardsOf(posId: string): Promise<void> {
  const { id } = await appealOf(rig.db, posId);
  await rig.db.query(`CREATE FUNCTION refuse_one() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.appeal_id = ${id} THEN RAISE EXCEPTION 'as told' USING ERRCODE = '22023'; END IF;
      RETURN NEW;
    END $$`);
  await rig.db.query(
    'CREATE TRIGGER refuse_one BEFORE INSERT ON card FOR EACH ROW EXECUTE FUNCTION refuse_one()',
  );
  undo.push(() => rig.db.query('DROP FUNCTION IF EXISTS refuse_one CASCADE'));
}

async function mend(): Promise<void> {
  for (const action of undo.splice(0)) await action();
}

describe('a person asks for more while the appeal is being loaded', () => {
  it('and the bell still rings for it: the replies are looked at after the time, never before', async () => {
    const posId = await rig.appeal();
    await rig.drive();
    const jobs = await jobsOf([posId]);
    let isAsked = false;
    const replies = {
      async load() {
        isAsked = true;
        // As a command does, just after this was read.
        await rig.db.query('UPDATE appeal SET due_at = now() WHERE pos_id = $1', [posId]);
        return new Set<string>();
      },
      work: () => Promise.resolve(null),
    };
    const locker = rig.database.dataSource.createQueryRunner();
    await locker.startTransaction();
    await locker.query('LOCK TABLE appeal IN ACCESS EXCLUSIVE MODE');
    const work = workAppeals(rig.worker({ replies }), jobs);
    await eventually('the loading waits', async () => {
      const rows = await rig.db.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'appeal'::regclass`,
      );
      return rows.length > 0;
    });
    expect(isAsked).toBe(false);
    await locker.commitTransaction();
    await locker.release();
    await work;
    expect((await appealOf(rig.db, posId)).due_at).not.toBeNull();
  });
});

describe('a defect in one appeal', () => {
  it('never stops its batch: the others go, it waits with its reason and an incident', async () => {
    const posIds = [];
    for (let count = 0; count < 8; count += 1) posIds.push(await rig.appeal());
    const bad = posIds[3] ?? '';
    await refuseCardsOf(bad);
    await workAppeals(rig.deps, await jobsOf(posIds));
    for (const posId of posIds.filter((id) => id !== bad)) {
      expect((await cardOf(rig.db, posId)).stage).toBe('sent');
      expect((await packagesOf(rig.db, posId)).map((p) => p.begun)).toEqual([1]);
    }
    expect(await cardsOf(rig.db, bad)).toEqual([]);
    const row = await appealOf(rig.db, bad);
    expect(row).toMatchObject({ stage: 'open', error_code: 'DEFECT' });
    expect(row.due_at?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    expect(await incidentsOf(rig.db, 'DEFECT')).toMatchObject([{ scope: 'registration', closed: false }]);
  });

  it('is forgotten when the appeal goes through', async () => {
    const posId = await rig.appeal();
    await refuseCardsOf(posId);
    await workAppeals(rig.deps, await jobsOf([posId]));
    expect((await appealOf(rig.db, posId)).error_code).toBe('DEFECT');
    await mend();
    await rig.age(posId, 3_600_000);
    await rig.drive();
    expect((await cardOf(rig.db, posId)).stage).toBe('sent');
    expect(await appealOf(rig.db, posId)).toMatchObject({
      error_code: null,
      error_detail: null,
      due_at: null,
    });
  });

  it('leaves alone what the intake says of an unreadable item', async () => {
    const posId = await rig.appeal();
    await rig.db.query(`UPDATE appeal SET error_code = 'APPEAL_SHAPE_UNKNOWN' WHERE pos_id = $1`, [posId]);
    await workAppeals(rig.deps, await jobsOf([posId]));
    expect((await cardOf(rig.db, posId)).stage).toBe('sent');
    expect((await appealOf(rig.db, posId)).error_code).toBe('APPEAL_SHAPE_UNKNOWN');
  });

  it('thrown by the driver as anything but a Fault puts the card in attention, with a stack in the log', async () => {
    const lines: string[] = [];
    const log = pino(
      { level: 'error' },
      new Writable({ write: (chunk, _, done) => void done(lines.push(String(chunk)) < 0 ? null : null) }),
    );
    const posId = await rig.appeal();
    const broken = rig.worker({
      log,
      sed: {
        ...rig.sed,
        write: async () => {
          throw new TypeError('undefined is not a function');
        },
      },
    });
    await workAppeals(broken, await jobsOf([posId]));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'attention', error_code: 'DEFECT' });
    expect(lines.join('')).toContain('undefined is not a function');
  });

  it('an open appeal with nothing readable is told, not looped over', async () => {
    const posId = await rig.appeal();
    await rig.db.query(`UPDATE appeal SET newest = 'nothing' WHERE pos_id = $1`, [posId]);
    await workAppeals(rig.deps, await jobsOf([posId]));
    expect(await appealOf(rig.db, posId)).toMatchObject({ error_code: 'DEFECT' });
    expect(await cardsOf(rig.db, posId)).toEqual([]);
  });
});

describe('a database that goes away', () => {
  it('gives the whole batch back, and not before all of it has stopped', async () => {
    const posIds = [await rig.appeal(), await rig.appeal()];
    const dying = dieAt(rig.sed, 'before-write');
    const lost = new Fault('DATABASE_UNREACHABLE', { detail: 'as told' });
    const first = posIds[0] ?? '';
    const worker = rig.worker({
      sed: {
        ...rig.sed,
        async write(request, signal) {
          if (request.key.posId === first) throw new Fault('SED_FOLDER_UNAVAILABLE');
          return await dying.sed.write(request, signal);
        },
      },
      db: {
        query: async (sql, params) => {
          if (sql.includes('SET write_failures')) throw lost;
          return await rig.db.query(sql, params);
        },
      },
    });
    let ended = false;
    const working = workAppeals(worker, await jobsOf(posIds)).finally(() => {
      ended = true;
    });
    working.catch(() => undefined);
    await dying.reached;
    await rig.db.query('SELECT 1');
    expect(ended).toBe(false);
    dying.revive();
    await expect(working).rejects.toBe(lost);
    expect((await cardOf(rig.db, posIds[1] ?? '')).stage).toBe('sent');
    // The job that comes back goes on with what was begun.
    await workAppeals(rig.deps, await jobsOf(posIds));
    expect((await cardOf(rig.db, first)).stage).toBe('sent');
  });
});

describe('a stop in the middle', () => {
  it('leaves the rest to the next process, which is rung for it at once', async () => {
    const posId = await rig.appeal();
    await workAppeals(rig.deps, await jobsOf([posId]));
    await rig.db.query(
      `UPDATE card SET stage = 'registered', number = '1', date = '2026-01-01' WHERE id = $1`,
      [(await cardOf(rig.db, posId)).id],
    );
    rig.platform.change(rig.opaId(), Number(posId), 'AMENDED', { description: 'а' });
    rig.platform.change(rig.opaId(), Number(posId), 'WITHDRAWN');
    await rig.intake();
    await rig.db.query('UPDATE appeal SET due_at = NULL WHERE pos_id = $1', [posId]);
    const stopping = new AbortController();
    const worker = rig.worker({
      sed: {
        ...rig.sed,
        async write(request, signal) {
          const outcome = await rig.sed.write(request, signal);
          stopping.abort();
          return outcome;
        },
      },
    });
    await workAppeals(worker, await jobsOf([posId], stopping.signal));
    expect(await packagesOf(rig.db, posId)).toHaveLength(2);
    expect((await appealOf(rig.db, posId)).due_at).not.toBeNull();
    await rig.drive();
    expect((await packagesOf(rig.db, posId)).map((p) => [p.addition, p.stage])).toEqual([
      [null, 'sent'],
      ['amended', 'sent'],
      ['withdrawn', 'sent'],
    ]);
  });

  it('during a writing keeps the package begun and counts no failure', async () => {
    const posId = await rig.appeal();
    const stopping = new AbortController();
    const worker = rig.worker({
      sed: {
        ...rig.sed,
        async write(request, signal) {
          stopping.abort();
          return await rig.sed.write(request, signal);
        },
      },
    });
    await workAppeals(worker, await jobsOf([posId], stopping.signal));
    expect(await packageOf(rig.db, posId)).toMatchObject({ stage: 'writing', write_failures: 0 });
    expect(await listMessages(rig)).toEqual([]);
    await rig.drive();
    expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  });
});

describe('jobs that have nothing to do', () => {
  it('for an appeal that is no more, or twice for one, are done', async () => {
    const posId = await rig.appeal();
    const [job] = await jobsOf([posId]);
    const gone = jobOf({ appealId: '99999999', opaId: rig.opaId() });
    await workAppeals(rig.deps, [gone]);
    if (job === undefined) throw new Error('no job');
    await workAppeals(rig.deps, [job, job, gone]);
    expect(await packagesOf(rig.db, posId)).toHaveLength(1);
  });

  it('of a cabinet that is no more in the settings wait, and go when it is back', async () => {
    const posId = await rig.appeal();
    await workAppeals(rig.worker({ cabinet: () => undefined }), await jobsOf([posId]));
    expect(await cardsOf(rig.db, posId)).toEqual([]);
    expect((await appealOf(rig.db, posId)).due_at).not.toBeNull();
    await rig.age(posId, 60_000);
    await rig.drive();
    expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  });
});

describe('the bell', () => {
  it('rings for what is due, once, and again only after a while', async () => {
    const [due, later, never] = [await rig.appeal(), await rig.appeal(), await rig.appeal()];
    rig.queue.takeAppeals();
    await rig.db.query(`UPDATE appeal SET due_at = now() - interval '1 second' WHERE pos_id = $1`, [due]);
    await rig.db.query(`UPDATE appeal SET due_at = now() + interval '1 hour' WHERE pos_id = $1`, [later]);
    await rig.db.query(`UPDATE appeal SET due_at = NULL WHERE pos_id = $1`, [never]);
    expect(await ringDue(rig.database.dataSource, rig.queue)).toBe(1);
    const { id, opa_id } = await appealOf(rig.db, due);
    expect(rig.queue.takeAppeals()).toEqual([{ appealId: id, opaId: opa_id }]);
    expect(await ringDue(rig.database.dataSource, rig.queue)).toBe(0);
    expect((await appealOf(rig.db, due)).due_at?.getTime()).toBeGreaterThan(Date.now() + 200_000);
    await rig.age(due, 300_000);
    expect(await ringDue(rig.database.dataSource, rig.queue)).toBe(1);
  });

  it('of two processes rings each appeal by one of them', async () => {
    for (let count = 0; count < 20; count += 1) await rig.appeal();
    rig.queue.takeAppeals();
    await rig.db.query(`UPDATE appeal SET due_at = now() - interval '1 second'`);
    const [all] = await rig.db.query<{ count: string }>('SELECT count(*) AS count FROM appeal');
    const rung = await Promise.all(
      Array.from({ length: 4 }, () => ringDue(rig.database.dataSource, rig.queue)),
    );
    expect(rung.reduce((sum, count) => sum + count, 0)).toBe(Number(all?.count));
  });

  it('finds what lies unhandled with nobody to be rung by, and leaves alone what is fresh', async () => {
    const posIds = [await rig.appeal(), await rig.appeal()];
    await rig.drive();
    await rig.db.query('UPDATE appeal SET due_at = NULL');
    for (const posId of posIds) {
      const { id } = await cardOf(rig.db, posId);
      await rig.db.query(
        `WITH m AS (INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, raw, files)
           VALUES ('delo-1', $2, $2, 'Report', '', '', '[]') RETURNING id)
         INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, data)
         SELECT $2, 'consideration', '1', $1, m.id, '{}' FROM m`,
        [id, `forgotten-${posId}`],
      );
    }
    expect(await dueForgotten(rig.db)).toBe(0);
    await rig.db.query(
      `UPDATE sed_event SET stored_at = now() - interval '61 seconds' WHERE document_uid = $1`,
      [`forgotten-${posIds[0]}`],
    );
    expect(await dueForgotten(rig.db)).toBe(1);
    expect((await appealOf(rig.db, posIds[0] ?? '')).due_at).not.toBeNull();
    expect((await appealOf(rig.db, posIds[1] ?? '')).due_at).toBeNull();
    expect(await dueForgotten(rig.db)).toBe(0);
  });

  it('that could not ring leaves the appeal due', async () => {
    const posId = await rig.appeal();
    await rig.db.query(`UPDATE appeal SET due_at = now() - interval '1 second' WHERE pos_id = $1`, [posId]);
    const broken = {
      ...rig.queue,
      ringAppeals: async () => {
        throw new Error('no queue');
      },
    };
    await expect(ringDue(rig.database.dataSource, broken)).rejects.toThrow('no queue');
    expect(await ringDue(rig.database.dataSource, rig.queue)).toBe(1);
  });
});
