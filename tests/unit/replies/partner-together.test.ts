import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import { claimReports, markWritten, putBack } from '../../../src/replies/partner-rows.ts';
import type { PartnerReportRequest } from '../../../src/sed/port.ts';
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
});

function names(reports: readonly PartnerReportRequest[]): string[] {
  return reports.map(({ documentUid, kind, subject }) => `${documentUid}/${kind}/${subject}`);
}

/** What the clerk of one answer reads: its reports in the order in which they were written. */
function byAnswer(reports: readonly PartnerReportRequest[]): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const { documentUid, kind } of reports)
    told.set(documentUid, [...(told.get(documentUid) ?? []), kind]);
  return told;
}

describe('several daemons at once', () => {
  it('write each report once, Reception before the rest', async () => {
    for (let index = 0; index < 30; index += 1) await rig.answer({ kinds: ['reception', 'registration'] });
    rig.sed.before = () => new Promise((resolve) => setImmediate(resolve));
    const workers = [rig.deps, rig.worker(), rig.worker(), rig.worker()];
    for (let turn = 0; turn < 20 && rig.sed.reports.length < 60; turn += 1) {
      await Promise.all(workers.map((worker) => rig.run('main', worker)));
    }
    expect(rig.sed.reports).toHaveLength(60);
    expect(new Set(names(rig.sed.reports)).size).toBe(60);
    for (const told of byAnswer(rig.sed.reports).values())
      expect(told).toEqual(['reception', 'registration']);
    const written = (await rig.journal()).filter((entry) => entry.event === 'partner-report-written');
    expect(written).toHaveLength(60);
  });

  it('never hold the same claim', async () => {
    for (let index = 0; index < 25; index += 1) await rig.answer();
    const claims = await Promise.all(Array.from({ length: 8 }, () => claimReports(rig.db, 'main', 5)));
    const ids = claims.flat().map((report) => report.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeLessThanOrEqual(25);
    expect(await claimReports(rig.db, 'main', 50)).toHaveLength(25 - ids.length);
  });

  it('wait for a row that somebody else is changing only by passing it over', async () => {
    const held = await rig.answer();
    await rig.answer();
    const runner = rig.database.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query(`SELECT 1 FROM sed_reply WHERE delivery_id = $1 FOR UPDATE`, [held]);
      expect(await rig.run()).toBe(1);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
    expect(await rig.run()).toBe(1);
  });
});

describe('a death', () => {
  it('between writing and marking makes the same message again, after the lease', async () => {
    const id = await rig.answer({ kinds: ['reception', 'registration'] });
    await expect(rig.run('main', rig.dying())).rejects.toThrow('death');
    expect(rig.sed.reports).toHaveLength(1);
    // Still claimed by the dead one: nobody else writes, nothing overtakes.
    expect(await rig.run()).toBe(0);
    expect((await rig.rows(id))[0]).toMatchObject({ state: 'planned', due: false, failures: 0, wait: 120 });
    const [first] = rig.sed.reports;
    await rig.ripen();
    expect(await rig.run()).toBe(2);
    expect(rig.sed.reports.map((report) => report.kind)).toEqual(['reception', 'reception', 'registration']);
    expect(rig.sed.reports[1]).toEqual(first);
  });

  it('of a slow worker whose report was written by another changes nothing', async () => {
    const id = await rig.answer();
    const [slow] = await claimReports(rig.db, 'main', 1);
    if (slow === undefined) throw new Error('nothing claimed');
    await rig.ripen();
    expect(await rig.run()).toBe(1);
    await putBack(rig.deps, slow, 60_000, { code: 'SED_FOLDER_UNAVAILABLE', tell: true });
    await markWritten(rig.deps, slow);
    expect((await rig.rows(id))[0]).toMatchObject({ state: 'written', failures: 0 });
    expect(await rig.journal()).toHaveLength(1);
  });

  it('does not undo the attempt that another has counted meanwhile', async () => {
    const id = await rig.answer();
    const [slow] = await claimReports(rig.db, 'main', 1);
    if (slow === undefined) throw new Error('nothing claimed');
    await rig.ripen();
    const [other] = await claimReports(rig.db, 'main', 1);
    if (other === undefined) throw new Error('nothing claimed');
    await putBack(rig.deps, other, 60_000, { code: 'SED_FOLDER_UNAVAILABLE', tell: false });
    await putBack(rig.deps, slow, 0);
    expect((await rig.rows(id))[0]).toMatchObject({ failures: 1, wait: 60 });
  });

  it('of the database during marking leaves the report planned', async () => {
    const id = await rig.answer();
    const [claimed] = await claimReports(rig.db, 'main', 1);
    if (claimed === undefined) throw new Error('nothing claimed');
    const broken = {
      dataSource: {
        createQueryRunner: () => {
          throw new Error('gone');
        },
      },
    };
    await expect(markWritten(broken as never, claimed)).rejects.toThrow('gone');
    expect((await rig.rows(id))[0]?.state).toBe('planned');
  });
});

/** One thing that happens to the flow of reports. */
type Happening =
  | 'turn'
  | 'second worker'
  | 'down'
  | 'dies'
  | 'owe failure'
  | 'owe registration'
  | 'time passes';

describe('through any sequence of turns, faults, deaths and news', () => {
  it('each report is told at least once, first tellings in order, repeats only after a death', async () => {
    const happening = fc.constantFrom<Happening>(
      'turn',
      'second worker',
      'down',
      'dies',
      'owe failure',
      'owe registration',
      'time passes',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 3, maxLength: 14 }), async (script) => {
        const id = await rig.answer();
        rig.sed.reports.splice(0);
        let deaths = 0;
        let failures = 0;
        let registered = false;
        for (const what of script) {
          rig.sed.before = () => undefined;
          if (what === 'turn') await rig.run('main', rig.worker());
          else if (what === 'second worker') {
            await Promise.all([rig.run('main', rig.worker()), rig.run('main', rig.worker())]);
          } else if (what === 'down') {
            rig.sed.before = () => {
              throw new Fault('SED_FOLDER_UNAVAILABLE');
            };
            await rig.run('main', rig.worker());
          } else if (what === 'dies') {
            const before = rig.sed.reports.length;
            await rig.run('main', rig.dying()).catch((error: unknown) => {
              expect(String(error)).toContain('death');
            });
            deaths += rig.sed.reports.length - before;
          } else if (what === 'owe failure' && !registered) {
            failures += 1;
            await rig.owe(id, 'failure', { subject: String(failures) });
          } else if (what === 'owe registration' && !registered) {
            registered = true;
            await rig.owe(id, 'registration');
          } else await rig.ripen();
        }
        rig.sed.before = () => undefined;
        await rig.ripen();
        await rig.run('main', rig.worker());
        const all = names(rig.sed.reports);
        const first = [...new Set(all)].map((name) => name.split('/').slice(1).join('/'));
        const seq = first.find((name) => name.startsWith('failure/'))?.split('/')[1] ?? '';
        expect(first).toEqual([
          'reception/',
          ...Array.from({ length: failures }, (_, index) => `failure/${seq}/${index + 1}`),
          ...(registered ? ['registration/'] : []),
        ]);
        expect(all.length - first.length).toBe(deaths);
        expect((await rig.rows(id)).every((row) => row.state === 'written')).toBe(true);
        await rig.db.query(`TRUNCATE sed_reply, journal`);
      }),
      { numRuns: 25 },
    );
  });
});
