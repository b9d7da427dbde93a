import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { resendCards } from '../../../src/registration/commands.ts';
import { acceptMessage } from '../../../src/registration/sed-events.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import { dieAt, setAside, untilQuiet } from './folders.ts';
import { about, failure, reception, registration } from './messages.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import {
  appealOf,
  cardOf,
  cardsOf,
  incidentsOf,
  journalOf,
  type PackageRow,
  packageOf,
  packagesOf,
} from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig.stop();
});
beforeEach(() => {
  rig.delo.behave({ refuse: false, silent: false, registration: 'auto' });
});

async function untilStage(posId: string, stage: string): Promise<void> {
  await rig.until(`card ${stage}`, async () => {
    const cards = await cardsOf(rig.db, posId);
    return cards.length > 0 && cards.every((card) => card.stage === stage);
  });
}

/** A refused appeal: ДЕЛО answered its card with this code. */
async function refused(code: number, text = 'Не указан автор документа'): Promise<string> {
  rig.delo.behaveNext(1, { refuse: { code, text } });
  const posId = await rig.appeal();
  await untilStage(posId, 'attention');
  return posId;
}

function stages(packages: readonly PackageRow[]): (string | number)[][] {
  return packages.map((p) => [p.part, p.attempt, p.stage]);
}

describe('a Failure', () => {
  it('puts the card in front of the administrator with code and text, and opens one incident a code', async () => {
    const posId = await refused(39);
    expect(await cardOf(rig.db, posId)).toMatchObject({
      stage: 'attention',
      error_code: 'SED_REFUSED',
      error_detail: '39: Не указан автор документа',
    });
    expect(await packageOf(rig.db, posId)).toMatchObject({
      stage: 'failed',
      failure_code: 39,
      failure_text: 'Не указан автор документа',
    });
    expect(await journalOf(rig.db, posId)).toContain('card-refused');
    await refused(39);
    await refused(21);
    const incidents = (await incidentsOf(rig.db, 'SED_REFUSED')).map(({ scope, count }) => [scope, count]);
    expect(incidents).toEqual([
      ['channel:delo-1:code-39', '2'],
      ['channel:delo-1:code-21', '1'],
    ]);
  });

  it('is not repeated by itself', async () => {
    const posId = await refused(31);
    await rig.age(posId, 86_400_000);
    await rig.drive();
    expect(stages(await packagesOf(rig.db, posId))).toEqual([[0, 1, 'failed']]);
    expect((await appealOf(rig.db, posId)).due_at).toBeNull();
  });

  it('and the command to send again: a second attempt about the same document, and it registers', async () => {
    const posId = await refused(39);
    const first = await packageOf(rig.db, posId);
    const { document_uid } = await cardOf(rig.db, posId);
    expect(await resendCards(rig.database.dataSource, posId)).toEqual([
      { posId, cabinet: 'lko-1', action: 'corrected' },
    ]);
    await untilStage(posId, 'registered');
    const second = await packageOf(rig.db, posId, 0, 2);
    for (const key of ['message_id', 'return_id', 'message_dir'] as const) {
      expect(second[key]).not.toBe(first[key]);
    }
    expect(await cardOf(rig.db, posId)).toMatchObject({ document_uid, error_code: null, error_detail: null });
    expect(rig.delo.cardByUid(document_uid)?.messageId).toBe(second.message_id);
    expect(stages(await packagesOf(rig.db, posId))).toEqual([
      [0, 1, 'failed'],
      [0, 2, 'registered'],
    ]);
  });

  it('twice, and sent again twice: every attempt is another message', async () => {
    const posId = await refused(39);
    rig.delo.behaveNext(1, { refuse: { code: 22 } });
    await resendCards(rig.database.dataSource, posId);
    await rig.until('refused again', async () => (await packagesOf(rig.db, posId))[1]?.stage === 'failed');
    expect((await cardOf(rig.db, posId)).stage).toBe('attention');
    await resendCards(rig.database.dataSource, posId);
    await untilStage(posId, 'registered');
    const packages = await packagesOf(rig.db, posId);
    expect(packages.map((p) => p.failure_code)).toEqual([39, 22, null]);
    expect(new Set(packages.map((p) => p.message_id)).size).toBe(3);
    expect(rig.delo.doubles).toBe(0);
  });

  it('takes the newest text into the second attempt', async () => {
    rig.delo.behaveNext(1, { refuse: { code: 39 } });
    const posId = await rig.appeal({ description: 'Первый текст' });
    await untilStage(posId, 'attention');
    await rig.change(posId, 'AMENDED', { description: 'Второй текст' });
    await rig.drive();
    await resendCards(rig.database.dataSource, posId);
    await untilStage(posId, 'registered');
    const { document_uid } = await cardOf(rig.db, posId);
    expect(rig.delo.cardByUid(document_uid)?.annotation).toBe('Второй текст');
    // Shown by the card itself, so it is not told a second time.
    expect(await packagesOf(rig.db, posId)).toHaveLength(2);
  });

  it('with a code that is no number still shows its text', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStage(posId, 'received');
    const at = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
    await acceptMessage(rig.deps, failure(at, 'E-12', 'Нет прав'));
    await acceptMessage(rig.deps, failure(at, '99999999999999999999', 'Ещё хуже'));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'attention', error_detail: '0: Нет прав' });
  });

  it('without our ReturnID counts for the package that is under way', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStage(posId, 'received');
    const { document_uid } = await cardOf(rig.db, posId);
    await acceptMessage(rig.deps, failure({ documentUid: document_uid, returnId: 'unknown' }, 33));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'attention', error_code: 'SED_REFUSED' });
    expect((await packageOf(rig.db, posId)).failure_code).toBe(33);
  });
});

