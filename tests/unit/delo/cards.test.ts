import { afterEach, describe, expect, it } from '@jest/globals';
import type { ArchiveCard } from '../../../src/sed/port.ts';
import type { ArchiveTruth } from '../../simulators/delo/archive/index.ts';
import { allCards, faultOf, makeSite, OTK, type Site } from './support.ts';

let site: Site | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function open(...args: Parameters<typeof makeSite>): Promise<Site> {
  site = await makeSite(...args);
  return site;
}

const KINDS = new Map([
  ['Физическое лицо', 'PERSON'],
  ['Юридическое лицо', 'LEGAL'],
  ['Коллективное', 'COLLECTIVE'],
]);
const CHANNELS = new Map([
  ['Почта', 'MAIL'],
  ['Сайт', 'INTERNET'],
  ['Лично', 'PERSONAL'],
  ['МЭДО', 'MEDO'],
]);
const RESULTS = new Map([
  ['Поддержано', 'SUPPORTED'],
  ['Разъяснено', 'EXPLAINED'],
  ['Не поддержано', 'NOT_SUPPORTED'],
]);

/** What the connector should see of a card as it truly is. */
function expected(truth: ArchiveTruth): Record<string, unknown> {
  const filled = Object.entries({
    result: RESULTS.get(truth.result),
    dueDate: truth.dueDate,
    answeredDate: truth.answeredDate,
    oktmo: truth.oktmo,
    address: truth.address,
    latitude: truth.latitude === '' ? '' : Number(truth.latitude),
    longitude: truth.longitude === '' ? '' : Number(truth.longitude.replace(',', '.')),
    channel: truth.posId === '' ? CHANNELS.get(truth.delivery) : 'POS',
    applicantKind: KINDS.get(truth.applicantKind),
    posId: truth.posId,
  }).filter(([, value]) => value !== '' && value !== undefined);
  return {
    key: String(truth.isn),
    isn: String(truth.isn),
    regNumber: truth.regNumber,
    regDate: truth.regDate,
    cardfile: truth.cardfile,
    docGroup: truth.docGroup,
    kind: truth.kind,
    state: truth.state,
    repeated: truth.repeated,
    ...Object.fromEntries(filled),
  };
}

const withoutRubrics = ({ rubrics: _rubrics, ...rest }: ArchiveCard) => rest;
const isns = (cards: readonly { isn: unknown }[]) => cards.map(({ isn }) => Number(isn));

