import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { writePartnerReports } from '../../../src/replies/partner.ts';
import type { PartnerReportRequest } from '../../../src/sed/port.ts';
import { identifyReport } from '../../../src/sed/sev/partner-report.ts';
import { type PartnerRig, startPartnerRig } from './partner-rig.ts';

let rig: PartnerRig;

beforeAll(async () => {
  rig = await startPartnerRig();
});
afterAll(() => rig.stop());
afterEach(async () => {
  await rig.db.query(`TRUNCATE sed_reply, journal`);
  rig.sed.reports.splice(0);
  rig.sed.before = () => undefined;
  rig.sed.list = () => undefined;
  rig.sed.waitingDirs.clear();
  rig.logged.splice(0);
  // Long enough for every breaker to let a call go again.
  rig.clock.offset += 10 * 3_600_000;
  await rig.deps.breakers.run('channel:main', async () => undefined);
});

const down = () => {
  throw new Fault('SED_FOLDER_UNAVAILABLE', { detail: 'канал main, папка out: ENOENT' });
};
const kinds = () => rig.sed.reports.map((report) => report.kind);

describe('reports that are owed', () => {
  it('go out as Reception first and what came of the answer second', async () => {
    const id = await rig.answer({ kinds: ['registration', 'reception'] });
    expect(await rig.run()).toBe(2);
    expect(kinds()).toEqual(['reception', 'registration']);
    expect((await rig.rows(id)).map((row) => row.state)).toEqual(['written', 'written']);
  });

  it('tell each failure and then the success, in the order in which they came', async () => {
    const id = await rig.answer();
    await rig.owe(id, 'failure', { subject: '1', code: 'PLATFORM_REJECTED', text: 'поле comment' });
    await rig.owe(id, 'failure', { subject: '2', code: 'PLATFORM_UNREACHABLE' });
    await rig.owe(id, 'registration');
    expect(await rig.run()).toBe(4);
    expect(kinds()).toEqual(['reception', 'failure', 'failure', 'registration']);
    const subjects = rig.sed.reports.map((report) => report.subject);
    expect(new Set(subjects.slice(1, 3)).size).toBe(2);
  });

  it('carry what the answer’s message said, and our number', async () => {
    const posId = '374299901';
    await rig.answer({ posId, facts: { answerUid: '{ABC}' }, kinds: ['reception', 'registration'] });
    await rig.run();
    const [reception, registration] = rig.sed.reports;
    expect(reception).toMatchObject({
      channel: 'main',
      timeZone: 'Asia/Yakutsk',
      headerTime: new Date('2026-02-11T20:08:09Z'),
      answer: {
        documentUid: '{ABC}',
        returnId: 'RETURN-1',
        messageId: 'MESSAGE-1',
        number: 'ОТВ-1/26',
        date: '2026-02-10',
        group: { name: 'Ответы' },
      },
    });
    // The day in the cabinet's zone, where it is the next one already.
    expect(registration).toMatchObject({ registration: { number: posId, date: '2026-02-12' } });
  });

  it('are written once, however often they are asked for', async () => {
    await rig.answer({ kinds: ['reception', 'registration'] });
    expect([await rig.run(), await rig.run(), await rig.run()]).toEqual([2, 0, 0]);
    expect(rig.sed.reports).toHaveLength(2);
  });

  it('stand in the journal', async () => {
    await rig.answer({ kinds: ['reception', 'registration'] });
    await rig.run();
    expect(await rig.journal()).toMatchObject([
      { event: 'partner-report-written', data: { kind: 'reception' } },
      { event: 'partner-report-written', data: { kind: 'registration' } },
    ]);
  });

  it('of another channel are left to it', async () => {
    const id = await rig.answer({ channel: 'other' });
    expect(await rig.run('main')).toBe(0);
    expect((await rig.rows(id))[0]).toMatchObject({ state: 'planned', due: true });
    expect(await rig.run('other')).toBe(1);
    expect(rig.sed.reports[0]?.channel).toBe('other');
  });

  it('that are not due yet wait, and hold those behind them', async () => {
    const id = await rig.answer({ kinds: ['reception', 'registration'] });
    await rig.db.query(
      `UPDATE sed_reply SET next_try_at = now() + interval '1 hour' WHERE delivery_id = $1 AND kind = 'reception'`,
      [id],
    );
    expect(await rig.run()).toBe(0);
    await rig.ripen();
    expect(await rig.run()).toBe(2);
    expect(kinds()).toEqual(['reception', 'registration']);
  });

  it('of an answer whose delivery was made anew keep their order too', async () => {
    const first = await rig.answer();
    const [second] = await rig.db.query<{ id: string }>(
      `INSERT INTO delivery (appeal_id, card_id, event_id, seq, key, kind, rule, payload, state)
       SELECT appeal_id, card_id, event_id, seq + 1000, key || ':2', kind, rule, payload, state FROM delivery
       WHERE id = $1 RETURNING id::text AS id`,
      [first],
    );
    await rig.owe(second?.id ?? '', 'failure', { subject: 'rules' });
    await rig.owe(first, 'failure', { subject: 'rules' });
    expect(await rig.run()).toBe(3);
    expect(kinds()).toEqual(['reception', 'failure', 'failure']);
    expect(new Set(rig.sed.reports.map((report) => report.subject)).size).toBe(3);
  });

  it('go out in more than one batch', async () => {
    for (let index = 0; index < 45; index += 1) await rig.answer();
    expect(await rig.run()).toBe(45);
    expect(new Set(rig.sed.reports.map((report) => report.documentUid)).size).toBe(45);
  });

  it('are dropped for good by a channel that wants none', async () => {
    const id = await rig.answer({ kinds: ['reception', 'registration'] });
    const other = await rig.answer({ channel: 'other' });
    const { signal } = new AbortController();
    expect(await writePartnerReports(rig.deps, { id: 'main', partnerReports: false }, signal)).toBe(0);
    expect(await rig.run()).toBe(0);
    expect((await rig.rows(id)).map((row) => row.state)).toEqual(['off', 'off']);
    expect((await rig.rows(other)).map((row) => row.state)).toEqual(['planned']);
    expect(rig.sed.reports).toEqual([]);
  });
});

