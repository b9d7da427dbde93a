import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HistoryEntry } from '../../../src/model/delivery.ts';
import { lastPart } from '../../../src/platform/rest/history.ts';
import { statusCall } from '../../../src/platform/rest/reply-calls.ts';
import { isSameEntry as isSame } from '../../../src/platform/rest/same-entry.ts';
import { APPEAL_PATH, answer, callsOf, status, withReplies } from './replies-support.ts';
import { anyText, cabinet, faultOf, json, mapping, wireItem } from './support.ts';

const POS_ID = '374299901';

async function read(body: unknown) {
  const [platform] = await withReplies((_seen, response) => json(response, 200, body));
  return platform.readAppeal(cabinet(), POS_ID);
}

const entry = {
  status: 'TAKE_TO_WORK',
  statusText: 'В работе',
  createdAt: 'nonsense, and nobody minds',
  comment: 'Принято',
  createdBy: { surname: 'Сидоров' },
  clientKey: 'k-1',
};

describe('readAppeal', () => {
  it('gives status, term and history in order', async () => {
    const history = [
      entry,
      {
        status: 'SEND_RESPONSE',
        answer: {
          answerType: 'SOLVED',
          comment: 'Готово',
          rejectReason: null,
          fileIds: ['/inbox-service/filestorage/f-1', 'f-2'],
        },
      },
    ];
    expect(await read(wireItem({ status: 'SEND_RESPONSE', history }))).toEqual({
      status: 'SEND_RESPONSE',
      answerAt: new Date('2026-03-31T20:59:00Z'),
      history: [
        { status: 'TAKE_TO_WORK', comment: 'Принято', clientKey: 'k-1' },
        {
          status: 'SEND_RESPONSE',
          answer: { answerType: 'SOLVED', comment: 'Готово', fileIds: ['f-1', 'f-2'] },
        },
      ],
    });
  });

  it.each<[string, Record<string, unknown>, readonly HistoryEntry[]]>([
    ['no history', {}, []],
    ['null', { history: null }, []],
    ['empty text', { history: '' }, []],
    ['an empty list', { history: [] }, []],
    ['a bare entry', { history: entry }, [{ status: 'TAKE_TO_WORK', comment: 'Принято', clientKey: 'k-1' }]],
    ['a null among entries', { history: [null, { status: 'POSTPONE' }] }, [{ status: 'POSTPONE' }]],
    [
      'null fields',
      { history: { status: 'POSTPONE', comment: null, clientKey: null, answer: null } },
      [{ status: 'POSTPONE' }],
    ],
    ['an entry of no status', { history: [{ comment: 'x' }] }, [{ status: '', comment: 'x' }]],
    [
      'a bare file',
      { history: { status: 'S', answer: { answerType: 'SOLVED', fileIds: 'a/b/f-9' } } },
      [{ status: 'S', answer: { answerType: 'SOLVED', fileIds: ['f-9'] } }],
    ],
    [
      'an answer of no type and no files',
      { history: { status: 'S', answer: { comment: 'c', fileIds: null } } },
      [{ status: 'S', answer: { answerType: '', comment: 'c', fileIds: [] } }],
    ],
    [
      'numbers for codes',
      { history: { status: 5, comment: 7, clientKey: 9, answer: { answerType: 1, fileIds: [77] } } },
      [
        {
          status: '5',
          comment: '7',
          clientKey: '9',
          answer: { answerType: '1', fileIds: ['77'] },
        },
      ],
    ],
  ])('%s', async (_name, more, history) => {
    const { history: got } = await read(wireItem(more));
    expect(got).toEqual(history);
  });

  it.each([null, '', 'soon', 5, {}, '2026-02-30T00:00:00Z'])('a term of %j is no term', async (answerAt) => {
    expect(await read(wireItem({ answerAt }))).toEqual({ status: 'MODERATION_ACCEPT', history: [] });
  });

  it("a term without an offset is of the cabinet's zone", async () => {
    expect(await read(wireItem({ answerAt: '2026-03-31T09:00:00' }))).toMatchObject({
      answerAt: new Date('2026-03-31T00:00:00Z'),
    });
  });

  it.each<[string, unknown, RegExp]>([
    ['no status', wireItem({ status: null }), /status: значение отсутствует/],
    ['nothing', {}, /status: значение отсутствует/],
    ['another appeal', wireItem({ posId: 5 }), /другое обращение/],
    ['a history of text', wireItem({ history: 'Иванов' }), /history\.0: ожидался объект/],
    ['an odd comment', wireItem({ history: [entry, { comment: {} }] }), /history\.1\.comment: ожидалось/],
    ['an odd answer', wireItem({ history: { answer: 'Иванов' } }), /history\.0\.answer: ожидался объект/],
    ['an odd file', wireItem({ history: { answer: { fileIds: [{}] } } }), /history\.0\.answer\.fileIds\.0/],
    ['no JSON', '{"status":', /не является объектом JSON/],
    ['a page', '<html>', /не является объектом JSON|HTML/],
  ])('%s is no answer: our entry might be in what is lost', async (_name, body, detail) => {
    const fault = await faultOf(read(body));
    expect(fault).toMatchObject({ code: 'PLATFORM_BAD_ANSWER', kind: 'transient' });
    expect(fault.detail).toMatch(detail);
    expect(fault.message).not.toContain('Иванов');
  });

  it('a posId past 2^53 is the same appeal', async () => {
    const body = '{"posId": 9007199254740993, "status": "POSTPONE"}';
    const [platform] = await withReplies((_seen, response) => json(response, 200, body));
    expect(await platform.readAppeal(cabinet(), '9007199254740993')).toEqual({
      status: 'POSTPONE',
      history: [],
    });
    expect((await faultOf(platform.readAppeal(cabinet(), '9007199254740992'))).code).toBe(
      'PLATFORM_BAD_ANSWER',
    );
  });

  it('an appeal that is not there, asked once', async () => {
    const [platform, server] = await withReplies((_seen, response) => json(response, 404, ''));
    expect(await faultOf(platform.readAppeal(cabinet(), POS_ID))).toMatchObject({
      code: 'PLATFORM_APPEAL_UNKNOWN',
      kind: 'rejected',
    });
    expect(callsOf(server)).toEqual([`GET ${APPEAL_PATH}`]);
  });

  it('is a read: short trouble is got over, and it is never unknown', async () => {
    let calls = 0;
    const [platform] = await withReplies((_seen, response) => {
      calls += 1;
      return calls < 3 ? json(response, 500, {}) : json(response, 200, wireItem());
    });
    expect(await platform.readAppeal(cabinet(), POS_ID)).toMatchObject({ history: [] });
    const [failing, server] = await withReplies((_seen, response) => json(response, 503, {}));
    expect((await faultOf(failing.readAppeal(cabinet(), POS_ID))).code).toBe('PLATFORM_BUSY');
    expect(callsOf(server)).toHaveLength(3);
  });

  it('stops when told', async () => {
    const stop = new AbortController();
    const [platform] = await withReplies(() => stop.abort());
    expect((await faultOf(platform.readAppeal(cabinet(), POS_ID, stop.signal))).code).toBe('STOPPED');
  });
});

