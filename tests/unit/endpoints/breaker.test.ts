import { describe, expect, it } from '@jest/globals';
import {
  type BreakerChange,
  createBreakers,
  type EndpointName,
  runForCabinet,
} from '../../../src/endpoints/breaker.ts';
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import { Fault } from '../../../src/model/errors.ts';

function setup() {
  const clock = { now: 1000 };
  const changes: BreakerChange[] = [];
  const breakers = createBreakers({ now: () => clock.now, onChange: (change) => changes.push(change) });
  const fail = (endpoint: EndpointName, fault: unknown = new Fault('PLATFORM_UNREACHABLE')) =>
    breakers.run(endpoint, () => Promise.reject(fault)).catch((error: unknown) => error);
  const open = async (endpoint: EndpointName, fault?: Fault) => {
    for (let i = 0; i < 5; i += 1) await fail(endpoint, fault);
  };
  return { clock, changes, breakers, fail, open };
}

describe('breakers', () => {
  it('hand on what a call gives and throws', async () => {
    const { breakers } = setup();
    expect(await breakers.run('platform', async () => 5)).toBe(5);
    const fault = new Fault('FILE_GONE');
    await expect(breakers.run('platform', () => Promise.reject(fault))).rejects.toBe(fault);
    const boom = new TypeError('boom');
    await expect(breakers.run('platform', () => Promise.reject(boom))).rejects.toBe(boom);
    const thrower = () => {
      throw fault;
    };
    await expect(breakers.run('platform', thrower)).rejects.toBe(fault);
  });

  it('when open, refuse at once without calling, and say how long', async () => {
    const { breakers, open, clock } = setup();
    await open('platform');
    let called = false;
    clock.now += 4000;
    const refusal = await breakers
      .run('platform', async () => {
        called = true;
      })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'ENDPOINT_PAUSED', kind: 'transient', retryAfterMs: 6000 });
    expect(called).toBe(false);
    expect(breakers.waitMs('platform')).toBe(6000);
  });

  it('of an endpoint that is forgotten are gone, though a call to it was under way', async () => {
    const { breakers, changes } = setup();
    const { promise, resolve } = Promise.withResolvers<void>();
    const running = breakers.run('cabinet:1', () => promise);
    expect([...breakers.states().keys()]).toEqual(['cabinet:1']);
    breakers.forget('cabinet:1');
    resolve();
    await running;
    expect([...breakers.states()]).toEqual([]);
    expect(changes).toEqual([]);
  });

  it('stand each for one endpoint', async () => {
    const { breakers, open } = setup();
    await open('cabinet:1', new Fault('PLATFORM_BUSY'));
    expect(await breakers.run('cabinet:2', async () => 'fine')).toBe('fine');
    expect(await breakers.run('platform', async () => 'fine')).toBe('fine');
    expect(Object.fromEntries(breakers.states())).toEqual({
      'cabinet:1': 'open',
      'cabinet:2': 'closed',
      platform: 'closed',
    });
    expect(breakers.waitMs('smtp')).toBe(0);
    breakers.forget('cabinet:1');
    expect(await breakers.run('cabinet:1', async () => 'fine')).toBe('fine');
  });

  it('tell when one opens, by what, and when it closes', async () => {
    const { breakers, open, clock, changes, fail } = setup();
    await open('channel:a');
    clock.now += 10_000;
    await fail('channel:a');
    clock.now += 20_000;
    await breakers.run('channel:a', async () => undefined);
    expect(changes).toEqual([
      { endpoint: 'channel:a', to: 'open', at: 1000, openedAt: 1000, fault: expect.any(Fault) },
      { endpoint: 'channel:a', to: 'closed', at: 31_000, openedAt: 1000 },
    ]);
    expect(changes[0]?.fault?.code).toBe('PLATFORM_UNREACHABLE');
  });

  it.each<[ErrorCode, boolean]>([
    ['PLATFORM_UNREACHABLE', true],
    ['PLATFORM_BUSY', false],
    ['PLATFORM_BAD_ANSWER', false],
    ['PLATFORM_OUTCOME_UNKNOWN', true],
    ['SED_FOLDER_UNAVAILABLE', true],
    ['SMTP_UNREACHABLE', true],
    ['PLATFORM_REJECTED', false],
    ['PLATFORM_CREDENTIALS_WRONG', false],
    ['FILE_GONE', false],
    ['SPOOL_UNAVAILABLE', false],
    ['DATABASE_UNREACHABLE', false],
    ['STOPPED', false],
    ['DEFECT', false],
  ])('%s, ten times: opens %p', async (code, opens) => {
    const { breakers, fail } = setup();
    for (let i = 0; i < 10; i += 1) await fail('platform', new Fault(code));
    expect(breakers.states().get('platform')).toBe(opens ? 'open' : 'closed');
  });

  it('a refusal shows that the endpoint works, our own trouble shows nothing', async () => {
    const { breakers, fail } = setup();
    for (let i = 0; i < 4; i += 1) await fail('platform');
    await fail('platform', new Fault('PLATFORM_REJECTED'));
    for (let i = 0; i < 4; i += 1) await fail('platform');
    expect(breakers.states().get('platform')).toBe('closed');
    await fail('platform', new Fault('SPOOL_UNAVAILABLE'));
    await fail('platform', new Error('ours'));
    await fail('platform');
    expect(breakers.states().get('platform')).toBe('open');
  });

  it('Retry-After of the last failure puts the probe off', async () => {
    const { breakers, fail } = setup();
    const busy = new Fault('PLATFORM_BUSY', { retryAfterMs: 90_000 });
    for (let i = 0; i < 5; i += 1) await fail('cabinet:1', busy);
    expect(breakers.waitMs('cabinet:1')).toBe(90_000);
  });

  it('a breaker inside another does not count its refusal against the outer one', async () => {
    const { breakers, open } = setup();
    await open('cabinet:1', new Fault('PLATFORM_BUSY'));
    for (let i = 0; i < 30; i += 1) {
      await breakers
        .run('platform', () => breakers.run('cabinet:1', async () => undefined))
        .catch((error: unknown) => expect(error).toMatchObject({ code: 'ENDPOINT_PAUSED' }));
    }
    expect(breakers.states().get('platform')).toBe('closed');
  });

  it.each<[ErrorCode, string]>([
    ['PLATFORM_BUSY', 'cabinet:1'],
    ['PLATFORM_BAD_ANSWER', 'cabinet:1'],
    ['PLATFORM_UNREACHABLE', 'platform'],
    ['PLATFORM_OUTCOME_UNKNOWN', 'platform'],
  ])('of a call for a cabinet %s holds back %s alone', async (code, held) => {
    const { breakers, changes } = setup();
    const call = () => Promise.reject(new Fault(code));
    for (let i = 0; i < 9; i += 1) await runForCabinet(breakers, '1', call).catch(() => undefined);
    expect(changes.map(({ endpoint, to }) => [endpoint, to])).toEqual([[held, 'open']]);
    await expect(runForCabinet(breakers, '1', call)).rejects.toMatchObject({ code: 'ENDPOINT_PAUSED' });
    const other = runForCabinet(breakers, '2', async () => 'fine').catch((error: Fault) => error.code);
    expect(await other).toBe(held === 'platform' ? 'ENDPOINT_PAUSED' : 'fine');
  });
});
