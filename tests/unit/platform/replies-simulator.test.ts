import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AnswerPayload, DeliveryPayload, StatusPayload } from '../../../src/model/delivery.ts';
import type { Fault } from '../../../src/model/errors.ts';
import type { CabinetAccess } from '../../../src/platform/port.ts';
import {
  type FaultKind,
  type KeyMode,
  type PlatformOptions,
  type PlatformSimulator,
  startPlatform,
} from '../../simulators/platform/index.ts';
import { answer, closing, repliesAt, source, status, type WholePlatform } from './replies-support.ts';
import { cabinet, faultOf } from './support.ts';

/* The writing half against the simulated platform, which was written from the same contract by other hands. */

const OPA = '100200';
let simulator: PlatformSimulator;
let platform: WholePlatform;

async function start(options: PlatformOptions = {}): Promise<void> {
  simulator = await startPlatform(options);
  closing(() => simulator.close());
  simulator.addCabinet({ opaId: OPA, identifier: 'ident-1', password: 'secret', name: 'Администрация' });
  platform = repliesAt(simulator.url);
}

/** A driver that soon gives up waiting, logged in already. */
async function hastyPlatform(): Promise<WholePlatform> {
  const hasty = repliesAt(simulator.url, { timeoutMs: 300, idleTimeoutMs: 300 });
  await until(() =>
    hasty.checkCabinet(access).then(
      () => true,
      () => false,
    ),
  );
  return hasty;
}

beforeEach(() => start());

const access: CabinetAccess = cabinet({ readPassword: async () => 'secret' });

function requests(route: string): number {
  return simulator.counters().requests[route] ?? 0;
}

/** What stands in the history after moderation. */
function entries(posId: number) {
  return simulator.history(OPA, posId).filter((entry) => !entry.status.startsWith('MODERATION_'));
}

function postStatus(posId: number, key: string, payload: StatusPayload = status(), by = platform) {
  return by.postStatus(access, String(posId), key, payload);
}

function postAnswer(
  posId: number,
  key: string,
  fileIds: string[] = [],
  payload: AnswerPayload = answer(),
  by = platform,
) {
  return by.postAnswer(access, String(posId), key, payload, fileIds);
}

/** As the flow counts: keys decide where they are kept, else equal entries. */
async function found(
  posId: number,
  key: string,
  payload: DeliveryPayload = status(),
  fileIds: string[] = [],
): Promise<number> {
  const { history } = await platform.readAppeal(access, String(posId));
  return history.filter((entry) =>
    entry.clientKey === undefined ? platform.isSameEntry(entry, payload, fileIds) : entry.clientKey === key,
  ).length;
}

async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error('the awaited did not come');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const modes: readonly KeyMode[] = ['keys', 'nokeys'];

