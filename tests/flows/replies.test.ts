import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Daemon } from '../../src/daemon.ts';
import { cancelDelivery, listDeliveries, resendDeliveries } from '../../src/replies/commands.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeStand, type Stand } from '../support/stand.ts';
import { endSurroundings, startStandDaemon } from '../support/stand-daemon.ts';

const LONG = 180_000;
const OPA_ID = '100001';
const PDF = [{ name: 'ответ.pdf', content: '%PDF-1.4 ответ' }];

let database: TestDatabase;
let db: Queryable;
let platform: PlatformSimulator;
let stand: Stand;
let delo: DeloSimulator;
let daemon: Daemon | undefined;

beforeEach(async () => {
  platform = await startPlatform();
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  const config = { mappingsDir: './mappings', platform: { settleAfter: '2s' } };
  stand = await makeStand({ platformUrl: platform.url, cabinets: 1, config });
  await cp(new URL('../../mappings', import.meta.url).pathname, join(stand.dir, 'mappings'), {
    recursive: true,
  });
  for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
  delo = await startDelo({ channels: stand.channels });
}, LONG);
afterEach(async () => {
  await endSurroundings({ daemons: [daemon], delo, platform, database, stand });
  daemon = undefined;
}, LONG);

async function start(): Promise<void> {
  daemon = await startStandDaemon(stand, database);
}

