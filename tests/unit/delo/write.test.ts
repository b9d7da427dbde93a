import { afterEach, describe, expect, it } from '@jest/globals';
import type { RequisiteWrite } from '../../../src/sed/port.ts';
import { faultOf, makeSite, type Site } from './support.ts';

let site: Site | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function open(
  ...[simulated, options]: Parameters<typeof makeSite>
): Promise<Site & { isns: string[] }> {
  site = await makeSite({ cards: 30, ...simulated }, { timeoutMs: 400, ...options });
  return { ...site, isns: [...site.simulator.cards()].map(({ isn }) => String(isn)) };
}

const status = (isns: readonly string[], posStatus = 'В работе'): RequisiteWrite[] =>
  isns.map((isn) => ({ isn, values: { posStatus } }));

describe('writing requisites', () => {
  it('puts each value into its own requisite, any text as it is', async () => {
    const { simulator, archive, isns } = await open();
    const [first = '', second = ''] = isns;
    const text = 'Ответ «дан» \\ "№ 5/1"\r\n--batch_1\r\nHTTP/1.1 500 Нет\r\n\r\n😀';
    const outcomes = await archive.writeRequisites([
      { isn: first, values: { showcaseFlag: 'true', posStatus: text, posError: '' } },
      { isn: second, values: { showcaseFlag: 'false' } },
    ]);
    expect(outcomes).toEqual([{ ok: true }, { ok: true }]);
    expect(simulator.requisites(Number(first))).toMatchObject({
      'Выгрузка в витрину ПОС': '1',
      'Статус ПОС': text,
    });
    expect(simulator.requisites(Number(first))['Ошибка ПОС']).toBeUndefined();
    expect(simulator.requisites(Number(second))['Выгрузка в витрину ПОС']).toBe('0');
    expect(await archive.writeRequisites([])).toEqual([]);
  });

  it('cuts what is too long at a word', async () => {
    const { simulator, archive, isns } = await open();
    await archive.writeRequisites(status(isns.slice(0, 1), 'слово '.repeat(100)));
    const written = simulator.requisites(Number(isns[0]))['Статус ПОС'] ?? '';
    expect(written.length).toBeLessThanOrEqual(255);
    expect(written.length).toBeGreaterThan(240);
    expect(written.endsWith('слово')).toBe(true);
  });

  it('goes in parts of the size set, the outcomes staying in their order', async () => {
    const { simulator, archive, isns } = await open({}, { odata: { batch: 7 } });
    simulator.refuse(Number(isns[3]), 'Карточка "ОГ-4" заблокирована');
    simulator.remove(Number(isns[20]));
    const outcomes = await archive.writeRequisites(status(isns));
    expect(simulator.counters()).toMatchObject({ batches: 5, merges: 28 });
    expect(outcomes.map(({ ok }) => ok)).toEqual(isns.map((_isn, index) => index !== 3 && index !== 20));
    expect(outcomes[3]).toEqual({ ok: false, message: 'Карточка «…» заблокирована' });
    expect(outcomes[20]).toEqual({ ok: false, message: 'карточки с таким ISN в архиве нет' });
  });

  it('of an archive that answers a batch as one whole is done one by one', async () => {
    const { simulator, archive, isns } = await open({ oneAnswerPerBatch: true });
    simulator.refuse(Number(isns[1]), 'Нельзя');
    const outcomes = await archive.writeRequisites(status(isns.slice(0, 3)));
    expect(outcomes).toEqual([{ ok: true }, { ok: false, message: 'Нельзя' }, { ok: true }]);
  });

  it.each(['cut', 'cut-after', 'truncate', 'hang', 'server-error'] as const)(
    'that %s broke is a passing fault, and the same again is harmless',
    async (kind) => {
      const { simulator, archive, isns } = await open();
      simulator.fault({ kind, route: 'batch', times: 1 });
      const fault = await faultOf(archive.writeRequisites(status(isns)));
      expect([fault.code, fault.kind]).toEqual(['SED_ARCHIVE_UNREACHABLE', 'transient']);
      const outcomes = await archive.writeRequisites(status(isns));
      expect(outcomes.every(({ ok }) => ok)).toBe(true);
      for (const isn of isns) expect(simulator.requisites(Number(isn))['Статус ПОС']).toBe('В работе');
    },
  );

  it('meets a lost session with one log-in', async () => {
    const { simulator, archive, isns } = await open();
    await archive.cardfiles();
    simulator.fault({ kind: 'session-lost', status: 434, route: 'batch', times: 1 });
    expect((await archive.writeRequisites(status(isns.slice(0, 2)))).every(({ ok }) => ok)).toBe(true);
    expect(simulator.counters()).toMatchObject({ logins: 2, merges: 2 });
  });

  it.each([
    ['nonsense', 'SED_ARCHIVE_BAD_ANSWER'],
    ['logic', 'SED_ARCHIVE_REFUSED'],
  ] as const)('answered by %s is %s', async (kind, code) => {
    const { simulator, archive, isns } = await open();
    simulator.fault({ kind, route: 'batch' });
    expect((await faultOf(archive.writeRequisites(status(isns.slice(0, 1))))).code).toBe(code);
  });

  it('of a requisite that the archive does not have is refused before anything is sent', async () => {
    const { simulator, archive, isns } = await open();
    simulator.dropRequisite('Статус ПОС');
    const fault = await faultOf(archive.writeRequisites(status(isns)));
    expect([fault.code, fault.field]).toEqual(['SED_REQUISITE_MISSING', 'Статус ПОС']);
    expect(simulator.counters().batches).toBe(0);
  });

  it('never lets an ISN change the address', async () => {
    const { simulator, archive } = await open();
    for (const isn of ['1) x', '', '-1', '1/2', '٣']) {
      expect((await faultOf(archive.writeRequisites(status([isn])))).code).toBe('DEFECT');
    }
    expect(simulator.counters().batches).toBe(0);
  });
});

