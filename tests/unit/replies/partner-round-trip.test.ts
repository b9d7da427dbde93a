import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { Fault } from '../../../src/model/errors.ts';
import type { PlatformReplies } from '../../../src/platform/port.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';
import { createSink } from '../../../src/registration/sed-events.ts';
import type { RepliesDeps } from '../../../src/replies/deps.ts';
import { type PartnerDeps, writePartnerReports } from '../../../src/replies/partner.ts';
import { loadReplyRules } from '../../../src/replies/rules.ts';
import { loadReplies } from '../../../src/replies/state.ts';
import { workReplies } from '../../../src/replies/work.ts';
import type { SedChannel, SedExchange } from '../../../src/sed/port.ts';
import { createSevExchange } from '../../../src/sed/sev/index.ts';
import { openSpool } from '../../../src/store/spool.ts';
import { type DeloSimulator, type PartnerReport, startDelo } from '../../simulators/delo/index.ts';
import { eventually } from '../../support/eventually.ts';
import {
  appealOf,
  channelIn,
  removeFolder,
  requestOf,
  shippedMapping,
  temporaryFolder,
} from '../sev-writer/support.ts';
import { OPA_ID, type PartnerRig, startPartnerRig } from './partner-rig.ts';

const RULES = join(import.meta.dirname, '../../../mappings/statuses.yaml');
const PDF = { name: 'Ответ.pdf', content: '%PDF-1.4 ответ' };

let rig: PartnerRig;
let folder: string;
let channel: SedChannel;
let sed: SedExchange;
let delo: DeloSimulator;
let deps: RepliesDeps;
let partner: PartnerDeps;
let platform: Platform;
const reading = new AbortController();
let reader: Promise<void>;

/** The platform as far as an answer needs it: refuses while it is told to. */
type Platform = PlatformReplies & { refusal: Fault | undefined };

beforeAll(async () => {
  rig = await startPartnerRig();
  folder = temporaryFolder();
  channel = channelIn(folder);
  sed = createSevExchange({ channels: [channel], mapping: await shippedMapping(), sweepMs: 50 });
  delo = await startDelo({ channels: [channel], pollMs: 20 });
  platform = createPlatform();
  const rules = await loadReplyRules(RULES);
  const spool = await openSpool(join(folder, 'spool'));
  deps = {
    ...rig.deps,
    platform,
    spool,
    incidents: createIncidents(pino({ level: 'silent' })),
    owner: 'first',
    rules: () => ({
      ...rules,
      answers: { ...rules.answers, types: [{ when: { group: 'ответ' }, type: 'EXPLAINED' }] },
    }),
    limits: { maxFiles: 10, maxFileBytes: 1_000_000, types: new Set(['pdf']) },
    settleAfterMs: 0,
  };
  partner = { ...rig.deps, sed };
  const sink = createSink({
    ...deps,
    sed,
    queue: { ringAppeals: async () => undefined },
  } as unknown as RegistrationDeps);
  reader = sed.read(channel.id, sink, { signal: reading.signal, sweepMs: 50, onFault: () => undefined });
});
afterAll(async () => {
  reading.abort();
  await reader;
  await delo.stop();
  await rig.stop();
  removeFolder(folder);
});
afterEach(() => {
  platform.refusal = undefined;
  expect(delo.complaints).toEqual([]);
});

/** A card that ДЕЛО has registered; its number there and its appeal here. */
async function registeredCard(): Promise<{ cardId: string; appealId: string; posId: string }> {
  const posId = randomUUID().replace(/\D/g, '').slice(0, 9);
  const request = requestOf({ appeal: appealOf({ posId }) });
  const { documentUid } = sed.identify(request.key);
  const [row] = await rig.db.query<{ id: string }>(
    `WITH a AS (INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at)
       VALUES ($1, $2, 'open', 'MESSAGE', 'IN_WORK', now()) RETURNING id)
     INSERT INTO card (appeal_id, document_uid, channel, stage) SELECT id, $3, 'main', 'sent' FROM a
     RETURNING appeal_id::text AS id`,
    [OPA_ID, posId, documentUid],
  );
  await sed.write(request);
  const cardId = await eventually('the card', () => delo.cardByUid(documentUid)?.id);
  return { cardId, appealId: row?.id ?? '', posId };
}

/** The flow of replies on an appeal, as its job would do it, once the answer of the СЭД is stored. */
async function work(appealId: string, answers: number): Promise<void> {
  await eventually('the answer', async () => {
    const rows = await rig.db.query(
      `SELECT 1 FROM sed_event e JOIN card k ON k.id = e.card_id WHERE e.kind = 'answer' AND k.appeal_id = $1`,
      [appealId],
    );
    return rows.length >= answers;
  });
  const [state] = await loadReplies(rig.db, [appealId]);
  if (state !== undefined) await workReplies(deps, state, new AbortController().signal);
}

async function tell(): Promise<number> {
  return await writePartnerReports(
    partner,
    { id: 'main', partnerReports: true },
    new AbortController().signal,
  );
}

/** Tells everything that is owed, ДЕЛО taking what is written in between; how many reports that were. */
async function tellAll(): Promise<number> {
  let written = 0;
  await eventually('all reports to be written', async () => {
    await rig.ripen();
    written += await tell();
    await delo.idle();
    const left = await rig.db.query(`SELECT 1 FROM sed_reply WHERE state = 'planned'`);
    return left.length === 0;
  });
  return written;
}

