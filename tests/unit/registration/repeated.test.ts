import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resendCards } from '../../../src/registration/commands.ts';
import { loadAppeals } from '../../../src/registration/state.ts';
import { untilQuiet } from './folders.ts';
import { type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, packagesOf } from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ cabinets: 2 });
});
afterAll(async () => {
  await rig.stop();
});
beforeEach(() => {
  rig.delo.behave({ silent: false, registration: 'auto', refuse: false });
});

async function untilStages(posId: string, ...stages: string[]): Promise<void> {
  await rig.until(`cards ${stages}`, async () => {
    const cards = await cardsOf(rig.db, posId);
    return cards.map((card) => card.stage).join() === stages.join();
  });
}

function linksOf(documentUid: string) {
  return rig.delo.cardByUid(documentUid)?.links ?? [];
}

async function registerByHand(posId: string): Promise<void> {
  for (const card of await cardsOf(rig.db, posId)) {
    const shown = rig.delo.cardByUid(card.document_uid);
    if (shown?.state === 'received') rig.delo.register(shown.id);
  }
}

describe('repeatOf', () => {
  it('links the new card to the earlier one by uid, number and date', async () => {
    const first = await rig.appeal();
    await untilStages(first, 'registered');
    const earlier = await cardOf(rig.db, first);
    const second = await rig.appeal({ repeatOf: Number(first) });
    await untilStages(second, 'registered');
    const [link] = linksOf((await cardOf(rig.db, second)).document_uid);
    expect(link).toMatchObject({
      documentUid: earlier.document_uid,
      number: earlier.number,
      date: earlier.date,
    });
    expect((await packagesOf(rig.db, second))[0]?.earlier).toEqual({
      documentUid: earlier.document_uid,
      number: earlier.number,
      date: earlier.date,
    });
  });

  it('waits for the number of the earlier card, whose Registration rings for it', async () => {
    rig.delo.behave({ registration: 'command' });
    const first = await rig.appeal();
    const second = await rig.appeal({ repeatOf: Number(first) });
    const third = await rig.appeal({ repeatOf: Number(first) });
    await untilStages(first, 'received');
    expect(await cardsOf(rig.db, second)).toEqual([]);
    const waiting = await appealOf(rig.db, second);
    // It waits quietly: the bell is set to the end of the wait.
    expect(waiting.due_at?.getTime()).toBeGreaterThan(Date.now() + 800_000);
    rig.delo.behave({ registration: 'auto' });
    await registerByHand(first);
    await untilStages(second, 'registered');
    await untilStages(third, 'registered');
    const { document_uid } = await cardOf(rig.db, first);
    for (const posId of [second, third]) {
      expect(linksOf((await cardOf(rig.db, posId)).document_uid)[0]?.documentUid).toBe(document_uid);
    }
  });

  it('waits no longer than for files, then goes without the link', async () => {
    rig.delo.behave({ registration: 'command' });
    const first = await rig.appeal();
    const second = await rig.appeal({ repeatOf: Number(first) });
    await untilStages(first, 'received');
    await rig.age(second, 900_000);
    await untilStages(second, 'received');
    expect((await packagesOf(rig.db, second))[0]?.earlier).toBeNull();
    expect(linksOf((await cardOf(rig.db, second)).document_uid)).toEqual([]);
  });

  it.each([
    ['that nobody knows', 77],
    ['that is its own', 880_002],
  ])('to a number %s is not waited for', async (_, repeatOf) => {
    const posId = await rig.appeal({ posId: repeatOf === 77 ? 880_001 : repeatOf, repeatOf });
    await untilStages(posId, 'registered');
    expect(linksOf((await cardOf(rig.db, posId)).document_uid)).toEqual([]);
  });

  it('to a refused card is not waited for', async () => {
    rig.delo.behaveNext(1, { refuse: { code: 39 } });
    const first = await rig.appeal();
    await untilStages(first, 'attention');
    const second = await rig.appeal({ repeatOf: Number(first) });
    await untilStages(second, 'registered');
    expect(linksOf((await cardOf(rig.db, second)).document_uid)).toEqual([]);
  });

  it('to an appeal of another cabinet is not looked up', async () => {
    const first = await rig.appeal({}, 0);
    await untilStages(first, 'registered');
    const second = await rig.appeal({ repeatOf: Number(first) }, 1);
    await untilStages(second, 'registered');
    expect(linksOf((await cardOf(rig.db, second)).document_uid)).toEqual([]);
  });

  it('to a card that has a number but no day gives no half a link', async () => {
    const first = await rig.appeal();
    await untilStages(first, 'registered');
    await rig.db.query('UPDATE card SET date = NULL WHERE id = $1', [(await cardOf(rig.db, first)).id]);
    const second = await rig.appeal({ repeatOf: Number(first) });
    const [state] = await loadAppeals(rig.db, [(await appealOf(rig.db, second)).id]);
    expect(state?.repeatOf).toEqual({ stage: 'registered', card: null });
    await rig.age(second, 900_000);
    await untilStages(second, 'registered');
  });
});

