import type { ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { Fault } from '../../../src/model/errors.ts';
import {
  ANSWERS,
  APPEAL_PATH,
  answer,
  callsOf,
  closing,
  logInsOf,
  repliesAt,
  STATUSES,
  status,
  type WholePlatform,
  withReplies,
} from './replies-support.ts';
import { cabinet, faultOf, type Handler, json, mapping, startServer, TOKEN_PATH } from './support.ts';

const POS_ID = '374299901';
const KEY = 'event-1';
const taken = { id: 'h-1', acceptedAt: '2026-03-02T03:00:01+03:00' };

const post = {
  status: (platform: WholePlatform, signal?: AbortSignal) =>
    platform.postStatus(cabinet(), POS_ID, KEY, status(), signal),
  answer: (platform: WholePlatform, signal?: AbortSignal) =>
    platform.postAnswer(cabinet(), POS_ID, KEY, answer(), ['f-1'], signal),
};
const kinds = ['status', 'answer'] as const;

function replying(code: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (_seen, response) => json(response, code, body, headers);
}

describe('what goes over the wire', () => {
  it('a status: path, headers, and no empty parameter', async () => {
    const [platform, server] = await withReplies(replying(201, taken));
    const payload = status({
      role: 'setExecutor',
      card: { number: 'А-15', date: '' },
      executor: { surname: 'Сидоров', name: 'Сидор', patronymic: '', position: '  ' },
      comment: '',
      reason: 'a\u0000\uD800',
    });
    expect(await platform.postStatus(cabinet(), POS_ID, KEY, payload)).toEqual({ id: 'h-1' });
    expect(callsOf(server)).toEqual([STATUSES]);
    const sent = server.seen.at(-1);
    expect(sent?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': KEY,
      'opa-id': '100200',
      authorization: 'Bearer tok-1',
    });
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      status: 'SET_EXECUTOR',
      at: '2026-03-02T09:00:00+09:00',
      card: { number: 'А-15' },
      executor: { surname: 'Сидоров', name: 'Сидор' },
      reason: 'a\uFFFD\uFFFD',
    });
  });

  it.each([
    ['takeToWork', 'TAKE_TO_WORK'],
    ['setExecutor', 'SET_EXECUTOR'],
    ['postpone', 'POSTPONE'],
    ['forwardToParent', 'FORWARD_TO_PARENT'],
    ['forwardToSubordinate', 'FORWARD_TO_SUBORDINATE'],
    ['return', 'RETURN'],
  ] as const)('the role %s is spelled %s, by the mapping', async (role, word) => {
    const platform = repliesAt('http://127.0.0.1:9');
    expect(platform.renderStatus('1', POS_ID, KEY, status({ role })).body).toMatchObject({ status: word });
    const outgoing = { ...mapping.outgoing, statuses: { ...mapping.outgoing.statuses, [role]: 'OTHER' } };
    const changed = repliesAt('http://127.0.0.1:9', { mapping: { ...mapping, outgoing } });
    expect(changed.renderStatus('1', POS_ID, KEY, status({ role })).body).toMatchObject({ status: 'OTHER' });
  });

  it('an answer with all it may have, and with the least', () => {
    const platform = repliesAt('http://127.0.0.1:9');
    const full = platform.renderAnswer('1', POS_ID, KEY, answer({ rejectReasonId: '2' }), ['f-1', 'f-2']);
    expect(full).toMatchObject({ method: 'POST', path: `${APPEAL_PATH}/answers` });
    expect(full.body).toEqual({
      answerType: 'SOLVED',
      comment: 'Яма заделана.\nСпасибо за обращение.',
      number: '01-12/345',
      date: '2026-03-20',
      signer: { surname: 'Петров', name: 'Пётр', patronymic: 'Петрович', position: 'Глава' },
      fileIds: ['f-1', 'f-2'],
      rejectReasonId: '2',
    });
    const { signer: _signer, ...unsigned } = answer();
    const least = platform.renderAnswer('1', POS_ID, KEY, unsigned, []);
    expect(Object.keys(least.body as object)).toEqual(['answerType', 'comment', 'number', 'date']);
  });

  it.each(kinds)('a dry run shows of a %s exactly what would be sent', async (kind) => {
    const [platform, server] = await withReplies(replying(201, taken));
    await post[kind](platform);
    const rendered =
      kind === 'status'
        ? platform.renderStatus('100200', POS_ID, KEY, status())
        : platform.renderAnswer('100200', POS_ID, KEY, answer(), ['f-1']);
    const sent = server.seen.at(-1);
    expect([rendered.method, rendered.path]).toEqual([sent?.method, sent?.path]);
    expect(rendered.body).toEqual(JSON.parse(sent?.body ?? ''));
    for (const [name, value] of Object.entries(rendered.headers)) {
      expect([name, sent?.headers[name.toLowerCase()]]).toEqual([name, value]);
    }
    expect(Object.keys(rendered.headers).map((name) => name.toLowerCase())).not.toContain('authorization');
    expect(callsOf(server)).toHaveLength(1);
  });

  it.each(['', 'ключ', 'a b', 'a\n', 'x'.repeat(256)])('the key %j cannot be sent', async (key) => {
    const [platform, server] = await withReplies(replying(201, taken));
    expect((await faultOf(platform.postStatus(cabinet(), POS_ID, key, status()))).code).toBe('DEFECT');
    expect(server.seen).toEqual([]);
  });

  it('an unknown answer type is our setting at fault', async () => {
    const [platform, server] = await withReplies(replying(201, taken));
    const fault = await faultOf(
      platform.postAnswer(cabinet(), POS_ID, KEY, answer({ answerType: 'toString' }), []),
    );
    expect(fault).toMatchObject({ code: 'CONFIG_INVALID', kind: 'rejected', field: 'answerType' });
    expect(server.seen).toEqual([]);
  });

  it.each(['', '.', '..'])('a posId %j goes nowhere', async (posId) => {
    const [platform, server] = await withReplies(replying(201, taken));
    const fault = await faultOf(platform.postStatus(cabinet(), posId, KEY, status()));
    expect(fault).toMatchObject({ code: 'PLATFORM_REJECTED', field: 'posId' });
    expect(callsOf(server)).toEqual([]);
  });
});