describe('a folder that refuses', () => {
  it('costs the report an attempt and a growing pause', async () => {
    const id = await rig.answer();
    rig.sed.before = down;
    const waits: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await rig.ripen();
      expect(await rig.run()).toBe(0);
      waits.push((await rig.rows(id))[0]?.wait ?? 0);
    }
    expect(waits).toEqual([5, 20, 80]);
    expect((await rig.rows(id))[0]).toMatchObject({ state: 'planned', failures: 3 });
    rig.sed.before = () => undefined;
    await rig.ripen();
    expect(await rig.run()).toBe(1);
  });

  it('is asked once a turn; the other reports lose nothing', async () => {
    const ids = [];
    for (let index = 0; index < 3; index += 1) ids.push(await rig.answer());
    let calls = 0;
    rig.sed.before = () => {
      calls += 1;
      down();
    };
    expect(await rig.run()).toBe(0);
    expect(calls).toBe(1);
    const rows = (await Promise.all(ids.map((id) => rig.rows(id)))).flat();
    expect(rows.map((row) => [row.failures, row.due])).toEqual([
      [1, false],
      [0, true],
      [0, true],
    ]);
  });

  it('opens its breaker; then nothing is claimed and no attempt spent until the probe', async () => {
    const ids = [];
    for (let index = 0; index < 8; index += 1) ids.push(await rig.answer());
    let calls = 0;
    rig.sed.before = () => {
      calls += 1;
      down();
    };
    rig.changes.splice(0);
    for (let turn = 0; turn < 20; turn += 1) await rig.run();
    expect(calls).toBe(5);
    expect(rig.changes.map((change) => [change.endpoint, change.to])).toEqual([['channel:main', 'open']]);
    const rows = (await Promise.all(ids.map((id) => rig.rows(id)))).flat();
    expect(rows.filter((row) => row.failures === 0 && row.due)).toHaveLength(3);
    rig.clock.offset += 3_600_000;
    rig.sed.before = () => undefined;
    await rig.ripen();
    expect(await rig.run()).toBe(8);
    expect(rig.changes.map((change) => change.to)).toEqual(['open', 'closed']);
  });

  it('does not hold another channel', async () => {
    await rig.answer();
    await rig.answer({ channel: 'other' });
    rig.sed.before = (request) => (request.channel === 'main' ? down() : undefined);
    expect([await rig.run('main'), await rig.run('other')]).toEqual([0, 1]);
  });

  it('is obeyed when it names a time', async () => {
    const id = await rig.answer();
    rig.sed.before = () => {
      throw new Fault('SED_FOLDER_UNAVAILABLE', { retryAfterMs: 600_000 });
    };
    await rig.run();
    expect((await rig.rows(id))[0]?.wait).toBeGreaterThanOrEqual(600);
  });
});