async function mapAnswers(): Promise<void> {
  const path = join(stand.dir, 'mappings', 'statuses.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('  types: []', '  types: [{ type: EXPLAINED }]'));
}

/** What the cabinet has entered, in order. */
function sent(posId: number): string[] {
  const all = platform.history(OPA_ID, posId).map((entry) => entry.status);
  return all.filter((status) => ['TAKE_TO_WORK', 'SET_EXECUTOR', 'SEND_RESPONSE'].includes(status));
}

async function registered(posId: number, count = 1): Promise<string> {
  await holds(() =>
    expect(
      delo.cards().filter((card) => card.posId === String(posId) && card.state === 'registered'),
    ).toHaveLength(count),
  );
  return delo.cards().findLast((card) => card.posId === String(posId))?.id ?? '';
}

const arrived = (posId: number, statuses: readonly string[]) =>
  holds(() => expect(sent(posId)).toEqual(statuses));
const waiting = () => listDeliveries(db, { state: 'attention' });
const resolution = { executor: { fio: 'Петров Пётр Петрович', post: 'специалист' }, text: 'Рассмотреть' };
const WHOLE = ['TAKE_TO_WORK', 'SET_EXECUTOR', 'SEND_RESPONSE'];

describe('what the clerk does in the СЭД comes to the platform', () => {
  it.each(['document-first', 'report-first', 'document-only'] as const)(
    'an answer and its Report, %s; Reports doubled and overtaken',
    async (order) => {
      await mapAnswers();
      await start();
      const posId = platform.addAppeal(OPA_ID, {});
      const card = await registered(posId);
      await arrived(posId, WHOLE.slice(0, 1));
      delo.behave({ twice: 1, reorder: 0.5 });
      delo.resolve(card, resolution);
      delo.resolve(card, { ...resolution, project: true });
      await arrived(posId, WHOLE.slice(0, 2));
      delo.answer(card, { text: 'Яма заделана', files: PDF, order });
      await arrived(posId, WHOLE);
      await delo.idle();
      await holds(async () => {
        const [left] = await db.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM sed_event WHERE handled_at IS NULL AND card_id IS NOT NULL`,
        );
        expect(left?.count).toBe(0);
      });
      expect(sent(posId)).toEqual(WHOLE);
      expect(platform.files(OPA_ID).filter((file) => file.uploaded)).toHaveLength(1);
      // A partner's reports come back to the clerk.
      await holds(() =>
        expect(delo.card(card)?.answers[0]?.partner.map((report) => report.type)).toEqual(
          expect.arrayContaining(['Reception', 'Registration']),
        ),
      );
      expect(delo.complaints).toEqual([]);
    },
    LONG,
  );

  it(
    'an event of a card that we never made is set aside and stops nobody',
    async () => {
      await start();
      delo.sendNonsense('delo-1', 'unknown-uid');
      const posId = platform.addAppeal(OPA_ID, {});
      await registered(posId);
      await arrived(posId, ['TAKE_TO_WORK']);
      await holds(async () => {
        const rows = await db.query<{ event: string }>(
          `SELECT event FROM journal WHERE code = 'SED_MESSAGE_ORPHAN'`,
        );
        expect(rows).toEqual([{ event: 'sed-message-orphan' }]);
      });
    },
    LONG,
  );

  it(
    'mended rules and «resend» read the event anew and send once; «cancel» lets one fall for good',
    async () => {
      await start();
      const posIds = [platform.addAppeal(OPA_ID, {}), platform.addAppeal(OPA_ID, {})];
      for (const posId of posIds) {
        const card = await registered(posId);
        await arrived(posId, ['TAKE_TO_WORK']);
        delo.answer(card, { text: 'Яма заделана', files: PDF });
      }
      await holds(async () => expect(await waiting()).toHaveLength(2));
      for (const row of await waiting()) expect(row.errorCode).toBe('ANSWER_TYPE_NOT_MAPPED');
      await daemon?.stop();
      await mapAnswers();
      await start();
      const [first = 0, second = 0] = posIds;
      const dropped = (await waiting()).find((row) => row.posId === String(second));
      const said = { who: 'test', why: 'ответ дан по телефону' };
      expect(await cancelDelivery(database.dataSource, dropped?.id ?? '', said)).toBe(true);
      expect(await cancelDelivery(database.dataSource, dropped?.id ?? '', said)).toBe(false);
      const again = await resendDeliveries(
        database.dataSource,
        { code: 'ANSWER_TYPE_NOT_MAPPED' },
        { who: 'test', why: 'правило есть' },
      );
      expect(again).toHaveLength(1);
      await arrived(first, ['TAKE_TO_WORK', 'SEND_RESPONSE']);
      await holds(async () => expect(await listDeliveries(db, { state: 'queued' })).toEqual([]));
      expect(sent(first)).toEqual(['TAKE_TO_WORK', 'SEND_RESPONSE']);
      expect(sent(second)).toEqual(['TAKE_TO_WORK']);
      expect(await waiting()).toEqual([]);
    },
    LONG,
  );

  it(
    'a mark of 2 opens another card, whose statuses and answer go for themselves',
    async () => {
      await mapAnswers();
      await start();
      const posId = platform.addAppeal(OPA_ID, {});
      const card = await registered(posId);
      await arrived(posId, ['TAKE_TO_WORK']);
      delo.answer(card, { text: 'Яма заделана', files: PDF });
      await arrived(posId, ['TAKE_TO_WORK', 'SEND_RESPONSE']);
      platform.rate(OPA_ID, posId, 2, 'Яма на месте');
      const second = await registered(posId, 2);
      expect(second).not.toBe(card);
      const after = await sentTogether(posId, 3);
      expect(after.slice(0, 2)).toEqual(['TAKE_TO_WORK', 'SEND_RESPONSE']);
      delo.resolve(second, resolution);
      await sentTogether(posId, 4);
      delo.answer(second, { text: 'Теперь заделана', files: PDF });
      await arrived(posId, ['TAKE_TO_WORK', 'SEND_RESPONSE', ...WHOLE]);
      // The platform has the entry a moment before we have written down that it has.
      await holds(async () => {
        const states = (await listDeliveries(db, {})).map((row) => row.state);
        expect(new Set(states)).toEqual(new Set(['done']));
      });
    },
    LONG,
  );
});

/** Waits until the assertion holds; what it says at last, this throws. */
async function holds(assertion: () => unknown): Promise<void> {
  let last: unknown;
  const isTrue = async () => {
    try {
      await assertion();
      return true;
    } catch (error) {
      last = error;
      return false;
    }
  };
  await eventually('the assertion to hold', isTrue).catch(() => {
    throw last;
  });
}

async function sentTogether(posId: number, count: number): Promise<string[]> {
  await holds(() => expect(sent(posId)).toHaveLength(count));
  return sent(posId);
}
