import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FileOutcome } from '../../../src/registration/file-outcomes.ts';
import { loadAppeals } from '../../../src/registration/state.ts';
import { type PackageDraft, type SentPackage, together } from '../../../src/registration/together.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
let db: Queryable;
let next = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  await db.query(`INSERT INTO cabinet (opa_id, name, start_from) VALUES ('100', 'lko', now())`);
});

afterAll(() => database.drop());

interface MadeAppeal {
  readonly id: string;
  readonly changeId: string;
  readonly fileId: string;
}

/** An open appeal with one readable change and one wanted file. */
async function makeAppeal(): Promise<MadeAppeal> {
  next += 1;
  const [row] = await db.query<MadeAppeal>(
    `WITH a AS (INSERT INTO appeal (opa_id, pos_id, stage, newest, kind, status, received_at)
                VALUES ('100', $1, 'open', 'c1', 'message', 'NEW', now()) RETURNING id),
     c AS (INSERT INTO appeal_change (appeal_id, identity, change, raw) SELECT id, 'c1', 'NEW', '{}' FROM a RETURNING id),
     f AS (INSERT INTO attachment (appeal_id, file_id, position, name) SELECT id, 'f1', 0, 'фото.jpg' FROM a RETURNING id)
     SELECT a.id::text AS id, c.id::text AS "changeId", f.id::text AS "fileId" FROM a, c, f`,
    [`pos-${next}`],
  );
  if (row === undefined) throw new Error('no appeal was made');
  return row;
}

function draftOf(appeal: MadeAppeal, over: Partial<PackageDraft> = {}): PackageDraft {
  const key = `${appeal.id}-${over.repetition ?? ''}-${over.part ?? 0}-${over.attempt ?? 1}`;
  return {
    appealId: appeal.id,
    repetition: '',
    documentUid: `doc-${appeal.id}-${over.repetition ?? ''}`,
    channel: 'delo-1',
    part: 0,
    attempt: 1,
    addition: null,
    subject: '',
    changeId: appeal.changeId,
    attachments: [],
    missing: [],
    earlier: null,
    messageId: `message-${key}`,
    returnId: `return-${key}`,
    messageDir: `folder-${key}`,
    owner: 'first',
    handled: [],
    ...over,
  };
}

async function cardOf(appeal: MadeAppeal) {
  const [state] = await loadAppeals(db, [appeal.id]);
  const card = state?.cards.at(-1);
  if (state === undefined || card === undefined) throw new Error('no card');
  return { state, card };
}