describe('a Failure that is history', () => {
  it('of an older attempt', async () => {
    const posId = await refused(39);
    const first = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
    rig.delo.behave({ registration: 'command' });
    await resendCards(rig.database.dataSource, posId);
    await untilStage(posId, 'received');
    await acceptMessage(rig.deps, failure(first, 39));
    await acceptMessage(rig.deps, failure(first, 44));
    await acceptMessage(rig.deps, reception(first));
    expect((await cardOf(rig.db, posId)).stage).toBe('received');
    expect(await journalOf(rig.db, posId)).toContain('failure-outdated');
  });

  it('of an older attempt, while the new one has not been begun: the command is not lost', async () => {
    const posId = await refused(39);
    const first = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
    await resendCards(rig.database.dataSource, posId);
    await acceptMessage(rig.deps, failure(first, 38));
    await acceptMessage(rig.deps, reception(first));
    expect((await cardOf(rig.db, posId)).stage).toBe('planned');
    await untilStage(posId, 'registered');
    expect(stages(await packagesOf(rig.db, posId)).at(-1)).toEqual([0, 2, 'registered']);
  });

  it('of what is registered', async () => {
    const posId = await rig.appeal();
    await untilStage(posId, 'registered');
    const before = await incidentsOf(rig.db, 'SED_REFUSED');
    await acceptMessage(
      rig.deps,
      failure(about(await cardOf(rig.db, posId), await packageOf(rig.db, posId)), 39),
    );
    expect((await cardOf(rig.db, posId)).stage).toBe('registered');
    expect(await incidentsOf(rig.db, 'SED_REFUSED')).toEqual(before);
  });

  it('of an attempt that crossed the Registration of the one before', async () => {
    const posId = await refused(39);
    const first = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
    rig.delo.behave({ silent: true });
    await resendCards(rig.database.dataSource, posId);
    await untilStage(posId, 'sent');
    // A clerk has registered the refused document by hand after all.
    await acceptMessage(rig.deps, registration(first));
    const second = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId, 0, 2));
    await acceptMessage(rig.deps, failure(second, 51));
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', number: 'ОГ-15/26' });
    rig.delo.behave({ silent: false });
    await untilQuiet(rig);
  });

  it('read twice is told once', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStage(posId, 'received');
    const told = failure(about(await cardOf(rig.db, posId), await packageOf(rig.db, posId)), 24);
    await Promise.all([acceptMessage(rig.deps, told), acceptMessage(rig.deps, told)]);
    await acceptMessage(rig.deps, told);
    expect((await journalOf(rig.db, posId)).filter((event) => event === 'card-refused')).toHaveLength(1);
    const found = await incidentsOf(rig.db, 'SED_REFUSED');
    expect(found.find(({ scope }) => scope.endsWith('code-24'))?.count).toBe('1');
  });
});

