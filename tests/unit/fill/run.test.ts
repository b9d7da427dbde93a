import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type FillOptions, type FillTask, fillCards } from '../../../scripts/fill/run.ts';
import { Fault } from '../../../src/model/errors.ts';
import { type ArchiveSimulator, startArchive } from '../../simulators/delo/archive/index.ts';
import { driverFor, faultOf, mappingWith } from '../delo/support.ts';

const FLAG = 'Выгрузка в витрину ПОС';
let simulator: ArchiveSimulator;
let archive: ReturnType<typeof driverFor>;

beforeEach(async () => {
  simulator = await startArchive({ cards: 120, cardfiles: 3, platformBorn: 0.3 });
  archive = driverFor(simulator.url, { pageSize: 15, timeoutMs: 500 });
});
afterEach(async () => {
  await archive.close();
  await simulator.close();
});

function flagTask(cardfiles: readonly string[] = simulator.cardfiles): FillTask {
  return {
    query: { cardfiles, showcaseFlag: 'unset' },
    decide: (card) => ({ showcaseFlag: card.posId === undefined ? 'true' : 'false' }),
  };
}

function fill(over: Partial<FillOptions> = {}) {
  return fillCards({
    archive,
    tasks: [flagTask()],
    dryRun: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    retry: { base: 1, factor: 1, cap: 1 },
    ...over,
  });
}

const flagOf = (isn: number) => simulator.requisites(isn)[FLAG];
const wanted = () => [...simulator.cards()].map(({ isn, posId }) => [isn, posId === '' ? '1' : '0']);
const flags = () => [...simulator.cards()].map(({ isn }) => [isn, flagOf(isn)]);

describe('filling a requisite', () => {
  it('reaches every card once, and a second run finds nothing to do', async () => {
    const result = await fill();
    expect(flags()).toEqual(wanted());
    const born = [...simulator.cards()].filter(({ posId }) => posId !== '').length;
    expect(result).toMatchObject({ total: 120, seen: 120, written: 120, refused: 0, skipped: 0 });
    expect(Object.fromEntries(result.values)).toEqual({ true: 120 - born, false: born });
    const again = await fill();
    expect(again).toMatchObject({ total: 0, seen: 0, written: 0 });
    expect(simulator.counters().merges).toBe(120);
  });

  it('leaves what a clerk has filled', async () => {
    const [first = 0] = [...simulator.cards()].map(({ isn }) => isn);
    simulator.setRequisite(first, FLAG, '0');
    await fill();
    expect(flagOf(first)).toBe('0');
    expect(simulator.counters().merges).toBe(119);
  });

  it('as a dry run counts the same and writes nothing', async () => {
    const result = await fill({ dryRun: true });
    expect(result).toMatchObject({ seen: 120, written: 120 });
    expect(simulator.counters()).toMatchObject({ batches: 0, merges: 0 });
    expect(await fill()).toMatchObject({ values: result.values });
  });

  it('stopped in the midst goes on where it was', async () => {
    const stop = new AbortController();
    const fault = await faultOf(
      fill({
        signal: stop.signal,
        onProgress: ({ written }) => {
          if (written >= 40) stop.abort();
        },
      }),
    );
    expect(fault.code).toBe('STOPPED');
    const first = simulator.counters().merges;
    expect(first).toBeGreaterThanOrEqual(40);
    expect(first).toBeLessThan(120);
    expect(await fill()).toMatchObject({ written: 120 - first });
    expect(flags()).toEqual(wanted());
    expect(simulator.counters().merges).toBe(120);
  });

  it.each(['cut', 'cut-after', 'truncate', 'server-error', 'session-lost'] as const)(
    'waits out %s again and again',
    async (kind) => {
      // Every answer after the third is at risk, reads and writes alike.
      for (const skip of [3, 9, 17, 26]) simulator.fault({ kind, status: 401, skip, times: 1 });
      const result = await fill();
      expect(flags()).toEqual(wanted());
      expect(result.refused).toBe(0);
      expect(result.seen).toBeGreaterThanOrEqual(result.written);
    },
  );

  it('gives up when trouble does not pass, and at once when it cannot', async () => {
    simulator.fault({ kind: 'status', status: 503, route: 'batch' });
    expect((await faultOf(fill())).code).toBe('SED_ARCHIVE_UNREACHABLE');
    expect(simulator.counters().merges).toBe(0);
    simulator.clearFaults();
    simulator.dropRequisite(FLAG);
    // Its names of requisites are fresh.
    const other = driverFor(simulator.url);
    expect((await faultOf(fill({ archive: other }))).code).toBe('SED_REQUISITE_MISSING');
    await other.close();
  });

  it('tells of cards that ДЕЛО refuses, each once, and fills the others', async () => {
    const isns = [...simulator.cards()].map(({ isn }) => isn);
    const bad = isns.filter((_isn, index) => index % 4 === 0);
    for (const isn of bad) simulator.refuse(isn, 'Карточка заблокирована');
    simulator.fault({ kind: 'cut', route: 'read', entity: 'DOC_RC', skip: 5, times: 3 });
    const result = await fill();
    expect(result).toMatchObject({ written: 90, refused: 30, seen: 120 });
    expect(result.refusals).toHaveLength(20);
    expect(result.refusals[0]).toEqual({ isn: String(bad[0]), message: 'Карточка заблокирована' });
    expect(flags().filter(([, flag]) => flag === undefined)).toHaveLength(30);
  });

  it('takes several tasks one after another, and skips what has no value', async () => {
    const [a = '', b = ''] = simulator.cardfiles;
    const result = await fill({
      tasks: [flagTask([a]), { query: { cardfiles: [b], showcaseFlag: 'unset' }, decide: () => undefined }],
    });
    const count = (due: string) => [...simulator.cards()].filter(({ cardfile }) => cardfile === due).length;
    expect(result).toMatchObject({ written: count(a), skipped: count(b), total: count(a) + count(b) });
  });

  it('by pages that $skip moves misses nothing, though what it fills leaves the list', async () => {
    archive = driverFor(simulator.url, { pageSize: 15, mapping: mappingWith({ paging: 'skip' }) });
    await fill();
    expect(flags()).toEqual(wanted());
  });

  it('does without a count', async () => {
    const result = await fill({
      archive: {
        ...archive,
        countCards: () => Promise.reject(new Fault('SED_ARCHIVE_UNREACHABLE')),
      },
    });
    expect(result.total).toBeUndefined();
    expect(result.written).toBe(120);
  });
});