describe('begin', () => {
  it('stores the packages of many appeals, each with what is its own', async () => {
    const appeals = await Promise.all(Array.from({ length: 12 }, makeAppeal));
    const begun = await Promise.all(
      appeals.map((appeal, index) =>
        together(database.dataSource).begin(
          draftOf(appeal, {
            attachments: [appeal.fileId],
            missing: index % 2 === 0 ? [] : [{ name: `план «${index}».pdf`, reason: 'слишком велик' }],
            earlier: index % 3 === 0 ? { documentUid: `e${index}`, number: '1/2', date: '2025-03-01' } : null,
          }),
        ),
      ),
    );
    for (const [index, appeal] of appeals.entries()) {
      const { card } = await cardOf(appeal);
      const [pkg] = card.packages;
      expect([card.id, pkg?.id]).toEqual([begun[index]?.cardId, begun[index]?.packageId]);
      expect(pkg?.headerTime).toBe(begun[index]?.headerTime);
      expect(pkg?.attachments).toEqual([appeal.fileId]);
      expect(pkg?.missing).toEqual(
        index % 2 === 0 ? [] : [{ name: `план «${index}».pdf`, reason: 'слишком велик' }],
      );
      expect(pkg?.earlier?.documentUid).toBe(index % 3 === 0 ? `e${index}` : undefined);
      expect([card.stage, pkg?.stage, pkg?.begun]).toEqual(['planned', 'writing', 1]);
    }
  });

  it('gives no package to the second of two that begin the same', async () => {
    const appeal = await makeAppeal();
    const first = await together(database.dataSource).begin(draftOf(appeal));
    const second = await together(database.dataSource).begin(draftOf(appeal, { owner: 'second' }));
    expect(first.packageId).not.toBeNull();
    expect(second).toMatchObject({ cardId: first.cardId, packageId: null });
  });

  it('sorts out two that begin the same at the same moment', async () => {
    const appeal = await makeAppeal();
    const other = await makeAppeal();
    const ends = await Promise.all([
      together(database.dataSource).begin(draftOf(appeal)),
      together(database.dataSource).begin(draftOf(appeal, { owner: 'second' })),
      together(database.dataSource).begin(draftOf(other)),
    ]);
    expect(ends.filter((end) => end.packageId !== null)).toHaveLength(2);
    expect((await cardOf(appeal)).card.packages).toHaveLength(1);
    expect((await cardOf(other)).card.packages).toHaveLength(1);
  });

  it('settles the changes of a package with it, and of no other', async () => {
    const [first, second] = [await makeAppeal(), await makeAppeal()];
    await together(database.dataSource).begin(draftOf(second));
    const ends = await Promise.all([
      together(database.dataSource).begin(draftOf(first, { handled: [first.changeId] })),
      // Begun before: what it would settle stays open.
      together(database.dataSource).begin(draftOf(second, { handled: [second.changeId] })),
    ]);
    expect(ends.map((end) => end.packageId === null)).toEqual([false, true]);
    expect((await cardOf(first)).state.pending).toEqual([]);
    expect((await cardOf(second)).state.pending).toHaveLength(1);
  });

  it('refuses one that the database does not take, and stores its neighbours', async () => {
    const [good, bad, fine] = [await makeAppeal(), await makeAppeal(), await makeAppeal()];
    await together(database.dataSource).begin(draftOf(await makeAppeal(), { documentUid: 'taken' }));
    const ends = await Promise.allSettled([
      together(database.dataSource).begin(draftOf(good)),
      together(database.dataSource).begin(draftOf(bad, { documentUid: 'taken' })),
      together(database.dataSource).begin(draftOf(fine)),
    ]);
    expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await cardOf(good)).card.packages).toHaveLength(1);
    expect((await cardOf(fine)).card.packages).toHaveLength(1);
    await expect(cardOf(bad)).rejects.toThrow('no card');
  });
});

describe('markSent', () => {
  async function begin(appeal: MadeAppeal): Promise<SentPackage> {
    const { cardId, packageId } = await together(database.dataSource).begin(draftOf(appeal));
    const { state } = await cardOf(appeal);
    return {
      packageId: packageId ?? '',
      cardId,
      appealId: appeal.id,
      opaId: '100',
      dueAt: state.dueAt,
      journal: { part: 0, attempt: 1, files: 2 },
    };
  }

  it('marks many, with one line of the journal each', async () => {
    const appeals = await Promise.all(Array.from({ length: 8 }, makeAppeal));
    const sent = await Promise.all(appeals.map(begin));
    const cleared = await Promise.all(sent.map((one) => together(database.dataSource).markSent(one)));
    expect(cleared).toEqual(appeals.map(() => true));
    for (const appeal of appeals) {
      const { card } = await cardOf(appeal);
      expect([card.stage, card.packages[0]?.stage]).toEqual(['sent', 'sent']);
      const lines = await db.query(`SELECT data FROM journal WHERE appeal_id = $1 AND event = 'card-sent'`, [
        appeal.id,
      ]);
      expect(lines).toEqual([{ data: { part: 0, attempt: 1, files: 2 } }]);
    }
  });

  it('clears the bell of an appeal, but not one that was set meanwhile', async () => {
    const [quiet, rung] = [await makeAppeal(), await makeAppeal()];
    await db.query(`UPDATE appeal SET due_at = now() + interval '5 minutes' WHERE id = ANY ($1::bigint[])`, [
      [quiet.id, rung.id],
    ]);
    const sent = [await begin(quiet), await begin(rung)];
    await db.query(`UPDATE appeal SET due_at = now() + interval '1 minute' WHERE id = $1`, [rung.id]);
    const cleared = await Promise.all(sent.map((one) => together(database.dataSource).markSent(one)));
    expect(cleared).toEqual([true, false]);
    expect((await cardOf(quiet)).state.dueAt).toBeNull();
    expect((await cardOf(rung)).state.dueAt).not.toBeNull();
    expect((await cardOf(rung)).card.stage).toBe('sent');
  });

  it('takes nothing back from a card that is further already', async () => {
    const appeal = await makeAppeal();
    const sent = await begin(appeal);
    await db.query(`UPDATE package SET stage = 'registered' WHERE id = $1`, [sent.packageId]);
    await db.query(`UPDATE card SET stage = 'registered' WHERE id = $1`, [sent.cardId]);
    await together(database.dataSource).markSent(sent);
    const { card } = await cardOf(appeal);
    expect([card.stage, card.packages[0]?.stage]).toEqual(['registered', 'registered']);
    expect(await db.query(`SELECT 1 FROM journal WHERE appeal_id = $1`, [appeal.id])).toEqual([]);
  });
});

