import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { storeItems } from '../../../src/intake/store-page.ts';
import { resendCards } from '../../../src/registration/commands.ts';
import { acceptMessage } from '../../../src/registration/sed-events.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import { inTransaction } from '../../../src/store/data-source.ts';
import { eventually } from '../../support/eventually.ts';
import { untilQuiet } from './folders.ts';
import { about, failure } from './messages.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, incidentsOf, journalOf, packageOf, packagesOf } from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ channels: 2 });
});
afterAll(async () => {
  await rig.stop();
});
beforeEach(() => {
  rig.delo.behave({ silent: false, registration: 'auto', refuse: false });
});

async function untilStage(posId: string, stage: string): Promise<void> {
  await rig.until(`card ${stage}`, async () => (await cardsOf(rig.db, posId)).at(-1)?.stage === stage);
}

async function registered(input: Parameters<Rig['appeal']>[0] = {}): Promise<string> {
  const posId = await rig.appeal(input);
  await untilStage(posId, 'registered');
  return posId;
}

/** Waits for a part of the newest card and gives what ДЕЛО shows of all additions. */
async function untilPart(posId: string, part: number, stage = 'registered', attempt = 1) {
  await rig.until(`part ${part}.${attempt} ${stage}`, async () =>
    (await packagesOf(rig.db, posId)).some(
      (p) => p.part === part && p.attempt === attempt && p.stage === stage,
    ),
  );
  await untilQuiet(rig);
  return shownAdditions(posId);
}

async function shownAdditions(posId: string) {
  const { document_uid } = (await cardsOf(rig.db, posId)).at(-1) ?? { document_uid: '' };
  return rig.delo.cardByUid(document_uid)?.additions ?? [];
}

async function parts(posId: string): Promise<(string | number | null)[][]> {
  return (await packagesOf(rig.db, posId)).map((p) => [p.part, p.attempt, p.addition, p.stage]);
}

/** Postponements of this appeal as the flow of replies stores them. */
async function putPostpones(
  posId: string,
  postpones: readonly { to: string; state: string; attempts: number }[],
): Promise<void> {
  for (const [index, { to, state, attempts }] of postpones.entries()) {
    await rig.db.query(
      `WITH k AS (SELECT k.id, k.appeal_id, k.document_uid FROM card k JOIN appeal a ON a.id = k.appeal_id WHERE a.pos_id = $1),
         e AS (INSERT INTO sed_event (document_uid, kind, subject, card_id, message_id, data, handled_at)
           SELECT k.document_uid, 'deadline', $2, k.id, (SELECT max(id) FROM sed_message), '{}', now() FROM k RETURNING id)
       INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state, attempts)
       SELECT k.appeal_id, k.id, e.id, $3, $1 || $2, 'status', 'Срок продлён',
              jsonb_build_object('kind', 'status', 'role', 'postpone', 'postponedTo', $2::text), $4, $5 FROM k, e`,
      [posId, to, index + 1, state, attempts],
    );
  }
}

