import { afterEach, describe, expect, it } from '@jest/globals';
import { allCards, driverFor, faultOf, makeSite, printed, type Site } from './support.ts';

const PASSWORD = 'Sovsem-Tajno';
let site: Site | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function open(...[simulated, options]: Parameters<typeof makeSite>): Promise<Site> {
  site = await makeSite({ cards: 20, password: PASSWORD, ...simulated }, options);
  return site;
}

const access = (password: string, user = 'posrednik') => ({ user, readPassword: async () => password });

describe('the session', () => {
  it('is opened by the first call, shared by all, and closed at the end', async () => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD) });
    const { cardfiles } = simulator;
    await Promise.all([
      archive.cardfiles(),
      archive.cardfiles(),
      allCards(archive, { cardfiles }),
      archive.cardfiles(),
    ]);
    expect(simulator.counters()).toMatchObject({ logins: 1, refusedLogins: 0 });
    await archive.close();
    expect(simulator.counters().logoffs).toBe(1);
    await archive.close();
    expect(simulator.counters().logoffs).toBe(1);
  });

  it.each([401, 403, 434])('lost with %i is opened anew, once for all who met it', async (status) => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD) });
    await archive.cardfiles();
    simulator.fault({ kind: 'session-lost', status, times: 1 });
    const found = await Promise.all([archive.cardfiles(), archive.cardfiles(), archive.cardfiles()]);
    expect(found.map((list) => list.length)).toEqual([5, 5, 5]);
    expect(simulator.counters().logins).toBe(2);
  });

  it('lost in the midst of a pass goes on where it was', async () => {
    const { simulator, archive } = await open({ cards: 100 }, { access: access(PASSWORD), pageSize: 7 });
    const seen: string[] = [];
    for await (const page of archive.cards({ cardfiles: simulator.cardfiles })) {
      seen.push(...page.map(({ isn }) => isn));
      simulator.loseSessions();
    }
    expect(seen).toEqual([...simulator.cards()].map(({ isn }) => String(isn)));
    expect(simulator.counters().logins).toBeGreaterThan(5);
  });

  it('refused right after a new log-in is no matter of passwords, and not tried again by itself', async () => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD) });
    simulator.fault({ kind: 'session-lost', status: 403, route: 'read' });
    const fault = await faultOf(archive.cardfiles());
    expect([fault.code, fault.kind, fault.detail]).toEqual([
      'SED_ARCHIVE_SESSION_REFUSED',
      'credentials',
      'код ответа 403',
    ]);
    expect(simulator.counters().logins).toBe(2);
  });

  it('a business refusal with the status of a lost session is a refusal', async () => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD) });
    simulator.fault({ kind: 'logic', route: 'read', message: 'Нет доступа к картотеке «Иванов И. И.»' });
    const fault = await faultOf(archive.cardfiles());
    expect([fault.code, fault.kind, fault.detail]).toEqual([
      'SED_ARCHIVE_REFUSED',
      'rejected',
      'Нет доступа к картотеке «…»',
    ]);
    expect(simulator.counters().logins).toBe(1);
  });
});

