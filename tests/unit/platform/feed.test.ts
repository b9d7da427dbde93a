import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import nock from 'nock';
import type { FeedQuery } from '../../../src/platform/port.ts';
import { cabinet, FEED_PATH, faultOf, platformAt, TOKEN_PATH, tokenBody, wireItem } from './support.ts';

const BASE = 'http://platform.test';

afterEach(() => {
  nock.cleanAll();
});
// Else the next test file of this process finds its connections in the hands of this one's mocks.
afterAll(() => nock.restore());

/** One read of the feed that is answered so, as often as it is asked. */
function read(status: number, body: unknown, query: FeedQuery = { size: 50 }) {
  nock.cleanAll();
  nock(BASE).post(TOKEN_PATH).reply(200, tokenBody());
  nock(BASE)
    .get(FEED_PATH)
    .query(true)
    .times(3)
    .reply(status, body as nock.Body);
  return platformAt(BASE).readFeed(cabinet(), query);
}

/** The query string that a read sends. */
async function sent(query: FeedQuery): Promise<Record<string, unknown>> {
  let seen: Record<string, unknown> = {};
  nock(BASE).post(TOKEN_PATH).reply(200, tokenBody());
  nock(BASE)
    .get(FEED_PATH)
    .query((parameters) => {
      seen = parameters;
      return true;
    })
    .reply(200, { last: true });
  await platformAt(BASE).readFeed(cabinet(), query);
  return seen;
}

describe('asking for a page', () => {
  it('from the beginning, from a cursor, by time of change', async () => {
    expect(await sent({ size: 50 })).toEqual({ size: '50' });
    expect(await sent({ size: 50, after: 'c+/=& ё' })).toEqual({ size: '50', after: 'c+/=& ё' });
    const changedFrom = new Date('2026-03-01T00:00:00Z');
    const changedTo = new Date('2026-03-02T00:00:00Z');
    expect(await sent({ size: 1, after: 'x', changedFrom, changedTo })).toEqual({
      size: '1',
      after: 'x',
      changedFrom: '2026-03-01T00:00:00.000Z',
      changedTo: '2026-03-02T00:00:00.000Z',
    });
  });

  it('never asks for more than the platform gives', async () => {
    expect(await sent({ size: 5000 })).toEqual({ size: '200' });
    expect(await sent({ size: 0 })).toEqual({ size: '1' });
  });
});

describe('a page', () => {
  it('brings items, the next cursor and whether it is the last', async () => {
    const page = await read(200, { content: [wireItem(), wireItem({ posId: 2 })], next: 'c2', last: false });
    expect(page).toMatchObject({ state: 'page', next: 'c2', last: false });
    const items = page.state === 'page' ? page.items : [];
    expect(items.map((item) => item.ok && item.appeal.posId)).toEqual(['374299901', '2']);
  });

  it('one bad item does not stop the others', async () => {
    const page = await read(200, {
      content: [wireItem(), 5, { posId: 'x' }, wireItem({ posId: 3 })],
      last: true,
    });
    expect(page.state === 'page' && page.items.map((item) => item.ok)).toEqual([true, false, false, true]);
  });

  it.each<[string, unknown, number]>([
    ['a bare object', wireItem(), 1],
    ['null', null, 0],
    ['missing', undefined, 0],
    ['an empty list', [], 0],
    ['a list with a hole', [null, wireItem()], 1],
  ])('content may be %s', async (_name, content, count) => {
    const page = await read(200, { content, next: 'n', last: true });
    expect(page.state === 'page' && page.items.length).toBe(count);
  });

  it('the last page may bring no cursor, or the one it was asked with', async () => {
    expect(await read(200, { last: true })).toEqual({ state: 'page', items: [], last: true });
    expect(await read(200, { next: '', last: 'true' })).toEqual({ state: 'page', items: [], last: true });
    expect(await read(200, { next: 'same', last: true }, { size: 1, after: 'same' })).toMatchObject({
      next: 'same',
    });
  });

  it('a cursor of digits is kept to the last digit', async () => {
    expect(await read(200, '{"next":90071992547409931,"last":true}')).toMatchObject({
      next: '90071992547409931',
    });
    expect(await read(200, { next: 17, last: true })).toMatchObject({ next: '17' });
  });

  it('a posId past 2^53 keeps its digits', async () => {
    const page = await read(
      200,
      '{"content":[{"posId":9007199254740993,"changeId":"a"}],"next":"n","last":true}',
    );
    expect(page.state === 'page' && page.items[0]).toMatchObject({
      ok: true,
      appeal: { posId: '9007199254740993' },
    });
  });

  it("is read in the cabinet's zone", async () => {
    const page = await read(200, { content: [wireItem({ answerAt: '2026-03-31T23:59:00' })], last: true });
    const [item] = page.state === 'page' ? page.items : [];
    expect(item?.ok && item.appeal.answerAt?.toISOString()).toBe('2026-03-31T14:59:00.000Z');
  });

  it.each<[string, unknown]>([
    ['last is missing', { content: [], next: 'n' }],
    ['last is nonsense', { content: [], next: 'n', last: 'perhaps' }],
    ['more to come, but no cursor', { content: [wireItem()], last: false }],
    ['more to come, but a cursor that is none', { content: [wireItem()], next: { a: 1 }, last: false }],
    ['content is text', { content: 'x', next: 'n', last: true }],
    ['content is a number', { content: 5, next: 'n', last: true }],
    ['no object at all', [wireItem()]],
  ])('%s: a bad answer', async (_name, body) => {
    expect(await faultOf(read(200, body))).toMatchObject({ code: 'PLATFORM_BAD_ANSWER', kind: 'transient' });
  });

  it.each([[[wireItem()]], [[]]])('that leads back to itself is a bad answer', async (content) => {
    const fault = await faultOf(read(200, { content, next: 'c1', last: false }, { size: 1, after: 'c1' }));
    expect(fault).toMatchObject({
      code: 'PLATFORM_BAD_ANSWER',
      detail: expect.stringContaining('не продвигается'),
    });
  });
});

describe('a cursor too old', () => {
  it('tells where the platform begins now', async () => {
    const page = await read(410, { error: 'cursor_expired', oldest: 'c50' }, { size: 1, after: 'c1' });
    expect(page).toEqual({ state: 'expired', oldest: 'c50' });
    expect(await read(410, { error: 'cursor_expired' }, { size: 1, after: 'c1' })).toEqual({
      state: 'expired',
    });
  });

  it.each<[string, unknown]>([
    ['another reason', { error: 'moved' }],
    ['no reason', {}],
    ['a page of a proxy', '<html>gone</html>'],
    ['an oldest that is the expired one', { error: 'cursor_expired', oldest: 'c1' }],
  ])('410 with %s does not send us back to the beginning', async (_name, body) => {
    expect((await faultOf(read(410, body, { size: 1, after: 'c1' }))).code).toBe('PLATFORM_BAD_ANSWER');
  });
});
