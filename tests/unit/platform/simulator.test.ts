import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Appeal } from '../../../src/model/appeal.ts';
import { Fault } from '../../../src/model/errors.ts';
import type { CabinetAccess, Platform } from '../../../src/platform/port.ts';
import {
  type PlatformOptions,
  type PlatformSimulator,
  startPlatform,
} from '../../simulators/platform/index.ts';
import { cabinet, faultOf, platformAt } from './support.ts';

/* The driver against the simulated platform, which was written from the same contract by other hands. */

let simulator: PlatformSimulator;
let platform: Platform;

async function start(options: PlatformOptions = {}): Promise<void> {
  simulator = await startPlatform(options);
  platform = platformAt(simulator.url, { timeoutMs: 2000, idleTimeoutMs: 2000 });
  for (const opaId of ['100200', '300400']) {
    simulator.addCabinet({ opaId, identifier: `ident-${opaId}`, password: 'secret', name: 'Администрация' });
  }
}

async function stop(): Promise<void> {
  await platform.close();
  await simulator.close();
}

function access(opaId = '100200', password = 'secret'): CabinetAccess {
  return cabinet({ opaId, identifier: `ident-${opaId}`, readPassword: async () => password });
}

/** Reads a cabinet's feed to its end, again and again over passing trouble; gives appeals and refused items. */
async function readAll(
  size = 7,
  tries = 200,
): Promise<{ appeals: Appeal[]; refused: number; faults: string[] }> {
  const appeals: Appeal[] = [];
  const faults: string[] = [];
  let refused = 0;
  let after: string | undefined;
  for (let i = 0; i < tries; i += 1) {
    try {
      const page = await platform.readFeed(access(), { size, ...(after !== undefined && { after }) });
      if (page.state === 'expired') throw new Error('no cursor is too old here');
      for (const item of page.items) {
        if (item.ok) appeals.push(item.appeal);
        else refused += 1;
      }
      after = page.next ?? after;
      if (page.last) return { appeals, refused, faults };
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== 'transient') throw error;
      faults.push(error.code);
    }
  }
  throw new Error('the feed has no end');
}

beforeEach(() => start());
afterEach(stop);