describe('the answers of the contract', () => {
  it.each<[string, number, unknown, object]>([
    ['taken', 201, taken, { id: 'h-1' }],
    ['a repeated key', 200, taken, { id: 'h-1' }],
    ['an id in digits', 201, { id: 15 }, { id: '15' }],
    ['a huge id', 201, '{"id": 9007199254740993}', { id: '9007199254740993' }],
    ['no id told', 201, { id: null, acceptedAt: taken.acceptedAt }, {}],
  ])('%s', async (_name, code, body, outcome) => {
    for (const kind of kinds) {
      const [platform, server] = await withReplies(replying(code, body));
      expect(await post[kind](platform)).toEqual(outcome);
      expect(callsOf(server)).toEqual([kind === 'status' ? STATUSES : ANSWERS]);
    }
  });

  const validation = {
    error: 'validation',
    details: [
      { field: 'comment', message: 'не более 4000 знаков' },
      { field: 'signer.surname', message: 'обязательное поле' },
    ],
  };
  const refused = { code: 'PLATFORM_REJECTED', kind: 'rejected', field: 'comment' } as const;
  const bothFields = 'comment — не более 4000 знаков; signer.surname — обязательное поле';

  it.each<[string, number, unknown, Partial<Fault>]>([
    [
      '409',
      409,
      { error: 'illegal_transition', current: 'SEND_RESPONSE', allowed: ['TAKE_TO_WORK', 'RETURN'] },
      {
        code: 'PLATFORM_ILLEGAL_TRANSITION',
        kind: 'rejected',
        detail:
          'код ответа 409: на платформе сейчас «Ответ направлен»; допустимо: «Принято в работу», «Возвращено координатору»',
      },
    ],
    [
      '409, the end of the road',
      409,
      { error: 'illegal_transition', current: 'NEW_WORD', allowed: [] },
      {
        code: 'PLATFORM_ILLEGAL_TRANSITION',
        detail: 'код ответа 409: на платформе сейчас «NEW_WORD»; изменить статус больше нельзя',
      },
    ],
    [
      '409 with one bare allowed',
      409,
      { current: 'POSTPONE', allowed: 'SET_EXECUTOR' },
      {
        code: 'PLATFORM_ILLEGAL_TRANSITION',
        detail: 'код ответа 409: на платформе сейчас «Срок перенесён»; допустимо: «Назначен исполнитель»',
      },
    ],
    [
      '409 for another reason',
      409,
      { error: 'request_in_progress', current: 'Иванов И.' },
      { code: 'PLATFORM_ILLEGAL_TRANSITION', detail: 'код ответа 409: request_in_progress' },
    ],
    ['409, a page', 409, '<html>', { code: 'PLATFORM_ILLEGAL_TRANSITION', detail: 'код ответа 409' }],
    [
      '404',
      404,
      { error: 'not_found' },
      { code: 'PLATFORM_APPEAL_UNKNOWN', kind: 'rejected', detail: 'код ответа 404' },
    ],
    ['404 with no body', 404, '', { code: 'PLATFORM_APPEAL_UNKNOWN', kind: 'rejected' }],
    ['413', 413, validation, { ...refused, detail: `код ответа 413: ${bothFields}` }],
    ['415', 415, validation, { ...refused, detail: `код ответа 415: ${bothFields}` }],
    ['422', 422, validation, { ...refused, detail: `код ответа 422: ${bothFields}` }],
    [
      '422 bare',
      422,
      { details: validation.details[0] },
      { ...refused, detail: 'код ответа 422: comment — не более 4000 знаков' },
    ],
    [
      '422 with a word',
      422,
      { error: 'validation' },
      { code: 'PLATFORM_REJECTED', detail: 'код ответа 422: validation' },
    ],
    ['413 of a proxy', 413, '<html>too large', { code: 'PLATFORM_REJECTED', detail: 'код ответа 413' }],
    ['400', 400, {}, { code: 'PLATFORM_REJECTED', kind: 'rejected' }],
    ['403', 403, {}, { code: 'PLATFORM_FORBIDDEN', kind: 'credentials' }],
    ['429', 429, {}, { code: 'PLATFORM_BUSY', kind: 'transient' }],
    ['408', 408, {}, { code: 'PLATFORM_OUTCOME_UNKNOWN', kind: 'unknown' }],
    ['500', 500, {}, { code: 'PLATFORM_OUTCOME_UNKNOWN', kind: 'unknown' }],
    ['502', 502, '<html>', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['503', 503, '', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['504', 504, '', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['302', 302, '', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['204', 204, '', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['201, no JSON', 201, '{"id":', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['201, empty', 201, '', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['200, a page', 200, '<html>ok</html>', { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['200, a list', 200, [taken], { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
    ['200, an error of a proxy', 200, { error: 'backend' }, { code: 'PLATFORM_OUTCOME_UNKNOWN' }],
  ])('%s, sent once', async (_name, code, body, expected) => {
    for (const kind of kinds) {
      const [platform, server] = await withReplies(replying(code, body));
      expect(await faultOf(post[kind](platform))).toMatchObject(expected);
      expect(callsOf(server)).toEqual([kind === 'status' ? STATUSES : ANSWERS]);
    }
  });

  it.each([
    [429, 'PLATFORM_BUSY'],
    [503, 'PLATFORM_OUTCOME_UNKNOWN'],
  ])('%p tells how long to wait', async (code, expected) => {
    const [platform] = await withReplies(replying(code, {}, { 'Retry-After': '17' }));
    expect(await faultOf(post.status(platform))).toMatchObject({ code: expected, retryAfterMs: 17_000 });
  });

  it('names no person and repeats no text of ours', async () => {
    const details = [
      { field: 'signer.surname', message: 'Фамилия Петрова не найдена, петров@mail.ru, +7 914 000 11 22' },
      { field: 'comment', message: 'недопустимо: яма заделана. Спасибо за обращение' },
      { field: 'Иван Иваныч', message: 5 },
    ];
    const [platform] = await withReplies(replying(422, { error: 'validation', details }));
    const fault = await faultOf(post.answer(platform));
    expect(fault.field).toBe('signer.surname');
    expect(`${fault.detail}`).toMatch(/^код ответа 422: signer\.surname — … не найдена, …; comment — /);
    expect(`${fault.detail}`).not.toMatch(/Петров|петров|914|заделана|Спасибо|Иван/);
  });

  it('many details are all counted', async () => {
    const details = Array.from({ length: 14 }, (_, i) => ({ field: `f${i}`, message: 'обязательное поле' }));
    const [platform] = await withReplies(replying(422, { details }));
    const { detail } = await faultOf(post.answer(platform));
    expect(detail).toContain('f9 — обязательное поле; и ещё 4');
  });
});

describe('trouble on the way: a POST goes out once', () => {
  const reset = (response: ServerResponse) => void response.socket?.resetAndDestroy();
  const truncated = (response: ServerResponse) => {
    response.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
    response.write('{"id":');
    response.socket?.end();
  };

  it.each<[string, (response: ServerResponse) => void]>([
    ['reset with no answer', reset],
    ['an answer cut short', truncated],
    ['silence', () => undefined],
  ])('%s is unknown', async (_name, failing) => {
    for (const kind of kinds) {
      const [platform, server] = await withReplies((_seen, response) => failing(response), {
        timeoutMs: 1500,
      });
      const fault = await faultOf(post[kind](platform));
      expect(fault).toMatchObject({ code: 'PLATFORM_OUTCOME_UNKNOWN', kind: 'unknown' });
      expect(callsOf(server)).toEqual([kind === 'status' ? STATUSES : ANSWERS]);
    }
  });

  it('stopped under way is unknown, stopped before is not', async () => {
    const stop = new AbortController();
    const [platform, server] = await withReplies(() => stop.abort());
    expect((await faultOf(post.status(platform, stop.signal))).code).toBe('PLATFORM_OUTCOME_UNKNOWN');
    expect(callsOf(server)).toHaveLength(1);
    expect((await faultOf(post.status(platform, stop.signal))).code).toBe('STOPPED');
    expect(callsOf(server)).toHaveLength(1);
  });

  it('a refused connection may be repeated, with a session or without', async () => {
    const [platform, server] = await withReplies(replying(201, taken));
    await post.status(platform);
    await server.close();
    expect(await faultOf(post.status(platform))).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      kind: 'transient',
    });
    expect((await faultOf(post.answer(repliesAt(server.url)))).code).toBe('PLATFORM_UNREACHABLE');
  });

  it('a host nobody knows may be repeated', async () => {
    const platform = repliesAt('http://127.0.0.1:1');
    expect((await faultOf(post.status(platform))).code).toBe('PLATFORM_UNREACHABLE');
  });

  it('a log-in that fails means that nothing was sent', async () => {
    const server = await startServer((_seen, response) => void response.socket?.resetAndDestroy());
    closing(server.close);
    expect((await faultOf(post.status(repliesAt(server.url)))).code).toBe('PLATFORM_UNREACHABLE');
    expect(new Set(server.paths())).toEqual(new Set([TOKEN_PATH]));
  });

  it('a redirect is not followed: the token would go with it', async () => {
    const other = await startServer((_seen, response) => json(response, 201, taken));
    closing(other.close);
    const [platform, server] = await withReplies((_seen, response) => {
      response.writeHead(307, { Location: `${other.url}/` });
      response.end();
    });
    expect((await faultOf(post.status(platform))).code).toBe('PLATFORM_OUTCOME_UNKNOWN');
    expect([other.seen.length, callsOf(server).length]).toEqual([0, 1]);
  });

  it('every write has a connection of its own, so none meets one that is closing', async () => {
    const [platform, server] = await withReplies(replying(201, taken));
    for (let i = 0; i < 3; i += 1) await post.status(platform);
    const writes = server.seen.filter((one) => one.path !== TOKEN_PATH);
    expect(writes.map((one) => one.headers.connection)).toEqual(['close', 'close', 'close']);
  });
});

describe('a session that died', () => {
  it('401 once: a new log-in, and the same call once more', async () => {
    let refusals = 1;
    const [platform, server] = await withReplies((_seen, response) => {
      refusals -= 1;
      return refusals >= 0 ? json(response, 401, {}) : json(response, 201, taken);
    });
    expect(await post.answer(platform)).toEqual({ id: 'h-1' });
    expect(callsOf(server)).toEqual([ANSWERS, ANSWERS]);
    expect(logInsOf(server)).toBe(2);
    const [first, second] = server.seen.filter((one) => one.path !== TOKEN_PATH);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['idempotency-key']).toBe(KEY);
  });

  it('401 twice is given up', async () => {
    const [platform, server] = await withReplies(replying(401, {}));
    expect((await faultOf(post.status(platform))).code).toBe('PLATFORM_SESSION_REFUSED');
    expect(callsOf(server)).toEqual([STATUSES, STATUSES]);
  });

  it('401, then cut: unknown, and no third time', async () => {
    let calls = 0;
    const [platform, server] = await withReplies((_seen, response) => {
      calls += 1;
      if (calls === 1) return json(response, 401, {});
      response.socket?.resetAndDestroy();
    });
    expect((await faultOf(post.status(platform))).code).toBe('PLATFORM_OUTCOME_UNKNOWN');
    expect(callsOf(server)).toEqual([STATUSES, STATUSES]);
  });
});
