import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { answeredOutcome, asList, asObject, readAnswer } from '../../../src/platform/rest/answer.ts';
import { CallFailure } from '../../../src/platform/rest/failure.ts';
import type { CallName } from '../../../src/platform/rest/mapping.ts';
import { readTokenAnswer } from '../../../src/platform/rest/token-answer.ts';
import { anyText, mapping, tokenBody } from './support.ts';

function answer(status: number, body: unknown, headers: Record<string, unknown> = {}) {
  return { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

function failureOf(
  call: CallName,
  status: number,
  body: unknown,
  headers: Record<string, unknown> = {},
): CallFailure {
  try {
    readAnswer(mapping, call, answer(status, body, headers), ['ok']);
  } catch (error) {
    if (error instanceof CallFailure) return error;
    throw error;
  }
  throw new Error('expected the answer to be refused');
}

describe('readAnswer', () => {
  it('gives the meaning and the object', () => {
    expect(readAnswer(mapping, 'feed', answer(200, { a: 1 }), ['ok'])).toEqual({
      meaning: 'ok',
      json: { a: 1 },
    });
    expect(readAnswer(mapping, 'sendStatus', answer(201, { id: 5 }), ['ok'])).toMatchObject({
      meaning: 'ok',
    });
    const expired = readAnswer(mapping, 'feed', answer(410, { oldest: 'c' }), ['ok', 'cursor-expired']);
    expect(expired).toEqual({ meaning: 'cursor-expired', json: { oldest: 'c' } });
  });

  it('a write that was taken but answered with nonsense is unknown', () => {
    expect(failureOf('sendStatus', 201, '').fault.code).toBe('PLATFORM_OUTCOME_UNKNOWN');
    expect(failureOf('sendAnswer', 200, '<html>', { 'content-type': 'text/html' }).fault.kind).toBe(
      'unknown',
    );
  });

  it('names the field that the platform refuses, and the reason as a word', () => {
    const details = [{ field: 'signer.surname', message: 'не указана фамилия Иванова' }];
    const { fault } = failureOf('sendAnswer', 422, { error: 'validation', details });
    expect(fault).toMatchObject({
      code: 'PLATFORM_REJECTED',
      field: 'signer.surname',
      detail: 'код ответа 422: validation',
    });
    expect(JSON.stringify([fault.detail, fault.message, fault.field])).not.toContain('Иванова');
    expect(failureOf('sendStatus', 409, { error: 'illegal_transition' }).fault.detail).toContain(
      'illegal_transition',
    );
    expect(failureOf('sendAnswer', 422, { details: { field: 'comment' } }).fault.field).toBe('comment');
  });

  it.each<[unknown]>([
    [{ details: [5] }],
    [{ details: 'x' }],
    [{ details: [{ field: 'Иванов И. И.' }] }],
    [{ details: null }],
    ['{'],
  ])('details %j name no field', (body) => {
    expect(failureOf('sendAnswer', 422, body).fault.field).toBeUndefined();
  });

  it('503 to a write is unknown, yet keeps the wait', () => {
    const { fault } = failureOf('sendStatus', 503, '', { 'retry-after': '30' });
    expect(fault).toMatchObject({ code: 'PLATFORM_OUTCOME_UNKNOWN', retryAfterMs: 30_000 });
    expect(failureOf('sendStatus', 429, '', { 'retry-after': '30' }).fault).toMatchObject({
      code: 'PLATFORM_BUSY',
      retryAfterMs: 30_000,
    });
  });

  it('no text of an answer reaches a fault', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), anyText, (status, text) => {
        const body = {
          error: `${text} Петров`,
          details: [{ field: `${text} Петров`, message: text }],
          missing: [`${text} Петров`],
        };
        const { fault } = failureOf('appeal', status, body);
        expect(`${fault.message} ${fault.detail} ${fault.field}`).not.toContain('Петров');
      }),
    );
  });

  it("a stream's refusal is read by its headers alone", () => {
    const outcome = answeredOutcome(mapping, 'file', {
      status: 429,
      headers: { 'retry-after': '5' },
      body: undefined,
    });
    expect(outcome).toEqual({ happened: 'answered', status: 429, meaning: 'busy', retryAfterMs: 5000 });
  });
});

describe('asList and asObject', () => {
  it.each<[unknown, unknown[]]>([
    [undefined, []],
    [null, []],
    [[], []],
    [
      [1, 2],
      [1, 2],
    ],
    [{ a: 1 }, [{ a: 1 }]],
    ['x', ['x']],
    [0, [0]],
  ])('%j as a list is %j', (value, list) => {
    expect(asList(value)).toEqual(list);
  });

  it.each(['', 'null', '[]', '5', '"x"', '{', '<a/>'])('«%s» is no object', (text) => {
    expect(asObject(text)).toBeUndefined();
  });
});

describe('readTokenAnswer', () => {
  const read = (more: Record<string, unknown>, askedAt = 1000) =>
    readTokenAnswer(mapping, '100200', answer(200, tokenBody('t', more)), askedAt);

  it.each<[unknown, number]>([
    [3600, 1000 + 3_570_000],
    ['3600', 1000 + 3_570_000],
    [60, 1000 + 30_000],
    [10, 1000 + 5000],
    [0.5, 1000 + 250],
    [null, 1000 + 270_000],
    [undefined, 1000 + 270_000],
  ])('a life of %p seconds is renewed at %p', (expires_in, renewAt) => {
    expect(read({ expires_in }).renewAt).toBe(renewAt);
  });

  it.each<[unknown]>([[0], [-5], ['soon'], [[]], [{}], [true]])('a life of %j is nonsense', (expires_in) => {
    expect(() => read({ expires_in })).toThrow(CallFailure);
  });

  it('takes a token of any spelling of its type, and none told', () => {
    for (const token_type of ['Bearer', 'BEARER', null, undefined])
      expect(read({ token_type }).value).toBe('t');
  });

  it('odd facts about the organisation do not keep us out', () => {
    for (const organization of ['ООО', 5, [], { name: {} }])
      expect(read({ organization }).identity).toEqual({});
    expect(read({ organization: { name: 'ООО' }, opaId: '100200' }).identity).toEqual({
      opaId: '100200',
      organization: { name: 'ООО' },
    });
  });

  it('never throws anything but what the driver knows', () => {
    fc.assert(
      fc.property(
        fc.record({ access_token: fc.jsonValue(), expires_in: fc.jsonValue(), opaId: fc.jsonValue() }),
        (more) => {
          try {
            const token = read(more);
            expect(token.value).toMatch(/^[\x21-\x7e]+$/);
            expect(Number.isFinite(token.renewAt)).toBe(true);
          } catch (error) {
            expect((error as Error).name).toMatch(/^(CallFailure|Fault)$/);
          }
        },
      ),
    );
  });
});