describe('the simulated platform', () => {
  it('lets the cabinet in and names it', async () => {
    expect(await platform.checkCabinet(access())).toMatchObject({
      opaId: '100200',
      organization: { name: 'Администрация' },
    });
    expect((await faultOf(platform.checkCabinet(access('100200', 'wrong')))).code).toBe(
      'PLATFORM_CREDENTIALS_WRONG',
    );
    simulator.setReady('100200', false, ['readiness']);
    const notReady = await faultOf(platform.checkCabinet(access()));
    expect(notReady).toMatchObject({
      code: 'PLATFORM_CABINET_NOT_READY',
      detail: expect.stringContaining('«ЛКО готов к работе»'),
    });
    const other = { ...access('300400'), opaId: '100200' };
    expect((await faultOf(platform.checkCabinet(other))).code).toBe('PLATFORM_CABINET_MISMATCH');
  });

  it.each([false, true])('its feed is read whole and in order (lists bare: %p)', async (bareObject) => {
    simulator.configure({ bareObject });
    const made = Array.from({ length: 40 }, (_, i) =>
      simulator.addAppeal('100200', {
        description: `Обращение № ${i}`,
        files: i % 3 === 0 ? [{ name: 'фото.jpg', content: `bytes ${i}` }] : [],
      }),
    );
    const first = made[0] ?? 0;
    simulator.change('100200', first, 'AMENDED', { description: 'Новый текст' });
    const { appeals, refused, faults } = await readAll();
    expect([refused, faults]).toEqual([0, []]);
    expect(appeals.map((appeal) => appeal.posId)).toEqual([...made, first].map(String));
    expect(appeals.at(-1)).toMatchObject({ change: 'AMENDED', description: 'Новый текст' });
    expect(new Set(appeals.map((appeal) => appeal.changeIdentity)).size).toBe(41);
    expect(appeals.flatMap((appeal) => appeal.unknownValues)).toEqual([]);
    expect(appeals[0]?.attachments).toHaveLength(1);
    expect(appeals[0]?.receivedAt).toBeInstanceOf(Date);
  });

  it('one page of one item, bare, and none at all', async () => {
    simulator.configure({ bareObject: true });
    expect((await readAll()).appeals).toEqual([]);
    simulator.addAppeal('100200', {});
    expect((await readAll()).appeals).toHaveLength(1);
  });

  it('items nobody understands stand among good ones', async () => {
    simulator.addAppeal('100200', {});
    simulator.addRawItem('100200', { posId: 'x', changeId: 'a' });
    simulator.addRawItem(
      '100200',
      '{"posId": 9007199254740993, "changeId": "b", "description": "a\\u0000\\ud800"}',
    );
    const { appeals, refused } = await readAll(1);
    expect(refused).toBe(1);
    expect(appeals[1]).toMatchObject({ posId: '9007199254740993', description: 'a\uFFFD\uFFFD' });
  });

  it('is read whole through every kind of passing trouble', async () => {
    const made = Array.from({ length: 30 }, () => simulator.addAppeal('100200', {}));
    const kinds = [
      'error-500',
      'unavailable',
      'cut-before',
      'cut-after',
      'truncate',
      'bad-json',
      'unauthorized',
    ] as const;
    kinds.forEach((kind, i) => {
      // A 401 on a log-in means wrong credentials, which is no passing trouble.
      const route = kind === 'unauthorized' ? 'feed' : (['feed', 'token'] as const);
      simulator.fault({ route, kind, probability: 0.15, seed: i + 1, times: 6 });
    });
    const posIds = new Set<string>();
    for (let round = 0; round < 20 && posIds.size < made.length; round += 1) {
      // A session refused twice in a row is the cabinet's fault by contract; here it is chance.
      await readAll(3).then(
        ({ appeals }) => {
          for (const { posId } of appeals) posIds.add(posId);
        },
        (error: Fault) => expect(error.kind).toBe('credentials'),
      );
    }
    expect([...posIds].map(Number).sort((a, b) => a - b)).toEqual(made);
    expect(simulator.faults().reduce((sum, rule) => sum + rule.fired, 0)).toBeGreaterThan(5);
  });

  it('says when a cursor is too old, and goes on from the oldest', async () => {
    for (let i = 0; i < 10; i += 1) simulator.addAppeal('100200', {});
    const page = await platform.readFeed(access(), { size: 2 });
    const after = page.state === 'page' ? page.next : undefined;
    const oldest = simulator.expireCursorsBefore('100200', 5);
    const expired = await platform.readFeed(access(), { size: 2, ...(after !== undefined && { after }) });
    expect(expired).toEqual({ state: 'expired', oldest });
    const rest = await platform.readFeed(access(), { size: 200, after: oldest });
    expect(rest.state === 'page' && rest.items).toHaveLength(5);
    const backfill = await platform.readFeed(access(), {
      size: 200,
      changedFrom: new Date(Date.now() - 3_600_000),
      changedTo: new Date(Date.now() + 3_600_000),
    });
    expect(backfill.state === 'page' && backfill.items).toHaveLength(10);
  });

  it('asks to wait', async () => {
    simulator.fault({ route: 'feed', kind: 'rate-limit', retryAfterSeconds: 9, times: 1 });
    expect(await faultOf(platform.readFeed(access(), { size: 1 }))).toMatchObject({
      code: 'PLATFORM_BUSY',
      retryAfterMs: 9000,
    });
    expect(await platform.readFeed(access(), { size: 1 })).toMatchObject({ state: 'page' });
  });

  it('drops all sessions while many calls run', async () => {
    simulator.addAppeal('100200', {});
    await platform.readFeed(access(), { size: 1 });
    simulator.revokeTokens('100200');
    const pages = await Promise.all(
      Array.from({ length: 20 }, () => platform.readFeed(access(), { size: 1 })),
    );
    expect(pages.every((page) => page.state === 'page')).toBe(true);
  });

  it('gives a file through cuts, whether it honours Range or not', async () => {
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 253));
    const posId = simulator.addAppeal('100200', { files: [{ name: 'акт.pdf', content }] });
    const { fileId = '', sha256 } = simulator.appeal('100200', posId).attachments[0] ?? {};
    simulator.fault({ route: 'file', kind: 'truncate', bytes: 60_000, times: 3 });
    simulator.fault({ route: 'file', kind: 'ignore-range', times: 1 });
    let got = Buffer.alloc(0);
    let opened = 0;
    while (got.length < content.length && opened < 12) {
      opened += 1;
      const { stream, offset } = await platform.openFile(access(), fileId, got.length);
      got = got.subarray(0, offset);
      try {
        for await (const chunk of stream as AsyncIterable<Buffer>) got = Buffer.concat([got, chunk]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
      }
    }
    expect(opened).toBeGreaterThan(3);
    expect(createHash('sha256').update(got).digest('hex')).toBe(sha256);
    expect((await faultOf(platform.openFile(access(), 'no-such-file', 0))).code).toBe('FILE_GONE');
    // Another cabinet's file is as good as gone.
    await expect(faultOf(platform.openFile(access('300400'), fileId, 0))).resolves.toMatchObject({
      kind: 'rejected',
    });
  });

  it('a large file flows through without being held', async () => {
    const size = 64 * 1024 * 1024;
    const posId = simulator.addAppeal('100200', { files: [{ name: 'видео.mp4', size }] });
    const { fileId = '' } = simulator.appeal('100200', posId).attachments[0] ?? {};
    const { stream, length } = await platform.openFile(access(), fileId, 0);
    let read = 0;
    let most = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      most = Math.max(most, stream.readableLength);
    }
    expect([length, read]).toEqual([size, size]);
    expect(most).toBeLessThan(1024 * 1024);
  });

  it('an empty file', async () => {
    const posId = simulator.addAppeal('100200', { files: [{ name: 'пусто.txt', content: '' }] });
    const { fileId = '' } = simulator.appeal('100200', posId).attachments[0] ?? {};
    const { stream } = await platform.openFile(access(), fileId, 0);
    expect(await buffer(stream)).toHaveLength(0);
  });
});
