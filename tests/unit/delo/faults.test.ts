import { afterEach, describe, expect, it } from '@jest/globals';
import { allCards, driverFor, faultOf, makeSite, mappingWith, type Site } from './support.ts';

let site: Site | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function open(...[simulated, options]: Parameters<typeof makeSite>): Promise<Site> {
  site = await makeSite({ cards: 40, ...simulated }, { timeoutMs: 400, ...options });
  return site;
}

describe('a read', () => {
  it.each([
    [{ kind: 'status', status: 500 }, 'SED_ARCHIVE_UNREACHABLE', 'код ответа 500'],
    [{ kind: 'status', status: 400 }, 'SED_ARCHIVE_BAD_ANSWER', 'код ответа 400'],
    [{ kind: 'status', status: 302 }, 'SED_ARCHIVE_BAD_ANSWER', 'код ответа 302'],
    [{ kind: 'server-error' }, 'SED_ARCHIVE_UNREACHABLE', 'код ответа 500, System.NullReferenceException'],
    [{ kind: 'logic', message: 'Нет прав' }, 'SED_ARCHIVE_REFUSED', 'Нет прав'],
    [{ kind: 'nonsense' }, 'SED_ARCHIVE_BAD_ANSWER', 'ответ — не JSON'],
    [{ kind: 'cut' }, 'SED_ARCHIVE_UNREACHABLE', expect.stringContaining('соединение')],
    [{ kind: 'cut-after' }, 'SED_ARCHIVE_UNREACHABLE', expect.stringContaining('соединение')],
    [{ kind: 'truncate' }, 'SED_ARCHIVE_UNREACHABLE', expect.stringContaining('соединение')],
    [{ kind: 'hang' }, 'SED_ARCHIVE_UNREACHABLE', 'нет ответа за отведённое время'],
    [{ kind: 'slow', ms: 5000 }, 'SED_ARCHIVE_UNREACHABLE', 'нет ответа за отведённое время'],
  ] as const)('that meets %j gives %s', async (spec, code, detail) => {
    const { simulator, archive } = await open();
    await archive.cardfiles();
    simulator.fault({ ...spec, route: 'read' });
    const fault = await faultOf(archive.cardfiles());
    expect([fault.code, fault.detail]).toEqual([code, detail]);
  });

  it.each(['status', 'cut', 'truncate', 'server-error'] as const)(
    'is repeated when %s passes by',
    async (kind) => {
      const { simulator, archive } = await open();
      simulator.fault({ kind, status: 502, route: 'read', entity: 'DOC_RC', times: 2 });
      expect(await allCards(archive, { cardfiles: simulator.cardfiles })).toHaveLength(40);
    },
  );

  it.each(['logic', 'nonsense', 'hang'] as const)('is not repeated after %s', async (kind) => {
    const { simulator, archive } = await open();
    await archive.cardfiles();
    simulator.fault({ kind, route: 'read', times: 1 });
    await faultOf(archive.cardfiles());
    expect(await archive.cardfiles()).toHaveLength(5);
  });

  it('that is told to wait does not come back by itself', async () => {
    const { simulator, archive } = await open();
    await archive.cardfiles();
    const before = simulator.counters().reads;
    simulator.fault({ kind: 'status', status: 429, retryAfterSeconds: 30, route: 'read' });
    const fault = await faultOf(archive.cardfiles());
    expect([fault.code, fault.retryAfterMs]).toEqual(['SED_ARCHIVE_UNREACHABLE', 30_000]);
    expect(simulator.counters().reads).toBe(before);
  });

  it('ends when told to stop, whatever the archive does', async () => {
    const { simulator, archive } = await open({}, { timeoutMs: 20_000 });
    await archive.cardfiles();
    simulator.fault({ kind: 'hang', route: 'read' });
    const stop = new AbortController();
    const faults = [
      faultOf(archive.cardfiles(stop.signal)),
      faultOf(archive.findCard({ posId: '1' }, stop.signal)),
      faultOf(archive.countCards({ cardfiles: ['0.'] }, stop.signal)),
    ];
    stop.abort();
    expect((await Promise.all(faults)).map(({ code }) => code)).toEqual(['STOPPED', 'STOPPED', 'STOPPED']);
    expect((await faultOf(archive.cardfiles(stop.signal))).code).toBe('STOPPED');
  });

  it('in the midst of a pass gives what came before, then the fault', async () => {
    const { simulator, archive } = await open({}, { pageSize: 10 });
    simulator.fault({ kind: 'logic', message: 'Архив закрыт', route: 'read', entity: 'DOC_RC', skip: 2 });
    const seen: string[] = [];
    const pass = async () => {
      for await (const page of archive.cards({ cardfiles: simulator.cardfiles })) {
        seen.push(...page.map(({ isn }) => isn));
      }
    };
    expect((await faultOf(pass())).code).toBe('SED_ARCHIVE_REFUSED');
    expect(seen).toHaveLength(20);
  });

  it('of an archive that is not there says so', async () => {
    const { simulator } = await open();
    await simulator.close();
    const archive = driverFor(simulator.url);
    const fault = await faultOf(archive.cardfiles());
    expect([fault.code, fault.detail]).toEqual([
      'SED_ARCHIVE_UNREACHABLE',
      'соединение не удалось (ECONNREFUSED)',
    ]);
    site = undefined;
  });
});

describe('a dictionary', () => {
  it('without groups of citizens’ letters is a fault, never «no cards»', async () => {
    const { simulator, archive } = await open(
      {},
      { mapping: { ...mappingWith(), docGroups: groupsOfType('77') } },
    );
    const fault = await faultOf(allCards(archive, { cardfiles: simulator.cardfiles }));
    expect([fault.code, fault.detail]).toEqual(['SED_ARCHIVE_BAD_ANSWER', 'нет групп писем граждан']);
  });

  it('that the archive does not have is a fault', async () => {
    const { simulator, archive } = await open(
      {},
      {
        mapping: {
          ...mappingWith(),
          rubrics: { entity: 'RUBRICS', due: 'DUE', code: 'RUBRIC_CODE', name: 'CLASSIF_NAME' },
        },
      },
    );
    const fault = await faultOf(allCards(archive, { cardfiles: simulator.cardfiles }));
    expect(fault.code).toBe('SED_ARCHIVE_BAD_ANSWER');
  });
});

function groupsOfType(citizens: string) {
  return { entity: 'DOCGROUP_CL', due: 'DUE', name: 'CLASSIF_NAME', type: 'RC_TYPE', citizens };
}