describe('reading cards', () => {
  it.each(['compact', 'light', undefined] as const)('in %s JSON gives each as it is', async (format) => {
    const { odata } = { odata: format === undefined ? {} : { format } };
    const { simulator, archive } = await open({ cards: 300, rubricsFile: OTK }, { odata, pageSize: 70 });
    const cards = await allCards(archive, { cardfiles: simulator.cardfiles });
    const truths = [...simulator.cards()];
    expect(cards.map(withoutRubrics)).toEqual(truths.map(expected));
    expect(cards.map(({ rubrics }) => rubrics.map(({ code }) => code))).toEqual(
      truths.map(({ rubrics }) => rubrics),
    );
    expect(cards.every(({ rubrics }) => rubrics.every(({ name }) => name !== ''))).toBe(true);
    expect(cards.flatMap(({ issues }) => issues ?? [])).toEqual([]);
    expect(JSON.stringify(cards)).not.toMatch(/Иванов|\+7/);
    expect(new Set(truths.map(({ state }) => state)).size).toBe(6);
    expect(await archive.countCards({ cardfiles: simulator.cardfiles })).toBe(300);
  });

  it('gives what a card is about only when asked', async () => {
    const { simulator, archive } = await open({ cards: 3 });
    const { cardfiles } = simulator;
    const texts = (cards: readonly ArchiveCard[]) => cards.map(({ text }) => text);
    expect(texts(await allCards(archive, { cardfiles }))).toEqual([undefined, undefined, undefined]);
    const asked = await allCards(archive, { cardfiles, withText: true });
    expect(texts(asked)).toEqual(Array(3).fill(expect.stringContaining('Прошу помочь')));
    expect(asked.every(({ issues }) => issues === undefined)).toBe(true);
  });

  it.each(['keyset', 'skip'] as const)(
    'of 300 cardfiles by %s stays within the length of addresses',
    async (paging) => {
      const maxUrl = 1500;
      const { simulator, archive } = await open(
        { cards: 1500, cardfiles: 300, mostUrl: maxUrl },
        { odata: { paging, maxUrl }, pageSize: 200 },
      );
      const cards = await allCards(archive, { cardfiles: simulator.cardfiles });
      expect(isns(cards)).toEqual(isns([...simulator.cards()]));
      const { longestUrl, cardfilesAsked } = simulator.counters();
      expect(longestUrl).toBeLessThanOrEqual(maxUrl);
      expect(longestUrl).toBeGreaterThan(maxUrl / 2);
      expect(new Set(cardfilesAsked).size).toBeGreaterThan(1);
      expect(await archive.countCards({ cardfiles: simulator.cardfiles })).toBe(1500);
    },
  );

  it('gives a cardfile named twice once, and of no cardfile nothing', async () => {
    const { simulator, archive } = await open({ cards: 50, cardfiles: 3 });
    const [first = ''] = simulator.cardfiles;
    const cards = await allCards(archive, { cardfiles: [first, first] });
    const own = [...simulator.cards()].filter(({ cardfile }) => cardfile === first);
    expect(isns(cards)).toEqual(isns(own));
    expect(await allCards(archive, { cardfiles: [] })).toEqual([]);
    expect(await archive.countCards({ cardfiles: [] })).toBe(0);
    expect(await allCards(archive, { cardfiles: ['0.NOWHERE.'] })).toEqual([]);
  });

  it('chooses by days, both counted in', async () => {
    const { simulator, archive } = await open({ cards: 200, poor: 0.2 });
    const days = [...simulator.cards()].map(({ regDate }) => regDate).filter((day) => day !== '');
    const [from = '', to = ''] = [days[40], days[120]];
    const read = async (query: { from?: string; to?: string; undated?: true }) =>
      isns(await allCards(archive, { cardfiles: simulator.cardfiles, ...query }));
    const truth = (fits: (day: string) => boolean) =>
      isns([...simulator.cards()].filter(({ regDate }) => regDate !== '' && fits(regDate)));
    expect(await read({ from, to })).toEqual(truth((day) => day >= from && day <= to));
    expect(await read({ from })).toEqual(truth((day) => day >= from));
    expect(await read({ to })).toEqual(truth((day) => day <= to));
    expect((await read({})).length).toBe(200);
    const undated = isns([...simulator.cards()].filter(({ regDate }) => regDate === ''));
    expect(undated.length).toBeGreaterThan(5);
    expect((await read({ from, undated: true })).sort()).toEqual(
      [...truth((day) => day >= from), ...undated].sort(),
    );
    expect((await read({ undated: true })).length).toBe(200);
  });

  it('takes groups of citizens’ letters alone, unless told which, with those below them', async () => {
    const { simulator, archive } = await open({ cards: 200, foreign: 0.3 });
    const { cardfiles } = simulator;
    const groupsOf = async (docGroups?: readonly string[]) => {
      const query = docGroups === undefined ? { cardfiles } : { cardfiles, docGroups };
      return [...new Set((await allCards(archive, query)).map(({ docGroup }) => docGroup))].sort();
    };
    expect(await groupsOf()).toEqual(['0.2.1.', '0.2.2.', '0.2.3.']);
    expect(await groupsOf(['0.2.'])).toEqual(['0.2.1.', '0.2.2.', '0.2.3.']);
    expect(await groupsOf(['0.2.2.', '0.1.'])).toEqual(['0.1.', '0.2.2.']);
  });

  it.each(['keyset', 'skip'] as const)('by %s chooses by the requisites that we fill', async (paging) => {
    const { simulator, archive } = await open({ cards: 30 }, { odata: { paging } });
    const [a = 0, b = 0, c = 0] = isns([...simulator.cards()]);
    simulator.setRequisite(a, 'Выгрузка в витрину ПОС', '1');
    simulator.setRequisite(b, 'Выгрузка в витрину ПОС', '0');
    simulator.setRequisite(c, 'Статус ПОС', 'В работе');
    const { cardfiles } = simulator;
    expect(isns(await allCards(archive, { cardfiles, showcaseFlag: true }))).toEqual([a]);
    expect(isns(await allCards(archive, { cardfiles, showcaseFlag: false }))).toEqual([b]);
    expect((await allCards(archive, { cardfiles, showcaseFlag: 'unset' })).length).toBe(28);
    const unset = await allCards(archive, { cardfiles, posStatus: 'unset' });
    expect(unset.map(({ isn }) => Number(isn))).not.toContain(c);
    expect(unset.length).toBe(29);
  });

  it('reads on where an archive gives fewer records than asked for and tells no totals', async () => {
    for (const paging of ['keyset', 'skip'] as const) {
      const { simulator, archive } = await open(
        { cards: 95, mostRecords: 10, noTotals: true },
        { odata: { paging }, pageSize: 40 },
      );
      expect(isns(await allCards(archive, { cardfiles: simulator.cardfiles }))).toEqual(
        isns([...simulator.cards()]),
      );
      expect(await archive.countCards({ cardfiles: simulator.cardfiles })).toBeUndefined();
      await site?.close();
      site = undefined;
    }
  });

  it.each(['keyset', 'skip'] as const)(
    'by %s misses and doubles nothing while cards come, move and vanish',
    async (paging) => {
      const { simulator, archive } = await open(
        { cards: 400, cardfiles: 4 },
        { odata: { paging }, pageSize: 50 },
      );
      const before = isns([...simulator.cards()]);
      const gone = new Set<number>();
      const seen: number[] = [];
      const { cardfiles } = simulator;
      for await (const page of archive.cards({ cardfiles })) {
        seen.push(...isns(page));
        const next = Math.max(...seen);
        // Behind the place of reading and before it, and one more at the end.
        for (const isn of [next - 30, next - 7, next + 120]) {
          if (!before.includes(isn) || gone.has(isn)) continue;
          simulator.remove(isn);
          gone.add(isn);
        }
        if (before.includes(next - 3) && !gone.has(next - 3))
          simulator.change(next - 3, { cardfile: cardfiles[0] ?? '' });
        simulator.add();
        if (seen.length > 1500) throw new Error('never ends');
      }
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      const missed = before.filter((isn) => !seen.includes(isn) && !gone.has(isn));
      expect(missed).toEqual([]);
    },
  );

  it('gives a card that moves to another part of the cardfiles once', async () => {
    const { simulator, archive } = await open(
      { cards: 600, cardfiles: 120 },
      { odata: { maxUrl: 700 }, pageSize: 20 },
    );
    const { cardfiles } = simulator;
    const seen: number[] = [];
    for await (const page of archive.cards({ cardfiles })) {
      seen.push(...isns(page));
      const last = seen.at(-1) ?? 0;
      for (const isn of [last - 1, last, last + 5, last + 40]) {
        if (isn > 100_000 && isn <= 100_600) simulator.change(isn, { cardfile: cardfiles[isn % 120] ?? '' });
      }
    }
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThanOrEqual(590);
  });

  it('stops when the reader has enough', async () => {
    const { simulator, archive } = await open({ cards: 500 }, { pageSize: 10 });
    for await (const page of archive.cards({ cardfiles: simulator.cardfiles })) {
      expect(page.length).toBe(10);
      break;
    }
    // The page asked for ahead is the last one.
    expect(simulator.counters().cardfilesAsked.length).toBeLessThanOrEqual(2);
  });

  it('lists cardfiles, departments that are none left out', async () => {
    const { simulator, archive } = await open({ cards: 1, cardfiles: 300 }, { pageSize: 64 });
    const found = await archive.cardfiles();
    expect(found.map(({ due }) => due).sort()).toEqual([...simulator.cardfiles].sort());
    expect(found[0]?.name).toMatch(/^Картотека № \d+$/);
  });
});