describe('finding a card', () => {
  it('goes by «Номер ПОС» first, then by number, date and group', async () => {
    const { simulator, archive } = await open({ cards: 60, platformBorn: 0.5 });
    const cards = [...simulator.cards()];
    const born = cards.find(({ posId }) => posId !== '');
    const own = cards.find(({ posId, regDate }) => posId === '' && regDate !== '');
    if (born === undefined || own === undefined) throw new Error('no such cards');
    const { regNumber, regDate, docGroup } = own;
    expect((await archive.findCard({ posId: born.posId }))?.isn).toBe(String(born.isn));
    expect((await archive.findCard({ posId: '42', regNumber, regDate, docGroup }))?.isn).toBe(
      String(own.isn),
    );
    expect((await archive.findCard({ regNumber }))?.isn).toBe(String(own.isn));
    expect(await archive.findCard({ regNumber, regDate: '1999-01-01' })).toBeUndefined();
    expect(await archive.findCard({ regNumber, docGroup: '0.1.' })).toBeUndefined();
    expect(await archive.findCard({ posId: '42' })).toBeUndefined();
    expect(await archive.findCard({})).toBeUndefined();
    // Its number is that of another appeal's card.
    expect(await archive.findCard({ posId: '42', regNumber: born.regNumber })).toBeUndefined();
  });

  it('of two with one «Номер ПОС» takes the one with this registration, or none', async () => {
    const { simulator, archive } = await open();
    const [first, second] = [...simulator.cards()];
    if (first === undefined || second === undefined) throw new Error('no cards');
    for (const { isn } of [first, second]) simulator.change(isn, { posId: '77' });
    expect(await archive.findCard({ posId: '77' })).toBeUndefined();
    const { regNumber, regDate } = second;
    expect((await archive.findCard({ posId: '77', regNumber, regDate }))?.isn).toBe(String(second.isn));
    simulator.change(first.isn, { regNumber, regDate });
    expect(await archive.findCard({ posId: '77', regNumber, regDate })).toBeUndefined();
  });

  it('does not ask for a number that would read as a list', async () => {
    const { simulator, archive } = await open();
    await archive.cardfiles();
    const [first] = [...simulator.cards()];
    expect(await archive.findCard({ regNumber: `нет|${first?.regNumber}` })).toBeUndefined();
    expect(await archive.findCard({ posId: `1|${first?.posId}` })).toBeUndefined();
  });
});
