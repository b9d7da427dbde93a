import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import nock from 'nock';
import { APPEAL_PATH, answer, repliesAt, status } from './replies-support.ts';
import { cabinet, faultOf, TOKEN_PATH, tokenBody } from './support.ts';

afterEach(() => nock.cleanAll());
// Else the next test file of this process finds its connections in the hands of this one's mocks.
afterAll(() => nock.restore());

describe('single calls', () => {
  const host = 'http://platform.test';
  const postStatus = () => repliesAt(host).postStatus(cabinet(), '374299901', 'k', status());
  const postAnswer = () => repliesAt(host).postAnswer(cabinet(), '374299901', 'k', answer(), []);

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT'])(
    '%s while connecting: nothing was sent',
    async (code) => {
      nock(host).post(TOKEN_PATH).reply(200, tokenBody());
      const syscall = code === 'ENOTFOUND' ? 'getaddrinfo' : 'connect';
      nock(host)
        .post(`${APPEAL_PATH}/statuses`)
        .replyWithError(Object.assign(new Error(code), { code, syscall }));
      expect((await faultOf(postStatus())).code).toBe('PLATFORM_UNREACHABLE');
      expect(nock.isDone()).toBe(true);
    },
  );

  it.each(['ECONNRESET', 'EPIPE', 'EPROTO', 'ETIMEDOUT'])('%s later: unknown', async (code) => {
    nock(host).post(TOKEN_PATH).reply(200, tokenBody());
    nock(host)
      .post(`${APPEAL_PATH}/answers`)
      .replyWithError(Object.assign(new Error(code), { code, syscall: 'read' }));
    const fault = await faultOf(postAnswer());
    expect(fault.code).toBe('PLATFORM_OUTCOME_UNKNOWN');
    expect(JSON.stringify([fault.detail, fault.message])).not.toMatch(/tok-1|secret/);
    expect(nock.isDone()).toBe(true);
  });
});
