import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlatformOptions, PlatformSimulator } from '../../simulators/platform/index.ts';
import { access, jsonOf, OPA, OTHER, platformWithCabinets, readFeed } from './client.ts';

describe('feed', () => {
  let platform: PlatformSimulator;
  let headers: Record<string, string>;
  afterEach(() => platform.close());

  async function start(options: PlatformOptions = {}): Promise<void> {
    platform = await platformWithCabinets(options);
    headers = await access(platform);
  }

  function ask(query: string): Promise<Response> {
    return fetch(`${platform.url}/appeal-service/sed/appeals?${query}`, { headers });
  }

  async function walk(size: number, extra = ''): Promise<unknown[]> {
    const ids: unknown[] = [];
    let after = '';
    for (;;) {
      const page = await readFeed(platform, headers, `size=${size}&after=${after}${extra}`);
      ids.push(...page.content.map((item) => item['changeId']));
      after = page.next;
      if (page.last) return ids;
    }
  }

  it('gives an appeal with every field of the contract', async () => {
    await start();
    const posId = platform.addAppeal(OPA, { files: [{ name: 'фото.jpg', content: 'абв' }] });
    const { content, last } = await readFeed(platform, headers);
    expect(last).toBe(true);
    expect(content[0]).toMatchObject({
      posId,
      kind: 'MESSAGE',
      change: 'NEW',
      status: 'MODERATION_ACCEPT',
      organizationPersonalAreaId: OPA,
      attachments: [{ name: 'фото.jpg', size: 6, mimeType: 'image/jpeg', sha256: expect.any(String) }],
    });
    for (const name of ['createdAt', 'receivedAt', 'answerAt', 'coordinationAt']) {
      expect(content[0]?.[name]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+03:00$/);
    }
    expect(Number.isInteger(content[0]?.['posId'])).toBe(true);
  });

  it('keeps fields as given, null and odd text too', async () => {
    await start();
    const description = 'a < b & c ]]> \u{1F6B0}\n«конец»\ud800';
    platform.addAppeal(OPA, {
      description,
      location: 'ул. Садовая',
      subjectName: null,
      applicant: { kind: 'PERSON', epguId: '5' },
    });
    const [item] = (await readFeed(platform, headers)).content;
    expect(item).toMatchObject({
      description,
      location: 'ул. Садовая',
      subjectName: null,
      applicant: { kind: 'PERSON', epguId: '5' },
    });
  });

  it('pages through everything in order, whatever the size, and the same cursor gives the same', async () => {
    await start();
    for (let i = 0; i < 23; i++) platform.addAppeal(OPA);
    platform.addAppeal(OTHER);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (size) => {
        const ids = await walk(size);
        expect(ids).toHaveLength(23);
        expect(ids).toEqual([...ids].map(String).sort());
      }),
      { numRuns: 12 },
    );
    const first = await readFeed(platform, headers, 'size=10');
    const second = await readFeed(platform, headers, `size=10&after=${first.next}`);
    expect(await readFeed(platform, headers, `size=10&after=${first.next}`)).toEqual(second);
    const third = await readFeed(platform, headers, `size=10&after=${second.next}`);
    platform.addAppeal(OPA);
    const longer = await readFeed(platform, headers, `size=10&after=${second.next}`);
    expect(third.content).toHaveLength(3);
    expect(longer.content.slice(0, 3)).toEqual(third.content);
    expect(longer.content).toHaveLength(4);
  });

  it('gives an empty last page whose cursor goes on later', async () => {
    await start();
    const empty = await readFeed(platform, headers);
    expect(empty).toMatchObject({ content: [], last: true });
    const posId = platform.addAppeal(OPA);
    const page = await readFeed(platform, headers, `after=${empty.next}`);
    expect(page.content.map((item) => item['posId'])).toEqual([posId]);
  });

  it('repeats the whole item for every change', async () => {
    await start();
    const posId = platform.addAppeal(OPA);
    platform.change(OPA, posId, 'AMENDED', {
      description: 'Уточняю',
      files: [{ name: 'b.txt', content: 'x' }],
    });
    platform.change(OPA, posId, 'TERM_MOVED', { answerAt: '2027-01-01T00:00:00+03:00' });
    platform.change(OPA, posId, 'RATED', { rating: 4, ratingComment: 'спасибо' });
    platform.change(OPA, posId, 'WITHDRAWN', { withdrawnReason: 'решено' });
    const { content } = await readFeed(platform, headers);
    expect(content.map((item) => item['change'])).toEqual([
      'NEW',
      'AMENDED',
      'TERM_MOVED',
      'RATED',
      'WITHDRAWN',
    ]);
    expect(content[0]?.['description']).not.toBe('Уточняю');
    expect(content[4]).toMatchObject({
      posId,
      description: 'Уточняю',
      answerAt: '2027-01-01T00:00:00+03:00',
      rating: 4,
      withdrawnReason: 'решено',
      attachments: [{ name: 'b.txt' }],
    });
  });

  it('refuses sizes and cursors that it never gave', async () => {
    await start();
    const other = Buffer.from('c:999').toString('base64url');
    for (const query of ['size=0', 'size=201', 'size=x', 'after=%00', `after=${other}`]) {
      const response = await ask(query);
      expect(response.status).toBe(422);
      expect(await jsonOf(response)).toMatchObject({ error: 'validation' });
    }
  });

  it('forgets old cursors, names the oldest, and still back-fills by the time of change', async () => {
    await start();
    const t0 = Date.parse('2026-03-01T00:00:00Z');
    for (let i = 0; i < 10; i++) platform.addAppeal(OPA, { changedAtMs: t0 + i * 1000 });
    const early = await readFeed(platform, headers, 'size=2');
    const oldest = platform.expireCursorsBefore(OPA, 6);
    const gone = await ask(`after=${early.next}`);
    expect(gone.status).toBe(410);
    expect(await jsonOf(gone)).toEqual({ error: 'cursor_expired', oldest });
    expect((await readFeed(platform, headers, `after=${oldest}`)).content).toHaveLength(4);
    expect((await readFeed(platform, headers)).content).toHaveLength(4);
    const from = new Date(t0 + 2000).toISOString();
    const to = new Date(t0 + 6000).toISOString();
    const missed = await walk(3, `&changedFrom=${from}&changedTo=${to}`);
    expect(missed.map(Number)).toEqual([3, 4, 5, 6]);
    expect((await ask(`changedFrom=${from}`)).status).toBe(422);
    expect((await ask(`changedFrom=вчера&changedTo=${to}`)).status).toBe(422);
    expect((await ask(`changedFrom=${from}&changedTo=${to}&after=${oldest}`)).status).toBe(422);
  });

  it('sends a list of one as the bare element when told so', async () => {
    await start({ bareObject: true });
    const posId = platform.addAppeal(OPA, { files: [{ name: 'a.txt', content: 'x' }] });
    const one = await jsonOf(await ask(''));
    expect(one['content']).toMatchObject({ posId, attachments: { name: 'a.txt' }, customFieldValues: [] });
    platform.addAppeal(OPA);
    const two = await jsonOf(await ask(''));
    expect(two['content']).toHaveLength(2);
    expect(platform.appeal(OPA, posId).attachments).toHaveLength(1);
  });

  it('carries nonsense items untouched, and refuses what is no JSON', async () => {
    await start();
    platform.addRawItem(OPA, '{"posId":"не число","posId":1e3}');
    platform.addRawItem(OPA, 'null');
    platform.addRawItem(OPA, { posId: 7, description: ['список'] });
    const text = await (await ask('')).text();
    expect(text).toContain('{"posId":"не число","posId":1e3}');
    expect(JSON.parse(text)).toMatchObject({ content: [{ posId: 1000 }, null, { posId: 7 }] });
    expect(() => platform.addRawItem(OPA, '{')).toThrow();
  });

  it('serves one appeal as it is now with its history, and 404 for another cabinet', async () => {
    await start();
    const posId = platform.addAppeal(OPA);
    platform.change(OPA, posId, 'AMENDED', { description: 'Новый текст' });
    const one = (id: number | string): Promise<Response> =>
      fetch(`${platform.url}/appeal-service/sed/appeals/${id}`, { headers });
    const appeal = await jsonOf(await one(posId));
    expect(appeal).toMatchObject({
      posId,
      description: 'Новый текст',
      history: [{ status: 'MODERATION_NEW' }, { status: 'MODERATION_ACCEPT', statusText: 'На рассмотрении' }],
    });
    const foreign = platform.addAppeal(OTHER);
    expect((await one(foreign)).status).toBe(404);
    expect((await one('abc')).status).toBe(404);
  });

  it('writes times and the Date header by its own clock', async () => {
    await start({ clockOffsetMs: 3_600_000 });
    const before = Date.now();
    platform.addAppeal(OPA);
    const response = await ask('');
    const date = Date.parse(response.headers.get('date') ?? '');
    expect(date - before).toBeGreaterThan(3_590_000);
    const { content } = (await jsonOf(response)) as { content: { receivedAt: string }[] };
    expect(Date.parse(content[0]?.receivedAt ?? '') - before).toBeGreaterThan(3_590_000);
  });
});