describe('what does not fit', () => {
  it('a card with junk in it comes with its issues, its neighbours as ever', async () => {
    const { simulator, archive } = await open({ cards: 5 });
    const [first = 0, second = 0] = isns([...simulator.cards()]);
    const truth = simulator.card(first);
    simulator.setRaw(first, {
      ISN_DOC: first,
      FREE_NUM: { nested: true },
      DOC_DATE: '31.02.2025',
      DUE_CARD: truth.cardfile,
      DUE_DOCGROUP: truth.docGroup,
      REF_RUBRIC_List: [{ DUE_RUBRIC: '0.GONE.' }, 7],
      AR_RC_VALUE_Ref: { LATITUDE: '300', POS_SHOWCASE: 'maybe' },
    });
    simulator.setRaw(second, { ISN_DOC: second });
    const cards = await allCards(archive, { cardfiles: simulator.cardfiles });
    expect(cards).toHaveLength(5);
    expect(cards[0]).toMatchObject({
      isn: String(first),
      regNumber: '',
      regDate: '',
      rubrics: [],
      state: 'IN_WORK',
    });
    expect(cards[0]?.issues?.map(({ field }) => field).sort()).toEqual([
      'latitude',
      'regDate',
      'regNumber',
      'rubrics',
      'rubrics',
      'showcaseFlag',
    ]);
    expect(cards[1]).toMatchObject({ isn: String(second), cardfile: '', regNumber: '' });
    expect(cards.slice(2).every(({ issues }) => issues === undefined)).toBe(true);
  });

  it('a record that does not tell its ISN is told to the log, and a whole page of them is a fault', async () => {
    const { simulator, archive, warnings } = await open({ cards: 3 });
    const all = isns([...simulator.cards()]);
    simulator.setRaw(all[1] ?? 0, { FREE_NUM: 'без ключа' });
    const cards = await allCards(archive, { cardfiles: simulator.cardfiles });
    expect(isns(cards)).toEqual([all[0], all[2]]);
    expect(warnings).toEqual([{ count: 1, entity: 'DOC_RC', text: 'archive records without a key' }]);
    for (const isn of all) simulator.setRaw(isn, { FREE_NUM: 'без ключа' });
    const fault = await faultOf(allCards(archive, { cardfiles: simulator.cardfiles }));
    expect([fault.code, fault.detail]).toEqual([
      'SED_ARCHIVE_BAD_ANSWER',
      expect.stringContaining('ISN_DOC'),
    ]);
  });

  it('without the requisite «Номер ПОС» nothing is read: cards of the platform could not be told', async () => {
    const { simulator, archive } = await open({ cards: 3 });
    simulator.dropRequisite('Номер ПОС');
    const fault = await faultOf(allCards(archive, { cardfiles: simulator.cardfiles }));
    expect([fault.code, fault.field]).toEqual(['SED_REQUISITE_MISSING', 'Номер ПОС']);
  });

  it('a requisite that may be absent is no trouble', async () => {
    const { simulator, archive } = await open({ cards: 20 });
    for (const title of ['Широта', 'Долгота', 'ОКТМО', 'Дата ответа']) simulator.dropRequisite(title);
    const cards = await allCards(archive, { cardfiles: simulator.cardfiles });
    expect(cards).toHaveLength(20);
    expect(cards.some((card) => card.latitude !== undefined || card.issues !== undefined)).toBe(false);
  });
});