describe('a log-in', () => {
  it('refused by `error:` in a 200 is told once and then held back, until the password is another', async () => {
    let password = 'wrong';
    const { simulator, archive } = await open(
      {},
      { access: { user: 'posrednik', readPassword: async () => password } },
    );
    const first = await faultOf(archive.cardfiles());
    expect([first.code, first.kind]).toEqual(['SED_ARCHIVE_CREDENTIALS_WRONG', 'credentials']);
    const others = await Promise.all([
      faultOf(archive.cardfiles()),
      faultOf(archive.findCard({ posId: '1' })),
    ]);
    expect(others.map(({ code }) => code)).toEqual([first.code, first.code]);
    expect(simulator.counters().refusedLogins).toBe(1);
    password = PASSWORD;
    expect(await archive.cardfiles()).toHaveLength(5);
  });

  it('refused is tried again after six hours, and at once when a person asks', async () => {
    let now = 0;
    const { simulator, archive } = await open({}, { access: access('wrong'), now: () => now });
    await faultOf(archive.cardfiles());
    now += 6 * 3_600_000 - 1;
    await faultOf(archive.cardfiles());
    expect(simulator.counters().refusedLogins).toBe(1);
    await faultOf(archive.check());
    expect(simulator.counters().refusedLogins).toBe(2);
    now += 6 * 3_600_000 + 1;
    await faultOf(archive.cardfiles());
    expect(simulator.counters().refusedLogins).toBe(3);
  });

  it.each([
    [{ kind: 'login-error' }, 'SED_ARCHIVE_CREDENTIALS_WRONG'],
    [{ kind: 'status', status: 401 }, 'SED_ARCHIVE_CREDENTIALS_WRONG'],
    [{ kind: 'status', status: 500 }, 'SED_ARCHIVE_UNREACHABLE'],
    [{ kind: 'status', status: 503, retryAfterSeconds: 7 }, 'SED_ARCHIVE_UNREACHABLE'],
    [{ kind: 'status', status: 404 }, 'SED_ARCHIVE_BAD_ANSWER'],
    [{ kind: 'nonsense' }, 'SED_ARCHIVE_BAD_ANSWER'],
    [{ kind: 'truncate' }, 'SED_ARCHIVE_UNREACHABLE'],
    [{ kind: 'cut' }, 'SED_ARCHIVE_UNREACHABLE'],
    [{ kind: 'cut-after' }, 'SED_ARCHIVE_UNREACHABLE'],
    [{ kind: 'hang' }, 'SED_ARCHIVE_UNREACHABLE'],
  ] as const)('%j is %s, and no word of it holds the password', async (spec, code) => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD), timeoutMs: 300 });
    simulator.fault({ ...spec, route: 'login' });
    const fault = await faultOf(archive.cardfiles());
    expect(fault.code).toBe(code);
    expect(fault.retryAfterMs).toBe('retryAfterSeconds' in spec ? 7000 : undefined);
    expect(printed(fault)).not.toContain(PASSWORD);
  });

  it('whose password cannot be read says so, and the next one reads it again', async () => {
    let reads = 0;
    const { archive } = await open(
      {},
      {
        access: {
          user: 'posrednik',
          readPassword: async () => {
            reads += 1;
            if (reads === 1) throw Object.assign(new Error('no file'), { name: 'Fault' });
            return PASSWORD;
          },
        },
      },
    );
    expect((await faultOf(archive.cardfiles())).code).toBe('DEFECT');
    expect(await archive.cardfiles()).toHaveLength(5);
  });

  it('of a user and a password with signs of XML goes through whole', async () => {
    const strange = `<&>"'ё ]]> Ж`;
    const { simulator } = await open({ user: strange, password: strange });
    const archive = driverFor(simulator.url, { access: access(strange, strange) });
    expect(await archive.cardfiles()).toHaveLength(5);
    await archive.close();
  });

  it('is not ended for others by one caller who stops waiting', async () => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD) });
    simulator.fault({ kind: 'slow', route: 'login', ms: 200, times: 1 });
    const stop = new AbortController();
    const left = faultOf(archive.cardfiles(stop.signal));
    const stays = archive.cardfiles();
    stop.abort();
    expect((await left).code).toBe('STOPPED');
    expect(await stays).toHaveLength(5);
    expect(simulator.counters().logins).toBe(1);
  });
});

describe('the check', () => {
  it('logs in afresh each time, reads a card, and asks for the requisites that we fill', async () => {
    const { simulator, archive } = await open({}, { access: access(PASSWORD) });
    await archive.check();
    await archive.check();
    expect(simulator.counters().logins).toBe(2);
    simulator.dropRequisite('Ошибка ПОС');
    const fault = await faultOf(archive.check());
    expect([fault.code, fault.field]).toEqual(['SED_REQUISITE_MISSING', 'Ошибка ПОС']);
  });

  it('of an archive without cards is content', async () => {
    const { archive } = await open({ cards: 0 }, { access: access(PASSWORD) });
    await expect(archive.check()).resolves.toBeUndefined();
  });

  it('names the field when cards show no ISN', async () => {
    const { simulator, archive } = await open({ cards: 1 }, { access: access(PASSWORD) });
    for (const { isn } of simulator.cards()) simulator.setRaw(isn, { ISN: isn });
    expect((await faultOf(archive.check())).detail).toContain('ISN_DOC');
  });
});
