import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { settleMarkedCabinets } from '../../../src/replies/mark-rows.ts';
import { createWriteBack, type WriteBackDeps } from '../../../src/replies/write-back.ts';
import { type ArchiveSimulator, startArchive } from '../../simulators/delo/archive/index.ts';
import { driverFor } from '../delo/support.ts';
import { type Case, OPA_ID, type SendRig, startSendRig } from './send-rig.ts';

let rig: SendRig;
let simulator: ArchiveSimulator;
let closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  rig = await startSendRig('keys');
  await settleMarkedCabinets(rig.db, [{ opaId: OPA_ID, archive: 'delo' }]);
}, 120_000);
afterAll(() => rig.stop());
beforeEach(async () => {
  simulator = await startArchive({ cards: 40, platformBorn: 0 });
  await rig.db.query('DELETE FROM card_mark');
  await rig.db.query('DELETE FROM incident');
});
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
  await simulator.close();
});

/** A daemon's writer, with a clock moved by hand. */
function makeWriter(over: Partial<WriteBackDeps> = {}, opaIds: readonly string[] = [OPA_ID]) {
  const archive = driverFor(simulator.url, { timeoutMs: 500 });
  closers.push(() => archive.close());
  const clock = { now: 0 };
  const deps: WriteBackDeps = { ...rig.worker(), archive, now: () => clock.now, ...over };
  const writer = createWriteBack(deps, { id: 'delo', opaIds: () => opaIds });
  return { clock, archive, write: (signal = new AbortController().signal) => writer.write(signal) };
}

/** An appeal whose card the archive has under its «Номер ПОС». */
async function open(place = 0): Promise<{ own: Case; isn: number }> {
  const own = await rig.open();
  const isn = [...simulator.cards()][place]?.isn ?? 0;
  simulator.change(isn, { posId: String(own.posId), regNumber: 'ОГ-1/26', regDate: '2026-03-02' });
  return { own, isn };
}

async function takenToWork(own: Case): Promise<void> {
  await own.tell('registration', { number: 'ОГ-1/26', date: '2026-03-02' });
  await own.rest();
}

async function duePast(): Promise<void> {
  await rig.db.query(`UPDATE card_mark SET next_try_at = now() - interval '1 second'`);
}

async function marks(): Promise<Record<string, unknown>[]> {
  return await rig.db.query(
    `SELECT version, settled_version, isn, failures, error_code, lease IS NOT NULL AS leased FROM card_mark ORDER BY card_id`,
  );
}

async function incidents(): Promise<unknown[]> {
  return await rig.db.query(
    `SELECT code, scope, count::int, closed_at IS NULL AS open FROM incident ORDER BY code, opened_at`,
  );
}

const statusOf = (isn: number) => simulator.requisites(isn)['Статус ПОС'];
const errorOf = (isn: number) => simulator.requisites(isn)['Ошибка ПОС'];