describe.each(modes)('mode %s', (keyMode) => {
  beforeEach(() => simulator.configure({ keyMode }));

  it.each([false, true])('a whole journey, lists bare: %p', async (bareObject) => {
    simulator.configure({ bareObject });
    const posId = simulator.addAppeal(OPA, {});
    const steps: StatusPayload[] = [
      status({ card: { number: 'А-1', date: '2026-03-02' } }),
      status({
        role: 'setExecutor',
        executor: { surname: 'Сидоров', name: 'Сидор' },
        comment: 'Строка 1\r\nСтрока 2',
      }),
      status({ role: 'postpone', postponedTo: '2026-05-01T00:00:00+09:00', reason: 'Нужен подрядчик' }),
    ];
    for (const [i, step] of steps.entries()) {
      expect(await found(posId, `k-${i}`, step)).toBe(0);
      expect((await postStatus(posId, `k-${i}`, step)).id).toMatch(/^h-\d+$/);
      expect(await found(posId, `k-${i}`, step)).toBe(1);
    }
    const fileId = await platform.uploadFile(access, source('%PDF-1.4'));
    await postAnswer(posId, 'k-answer', [fileId]);
    const { status: now, history, answerAt } = await platform.readAppeal(access, String(posId));
    expect(now).toBe('SEND_RESPONSE');
    expect(answerAt?.toISOString()).toBe('2026-04-30T15:00:00.000Z');
    expect(history.slice(2).map((entry) => entry.status)).toEqual([
      'TAKE_TO_WORK',
      'SET_EXECUTOR',
      'POSTPONE',
      'SEND_RESPONSE',
    ]);
    const last = history.at(-1);
    if (last === undefined) throw new Error('no entry');
    expect(last.clientKey).toBe(keyMode === 'keys' ? 'k-answer' : undefined);
    expect(last.answer).toEqual({ answerType: 'SOLVED', comment: answer().comment, fileIds: [fileId] });
    expect(platform.isSameEntry(last, answer(), [fileId])).toBe(true);
    expect(platform.isSameEntry(last, answer(), ['f-other'])).toBe(false);
    expect(entries(posId)[1]?.internal?.executor).toMatchObject({ surname: 'Сидоров' });
  });

  it('a repeated key is taken once where keys are kept, twice where not', async () => {
    const posId = simulator.addAppeal(OPA, {});
    const first = await postStatus(posId, 'k-1');
    const second = await postStatus(posId, 'k-1');
    expect(second.id === first.id).toBe(keyMode === 'keys');
    expect(await found(posId, 'k-1')).toBe(keyMode === 'keys' ? 1 : 2);
  });

  it.each<[FaultKind, string, string, number]>([
    ['rate-limit', 'PLATFORM_BUSY', 'transient', 0],
    ['error-500', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 0],
    ['unavailable', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 0],
    ['status', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 0],
    ['forbidden', 'PLATFORM_FORBIDDEN', 'credentials', 0],
    ['cut-before', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 0],
    ['hang', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 0],
    ['cut-after', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 1],
    ['truncate', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 1],
    ['bad-json', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 1],
    ['hang-after', 'PLATFORM_OUTCOME_UNKNOWN', 'unknown', 1],
  ])('%s is %s; the history tells whether it is there', async (kind, code, errorKind, there) => {
    const posId = simulator.addAppeal(OPA, {});
    const by = kind.startsWith('hang') ? await hastyPlatform() : platform;
    simulator.fault({ route: ['statuses', 'answers'], kind });
    const fault = await faultOf(postStatus(posId, 'k-1', status(), by));
    expect(fault).toMatchObject({ code, kind: errorKind });
    expect(requests('statuses')).toBe(1);
    expect(await found(posId, 'k-1')).toBe(there);
    expect(await faultOf(postAnswer(posId, 'k-2', [], answer(), by))).toMatchObject({ code });
    expect(requests('answers')).toBe(1);
    expect(await found(posId, 'k-2', answer())).toBe(there);
  });

  it('what commits after its connection died is found later', async () => {
    const posId = simulator.addAppeal(OPA, {});
    simulator.fault({ route: 'statuses', kind: 'commit-after-cut', ms: 150, times: 1 });
    expect((await faultOf(postStatus(posId, 'k-1'))).kind).toBe('unknown');
    expect(await found(posId, 'k-1')).toBe(0);
    await until(async () => (await found(posId, 'k-1')) === 1);
    expect(requests('statuses')).toBe(1);
  });

  it('a slow platform is waited for, a too slow one is unknown though it commits', async () => {
    const posId = simulator.addAppeal(OPA, {});
    simulator.fault({ route: 'statuses', kind: 'latency', ms: 100, times: 1 });
    await postStatus(posId, 'k-1');
    simulator.fault({ route: 'statuses', kind: 'latency', ms: 900, times: 1 });
    const second = status({ role: 'setExecutor', executor: { surname: 'А', name: 'Б' } });
    expect((await faultOf(postStatus(posId, 'k-2', second, await hastyPlatform()))).code).toBe(
      'PLATFORM_OUTCOME_UNKNOWN',
    );
    await until(async () => (await found(posId, 'k-2', second)) === 1);
    expect(requests('statuses')).toBe(2);
  });

  it('through random trouble every status is there once, by asking before repeating', async () => {
    const kinds: FaultKind[] = [
      'error-500',
      'unavailable',
      'cut-before',
      'cut-after',
      'bad-json',
      'truncate',
      'rate-limit',
    ];
    kinds.forEach((kind, i) => {
      simulator.fault({ route: ['statuses', 'appeal'], kind, probability: 0.12, seed: i + 1 });
    });
    const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if ((error as Fault).kind !== 'transient') throw error;
        }
      }
    };
    for (let n = 0; n < 12; n += 1) {
      const posId = simulator.addAppeal(OPA, {});
      for (let i = 0; i < 2; i += 1) {
        const payload =
          i === 0 ? status() : status({ role: 'postpone', postponedTo: '2026-05-01T00:00:00Z' });
        const key = `k-${n}-${i}`;
        const before = await patiently(() => found(posId, key, payload));
        while ((await patiently(() => found(posId, key, payload))) === before) {
          await patiently(() => postStatus(posId, key, payload)).catch((error: Fault) =>
            expect(error.kind).toBe('unknown'),
          );
        }
      }
      expect(entries(posId).map((entry) => entry.status)).toEqual(['TAKE_TO_WORK', 'POSTPONE']);
    }
  });

  it('an illegal transition names where the appeal is and what is allowed', async () => {
    const posId = simulator.addAppeal(OPA, {});
    await postAnswer(posId, 'k-1');
    const fault = await faultOf(
      postStatus(posId, 'k-2', status({ role: 'postpone', postponedTo: '2026-05-01T00:00:00Z' })),
    );
    expect(fault.code).toBe('PLATFORM_ILLEGAL_TRANSITION');
    expect(fault.detail).toContain('на платформе сейчас «Ответ направлен»');
    expect(fault.detail).toContain(
      keyMode === 'keys' ? 'изменить статус больше нельзя' : 'допустимо: «Ответ направлен»',
    );
  });
});