describe('a change of a registered appeal', () => {
  it('withdrawn: the clerk gets exactly one addition, and it ends registered', async () => {
    const posId = await registered();
    await rig.change(posId, 'WITHDRAWN', { withdrawnReason: 'Вопрос решён' });
    expect(await untilPart(posId, 1)).toHaveLength(1);
    await rig.drive();
    expect(await parts(posId)).toEqual([
      [0, 1, null, 'registered'],
      [1, 1, 'withdrawn', 'registered'],
    ]);
    const { subject } = await packageOf(rig.db, posId, 1);
    expect(subject).not.toBe('');
    expect(rig.delo.complaints).toEqual([]);
  });

  it('amended and moved: one addition each, in order', async () => {
    const posId = await registered({ description: 'Первый текст' });
    await rig.change(posId, 'AMENDED', { description: 'Второй текст' });
    await rig.change(posId, 'TERM_MOVED', { answerAt: '2027-02-03T12:00:00+03:00' });
    const shown = await untilPart(posId, 2);
    expect((await parts(posId)).map(([part, , addition]) => [part, addition])).toEqual([
      [0, null],
      [1, 'amended'],
      [2, 'term-moved'],
    ]);
    expect(shown.map((addition) => addition.messageId)).toEqual([
      (await packageOf(rig.db, posId, 1)).message_id,
      (await packageOf(rig.db, posId, 2)).message_id,
    ]);
    expect(shown[0]?.files).toHaveLength(1);
  });

  it('a term that we moved ourselves: no addition, whatever became of the call; one that another set: one', async () => {
    const posId = await registered();
    const sent = ['2027-02-03T23:59:59+03:00', '2027-03-03T23:59:59+03:00', '2027-04-03T23:59:59+03:00'];
    await putPostpones(posId, [
      { to: sent[0] ?? '', state: 'done', attempts: 1 },
      { to: sent[1] ?? '', state: 'unknown', attempts: 1 },
      { to: sent[2] ?? '', state: 'queued', attempts: 0 },
    ]);
    // As the platform writes times: another offset, the same moment.
    await rig.change(posId, 'TERM_MOVED', { answerAt: '2027-02-03T20:59:59Z' });
    await rig.change(posId, 'TERM_MOVED', { answerAt: sent[1] ?? '' });
    await rig.drive();
    await untilQuiet(rig);
    expect(await parts(posId)).toEqual([[0, 1, null, 'registered']]);
    // Not sent yet, so it cannot be ours.
    await rig.change(posId, 'TERM_MOVED', { answerAt: sent[2] ?? '' });
    await untilPart(posId, 1);
    await rig.change(posId, 'TERM_MOVED', { answerAt: '2027-02-04T23:59:59+03:00' });
    await untilPart(posId, 2);
    expect((await parts(posId)).map(([, , addition]) => addition)).toEqual([
      null,
      'term-moved',
      'term-moved',
    ]);
  });

  it('an echo read together with a later move of another: the clerk learns of the other alone', async () => {
    const posId = await registered();
    await putPostpones(posId, [{ to: '2027-02-03T23:59:59+03:00', state: 'done', attempts: 1 }]);
    rig.platform.change(rig.opaId(), Number(posId), 'TERM_MOVED', { answerAt: '2027-02-03T23:59:59+03:00' });
    await rig.change(posId, 'TERM_MOVED', { answerAt: '2027-05-05T23:59:59+03:00' });
    await untilPart(posId, 1);
    await rig.drive();
    expect(await parts(posId)).toHaveLength(2);
  });

  it('rated: no document', async () => {
    const posId = await registered();
    await rig.change(posId, 'RATED', { rating: 5 });
    await rig.drive();
    await untilQuiet(rig);
    expect(await parts(posId)).toEqual([[0, 1, null, 'registered']]);
    expect((await appealOf(rig.db, posId)).due_at).toBeNull();
  });

  it('before the Registration waits for it', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStage(posId, 'received');
    await rig.change(posId, 'WITHDRAWN');
    await rig.drive();
    expect(await parts(posId)).toEqual([[0, 1, null, 'received']]);
    const { document_uid } = await cardOf(rig.db, posId);
    rig.delo.register(rig.delo.cardByUid(document_uid)?.id ?? '');
    expect(await untilPart(posId, 1)).toHaveLength(1);
  });

  it('read in again and again makes nothing more of it', async () => {
    const posId = await registered();
    const wire = rig.platform.appeal(rig.opaId(), Number(posId));
    await rig.change(posId, 'AMENDED', { description: 'Уточнение' });
    await untilPart(posId, 1);
    const amended = rig.platform.appeal(rig.opaId(), Number(posId));
    for (const item of [amended, wire, amended]) rig.platform.addRawItem(rig.opaId(), item);
    await rig.intake();
    await rig.drive();
    expect(await parts(posId)).toHaveLength(2);
  });
});