describe('storeOutcomes', () => {
  async function outcomeOf(appeal: MadeAppeal, over: Partial<FileOutcome>) {
    const [state] = await loadAppeals(db, [appeal.id]);
    const attachment = state?.attachments[0];
    if (state === undefined || attachment === undefined) throw new Error('no file');
    const common = { state: 'stored', delayMs: 0, attempts: 1, retryUsedMs: 0 } as const;
    return { appeal: state, outcome: { ...common, attachment, ...over } };
  }

  it('stores those of many appeals, one blob for equal files', async () => {
    const appeals = await Promise.all(Array.from({ length: 6 }, makeAppeal));
    const given = await Promise.all(
      appeals.map((appeal, index) =>
        outcomeOf(appeal, { sha256: `sum-${index % 2}`, size: 10 + (index % 2) }),
      ),
    );
    await Promise.all(given.map((one) => together(database.dataSource).storeOutcomes([one])));
    for (const [index, { id }] of appeals.entries()) {
      const [state] = await loadAppeals(db, [id]);
      expect(state?.attachments[0]).toMatchObject({
        state: 'stored',
        sha256: `sum-${index % 2}`,
        storedSize: 10 + (index % 2),
      });
    }
    const blobs = await db.query(`SELECT sha256 FROM blob WHERE sha256 LIKE 'sum-%' ORDER BY 1`);
    expect(blobs).toEqual([{ sha256: 'sum-0' }, { sha256: 'sum-1' }]);
  });

  it('writes a refusal into the journal of its own appeal, with its code', async () => {
    const [stored, refused] = [await makeAppeal(), await makeAppeal()];
    await Promise.all([
      together(database.dataSource).storeOutcomes([
        await outcomeOf(stored, { sha256: 'sum-of-stored', size: 1 }),
      ]),
      together(database.dataSource).storeOutcomes([
        await outcomeOf(refused, { state: 'refused', code: 'FILE_TOO_LARGE', detail: '9 > 8' }),
      ]),
    ]);
    const lines = await db.query(
      `SELECT appeal_id::text AS id, opa_id, code, data FROM journal WHERE event = 'file-refused'`,
    );
    const data = { attachmentId: refused.fileId, detail: '9 > 8' };
    expect(lines).toEqual([{ id: refused.id, opa_id: '100', code: 'FILE_TOO_LARGE', data }]);
  });

  it('leaves a file alone that is no longer wanted', async () => {
    const appeal = await makeAppeal();
    const late = await outcomeOf(appeal, { state: 'wanted', attempts: 5, delayMs: 1000 });
    await together(database.dataSource).storeOutcomes([
      await outcomeOf(appeal, { sha256: 'sum-x', size: 3 }),
    ]);
    await together(database.dataSource).storeOutcomes([late]);
    const [state] = await loadAppeals(db, [appeal.id]);
    expect(state?.attachments[0]).toMatchObject({ state: 'stored', sha256: 'sum-x', attempts: 1 });
  });
});
