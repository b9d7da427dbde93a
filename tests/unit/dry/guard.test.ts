import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { guardPlatform, guardSed } from '../../../src/dry/guard.ts';
import type { CabinetAccess, Platform, PlatformReplies } from '../../../src/platform/port.ts';
import type { CardRequest, SedExchange } from '../../../src/sed/port.ts';

const access = (opaId: string): CabinetAccess => ({
  opaId,
  cabinet: `lko-${opaId}`,
  identifier: 'i',
  timeZone: 'Europe/Moscow',
  readPassword: async () => 'p',
});
const covers = (opaId: string) => opaId === '1';

/** Notes every call it gets and answers with its name. */
function recorder<T extends object>(): { calls: string[]; port: T } {
  const calls: string[] = [];
  const names = [
    ...['checkCabinet', 'readFeed', 'parseItem', 'openFile', 'forget', 'close', 'readAppeal', 'postStatus'],
    ...['postAnswer', 'uploadFile', 'renderStatus', 'renderAnswer', 'isSameEntry'],
    ...[
      'identify',
      'render',
      'write',
      'renderReport',
      'report',
      'waiting',
      'read',
      'retryQuarantined',
      'checkChannel',
    ],
  ];
  const port = Object.fromEntries(
    names.map((name) => [
      name,
      (...args: unknown[]) => {
        calls.push(`${name}/${args.length}`);
        return name;
      },
    ]),
  );
  return { calls, port: port as T };
}

describe('the last door before the platform', () => {
  const status = { kind: 'status', role: 'takeToWork', at: '' } as const;
  const answer = { kind: 'answer', answerType: 'X', comment: '', number: '', date: '' } as const;
  const file = { name: 'a', mimeType: 'x', size: 0, open: () => Readable.from([]) };

  it('lets nothing of a dry cabinet out, and all of the others', async () => {
    const { calls, port } = recorder<Platform & PlatformReplies>();
    const guarded = guardPlatform(port, covers);
    const attempts = (opaId: string) => [
      guarded.postStatus(access(opaId), '42', 'k', status),
      guarded.postAnswer(access(opaId), '42', 'k', answer, ['f']),
      guarded.uploadFile(access(opaId), file),
    ];
    for (const attempt of attempts('1'))
      await expect(attempt).rejects.toMatchObject({ code: 'DRY_RUN', kind: 'transient' });
    expect(calls).toEqual([]);
    expect(await Promise.all(attempts('2'))).toEqual(['postStatus', 'postAnswer', 'uploadFile']);
    expect(calls).toEqual(['postStatus/4', 'postAnswer/5', 'uploadFile/2']);
  });

  it('lets a dry cabinet read', () => {
    const { calls, port } = recorder<Platform & PlatformReplies>();
    const guarded = guardPlatform(port, covers);
    void guarded.readFeed(access('1'), { size: 1 });
    void guarded.readAppeal(access('1'), '42');
    void guarded.openFile(access('1'), 'f', 0);
    guarded.renderStatus('1', '42', 'k', status);
    expect(calls).toEqual(['readFeed/2', 'readAppeal/2', 'openFile/3', 'renderStatus/4']);
  });
});

describe('the last door before the СЭД', () => {
  it('lets no package of a dry cabinet out, and all of the others', async () => {
    const { calls, port } = recorder<SedExchange>();
    const guarded = guardSed(port, covers);
    const request = (opaId: string) => ({ key: { opaId } }) as CardRequest;
    await expect(guarded.write(request('1'))).rejects.toMatchObject({ code: 'DRY_RUN' });
    expect(calls).toEqual([]);
    expect(await guarded.write(request('2'), AbortSignal.timeout(1000))).toBe('write');
    guarded.render(request('1'));
    expect(calls).toEqual(['write/2', 'render/1']);
  });
});