describe('an appeal withdrawn before its card', () => {
  it('gets none, and its journal says why', async () => {
    rig.platform.fault({ route: 'file', kind: 'unavailable' });
    try {
      const posId = await rig.appeal({ files: [{ name: 'а.pdf', content: 'x' }] });
      await rig.drive();
      await rig.change(posId, 'WITHDRAWN');
      await rig.drive();
      expect(await cardsOf(rig.db, posId)).toEqual([]);
      expect(await appealOf(rig.db, posId)).toMatchObject({ stage: 'withdrawn', due_at: null });
      expect(await journalOf(rig.db, posId)).toContain('appeal-withdrawn');
    } finally {
      rig.platform.clearFaults();
    }
  });

  it('and sent back: that consideration alone gets a card', async () => {
    const posId = String(rig.platform.addAppeal(rig.opaId()));
    await rig.intake();
    rig.platform.change(rig.opaId(), Number(posId), 'WITHDRAWN');
    rig.platform.change(rig.opaId(), Number(posId), 'REPEATED');
    await rig.intake();
    await untilStage(posId, 'registered');
    await untilQuiet(rig);
    await rig.drive();
    expect(await cardsOf(rig.db, posId)).toHaveLength(1);
    // The withdrawal is over: the clerk is not told of it.
    expect(await parts(posId)).toEqual([[0, 1, null, 'registered']]);
  });

  it('while a worker holds an older picture: the reopening is not lost', async () => {
    const posId = String(rig.platform.addAppeal(rig.opaId()));
    rig.platform.change(rig.opaId(), Number(posId), 'WITHDRAWN');
    await rig.intake();
    rig.queue.takeAppeals();
    const { id, opa_id } = await appealOf(rig.db, posId);
    rig.platform.change(rig.opaId(), Number(posId), 'REPEATED');
    const raw = JSON.stringify(rig.platform.appeal(opa_id, Number(posId)));
    const rules = {
      startFrom: new Date(0),
      cardStatuses: new Set(['MODERATION_ACCEPT']),
      finalStatuses: new Set<string>(),
      forced: false,
    };
    const worked: Promise<void>[] = [];
    await inTransaction(rig.database.dataSource, async (tx) => {
      await tx.query('SELECT 1 FROM appeal WHERE id = $1 FOR UPDATE', [id]);
      worked.push(workAppeals(rig.deps, [jobOf({ appealId: id, opaId: opa_id })]));
      await eventually('the worker is about to cancel', async () => {
        const waiting = await rig.db.query(`SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`);
        return waiting.length > 0;
      });
      const item = rig.deps.platform.parseItem(raw, 'Europe/Moscow');
      await storeItems(tx, rig.queue, opa_id, [item], rules, new Date());
    });
    await Promise.all(worked);
    await untilStage(posId, 'registered');
    expect(await appealOf(rig.db, posId)).toMatchObject({ stage: 'open' });
    expect(await cardsOf(rig.db, posId)).toHaveLength(1);
  });
});