describe('a package that may have been written twice', () => {
  /** Written by a process that died, written again by its heir; ДЕЛО takes both, the one after the other. */
  async function writtenTwice(): Promise<string> {
    rig.delo.behave({ silent: true });
    const posId = await rig.appeal();
    rig.queue.takeAppeals();
    const dying = dieAt(rig.sed, 'after-write');
    const { id, opa_id } = await appealOf(rig.db, posId);
    const job = jobOf({ appealId: id, opaId: opa_id });
    void workAppeals(rig.worker({ sed: dying.sed }), [job]);
    const request = await dying.reached;
    const putBack = await setAside(rig, rig.sed.identify(request.key).messageDir);
    await workAppeals(rig.worker({ owner: 'heir' }), [job]);
    rig.delo.behave({ silent: false });
    await rig.delo.idle();
    await putBack();
    await rig.delo.idle();
    return posId;
  }

  it('is not refused by «repeated»: the Registration counts', async () => {
    const doubles = rig.delo.doubles;
    const posId = await writtenTwice();
    await untilStage(posId, 'registered');
    await untilQuiet(rig);
    expect(rig.delo.doubles).toBe(doubles + 1);
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'registered', error_code: null });
    expect(stages(await packagesOf(rig.db, posId))).toEqual([[0, 1, 'registered']]);
  });

  it('waits for the Registration when «repeated» comes first', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await writtenTwice();
    await untilQuiet(rig);
    expect(await journalOf(rig.db, posId)).toContain('failure-of-double');
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'received', error_code: null });
    const { document_uid } = await cardOf(rig.db, posId);
    rig.delo.register(rig.delo.cardByUid(document_uid)?.id ?? '');
    await untilStage(posId, 'registered');
  });

  it('is refused when its first copy is, in whatever order that is told', async () => {
    for (const order of ['double-first', 'refusal-first']) {
      rig.delo.behave({ registration: 'command' });
      const posId = await rig.appeal();
      await untilStage(posId, 'received');
      await rig.db.query('UPDATE package SET begun = 2 WHERE id = $1', [(await packageOf(rig.db, posId)).id]);
      const at = about(await cardOf(rig.db, posId), await packageOf(rig.db, posId));
      const told = [failure(at, 52, 'Документ уже поступал'), failure(at, 39, 'Нет автора')];
      for (const one of order === 'double-first' ? told : told.toReversed())
        await acceptMessage(rig.deps, one);
      expect(await cardOf(rig.db, posId)).toMatchObject({
        stage: 'attention',
        error_detail: '39: Нет автора',
      });
    }
  });

  it('when it was written once, «repeated» is a refusal like any other', async () => {
    const posId = await refused(51, 'Документ уже поступал');
    expect(await cardOf(rig.db, posId)).toMatchObject({ error_detail: '51: Документ уже поступал' });
  });

  it('on command after silence: the same package once more, and its double is no refusal', async () => {
    rig.delo.behave({ registration: 'command' });
    const posId = await rig.appeal();
    await untilStage(posId, 'received');
    expect(await resendCards(rig.database.dataSource, posId)).toMatchObject([{ action: 'again' }]);
    await rig.until('written again', async () => (await packageOf(rig.db, posId)).begun === 2);
    await untilQuiet(rig);
    expect(stages(await packagesOf(rig.db, posId))).toMatchObject([
      [0, 1, expect.not.stringMatching('failed')],
    ]);
    const { document_uid } = await cardOf(rig.db, posId);
    rig.delo.register(rig.delo.cardByUid(document_uid)?.id ?? '');
    await untilStage(posId, 'registered');
  });
});
