import { afterEach, describe, expect, it } from '@jest/globals';
import type { PlatformOptions, PlatformSimulator } from '../../simulators/platform/index.ts';
import {
  access,
  jsonOf,
  OPA,
  OTHER,
  platformWithCabinets,
  postAnswer,
  postStatus,
  readFeed,
  upload,
} from './client.ts';

describe('statuses and answers', () => {
  let platform: PlatformSimulator;
  let headers: Record<string, string>;
  let posId: number;
  afterEach(() => platform.close());

  async function start(options: PlatformOptions = {}): Promise<void> {
    platform = await platformWithCabinets(options);
    headers = await access(platform);
    posId = platform.addAppeal(OPA);
  }

  const executor = { surname: 'Лесная', name: 'Юлия', patronymic: 'Павловна', position: 'инженер' };

  function statuses(): string[] {
    return platform.history(OPA, posId).map((entry) => entry.status);
  }

  async function fields(response: Response): Promise<string[]> {
    expect(response.status).toBe(422);
    const body = (await jsonOf(response)) as { error: string; details: { field: string }[] };
    expect(body.error).toBe('validation');
    return body.details.map((detail) => detail.field);
  }

  it('takes the whole way of an appeal and shows it in the history', async () => {
    await start();
    const taken = await postStatus(
      platform,
      headers,
      posId,
      { status: 'TAKE_TO_WORK', card: { number: '5-К', date: '2026-01-15' } },
      'k1',
    );
    expect(taken.status).toBe(201);
    expect(await jsonOf(taken)).toEqual({ id: expect.any(String), acceptedAt: expect.any(String) });
    expect(
      (await postStatus(platform, headers, posId, { status: 'SET_EXECUTOR', executor }, 'k2')).status,
    ).toBe(201);
    const postponedTo = '2026-03-01T18:00:00+03:00';
    const moved = await postStatus(
      platform,
      headers,
      posId,
      { status: 'POSTPONE', postponedTo, comment: 'ждём тепла' },
      'k3',
    );
    expect(moved.status).toBe(201);
    const file = await jsonOf(await upload(platform, headers, 'ответ.pdf', 'pdf'));
    expect((await postAnswer(platform, headers, posId, { fileIds: [file['id']] }, 'k4')).status).toBe(201);
    const response = await fetch(`${platform.url}/appeal-service/sed/appeals/${posId}`, { headers });
    const appeal = (await jsonOf(response)) as { status: string; answerAt: string; history: unknown[] };
    expect(appeal).toMatchObject({ status: 'SEND_RESPONSE', answerAt: postponedTo });
    expect(appeal.history.slice(2)).toEqual([
      {
        status: 'TAKE_TO_WORK',
        statusText: 'Принято в работу',
        createdAt: expect.any(String),
        clientKey: 'k1',
      },
      {
        status: 'SET_EXECUTOR',
        statusText: 'Назначен исполнитель',
        createdAt: expect.any(String),
        clientKey: 'k2',
      },
      {
        status: 'POSTPONE',
        statusText: 'Срок продлён',
        createdAt: expect.any(String),
        clientKey: 'k3',
        comment: 'ждём тепла',
      },
      {
        status: 'SEND_RESPONSE',
        statusText: 'Получен ответ',
        createdAt: expect.any(String),
        clientKey: 'k4',
        createdBy: { surname: 'Лесная', name: 'Юлия', position: 'начальник отдела' },
        answer: { answerType: 'SOLVED', comment: 'Яма заделана.', fileIds: [file['id']] },
      },
    ]);
    expect(platform.history(OPA, posId)[2]?.internal).toMatchObject({
      card: { number: '5-К' },
      repetition: 0,
    });
    expect(platform.counters().replies).toEqual({
      TAKE_TO_WORK: 1,
      SET_EXECUTOR: 1,
      POSTPONE: 1,
      SEND_RESPONSE: 1,
    });
  });

  it('echoes a moved term in the feed, unless told not to', async () => {
    await start();
    const postponedTo = '2026-03-01T18:00:00+03:00';
    await postStatus(platform, headers, posId, { status: 'POSTPONE', postponedTo });
    const { content } = await readFeed(platform, headers);
    expect(content).toHaveLength(2);
    expect(content[1]).toMatchObject({ change: 'TERM_MOVED', answerAt: postponedTo });
    platform.configure({ echoTerm: false });
    await postStatus(platform, headers, posId, { status: 'POSTPONE', postponedTo });
    expect((await readFeed(platform, headers)).content).toHaveLength(2);
  });

  it('with keys: a repeated key is taken once and answered alike', async () => {
    await start({ keyMode: 'keys' });
    const first = await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' }, 'same');
    const again = await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' }, 'same');
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(await again.json()).toEqual(await first.json());
    const answer = await postAnswer(platform, headers, posId, {}, 'ans');
    const answerAgain = await postAnswer(platform, headers, posId, {}, 'ans');
    expect([answer.status, answerAgain.status]).toEqual([201, 200]);
    expect(statuses().slice(2)).toEqual(['TAKE_TO_WORK', 'SEND_RESPONSE']);
    expect((await postAnswer(platform, headers, posId, {}, 'other')).status).toBe(409);
  });

  it('without keys: the header is ignored and a second request makes a second entry', async () => {
    await start({ keyMode: 'nokeys' });
    for (let i = 0; i < 2; i++) {
      expect((await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' }, 'same')).status).toBe(
        201,
      );
    }
    for (let i = 0; i < 2; i++)
      expect((await postAnswer(platform, headers, posId, {}, 'ans')).status).toBe(201);
    expect(statuses().slice(2)).toEqual(['TAKE_TO_WORK', 'TAKE_TO_WORK', 'SEND_RESPONSE', 'SEND_RESPONSE']);
    expect(platform.history(OPA, posId).some((entry) => entry.clientKey !== undefined)).toBe(false);
    expect((await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' })).status).toBe(409);
  });

  it('refuses what may not follow, and says what may', async () => {
    await start();
    await postStatus(platform, headers, posId, { status: 'SET_EXECUTOR', executor });
    const back = await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' });
    expect(back.status).toBe(409);
    expect(await jsonOf(back)).toMatchObject({
      error: 'illegal_transition',
      current: 'SET_EXECUTOR',
      allowed: expect.arrayContaining(['POSTPONE', 'SEND_RESPONSE']),
    });
    await postStatus(platform, headers, posId, {
      status: 'FORWARD_TO_PARENT',
      forwardTo: { name: 'Область' },
    });
    const after = await postAnswer(platform, headers, posId);
    expect(after.status).toBe(409);
    expect(await jsonOf(after)).toEqual({
      error: 'illegal_transition',
      current: 'FORWARD_TO_PARENT',
      allowed: [],
    });
  });

  it('takes nothing for a withdrawn appeal and starts afresh for a repeated one', async () => {
    await start();
    await postAnswer(platform, headers, posId);
    platform.change(OPA, posId, 'REPEATED', { rating: 1 });
    expect(platform.appeal(OPA, posId).status).toBe('MODERATION_ACCEPT');
    expect((await postStatus(platform, headers, posId, { status: 'TAKE_TO_WORK' })).status).toBe(201);
    expect(platform.history(OPA, posId).at(-1)?.internal?.repetition).toBe(1);
    platform.change(OPA, posId, 'WITHDRAWN');
    expect((await postAnswer(platform, headers, posId)).status).toBe(409);
  });

  it('takes a return with its reason', async () => {
    await start();
    expect(await fields(await postStatus(platform, headers, posId, { status: 'RETURN' }))).toEqual([
      'reason',
    ]);
    expect((await postStatus(platform, headers, posId, { status: 'RETURN', reason: 'не наше' })).status).toBe(
      201,
    );
    expect(platform.appeal(OPA, posId).status).toBe('RETURN');
  });

  it('marks of 1 and 2 send the answer back, 3 to 5 do not', async () => {
    await start();
    expect(() => platform.rate(OPA, posId, 5)).toThrow('no answer');
    await postAnswer(platform, headers, posId);
    expect(() => platform.rate(OPA, posId, 6)).toThrow();
    platform.rate(OPA, posId, 2, 'яма на месте');
    const { content } = await readFeed(platform, headers);
    expect(content.slice(1).map((item) => [item['change'], item['rating']])).toEqual([
      ['RATED', 2],
      ['REPEATED', 2],
    ]);
    await postAnswer(platform, headers, posId);
    platform.rate(OPA, posId, 3);
    expect((await readFeed(platform, headers)).content.at(-1)).toMatchObject({ change: 'RATED', rating: 3 });
  });

  it('answers 404 for an appeal of another cabinet or of none', async () => {
    await start();
    const foreign = platform.addAppeal(OTHER);
    expect((await postStatus(platform, headers, foreign, { status: 'TAKE_TO_WORK' })).status).toBe(404);
    expect((await postAnswer(platform, headers, 1)).status).toBe(404);
  });

  it('names every faulty field of a status', async () => {
    await start();
    const bad = (body: Record<string, unknown>): Promise<string[]> =>
      postStatus(platform, headers, posId, body).then(fields);
    expect(await bad({ status: 'SEND_RESPONSE' })).toEqual(['status']);
    expect(await bad({ status: 'TAKE_TO_WORK', at: '2026-01-15T10:00:00' })).toEqual(['at']);
    expect(await bad({ status: 'TAKE_TO_WORK', comment: 'ы'.repeat(4001), card: {} })).toEqual([
      'comment',
      'card.number',
    ]);
    expect(await bad({ status: 'SET_EXECUTOR' })).toEqual(['executor']);
    expect(await bad({ status: 'SET_EXECUTOR', executor: { surname: ' ' } })).toEqual([
      'executor.surname',
      'executor.name',
    ]);
    expect(await bad({ status: 'POSTPONE', postponedTo: '2026-13-45T10:00:00Z' })).toEqual(['postponedTo']);
    expect(await bad({ status: 'FORWARD_TO_SUBORDINATE', forwardTo: {} })).toEqual(['forwardTo.name']);
    const url = `${platform.url}/appeal-service/sed/appeals/${posId}/statuses`;
    expect(await fields(await fetch(url, { method: 'POST', headers, body: '{' }))).toEqual(['']);
    expect(statuses()).toHaveLength(2);
  });

  it('names every faulty field of an answer, files too', async () => {
    await start({ maxAnswerFiles: 1 });
    const file = await jsonOf(await upload(platform, headers, 'a.pdf', 'x'));
    const citizens = platform.addAppeal(OPA, { files: [{ name: 'b.txt', content: 'y' }] });
    const theirs = platform.appeal(OPA, citizens).attachments[0]?.fileId;
    const bad = (body: Record<string, unknown>): Promise<string[]> =>
      postAnswer(platform, headers, posId, body).then(fields);
    expect(
      await bad({ answerType: 'MAYBE', comment: ' ', number: null, date: '20.01.2026', signer: null }),
    ).toEqual(['answerType', 'comment', 'number', 'date', 'signer']);
    expect(await bad({ fileIds: [file['id'], 'f-none'] })).toEqual(['fileIds', 'fileIds[1]']);
    expect(await bad({ fileIds: [theirs] })).toEqual(['fileIds[0]']);
    expect(await bad({ answerType: 'REFUSED' })).toEqual(['rejectReasonId']);
    expect(
      (await postAnswer(platform, headers, posId, { answerType: 'REFUSED', rejectReasonId: '1' })).status,
    ).toBe(201);
    expect(platform.history(OPA, posId).at(-1)?.answer?.rejectReason).toEqual({
      id: '1',
      name: 'Вопрос не относится к ведению организации',
    });
  });
});