describe('a refused addition', () => {
  it('is an item of its own: the card stays registered, an incident opens', async () => {
    const posId = await registered();
    rig.delo.behaveNext(1, { refuse: { code: 32, text: 'Документ закрыт' } });
    await rig.change(posId, 'WITHDRAWN');
    await untilPart(posId, 1, 'failed');
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', error_code: null });
    expect(await packageOf(rig.db, posId, 1)).toMatchObject({
      failure_code: 32,
      failure_text: 'Документ закрыт',
    });
    const scopes = (await incidentsOf(rig.db, 'SED_REFUSED')).map(({ scope }) => scope);
    expect(scopes).toContain('channel:delo-1:code-32');
  });

  it('goes again on command as a new attempt with the same content, and registers', async () => {
    const posId = await registered();
    rig.delo.behaveNext(1, { refuse: { code: 32 } });
    await rig.change(posId, 'AMENDED', { description: 'Уточнённый текст' });
    await untilPart(posId, 1, 'failed');
    await rig.change(posId, 'TERM_MOVED', { answerAt: '2027-05-06T12:00:00+03:00' });
    await untilPart(posId, 2);
    expect(await resendCards(rig.database.dataSource, posId)).toMatchObject([{ action: 'corrected' }]);
    await untilPart(posId, 1, 'registered', 2);
    const [first, second] = [await packageOf(rig.db, posId, 1, 1), await packageOf(rig.db, posId, 1, 2)];
    expect(second).toMatchObject({
      addition: 'amended',
      subject: first.subject,
      attachments: first.attachments,
    });
    expect(second.message_id).not.toBe(first.message_id);
    expect((await shownAdditions(posId)).map((addition) => addition.messageId)).toEqual([
      (await packageOf(rig.db, posId, 2)).message_id,
      second.message_id,
    ]);
    // Its command is spent.
    expect(await resendCards(rig.database.dataSource, posId)).toMatchObject([{ action: 'nothing' }]);
  });

  it('does not hold up the next one', async () => {
    const posId = await registered();
    rig.delo.behaveNext(1, { refuse: { code: 32 } });
    await rig.change(posId, 'AMENDED', { description: 'Первая поправка' });
    await untilPart(posId, 1, 'failed');
    await rig.change(posId, 'WITHDRAWN');
    await untilPart(posId, 2);
    expect((await parts(posId)).map(([, , , stage]) => stage)).toEqual([
      'registered',
      'failed',
      'registered',
    ]);
  });

  it('told again after the command does not take the command back', async () => {
    const posId = await registered();
    rig.delo.behaveNext(1, { refuse: { code: 32 } });
    await rig.change(posId, 'WITHDRAWN');
    await untilPart(posId, 1, 'failed');
    const at = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId, 1));
    await resendCards(rig.database.dataSource, posId);
    await acceptMessage(rig.deps, failure(at, 33));
    await untilPart(posId, 1, 'registered', 2);
  });
});

describe('an addition after the cabinet has moved to another ДЕЛО', () => {
  it('goes to the ДЕЛО that has the card; a new card goes to the new one', async () => {
    const posId = await registered();
    const moved = rig.worker({
      cabinet: (opaId) => {
        const known = rig.deps.cabinet(opaId);
        return known && { ...known, config: { ...known.config, channel: 'delo-2' } };
      },
    });
    await rig.change(posId, 'WITHDRAWN');
    await rig.drive(moved);
    expect(await packageOf(rig.db, posId, 1)).toMatchObject({ channel: 'delo-1' });
    await untilPart(posId, 1);
    expect((await shownAdditions(posId)).length).toBe(1);
    const other = await rig.appeal();
    await rig.drive(moved);
    expect(await cardOf(rig.db, other)).toMatchObject({ channel: 'delo-2' });
    await untilStage(other, 'registered');
    expect(rig.delo.cardByUid((await cardOf(rig.db, other)).document_uid)?.channel).toBe('delo-2');
  });

  it('the second attempt of a refused card takes the card along', async () => {
    rig.delo.behaveNext(1, { refuse: { code: 39 } });
    const posId = await rig.appeal();
    await untilStage(posId, 'attention');
    await resendCards(rig.database.dataSource, posId);
    await rig.drive(
      rig.worker({
        cabinet: (opaId) => {
          const known = rig.deps.cabinet(opaId);
          return known && { ...known, config: { ...known.config, channel: 'delo-2' } };
        },
      }),
    );
    await untilStage(posId, 'registered');
    expect(await cardOf(rig.db, posId)).toMatchObject({ channel: 'delo-2' });
    await rig.change(posId, 'WITHDRAWN');
    await untilPart(posId, 1);
    expect(await packageOf(rig.db, posId, 1)).toMatchObject({ channel: 'delo-2' });
  });
});