describe('lastPart', () => {
  it.each([
    ['f-1', 'f-1'],
    ['/a/b/f-1', 'f-1'],
    ['a/b/f-1/', 'f-1'],
    ['https://x.ru/a/f-1?v=1#x', 'f-1'],
    ['a\\b\\f-1', 'f-1'],
    ['/', '/'],
    ['', ''],
  ])('%s is %s', (text, id) => expect(lastPart(text)).toBe(id));
});

describe('isSameEntry', () => {
  const same = (given: HistoryEntry, payload = status({ comment: 'Принято' }), files: string[] = []) =>
    isSame(mapping, given, payload, files);
  const took = { status: 'TAKE_TO_WORK', comment: 'Принято' };

  it('a status: status and comment, whatever else', () => {
    expect(same(took)).toBe(true);
    expect(same({ ...took, clientKey: 'other' })).toBe(true);
    expect(same({ ...took, status: 'SET_EXECUTOR' })).toBe(false);
    expect(same({ ...took, comment: 'Не принято' })).toBe(false);
    expect(same({ status: 'TAKE_TO_WORK' })).toBe(false);
    expect(same({ status: 'TAKE_TO_WORK' }, status())).toBe(true);
    expect(same({ status: 'TAKE_TO_WORK', comment: ' ' }, status({ comment: '\n' }))).toBe(true);
    expect(same({ ...took, answer: { answerType: 'SOLVED', fileIds: [] } })).toBe(false);
  });

  const answered = (more: Partial<NonNullable<HistoryEntry['answer']>> = {}): HistoryEntry => ({
    status: 'SEND_RESPONSE',
    answer: { answerType: 'SOLVED', comment: answer().comment, fileIds: [], ...more },
  });

  it('an answer with files: the set of its files, whatever else', () => {
    const ours = ['f-1', 'f-2'];
    const check = (fileIds: string[]) =>
      isSame(mapping, answered({ fileIds }), answer({ comment: 'x' }), ours);
    expect(check(['f-1', 'f-2'])).toBe(true);
    expect(check(['f-2', 'f-1'])).toBe(true);
    expect(check(['store/f-2', 'f-1', 'f-1'])).toBe(true);
    expect(check(['f-1'])).toBe(false);
    expect(check(['f-1', 'f-2', 'f-3'])).toBe(false);
    expect(check(['f-1', 'f-3'])).toBe(false);
    expect(check([])).toBe(false);
  });

  it('an answer without files: type and comment', () => {
    const check = (given: HistoryEntry) => isSame(mapping, given, answer(), []);
    expect(check(answered())).toBe(true);
    expect(check(answered({ answerType: 'EXPLAINED' }))).toBe(false);
    expect(check(answered({ answerType: '' }))).toBe(true);
    expect(check(answered({ comment: 'Другой ответ' }))).toBe(false);
    expect(check({ status: 'SEND_RESPONSE', comment: answer().comment })).toBe(false);
  });

  it.each([
    ['a\nb', 'a\r\nb'],
    ['a\nb', 'a\rb'],
    ['a\nb', ' a \n\n b '],
    ['a b', 'a\u00A0b'],
    ['a\tb', 'a b'],
    ['й', 'и\u0306'],
    ['a\u0000', 'a\uFFFD'],
    ['', '  '],
    ['\u000B', '\uFFFD'],
  ])('%j and %j are the same words', (left, right) => {
    expect(same({ ...took, comment: right }, status({ comment: left }))).toBe(true);
    expect(same({ ...took, comment: left }, status({ comment: right }))).toBe(true);
  });

  it.each([
    ['ab', 'a b'],
    ['А', 'а'],
    ['a.', 'a'],
  ])('%j and %j are not', (left, right) => {
    expect(same({ ...took, comment: right }, status({ comment: left }))).toBe(false);
  });

  it('what we send comes back as our own, whatever was in it', () => {
    fc.assert(
      fc.property(anyText, (comment) => {
        const { body } = platformBody(comment);
        const sent = JSON.parse(JSON.stringify(body)) as { status: string; comment?: string };
        const kept = { status: sent.status, ...(sent.comment !== undefined && { comment: sent.comment }) };
        expect(same(kept, status({ comment }))).toBe(true);
        const wrapped = { ...kept, comment: `\r\n${(kept.comment ?? '').replaceAll('\n', '\r\n')} ` };
        expect(same(wrapped, status({ comment }))).toBe(true);
        expect(same({ ...kept, comment: `${comment}!` }, status({ comment }))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

function platformBody(comment: string) {
  return statusCall(mapping, '1', POS_ID, 'k', status({ comment }));
}
