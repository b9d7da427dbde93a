import { afterEach, describe, expect, it } from '@jest/globals';
import { createClientAsync } from 'soap';
import {
  type ArchiveOptions,
  type ArchiveSimulator,
  startArchive,
} from '../../simulators/delo/archive/index.ts';

let archive: ArchiveSimulator | undefined;
afterEach(async () => {
  await archive?.close();
  archive = undefined;
});

async function open(options: ArchiveOptions = {}): Promise<ArchiveSimulator> {
  archive = await startArchive(options);
  return archive;
}

async function logIn({ url }: ArchiveSimulator): Promise<string> {
  const answer = await fetch(`${url}/Services/ApiSession.asmx/Login?app=api&username=posrednik&pass=secret`);
  return (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}

interface Page {
  readonly $TotalRecords?: number;
  readonly value: readonly Record<string, unknown>[];
}

async function read(site: ArchiveSimulator, cookie: string, path: string): Promise<Page> {
  const answer = await fetch(`${site.url}/CoreHost/OData/${path}`, { headers: { cookie } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
}

describe('the simulated archive', () => {
  it('is the same for the same seed, card by card, and another for another', async () => {
    const make = async (seed: number) => {
      const site = await open({ seed, cards: 200 });
      const cards = [...site.cards()];
      await site.close();
      return cards;
    };
    const first = await make(1);
    expect(await make(1)).toEqual(first);
    expect(await make(2)).not.toEqual(first);
  });

  it('has the shares that it promises', async () => {
    const site = await open({
      cards: 4000,
      cardfiles: 5,
      poor: 0.04,
      platformBorn: 0.1,
      severalQuestions: 0.2,
    });
    const cards = [...site.cards()];
    const share = (fits: (card: (typeof cards)[number]) => boolean) =>
      cards.filter(fits).length / cards.length;
    expect(share(({ rubrics }) => rubrics.length > 1)).toBeCloseTo(0.2, 1);
    expect(share(({ rubrics }) => rubrics.length > 3)).toBe(0);
    expect(share(({ posId }) => posId !== '')).toBeCloseTo(0.1, 1);
    expect(share(({ regDate }) => regDate === '')).toBeCloseTo(0.02, 1);
    expect(share(({ regDate }) => regDate === '')).toBeGreaterThan(0);
    expect(share(({ rubrics }) => rubrics.every((code) => code.split('.')[3] === '0000'))).toBeGreaterThan(0);
    expect(new Set(cards.map(({ cardfile }) => cardfile)).size).toBe(5);
    expect(new Set(cards.map(({ state }) => state)).size).toBe(6);
    expect(cards.every(({ isn }, index) => index === 0 || isn > (cards[index - 1]?.isn ?? 0))).toBe(true);
  });

  it('is logged in to by SOAP from its own WSDL, by the plain form, and refuses in a 200', async () => {
    const site = await open();
    const service = `${site.url}/Services/ApiSession.asmx`;
    const client = await createClientAsync(`${service}?wsdl`, { endpoint: service });
    const call = client['LoginAsync'] as (args: unknown) => Promise<[{ LoginResult?: string }, string]>;
    const [good] = await call.call(client, { app: 'api', username: 'posrednik', pass: 'secret' });
    const [bad] = await call.call(client, { app: 'api', username: 'posrednik', pass: 'x' });
    expect([good.LoginResult, bad.LoginResult]).toEqual(['ok', expect.stringMatching(/^error:/)]);
    const plain = await fetch(`${service}/Login?app=api&username=posrednik&pass=x`);
    expect([plain.status, await plain.text()]).toEqual([200, expect.stringContaining('error:')]);
    expect(await logIn(site)).toMatch(/^DELO_SID=/);
    expect(site.counters()).toMatchObject({ logins: 2, refusedLogins: 2 });
  });

  it('lets nobody in without a session, and forgets sessions on command', async () => {
    const site = await open();
    expect((await fetch(`${site.url}/CoreHost/OData/DOC_RC`)).status).toBe(401);
    const cookie = await logIn(site);
    await read(site, cookie, 'DOC_RC?$top=1');
    site.loseSessions();
    expect((await fetch(`${site.url}/CoreHost/OData/DOC_RC`, { headers: { cookie } })).status).toBe(401);
  });

  it('counts, pages and chooses alike by ISN ranges and by $skip', async () => {
    const site = await open({ cards: 120, cardfiles: 3 });
    const cookie = await logIn(site);
    const [due = ''] = site.cardfiles;
    const own = [...site.cards()].filter(({ cardfile }) => cardfile === due).map(({ isn }) => isn);
    const ask = (criteria: Record<string, string>, more = '') =>
      read(site, cookie, `DOC_RC?criteries=${encodeURIComponent(JSON.stringify(criteria))}${more}`);
    const isns = (page: Page) => page.value.map((row) => Number(row['ISN_DOC']));
    const first = await ask({ DUE_CARD: due }, '&$top=10');
    expect([first.$TotalRecords, isns(first)]).toEqual([own.length, own.slice(0, 10)]);
    const last = own[9] ?? 0;
    const next = await ask({ DUE_CARD: due, ISN_DOC: `${last + 1}:` }, '&$top=10');
    expect([next.$TotalRecords, isns(next)]).toEqual([own.length - 10, own.slice(10, 20)]);
    const skipped = await ask({ DUE_CARD: due }, '&$top=10&$skip=10');
    expect([skipped.$TotalRecords, isns(skipped)]).toEqual([own.length, own.slice(10, 20)]);
    site.remove(own[0] ?? 0);
    const fewer = await ask({ DUE_CARD: due, ISN_DOC: `${last + 1}:` }, '&$top=10');
    expect([fewer.$TotalRecords, isns(fewer)]).toEqual([own.length - 10, own.slice(10, 20)]);
    expect((await ask({ DUE_CARD: due })).$TotalRecords).toBe(own.length - 1);
  });

  it('gives compact JSON without what is empty, light JSON with it and with ISNs as text', async () => {
    const site = await open({ cards: 1 });
    const cookie = await logIn(site);
    const compact = await read(site, cookie, 'DOC_RC?$format=compact');
    const light = await read(site, cookie, 'DOC_RC');
    expect(compact).not.toHaveProperty(['odata.metadata']);
    expect(compact.value[0]).not.toHaveProperty('NOTE');
    expect(light).toHaveProperty(['odata.metadata']);
    expect(light.value[0]).toMatchObject({ NOTE: null, ISN_DOC: expect.stringMatching(/^\d+$/) });
    expect(light.value[0]).not.toHaveProperty('REF_RUBRIC_List');
  });

  it('does a change set whole or not at all', async () => {
    const site = await open({ cards: 2 });
    const cookie = await logIn(site);
    const [a = 0, b = 0] = [...site.cards()].map(({ isn }) => isn);
    site.refuse(b, 'Заблокировано');
    const operation = (isn: number) =>
      `--c\r\nContent-Type: application/http\r\n\r\nMERGE AR_RC_VALUE(${isn}) HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"POS_STATUS":"x"}\r\n`;
    const send = async (...sets: number[][]) => {
      const body = sets.map(
        (isns) =>
          `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${isns.map(operation).join('')}--c--\r\n`,
      );
      const answer = await fetch(`${site.url}/CoreHost/OData/$batch`, {
        method: 'POST',
        headers: { cookie, 'Content-Type': 'multipart/mixed; boundary=b' },
        body: `${body.join('')}--b--\r\n`,
      });
      return [...(await answer.text()).matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1]);
    };
    expect(await send([a, b])).toEqual(['500']);
    expect(site.requisites(a)['Статус ПОС']).toBeUndefined();
    expect(await send([a], [b])).toEqual(['204', '500']);
    expect(site.requisites(a)['Статус ПОС']).toBe('x');
  });

  it('does what a clerk does', async () => {
    const site = await open({ cards: 3 });
    const [isn = 0] = [...site.cards()].map((card) => card.isn);
    site.addRubric(isn, '0005.0005.0056.1160');
    expect(site.card(isn).rubrics.at(-1)).toBe('0005.0005.0056.1160');
    site.dropRubric(isn, '0005.0005.0056.1160');
    expect(site.card(isn).rubrics).not.toContain('0005.0005.0056.1160');
    site.withdraw(isn);
    expect([site.card(isn).state, site.requisites(isn)['Отозвано']]).toEqual(['REMOVED', '1']);
    const added = site.add({ regNumber: 'ОГ-новая' });
    expect([...site.cards()].at(-1)).toMatchObject({ isn: added, regNumber: 'ОГ-новая' });
    expect(() => site.card(1)).toThrow('no card 1');
  });

  it('keeps its memory flat whatever the number of cards', async () => {
    const site = await open({ cards: 1_000_000, cardfiles: 300 });
    const cookie = await logIn(site);
    const page = await read(site, cookie, 'DOC_RC?$top=2');
    expect(page.$TotalRecords).toBe(1_000_000);
    expect(site.card(1_100_000).regNumber).toBe('ОГ-1000000');
    const heap = process.memoryUsage().heapUsed;
    await read(site, cookie, `DOC_RC?$top=100&criteries=${encodeURIComponent('{"ISN_DOC":"1099000:"}')}`);
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(50_000_000);
  });
});