/** What the clerk sees at an answer when ДЕЛО has taken everything. */
async function seenAt(cardId: string, uid: string): Promise<readonly PartnerReport[]> {
  await delo.idle();
  return delo.card(cardId)?.answers.find((answer) => answer.documentUid === uid)?.partner ?? [];
}

describe('the clerk sees at the answer in ДЕЛО', () => {
  it('that it was received and taken by the platform', async () => {
    const { cardId, appealId, posId } = await registeredCard();
    const uid = delo.answer(cardId, { text: 'Яма заделана', files: [PDF] });
    await work(appealId, 1);
    expect(await tellAll()).toBe(2);
    const seen = await seenAt(cardId, uid);
    expect(seen.map((report) => report.type)).toEqual(['Reception', 'Registration']);
    expect(seen[1]).toMatchObject({ number: posId, date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
  });

  it('why the rules hold it back', async () => {
    const { cardId, appealId } = await registeredCard();
    const uid = delo.answer(cardId, { text: 'Ответ', access: 'ДСП' });
    await work(appealId, 1);
    await tellAll();
    const seen = await seenAt(cardId, uid);
    expect(seen.map((report) => report.type)).toEqual(['Reception', 'Failure']);
    expect(seen[1]).toMatchObject({ code: 32, text: expect.stringContaining('ДСП') });
  });

  it('why the platform refused it, and that it took it in the end', async () => {
    const { cardId, appealId } = await registeredCard();
    platform.refusal = new Fault('PLATFORM_REJECTED', { field: 'comment', detail: 'слишком длинный ответ' });
    const uid = delo.answer(cardId, { text: 'Длинный ответ' });
    await work(appealId, 1);
    await tellAll();
    expect((await seenAt(cardId, uid)).map((report) => report.type)).toEqual(['Reception', 'Failure']);
    platform.refusal = undefined;
    await rig.db.query(
      `UPDATE delivery SET state = 'queued', next_try_at = now() WHERE appeal_id = $1 AND state = 'attention'`,
      [appealId],
    );
    await work(appealId, 1);
    await tellAll();
    const seen = await seenAt(cardId, uid);
    expect(seen.map((report) => report.type)).toEqual(['Reception', 'Failure', 'Registration']);
    expect(seen[1]).toMatchObject({ code: 33, text: expect.stringContaining('слишком длинный ответ') });
  });

  it('both appeals that one letter answers', async () => {
    const [first, second] = [await registeredCard(), await registeredCard()];
    const uid = delo.answer(first.cardId, { text: 'Обоим', alsoTo: [second.cardId] });
    await work(first.appealId, 1);
    await work(second.appealId, 1);
    expect(await tellAll()).toBe(4);
    const numbers = (await seenAt(first.cardId, uid)).flatMap((report) => report.number ?? []);
    expect(numbers.sort()).toEqual([first.posId, second.posId].sort());
  });

  it('nothing twice when ДЕЛО sends its answer twice and says so again', async () => {
    const { cardId, appealId } = await registeredCard();
    delo.behaveNext(2, { twice: 1 });
    const uid = delo.answer(cardId, { text: 'Дважды' });
    await work(appealId, 1);
    await tellAll();
    delo.sendAnswer(uid, 'document');
    delo.sendAnswer(uid, 'report');
    await delo.idle();
    await eventually('the folder is read', () =>
      readdirSync(channel.in).every((name) => !name.endsWith('.env')),
    );
    await work(appealId, 1);
    await tellAll();
    expect((await seenAt(cardId, uid)).map((report) => report.type)).toEqual(['Reception', 'Registration']);
  });

  it('everything once the folder is back, in order', async () => {
    const { cardId, appealId } = await registeredCard();
    const uid = delo.answer(cardId, { text: 'Папки нет' });
    await work(appealId, 1);
    await delo.idle();
    renameSync(channel.out, `${channel.out}-away`);
    expect(await tell()).toBe(0);
    renameSync(`${channel.out}-away`, channel.out);
    await rig.ripen();
    expect(await tellAll()).toBe(2);
    expect((await seenAt(cardId, uid)).map((report) => report.type)).toEqual(['Reception', 'Registration']);
  });

  it('one message when its writer died before marking it, while ДЕЛО takes nothing', async () => {
    const { cardId, appealId } = await registeredCard();
    const uid = delo.answer(cardId, { text: 'Умер' });
    await work(appealId, 1);
    await delo.idle();
    delo.behave({ silent: true });
    const dying = { ...rig.dying(), sed };
    const channels = { id: 'main', partnerReports: true };
    await expect(writePartnerReports(dying, channels, new AbortController().signal)).rejects.toThrow('death');
    await rig.ripen();
    // Its own message stands there and is marked now; the next one waits for ДЕЛО, which reads in any order.
    expect(await tell()).toBe(1);
    await rig.ripen();
    expect(await tell()).toBe(0);
    delo.behave({ silent: false });
    expect(await tellAll()).toBe(1);
    expect((await seenAt(cardId, uid)).map((report) => report.type)).toEqual(['Reception', 'Registration']);
  });
});

function createPlatform(): Platform {
  const unused = () => {
    throw new Error('not asked in these tests');
  };
  let ids = 0;
  return {
    refusal: undefined,
    readAppeal: async () => ({ status: 'TAKE_TO_WORK', history: [] }),
    postStatus: async () => ({}),
    async postAnswer() {
      if (this.refusal !== undefined) throw this.refusal;
      return { id: randomUUID() };
    },
    async uploadFile(_access, file) {
      for await (const _chunk of file.open()) ids += 0;
      ids += 1;
      return `file-${ids}`;
    },
    renderStatus: unused,
    renderAnswer: unused,
    isSameEntry: () => false,
  };
}