describe('what became of a card on the platform', () => {
  it('is written into it after each delivery, and an error is taken away when it is over', async () => {
    const { own, isn } = await open();
    const { write } = makeWriter();
    expect(await write()).toBe(0);
    await takenToWork(own);
    expect(await write()).toBe(1);
    expect(statusOf(isn)).toMatch(/^Принято в работу \d\d\.\d\d\.\d{4}$/);
    expect(errorOf(isn)).toBeUndefined();
    await own.tellAnswer({}, { annotation: '', note: '' });
    await own.rest();
    expect((await own.rows()).map(({ state }) => state)).toEqual(['done', 'attention']);
    expect(await write()).toBe(1);
    expect(statusOf(isn)).toMatch(/^Принято в работу/);
    expect(errorOf(isn)).toMatch(/^Пустой ответ: нет ни текста, ни файла \(ANSWER_EMPTY\)/);
    await own.tellAnswer({ 'ответ.pdf': '%PDF-1.4' });
    await own.rest();
    expect(await write()).toBe(1);
    expect(statusOf(isn)).toMatch(/^Ответ отправлен на платформу/);
    expect(errorOf(isn)).toBeUndefined();
    expect(await write()).toBe(0);
    expect(simulator.counters()).toMatchObject({ logins: 1, merges: 3 });
  });

  it('of cabinets without an archive is not even noted', async () => {
    await settleMarkedCabinets(rig.db, []);
    const { own } = await open();
    await takenToWork(own);
    expect(await marks()).toEqual([]);
    expect(await settleMarkedCabinets(rig.db, [{ opaId: '404', archive: 'delo' }])).toBe(false);
    expect(await settleMarkedCabinets(rig.db, [{ opaId: OPA_ID, archive: 'delo' }])).toBe(true);
  });

  it('is noted in the transaction of the delivery, by whoever changes it', async () => {
    const { own } = await open();
    await takenToWork(own);
    const [row] = await own.rows();
    await rig.db.query(`UPDATE delivery SET state = 'attention' WHERE id = $1`, [row?.id]);
    await rig.db.query(`UPDATE delivery SET state = 'cancelled' WHERE id = $1`, [row?.id]);
    await rig.db.query(`UPDATE delivery SET attempts = attempts + 1 WHERE id = $1`, [row?.id]);
    expect(await marks()).toMatchObject([{ version: 3, settled_version: 0 }]);
  });

  it('of several cards goes in one batch, a refused one alone being told', async () => {
    const cases = [await open(0), await open(1), await open(2)];
    for (const { own } of cases) await takenToWork(own);
    const bad = cases[1]?.isn ?? 0;
    simulator.refuse(bad, 'Карточка «ОГ-1/26» заблокирована пользователем «Иванов И. И.»');
    const { write } = makeWriter();
    expect(await write()).toBe(2);
    expect(simulator.counters().batches).toBe(1);
    expect(await incidents()).toEqual([
      { code: 'SED_ARCHIVE_REFUSED', scope: 'archive:delo', count: 1, open: true },
    ]);
    expect(await cases[1]?.own.journal()).toContain('card-mark-refused');
    const told = await rig.db.query(`SELECT data FROM journal WHERE event = 'card-mark-refused'`);
    expect(JSON.stringify(told)).not.toContain('Иванов');
    // Not again by itself, but with the next delivery.
    expect(await write()).toBe(0);
    simulator.refuse(bad);
    await cases[1]?.own.tell('consideration', {
      executor: { responsible: true, person: { fio: 'Петров Пётр' } },
    });
    await cases[1]?.own.rest();
    expect(await write()).toBe(1);
    expect(statusOf(bad)).toMatch(/^Назначен исполнитель/);
    expect(await incidents()).toMatchObject([{ code: 'SED_ARCHIVE_REFUSED', open: false }]);
  });
});

describe('trouble', () => {
  it.each(['cut', 'cut-after', 'hang', 'server-error'] as const)(
    'that passes (%s) is waited out, and the deliveries never notice',
    async (kind) => {
      const { own, isn } = await open();
      await takenToWork(own);
      const { write } = makeWriter();
      simulator.fault({ kind, route: 'batch', times: 2 });
      expect(await write()).toBe(0);
      expect(await marks()).toMatchObject([{ failures: 1, settled_version: 0, leased: false }]);
      expect(await write()).toBe(0);
      await duePast();
      expect(await write()).toBe(0);
      await duePast();
      expect(await write()).toBe(1);
      expect(statusOf(isn)).toMatch(/^Принято/);
      expect(await marks()).toMatchObject([{ failures: 0, version: 1, settled_version: 1 }]);
      expect((await own.rows()).map(({ state }) => state)).toEqual(['done']);
    },
  );

  it('with the log-in stops the archive for an hour, with one incident, closed when it works', async () => {
    const { own } = await open();
    await takenToWork(own);
    simulator.setPassword('another');
    const { write, clock } = makeWriter();
    expect(await write()).toBe(0);
    expect(await write()).toBe(0);
    expect(simulator.counters().refusedLogins).toBe(1);
    expect(await incidents()).toMatchObject([
      { code: 'SED_ARCHIVE_CREDENTIALS_WRONG', scope: 'archive:delo', open: true },
    ]);
    simulator.setPassword('secret');
    clock.now += 3_600_001;
    // Another process, which has not been refused.
    expect(await makeWriter().write()).toBe(1);
    expect(await incidents()).toMatchObject([{ code: 'SED_ARCHIVE_CREDENTIALS_WRONG', open: false }]);
  });

  it('with a requisite that is not there stops the archive too, not the card', async () => {
    const { own, isn } = await open();
    await takenToWork(own);
    simulator.dropRequisite('Ошибка ПОС');
    const { write, clock } = makeWriter();
    expect(await write()).toBe(0);
    expect(await incidents()).toMatchObject([{ code: 'SED_REQUISITE_MISSING', open: true }]);
    expect(await marks()).toMatchObject([{ failures: 0, settled_version: 0 }]);
    clock.now += 3_600_001;
    expect(await write()).toBe(0);
    expect(statusOf(isn)).toBeUndefined();
  });

  it('of one card holds up no other', async () => {
    const cases = [await open(0), await open(1), await open(2)];
    for (const { own } of cases) await takenToWork(own);
    const bad = String(cases[0]?.isn);
    const { archive } = makeWriter();
    const { write } = makeWriter({
      archive: {
        findCard: archive.findCard,
        writeRequisites: async (writes, signal) => {
          if (writes.some(({ isn }) => isn === bad))
            throw new Fault('SED_ARCHIVE_UNREACHABLE', { detail: 'код ответа 500' });
          return await archive.writeRequisites(writes, signal);
        },
      },
    });
    for (let turn = 0; turn < 6; turn += 1) {
      await write();
      await duePast();
    }
    expect(cases.map(({ isn }) => statusOf(isn) !== undefined)).toEqual([false, true, true]);
  });

  it('of a whole batch refused is found by asking for each card', async () => {
    const cases = [await open(0), await open(1)];
    for (const { own } of cases) await takenToWork(own);
    simulator.fault({ kind: 'logic', route: 'batch', message: 'Пакет отклонён', times: 1 });
    const { write } = makeWriter();
    expect(await write()).toBe(2);
    expect(await incidents()).toEqual([]);
  });

  it('a card that is not found is looked for some more times, then told', async () => {
    const own = await rig.open();
    await takenToWork(own);
    const { write } = makeWriter();
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await write()).toBe(0);
      expect(await incidents()).toEqual([]);
      await duePast();
    }
    expect(await write()).toBe(0);
    expect(await incidents()).toEqual([
      { code: 'SED_CARD_NOT_FOUND', scope: 'archive:delo', count: 1, open: true },
    ]);
    await duePast();
    expect(await write()).toBe(0);
    expect(simulator.counters().batches).toBe(0);
  });

  it('a card deleted since is looked for anew', async () => {
    const { own, isn } = await open();
    await takenToWork(own);
    const { write } = makeWriter();
    await write();
    expect(await marks()).toMatchObject([{ isn: String(isn) }]);
    simulator.remove(isn);
    await own.tell('consideration', { executor: { responsible: true, person: { fio: 'Петров Пётр' } } });
    await own.rest();
    expect(await write()).toBe(0);
    expect(await marks()).toMatchObject([{ isn: null, error_code: 'SED_ARCHIVE_REFUSED' }]);
  });

  it('a stop in the midst gives everything back', async () => {
    const { own, isn } = await open();
    await takenToWork(own);
    const stop = new AbortController();
    const { archive } = makeWriter();
    const { write } = makeWriter({
      archive: {
        findCard: archive.findCard,
        writeRequisites: (writes, signal) => {
          stop.abort();
          return archive.writeRequisites(writes, signal);
        },
      },
    });
    expect(await write(stop.signal)).toBe(0);
    expect(await marks()).toMatchObject([{ failures: 0, leased: false }]);
    expect(await makeWriter().write()).toBe(1);
    expect(statusOf(isn)).toMatch(/^Принято/);
  });
});