describe('a repeated consideration', () => {
  it('makes a new document with identities of its own, linked to the earlier one', async () => {
    const posId = await rig.appeal({ files: [{ name: 'первое.pdf', content: 'один' }] });
    await untilStages(posId, 'registered');
    await rig.change(posId, 'REPEATED', { files: [{ name: 'второе.pdf', content: 'два' }] });
    await untilStages(posId, 'registered', 'registered');
    const [first, second] = await cardsOf(rig.db, posId);
    expect(first?.document_uid).not.toBe(second?.document_uid);
    expect(linksOf(second?.document_uid ?? '')).toMatchObject([
      { documentUid: first?.document_uid, number: first?.number, date: first?.date },
    ]);
    const shown = rig.delo.cardByUid(second?.document_uid ?? '');
    expect(shown?.files.map((file) => file.name)).toEqual(
      expect.arrayContaining(['первое.pdf', 'второе.pdf']),
    );
    await untilQuiet(rig);
    await rig.drive();
    expect(await packagesOf(rig.db, posId)).toHaveLength(2);
    expect(rig.delo.doubles).toBe(0);
  });

  it('three times: three documents in a chain', async () => {
    const posId = await rig.appeal();
    for (const count of [1, 2, 3]) {
      await untilStages(posId, ...Array.from({ length: count }, () => 'registered'));
      if (count < 3) await rig.change(posId, 'REPEATED');
    }
    const cards = await cardsOf(rig.db, posId);
    const links = cards.map((card) => linksOf(card.document_uid).map((link) => link.documentUid));
    expect(links).toEqual([[], [cards[0]?.document_uid], [cards[1]?.document_uid]]);
  });

  it('before the first card is registered waits for its number', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStages(posId, 'received');
    await rig.change(posId, 'REPEATED');
    await rig.drive();
    await untilStages(posId, 'received');
    rig.delo.behave({ registration: 'auto' });
    await registerByHand(posId);
    await untilStages(posId, 'registered', 'registered');
    const [first, second] = await cardsOf(rig.db, posId);
    expect(linksOf(second?.document_uid ?? '')[0]?.documentUid).toBe(first?.document_uid);
  });

  it('of a refused card goes its own way; the refused one can still be sent again, with its own text', async () => {
    rig.delo.behaveNext(1, { refuse: { code: 39 } });
    const posId = await rig.appeal({ description: 'Первый раз' });
    await untilStages(posId, 'attention');
    await rig.change(posId, 'REPEATED', { description: 'Второй раз' });
    await untilStages(posId, 'attention', 'registered');
    expect(await resendCards(rig.database.dataSource, posId)).toMatchObject([{ action: 'corrected' }]);
    await untilStages(posId, 'registered', 'registered');
    const [first, second] = await cardsOf(rig.db, posId);
    expect(rig.delo.cardByUid(first?.document_uid ?? '')?.annotation).toBe('Первый раз');
    expect(rig.delo.cardByUid(second?.document_uid ?? '')?.annotation).toBe('Второй раз');
    expect(linksOf(first?.document_uid ?? '')).toEqual([]);
    expect((await packagesOf(rig.db, posId)).map((p) => [p.part, p.attempt, p.stage])).toEqual([
      [0, 1, 'failed'],
      [0, 2, 'registered'],
      [0, 1, 'registered'],
    ]);
  });

  it('withdrawn again before its document: the clerk learns of the withdrawal alone', async () => {
    const posId = await rig.appeal();
    await untilStages(posId, 'registered');
    rig.platform.change(rig.opaId(), Number(posId), 'REPEATED');
    rig.platform.change(rig.opaId(), Number(posId), 'WITHDRAWN');
    await rig.intake();
    await rig.until('told', async () => (await packagesOf(rig.db, posId)).length === 2);
    await untilQuiet(rig);
    expect(await cardsOf(rig.db, posId)).toHaveLength(1);
    expect((await packagesOf(rig.db, posId))[1]).toMatchObject({ addition: 'withdrawn' });
  });
});