describe('a report behind another that ДЕЛО has not taken yet', () => {
  const dirOf = (request: PartnerReportRequest) => identifyReport(request).messageDir;
  /** Everything written stands in the folder until it is taken. */
  const keepAll = () => {
    rig.sed.before = (request) => void rig.sed.waitingDirs.add(dirOf(request));
  };

  it('waits without spending an attempt, and goes when that one is taken', async () => {
    const id = await rig.answer();
    await rig.owe(id, 'failure', { subject: '1' });
    await rig.owe(id, 'registration');
    keepAll();
    expect(await rig.run()).toBe(1);
    expect((await rig.rows(id))[1]).toMatchObject({ state: 'planned', failures: 0, wait: 2 });
    await rig.ripen();
    expect(await rig.run()).toBe(0);
    for (const expected of [
      ['reception', 'failure'],
      ['reception', 'failure', 'registration'],
    ]) {
      rig.sed.waitingDirs.clear();
      await rig.ripen();
      expect(await rig.run()).toBe(1);
      expect(kinds()).toEqual(expected);
    }
  });

  it('does not hold those of other answers', async () => {
    const id = await rig.answer({ kinds: ['reception', 'registration'] });
    keepAll();
    await rig.run();
    await rig.answer();
    await rig.ripen();
    expect(await rig.run()).toBe(1);
    expect((await rig.rows(id))[1]?.state).toBe('planned');
    rig.sed.waitingDirs.clear();
  });

  it('meets a folder that cannot be listed as one that cannot be written', async () => {
    const id = await rig.answer();
    await rig.run();
    await rig.owe(id, 'registration');
    rig.changes.splice(0);
    rig.sed.list = down;
    for (let turn = 0; turn < 6; turn += 1) {
      await rig.ripen();
      expect(await rig.run()).toBe(0);
    }
    expect((await rig.rows(id))[1]).toMatchObject({ state: 'planned', failures: 5 });
    expect(rig.changes.map((change) => change.to)).toEqual(['open']);
  });
});

describe('a report that cannot be written', () => {
  it('is told once, kept, and does not stop the others', async () => {
    const bad = await rig.answer({ posId: 'bad' });
    const good = await rig.answer({ posId: 'good', kinds: ['reception', 'registration'] });
    const badUid = (
      await rig.db.query<{ uid: string }>(
        `SELECT document_uid AS uid FROM card k JOIN delivery d ON d.card_id = k.id WHERE d.id = $1`,
        [bad],
      )
    )[0]?.uid;
    rig.sed.before = (request: PartnerReportRequest) => {
      if (request.documentUid === badUid) throw new Fault('CONFIG_INVALID', { detail: 'нет канала' });
    };
    expect(await rig.run()).toBe(2);
    await rig.ripen();
    expect(await rig.run()).toBe(0);
    expect((await rig.rows(bad))[0]).toMatchObject({ state: 'planned', failures: 2, wait: 3600 });
    expect((await rig.rows(good)).map((row) => row.state)).toEqual(['written', 'written']);
    const told = (await rig.journal()).filter((entry) => entry.event === 'partner-report-failed');
    expect(told).toMatchObject([{ code: 'CONFIG_INVALID', data: { kind: 'reception' } }]);
  });

  it('with facts that do not read is our own defect, in the log with its stack', async () => {
    const id = await rig.answer({ facts: { group: 'строка' } });
    expect(await rig.run()).toBe(0);
    expect((await rig.rows(id))[0]).toMatchObject({ state: 'planned', failures: 1, wait: 3600 });
    expect(rig.logged.join('')).toContain('"code":"DEFECT"');
  });

  it('leaves no word of the answer in the log', async () => {
    await rig.answer({ facts: { number: 'ОТВ-ТАЙНА', annotation: 'Иванова М.П.' } });
    rig.sed.before = down;
    await rig.run();
    expect(rig.logged.join('')).toContain('SED_FOLDER_UNAVAILABLE');
    expect(rig.logged.join('')).not.toMatch(/ТАЙНА|Иванова/);
  });
});

describe('a stop', () => {
  it('before anything claims nothing', async () => {
    const id = await rig.answer();
    const channel = { id: 'main', partnerReports: true };
    expect(await writePartnerReports(rig.deps, channel, AbortSignal.abort())).toBe(0);
    expect((await rig.rows(id))[0]).toMatchObject({ due: true, failures: 0 });
  });

  it('in the middle gives back what is not written, without an attempt', async () => {
    const ids = [];
    for (let index = 0; index < 3; index += 1) ids.push(await rig.answer());
    const stopping = new AbortController();
    rig.sed.before = (request) => {
      if (rig.sed.reports.length === 1) {
        stopping.abort();
        throw new Fault('SED_FOLDER_UNAVAILABLE', { detail: `запись прервана: ${request.channel}` });
      }
    };
    const channel = { id: 'main', partnerReports: true };
    expect(await writePartnerReports(rig.deps, channel, stopping.signal)).toBe(1);
    const rows = (await Promise.all(ids.map((id) => rig.rows(id)))).flat();
    expect(rows.map((row) => [row.state, row.failures])).toEqual([
      ['written', 0],
      ['planned', 0],
      ['planned', 0],
    ]);
    expect(rows.slice(1).every((row) => row.due)).toBe(true);
  });
});