describe('refusals', () => {
  it("an appeal of nobody, and another cabinet's", async () => {
    simulator.addCabinet({ opaId: '2', identifier: 'i2', password: 'p', name: 'Другая' });
    const foreign = simulator.addAppeal('2', {});
    for (const posId of [5, foreign]) {
      expect((await faultOf(postStatus(posId, 'k'))).code).toBe('PLATFORM_APPEAL_UNKNOWN');
      expect((await faultOf(postAnswer(posId, 'k'))).code).toBe('PLATFORM_APPEAL_UNKNOWN');
      expect((await faultOf(platform.readAppeal(access, String(posId)))).code).toBe(
        'PLATFORM_APPEAL_UNKNOWN',
      );
    }
    expect([requests('statuses'), requests('answers'), requests('appeal')]).toEqual([2, 2, 2]);
  });

  it('bad data is named field by field', async () => {
    const posId = simulator.addAppeal(OPA, {});
    const { signer: _signer, ...unsigned } = answer({ comment: 'я'.repeat(4001), number: '' });
    const fault = await faultOf(postAnswer(posId, 'k', ['f-none'], unsigned));
    expect(fault).toMatchObject({ code: 'PLATFORM_REJECTED', field: 'comment' });
    expect(fault.detail).toBe(
      'код ответа 422: comment — не более 4000 знаков; number — обязательное поле; signer — обязательное поле; fileIds[0] — файл не найден',
    );
    expect(requests('answers')).toBe(1);
    expect(entries(posId)).toEqual([]);
  });

  it('more files than an answer may have', async () => {
    simulator.configure({ maxAnswerFiles: 1 });
    const posId = simulator.addAppeal(OPA, {});
    const ids = [
      await platform.uploadFile(access, source('1')),
      await platform.uploadFile(access, source('2')),
    ];
    expect(await faultOf(postAnswer(posId, 'k', ids))).toMatchObject({
      code: 'PLATFORM_REJECTED',
      field: 'fileIds',
    });
  });
});

