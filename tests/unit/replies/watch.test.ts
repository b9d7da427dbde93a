import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { listMembers } from '../../../src/alerts/incident/members.ts';
import { listIncidents } from '../../../src/alerts/incident/rows.ts';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { watchReplies } from '../../../src/replies/watch.ts';
import { type Case, OPA_ID, type SendRig, startSendRig } from './send-rig.ts';

let rig: SendRig;
beforeAll(async () => {
  rig = await startSendRig('keys');
}, 180_000);
afterAll(() => rig?.stop());
afterEach(async () => {
  await rig.db.query('TRUNCATE incident');
  await rig.db.query(`UPDATE appeal SET stage = 'settled'`);
});

function watch(): Promise<void> {
  const incidents = createIncidents(pino({ level: 'silent' }));
  return watchReplies({ db: rig.db, incidents }, [rig.cabinet.config]);
}

async function open(code: string): Promise<{ scope: string; count: string }[]> {
  return await rig.db.query(
    'SELECT scope, count::text AS count FROM incident WHERE code = $1 AND closed_at IS NULL',
    [code],
  );
}

/** Whom the incident of a code concerns, as its page lists them. */
async function members(
  code: string,
): Promise<{ kind: string; posId: string | null; detail: string | null }[]> {
  const [incident] = await listIncidents(rig.db, { state: 'open', order: 'new', codes: [code], limit: 1 });
  if (incident === undefined) throw new Error(`no incident ${code}`);
  const world = { cabinets: [rig.cabinet.config], showcases: [] };
  const page = await listMembers(rig.db, incident, world, { limit: 10 });
  return page.members.map(({ kind, posId, detail }) => ({ kind, posId, detail }));
}

async function announced(hours: number, subject: string): Promise<Case> {
  const one = await rig.open();
  await one.tell('answer-announced', {}, { subject });
  await rig.db.query(
    `UPDATE sed_event SET stored_at = now() - make_interval(hours => $2) WHERE card_id = $1 AND kind = 'answer-announced'`,
    [one.cardId, hours],
  );
  return one;
}

describe('an answer that was announced', () => {
  it('and has not come for a day is told, once a cabinet, until its document is there', async () => {
    const late = [await announced(25, 'a'), await announced(30, 'b')];
    await announced(23, 'c');
    await watch();
    await watch();
    expect(await open('ANSWER_NOT_ARRIVED')).toEqual([{ scope: `opa:${OPA_ID}`, count: '2' }]);
    expect((await members('ANSWER_NOT_ARRIVED')).map(({ posId }) => posId)).toEqual(
      late.map(({ posId }) => String(posId)).reverse(),
    );
    await late[0]?.tell('answer', {}, { subject: 'a' });
    await watch();
    expect(await open('ANSWER_NOT_ARRIVED')).toEqual([{ scope: `opa:${OPA_ID}`, count: '1' }]);
    // The clerk sent it anew, as another document.
    await late[1]?.tell('answer', {}, { subject: 'other' });
    await watch();
    expect(await open('ANSWER_NOT_ARRIVED')).toEqual([]);
  });

  it('is no trouble when its document came first', async () => {
    const one = await rig.open();
    await one.tell('answer', {}, { subject: 'x' });
    await one.tell('answer-announced', {}, { subject: 'x' });
    await rig.db.query(`UPDATE sed_event SET stored_at = now() - interval '2 days' WHERE card_id = $1`, [
      one.cardId,
    ]);
    await watch();
    expect(await open('ANSWER_NOT_ARRIVED')).toEqual([]);
  });
});

describe('a first term of the card', () => {
  async function withTerm(...days: string[]): Promise<Case> {
    const one = await rig.open();
    await rig.db.query(`UPDATE appeal SET answer_at = '2026-04-01T20:59:59Z' WHERE id = $1`, [one.appealId]);
    await rig.db.query(`UPDATE card SET stage = 'registered' WHERE id = $1`, [one.cardId]);
    for (const [index, deadline] of days.entries()) {
      const at = `2026-03-${10 + index}T09:00:00Z`;
      await one.tell('deadline', { deadline, registered: true }, { subject: deadline, at });
    }
    return one;
  }

  it.each([
    ['on the day of the platform is none', ['2026-04-01'], 0],
    ['before it is none', ['2026-03-20'], 0],
    ['a day after it is told', ['2026-04-02'], 1],
    ['is the first one told, not a later one that goes as a postponement', ['2026-04-01', '2026-04-20'], 0],
    ['is told though a later one is shorter', ['2026-04-20', '2026-03-20'], 1],
  ])('%s', async (_name, days, count) => {
    await withTerm(...days);
    await watch();
    expect(await open('CARD_TERM_TOO_LATE')).toEqual(
      count === 0 ? [] : [{ scope: `opa:${OPA_ID}`, count: String(count) }],
    );
  });

  it('is told until the answer is there', async () => {
    const one = await withTerm('2026-04-20');
    await watch();
    expect(await open('CARD_TERM_TOO_LATE')).toHaveLength(1);
    expect(await members('CARD_TERM_TOO_LATE')).toEqual([
      { kind: 'card', posId: String(one.posId), detail: '2026-04-20' },
    ]);
    await one.tellAnswer({ 'a.pdf': '%PDF a' });
    await one.rest();
    expect(one.sent()).toContain('SEND_RESPONSE');
    await watch();
    expect(await open('CARD_TERM_TOO_LATE')).toEqual([]);
  });
});
