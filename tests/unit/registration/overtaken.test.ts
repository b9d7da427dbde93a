import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { acceptMessage } from '../../../src/registration/sed-events.ts';
import { decideAll } from '../../../src/replies/interpret-step.ts';
import { parseReplyRules } from '../../../src/replies/rules.ts';
import { loadReplies } from '../../../src/replies/state.ts';
import type { IncomingMessage, SedEvent } from '../../../src/sed/port.ts';
import { about, message, registrationEvent } from './messages.ts';
import { type Rig, startRig } from './rig.ts';
import { cardOf, packageOf } from './rows.ts';

const RULES = parseReplyRules(
  `version: 1
rules:
  - { name: Принято, on: registration, send: takeToWork }
  - { name: Исполнитель, on: consideration, send: setExecutor }
  - { name: Срок, on: deadline, send: postpone }
postponeReasonField: Причина
forward: []
answers: { linkTypes: [Ответ], openAccess: [общий], signatures: false, types: [{ type: EXPLAINED }], comment: Ответ }
`,
  'правила теста',
);
const LIMITS = { maxFiles: 10, maxFileBytes: 1000, types: new Set(['pdf']) };

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ withoutReaders: true });
  rig.delo.behave({ silent: true });
});
afterAll(async () => {
  await rig.stop();
});

/** A card of which nothing was told so far, and the Reports that its clerk makes one after another. */
async function newCard() {
  const posId = await rig.appeal();
  await rig.until('card sent', async () => (await cardOf(rig.db, posId)).stage === 'sent');
  const card = await cardOf(rig.db, posId);
  const at = about(card, await packageOf(rig.db, posId));
  const facts: SedEvent[] = [registrationEvent(at.documentUid, 'ОГ-1/26', '2026-11-20')];
  let second = 0;
  return {
    at,
    /** The accumulated Report behind one more fact. */
    tell(fact: SedEvent): IncomingMessage {
      facts.push(fact);
      second += 1;
      return message([...facts], {
        returnId: at.returnId,
        time: new Date(Date.UTC(2026, 10, 20, 10, 0, second)),
      });
    },
    async told(): Promise<string[]> {
      const rows = await rig.db.query<{ id: string }>(`SELECT id::text AS id FROM appeal WHERE pos_id = $1`, [
        posId,
      ]);
      const [state] = await loadReplies(rig.db, [rows[0]?.id ?? '']);
      const [own] = state?.cards ?? [];
      if (state === undefined || own === undefined) return [];
      const decided = decideAll({ rules: () => RULES, limits: LIMITS }, state, own, 'Europe/Moscow');
      return decided.map(({ event }) => `${event.kind} ${event.subject}`);
    },
  };
}

/** A resolution is dated by its day alone, which begins before everything that happens on it. */
function resolution(documentUid: string, task: string): SedEvent {
  const executor = { responsible: true, person: { fio: `Исполнитель-${task} Пётр` } };
  const at = new Date('2026-11-19T21:00:00Z');
  return { kind: 'consideration', documentUid, subject: task, at, data: { taskUid: task, executor } };
}

function term(documentUid: string, deadline: string): SedEvent {
  const data = { deadline, registered: true, fields: [{ name: 'Причина', value: 'Запрос' }] };
  return { kind: 'deadline', documentUid, subject: deadline, at: new Date('2026-11-20T10:00:02Z'), data };
}

describe('the order of facts that wait to be carried back', () => {
  it('is that in which Reports told them, though a resolution knows its day alone', async () => {
    const card = await newCard();
    const uid = card.at.documentUid;
    await acceptMessage(rig.deps, card.tell(resolution(uid, 't1')));
    await acceptMessage(rig.deps, card.tell(term(uid, '2027-03-01')));
    await acceptMessage(rig.deps, card.tell(resolution(uid, 't2')));
    expect(await card.told()).toEqual([
      `registration ${uid}`,
      'consideration t1',
      'deadline 2027-03-01',
      'consideration t2',
    ]);
  });

  it('is mended by a Report that others overtook', async () => {
    const card = await newCard();
    const uid = card.at.documentUid;
    const first = card.tell(term(uid, '2027-03-01'));
    const second = card.tell(resolution(uid, 't1'));
    await acceptMessage(rig.deps, second);
    // Told in one Report, the two cannot be told apart.
    expect(await card.told()).toEqual([`registration ${uid}`, 'consideration t1', 'deadline 2027-03-01']);
    await acceptMessage(rig.deps, first);
    expect(await card.told()).toEqual([`registration ${uid}`, 'deadline 2027-03-01', 'consideration t1']);
    await acceptMessage(rig.deps, second);
    expect(await card.told()).toEqual([`registration ${uid}`, 'deadline 2027-03-01', 'consideration t1']);
  });

  it('of what has gone on already is left as it was', async () => {
    const card = await newCard();
    const uid = card.at.documentUid;
    const first = card.tell(term(uid, '2027-03-01'));
    const second = card.tell(resolution(uid, 't1'));
    await acceptMessage(rig.deps, second);
    await rig.db.query(`UPDATE sed_event SET handled_at = now() WHERE document_uid = $1`, [uid]);
    await acceptMessage(rig.deps, first);
    const rows = await rig.db.query<{ message_id: string }>(
      `SELECT DISTINCT m.message_id FROM sed_event e JOIN sed_message m ON m.id = e.message_id WHERE e.document_uid = $1`,
      [uid],
    );
    expect(rows).toEqual([{ message_id: second.messageId }]);
  });
});
