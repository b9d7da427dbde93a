import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addFault, createFaultBook, decideFault } from '../../simulators/platform/faults.ts';
import type { FaultSpec, PlatformSimulator } from '../../simulators/platform/index.ts';
import {
  ANSWER,
  access,
  download,
  jsonOf,
  logIn,
  OPA,
  OTHER,
  platformWithCabinets,
  postAnswer,
  postStatus,
  rawGet,
  readFeed,
  until,
  upload,
} from './client.ts';

describe('scripted faults', () => {
  let platform: PlatformSimulator;
  let headers: Record<string, string>;
  let posId: number;
  beforeEach(async () => {
    platform = await platformWithCabinets();
    headers = await access(platform);
    posId = platform.addAppeal(OPA, { files: [{ name: 'a.txt', content: '0123456789' }] });
  });
  afterEach(() => platform.close());

  const feedUrl = (): string => `${platform.url}/appeal-service/sed/appeals`;
  const feed = (): Promise<Response> => fetch(feedUrl(), { headers });
  const fileId = (): string => platform.appeal(OPA, posId).attachments[0]?.fileId ?? '';
  const take = (key = 'k'): Promise<Response> =>
    postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' }, key);
  const entries = (): number => platform.history(OPA, posId).length - 2;

  it('latency: waits, then answers as usual', async () => {
    platform.fault({ route: 'feed', kind: 'latency', ms: 60, times: 1 });
    const start = performance.now();
    expect((await feed()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(55);
  });

  it.each<[FaultSpec, number, string | null]>([
    [{ route: 'feed', kind: 'rate-limit', retryAfterSeconds: 7 }, 429, '7'],
    [{ route: 'feed', kind: 'error-500' }, 500, null],
    [{ route: 'feed', kind: 'unavailable' }, 503, null],
    [{ route: 'feed', kind: 'unavailable', retryAfterSeconds: 3 }, 503, '3'],
    [{ route: 'feed', kind: 'status', status: 504, body: 'нет' }, 504, null],
    [{ route: 'feed', kind: 'unauthorized' }, 401, null],
    [{ route: 'feed', kind: 'forbidden' }, 403, null],
    [{ route: 'feed', kind: 'cursor-expired' }, 410, null],
  ])('%j: answers %i once, then as usual', async (spec, status, retryAfter) => {
    platform.fault({ ...spec, times: 1 });
    const response = await feed();
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect((await feed()).status).toBe(200);
    expect(platform.counters().faults).toEqual({ [spec.kind]: 1 });
  });

  it('a refusal does nothing to the appeal', async () => {
    platform.fault({ route: 'statuses', kind: 'error-500', times: 1 });
    expect((await take()).status).toBe(500);
    expect(entries()).toBe(0);
  });

  it('cursor-expired names a cursor that works', async () => {
    platform.fault({ route: 'feed', kind: 'cursor-expired', times: 1 });
    const { oldest } = await jsonOf(await feed());
    expect((await readFeed(platform, headers, `after=${String(oldest)}`)).content).toHaveLength(1);
  });

  it('wrong-password and not-ready at the log-in of one cabinet only', async () => {
    platform.fault({ route: 'token', kind: 'wrong-password', opaId: OPA, times: 1 });
    platform.fault({ route: 'token', kind: 'not-ready', opaId: OPA, missing: ['readiness'], times: 1 });
    expect((await logIn(platform, OTHER)).status).toBe(200);
    const wrong = await logIn(platform);
    expect([wrong.status, (await jsonOf(wrong))['error']]).toEqual([400, 'invalid_grant']);
    const notReady = await logIn(platform);
    expect([notReady.status, (await jsonOf(notReady))['missing']]).toEqual([423, ['readiness']]);
    expect((await logIn(platform)).status).toBe(200);
  });

  it('cut-before: nothing is done', async () => {
    platform.fault({ route: 'statuses', kind: 'cut-before', times: 1 });
    await expect(take()).rejects.toThrow();
    expect(entries()).toBe(0);
    expect((await take()).status).toBe(201);
  });

  it('cut-after: done, but the caller does not learn it', async () => {
    platform.fault({ route: 'answers', kind: 'cut-after', times: 1 });
    await expect(postAnswer(platform, headers, posId, {}, 'a1')).rejects.toThrow();
    expect(entries()).toBe(1);
    expect(platform.history(OPA, posId).at(-1)).toMatchObject({
      clientKey: 'a1',
      answer: { comment: ANSWER['comment'] },
    });
    expect((await postAnswer(platform, headers, posId, {}, 'a1')).status).toBe(200);
    expect(entries()).toBe(1);
  });

  it('commit-after-cut: not done when the connection drops, done later', async () => {
    platform.fault({ route: 'statuses', kind: 'commit-after-cut', ms: 300, times: 1 });
    await expect(take()).rejects.toThrow();
    expect(entries()).toBe(0);
    await until('the late commit', () => entries() === 1);
    expect((await take()).status).toBe(200);
  });

  it('hang: does nothing and never answers; hang-after: does it and never answers', async () => {
    for (const [kind, done] of [
      ['hang', 0],
      ['hang-after', 1],
    ] as const) {
      platform.fault({ route: 'statuses', kind, times: 1 });
      const abort = new AbortController();
      const url = `${feedUrl()}/${posId}/statuses`;
      const body = JSON.stringify({ status: 'TAKE_TO_WORK', at: '2026-01-15T10:00:00Z' });
      const call = fetch(url, { method: 'POST', headers, body, signal: abort.signal });
      call.catch(() => undefined);
      await until(kind, () => platform.counters().faults[kind] === 1 && entries() === done);
      abort.abort();
      await expect(call).rejects.toThrow();
    }
  });

  it('truncate: announces all, sends k bytes; the rest comes by Range', async () => {
    platform.fault({ route: 'file', kind: 'truncate', bytes: 4, times: 1 });
    const url = `${platform.url}/inbox-service/filestorage/${fileId()}`;
    const cut = await rawGet(url, headers);
    expect(cut).toMatchObject({ status: 200, announced: 10, complete: false });
    expect(cut.body.toString()).toBe('0123');
    const rest = await download(platform, headers, fileId(), 'bytes=4-');
    expect(await rest.text()).toBe('456789');
  });

  it('truncate never sends all, and works on big files and JSON too', async () => {
    const big = platform.addAppeal(OPA, { files: [{ name: 'b.bin', size: 5_000_000 }] });
    const bigId = platform.appeal(OPA, big).attachments[0]?.fileId;
    platform.fault({ route: ['file', 'feed'], kind: 'truncate', bytes: 3_000_000 });
    const cut = await rawGet(`${platform.url}/inbox-service/filestorage/${bigId}`, headers);
    expect([cut.announced, cut.body.length, cut.complete]).toEqual([5_000_000, 3_000_000, false]);
    const page = await rawGet(feedUrl(), headers);
    expect([page.body.length, page.complete]).toEqual([page.announced - 1, false]);
  });

  it('wrong-bytes: the right length with other bytes', async () => {
    platform.fault({ route: 'file', kind: 'wrong-bytes', fileId: fileId(), times: 1 });
    const wrong = await (await download(platform, headers, fileId())).text();
    expect(wrong).toHaveLength(10);
    expect(wrong).not.toBe('0123456789');
    expect(await (await download(platform, headers, fileId())).text()).toBe('0123456789');
  });

  it('ignore-range: the whole file from the start', async () => {
    platform.fault({ route: 'file', kind: 'ignore-range', times: 1 });
    const whole = await download(platform, headers, fileId(), 'bytes=4-');
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
  });

  it('bad-json: a page that does not parse, then the same page well', async () => {
    platform.fault({ route: 'feed', kind: 'bad-json', times: 1 });
    const broken = await feed();
    expect(broken.status).toBe(200);
    await expect(broken.json()).rejects.toThrow();
    expect((await readFeed(platform, headers)).content).toHaveLength(1);
  });

  it('duplicate-items: every item of the page twice, the cursor as ever', async () => {
    platform.addAppeal(OPA);
    const once = await readFeed(platform, headers, 'size=2');
    platform.fault({ route: 'feed', kind: 'duplicate-items', times: 1 });
    const twice = await readFeed(platform, headers, 'size=2');
    expect(twice.content).toEqual([...once.content, ...once.content]);
    expect(twice.next).toBe(once.next);
  });

  it('cuts an upload after it was stored', async () => {
    platform.fault({ route: 'upload', kind: 'cut-after', times: 1 });
    await expect(upload(platform, headers, 'a.txt', 'x')).rejects.toThrow();
    expect(platform.files(OPA).filter((file) => file.uploaded)).toHaveLength(1);
  });

  it('hits the named cabinet, appeal or route, and lets others pass', async () => {
    const second = platform.addAppeal(OPA);
    platform.fault({ route: 'statuses', kind: 'error-500', posId: second });
    platform.fault({ route: '*', kind: 'unavailable', opaId: OTHER });
    expect((await postStatus(platform, headers, second, { status: 'TAKE_TO_WORK' })).status).toBe(500);
    expect((await take()).status).toBe(201);
    expect((await logIn(platform, OTHER)).status).toBe(503);
    platform.clearFaults();
    expect((await logIn(platform, OTHER)).status).toBe(200);
  });

  it('lets the first requests pass when told, counts, and is cleared by id', async () => {
    const id = platform.fault({ route: 'feed', kind: 'error-500', skip: 2 });
    platform.fault({ route: 'feed', kind: 'latency', ms: 1 });
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) seen.push((await feed()).status);
    expect(seen).toEqual([200, 200, 500, 500]);
    expect(platform.faults()[0]).toEqual({ id, kind: 'error-500', seen: 4, fired: 2 });
    platform.clearFaults(id);
    expect((await feed()).status).toBe(200);
    expect(platform.faults()).toHaveLength(1);
  });

  it('refuses words that it does not know', () => {
    expect(() => platform.fault({ route: 'feed', kind: 'fire' } as unknown as FaultSpec)).toThrow('fire');
    expect(() => platform.fault({ route: 'feeds', kind: 'hang' } as unknown as FaultSpec)).toThrow('feeds');
  });

  it('random faults repeat with their seed, and come about as often as told', () => {
    function run(seed: number, probability: number): boolean[] {
      const book = createFaultBook();
      addFault(book, { route: 'feed', kind: 'error-500', probability, seed });
      return Array.from({ length: 400 }, () => decideFault(book, { route: 'feed' }).spec !== undefined);
    }
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (seed, probability) => {
        const first = run(seed, probability);
        expect(run(seed, probability)).toEqual(first);
        const share = first.filter(Boolean).length / first.length;
        expect(Math.abs(share - probability)).toBeLessThan(0.2);
      }),
      { numRuns: 30 },
    );
    expect(run(1, 0.5)).not.toEqual(run(2, 0.5));
  });

  it('drops late commits and open connections at close', async () => {
    const own = await platformWithCabinets();
    const ownHeaders = await access(own);
    const ownPos = own.addAppeal(OPA);
    own.fault({ route: 'statuses', kind: 'commit-after-cut', ms: 60_000 });
    own.fault({ route: 'feed', kind: 'hang' });
    await expect(postStatus(own, ownHeaders, ownPos, { status: 'TAKE_TO_WORK' })).rejects.toThrow();
    const hanging = fetch(`${own.url}/appeal-service/sed/appeals`, { headers: ownHeaders });
    hanging.catch(() => undefined);
    await until('the hanging call', () => own.counters().faults['hang'] === 1);
    await own.close();
    await expect(hanging).rejects.toThrow();
    expect(own.history(OPA, ownPos)).toHaveLength(2);
  });
});