describe('several processes', () => {
  it('write each card once, and the newest state last', async () => {
    const cases = [];
    for (let place = 0; place < 8; place += 1) cases.push(await open(place));
    for (const { own } of cases) await takenToWork(own);
    const writers = [makeWriter(), makeWriter(), makeWriter()];
    const counts = await Promise.all(writers.map(({ write }) => write()));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(8);
    expect(simulator.counters().merges).toBe(8);
  });

  it('one that is overtaken while it writes is not followed by an older text', async () => {
    const { own, isn } = await open();
    await takenToWork(own);
    const { archive, write: writeNow } = makeWriter();
    let turns = 0;
    const slow = makeWriter({
      archive: {
        findCard: archive.findCard,
        writeRequisites: async (writes, signal) => {
          turns += 1;
          if (turns > 1) return await archive.writeRequisites(writes, signal);
          // Meanwhile the answer goes out, and another daemon has its turn.
          await own.tellAnswer({ 'ответ.pdf': '%PDF-1.4' });
          await own.rest();
          expect(await writeNow()).toBe(0);
          return await archive.writeRequisites(writes, signal);
        },
      },
    });
    expect(await slow.write()).toBe(2);
    expect(statusOf(isn)).toMatch(/^Ответ отправлен/);
    const [mark] = await marks();
    expect(mark?.['settled_version']).toBe(mark?.['version']);
  });

  it('what a dead one had claimed comes back when its lease is over', async () => {
    const { own } = await open();
    await takenToWork(own);
    await rig.db.query(
      `UPDATE card_mark SET lease = gen_random_uuid(), leased_until = now() + interval '1 minute'`,
    );
    const { write } = makeWriter();
    expect(await write()).toBe(0);
    await rig.db.query(`UPDATE card_mark SET leased_until = now() - interval '1 second'`);
    expect(await write()).toBe(1);
  });

  it('dry cabinets, and those of another archive, are left alone', async () => {
    const { own } = await open();
    await takenToWork(own);
    expect(await makeWriter({}, []).write()).toBe(0);
    expect(await makeWriter({}, ['999']).write()).toBe(0);
    expect(simulator.counters().logins).toBe(0);
  });
});