describe('sessions', () => {
  it('one that died is renewed, and the entry is there once', async () => {
    const posId = simulator.addAppeal(OPA, {});
    await postStatus(posId, 'k-1');
    simulator.revokeTokens();
    await postAnswer(posId, 'k-2');
    simulator.revokeTokens();
    await platform.uploadFile(access, source('%PDF'));
    expect(entries(posId)).toHaveLength(2);
    expect([requests('answers'), requests('upload'), requests('token')]).toEqual([2, 2, 3]);
  });

  it('one refused twice, and wrong credentials, take nothing', async () => {
    const posId = simulator.addAppeal(OPA, {});
    simulator.fault({ route: 'statuses', kind: 'unauthorized', times: 2 });
    expect((await faultOf(postStatus(posId, 'k-1'))).code).toBe('PLATFORM_SESSION_REFUSED');
    expect(requests('statuses')).toBe(2);
    simulator.setPassword(OPA, 'other');
    platform.forget(OPA);
    expect((await faultOf(postStatus(posId, 'k-1'))).code).toBe('PLATFORM_CREDENTIALS_WRONG');
    expect(requests('statuses')).toBe(2);
    expect(entries(posId)).toEqual([]);
  });
});

describe('files', () => {
  it('are stored under their name, byte for byte', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 253));
    const fileId = await platform.uploadFile(access, source(bytes, { name: 'Ответ № 5 «О яме».pdf' }));
    expect(simulator.fileContent(OPA, fileId).equals(bytes)).toBe(true);
    expect(simulator.files(OPA)).toEqual([
      {
        fileId,
        name: 'Ответ № 5 «О яме».pdf',
        size: bytes.length,
        mimeType: 'application/pdf',
        uploaded: true,
      },
    ]);
  });

  it('that are too large or of a forbidden type are refused with the limit', async () => {
    simulator.configure({ maxFileBytes: 1024 * 1024, allowedExtensions: ['pdf', 'docx'] });
    const large = await faultOf(platform.uploadFile(access, source(Buffer.alloc(1024 * 1024 + 1))));
    expect(large).toMatchObject({ code: 'PLATFORM_REJECTED', field: 'file' });
    expect(large.detail).toContain('платформа принимает не больше 1 МБ');
    const exe = await faultOf(platform.uploadFile(access, source('MZ', { name: 'Иванов.exe' })));
    expect(exe).toMatchObject({
      code: 'PLATFORM_REJECTED',
      detail: 'код ответа 415: тип файла «exe» не принимается, разрешены: pdf, docx',
    });
  });

  it.each<FaultKind>([
    'error-500',
    'unavailable',
    'cut-before',
    'cut-after',
    'truncate',
    'bad-json',
    'hang',
    'hang-after',
  ])('%s: passing trouble; a repeat only leaves a file that no answer names', async (kind) => {
    const by = kind.startsWith('hang') ? await hastyPlatform() : platform;
    simulator.fault({ route: 'upload', kind, times: 1 });
    expect(await faultOf(by.uploadFile(access, source('%PDF')))).toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      kind: 'transient',
    });
    expect(requests('upload')).toBe(1);
    const fileId = await platform.uploadFile(access, source('%PDF'));
    const posId = simulator.addAppeal(OPA, {});
    await postAnswer(posId, 'k', [fileId]);
    expect(entries(posId)[0]?.answer?.fileIds).toEqual([fileId]);
  });

  it('429 asks to wait', async () => {
    simulator.fault({ route: 'upload', kind: 'rate-limit', retryAfterSeconds: 9, times: 1 });
    expect(await faultOf(platform.uploadFile(access, source('%PDF')))).toMatchObject({
      code: 'PLATFORM_BUSY',
      retryAfterMs: 9000,
    });
  });
});
