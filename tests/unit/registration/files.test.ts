import { readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { fetchLargeFile, fileType } from '../../../src/registration/files.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import { untilQuiet } from './folders.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, filesOf, journalOf, packageOf, packagesOf } from './rows.ts';

const LARGE = 1_500_000;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ maxFileBytes: 2_000_000 });
});
afterAll(async () => {
  await rig.stop();
});
beforeEach(() => {
  rig.delo.behave({ silent: false, registration: 'auto' });
});
afterEach(() => {
  rig.platform.clearFaults();
});

async function untilRegistered(posId: string): Promise<void> {
  await rig.until('registered', async () => (await cardsOf(rig.db, posId))[0]?.stage === 'registered');
}

/** The citizen's files in ДЕЛО's card, without the file with the text. */
async function shownFiles(posId: string) {
  const { document_uid } = await cardOf(rig.db, posId);
  const files = rig.delo.cardByUid(document_uid)?.files ?? [];
  return files.filter((file) => !file.name.startsWith('Обращение '));
}

async function noteOf(posId: string): Promise<string> {
  return rig.delo.cardByUid((await cardOf(rig.db, posId)).document_uid)?.note ?? '';
}

function jpg(name: string, content = `снимок ${name}`) {
  return { name, content, mimeType: 'image/jpeg' };
}

describe('the files of an appeal', () => {
  it('small and large come whole with the card, in the citizen’s order', async () => {
    const files = [jpg('1.jpg'), { name: '2.mp4', size: LARGE, mimeType: 'video/mp4' }, jpg('3.jpg', '.')];
    const posId = await rig.appeal({ files });
    await untilRegistered(posId);
    const shown = await shownFiles(posId);
    expect(shown.map((file) => [file.name, file.size])).toEqual([
      ['1.jpg', Buffer.byteLength('снимок 1.jpg')],
      ['2.mp4', LARGE],
      ['3.jpg', 1],
    ]);
    expect((await packageOf(rig.db, posId)).missing).toEqual([]);
    expect(rig.delo.complaints).toEqual([]);
  });

  it('two of one content are one blob and two files of the card', async () => {
    const posId = await rig.appeal({ files: [jpg('а.jpg', 'одно'), jpg('б.jpg', 'одно')] });
    await untilRegistered(posId);
    expect(await shownFiles(posId)).toHaveLength(2);
    const stored = await filesOf(rig.db, posId);
    expect(new Set(stored.map((file) => file.sha256)).size).toBe(1);
  });

  it('named to do harm stay data: nothing is written outside the spool', async () => {
    const names = ['../../etc/passwd', '😀'.repeat(300), 'C:\\Windows\\con', '..', 'a/b\u202egpj.exe', ' '];
    const posId = await rig.appeal({ files: names.map((name) => jpg(name)) });
    await untilRegistered(posId);
    const shown = await shownFiles(posId);
    const allowed = (await filesOf(rig.db, posId)).filter((file) => file.state === 'stored');
    expect(shown.slice(0, allowed.length)).toHaveLength(allowed.length);
    expect(shown.map((file) => file.name)).toEqual(expect.arrayContaining(names.slice(0, 3)));
    for (const { resource } of shown) {
      expect(resource).not.toMatch(/[/\\\u202e]|^\.\.?$/);
      expect(Buffer.byteLength(resource)).toBeLessThanOrEqual(255);
    }
    expect(rig.delo.complaints).toEqual([]);
    // The working folder holds what the stand has made and the spool's own names, and nothing else.
    const spooled = await readdir(rig.spool.dir);
    expect(spooled.filter((name) => !/^([0-9a-f]{2}|partial)$/.test(name))).toEqual([]);
    const around = await readdir(dirname(rig.spool.dir));
    expect(around.filter((name) => name.includes('passwd') || name.includes('😀'))).toEqual([]);
  });
});

describe('a file that cannot come', () => {
  it('too large by the platform’s own word, or of a forbidden type: not asked for, noted on the card', async () => {
    rig.platform.resetCounters();
    const files = [
      { name: 'кино.mp4', size: 2_000_001, mimeType: 'video/mp4' },
      { name: 'вирус.exe', content: 'MZ' },
      { name: 'без расширения', content: 'x', mimeType: 'application/x-msdownload' },
    ];
    const posId = await rig.appeal({ files });
    await untilRegistered(posId);
    expect(
      (await filesOf(rig.db, posId)).map((file) => [file.state, file.error_code, file.error_detail]),
    ).toEqual([
      ['refused', 'FILE_TOO_LARGE', '2000001 > 2000000'],
      ['refused', 'FILE_TYPE_FORBIDDEN', 'exe'],
      ['refused', 'FILE_TYPE_FORBIDDEN', null],
    ]);
    expect(rig.platform.counters().requests['file'] ?? 0).toBe(0);
    expect((await packageOf(rig.db, posId)).missing.map(({ name }) => name)).toEqual(
      files.map(({ name }) => name),
    );
    expect(await noteOf(posId)).toContain('вирус.exe');
    expect((await journalOf(rig.db, posId)).filter((event) => event === 'file-refused')).toHaveLength(3);
  });

  it('not on the platform at all: noted with the reason', async () => {
    const posId = await rig.appeal({
      attachments: [{ fileId: 'none-told', name: 'кино.mp4', size: 10, mimeType: 'video/mp4' }],
      files: [],
    });
    await untilRegistered(posId);
    expect((await filesOf(rig.db, posId))[0]).toMatchObject({ state: 'refused', error_code: 'FILE_GONE' });
    expect((await packageOf(rig.db, posId)).missing).toEqual([
      { name: 'кино.mp4', reason: 'Файла обращения нет на платформе' },
    ]);
  });

  it('of which one is bad does not keep the good ones away', async () => {
    const posId = await rig.appeal({ files: [jpg('1.jpg'), { name: '2.exe', content: 'MZ' }, jpg('3.jpg')] });
    await untilRegistered(posId);
    expect((await shownFiles(posId)).map((file) => file.name)).toEqual(['1.jpg', '3.jpg']);
  });

  it('comes later: the card goes with a note, the file after it, exactly once', async () => {
    rig.platform.fault({ route: 'file', kind: 'status', status: 503 });
    const posId = await rig.appeal({ files: [jpg('поздний.jpg')] });
    await rig.drive();
    expect(await cardsOf(rig.db, posId)).toEqual([]);
    expect((await filesOf(rig.db, posId))[0]).toMatchObject({ state: 'wanted' });
    await rig.age(posId, 900_000);
    rig.clock.offset += 600_000;
    await untilRegistered(posId);
    expect((await packageOf(rig.db, posId)).missing).toEqual([
      { name: 'поздний.jpg', reason: 'ещё не загружен, будет отправлен дополнением' },
    ]);
    expect(await noteOf(posId)).toContain('поздний.jpg');

    rig.platform.clearFaults();
    rig.clock.offset += 600_000;
    await rig.age(posId, 900_000);
    await rig.until('the addition', async () => (await packagesOf(rig.db, posId))[1]?.stage === 'registered');
    await untilQuiet(rig);
    await rig.drive();
    expect(await packagesOf(rig.db, posId)).toHaveLength(2);
    expect(await packageOf(rig.db, posId, 1)).toMatchObject({ addition: 'late-file' });
    expect((await shownFiles(posId)).map((file) => file.name)).toEqual(['поздний.jpg']);
    expect((await appealOf(rig.db, posId)).due_at).toBeNull();
  });

  it('is given up after the window, with its reason', async () => {
    rig.platform.fault({ route: 'file', kind: 'cut-before' });
    const posId = await rig.appeal({ files: [jpg('никогда.jpg')] });
    await rig.drive(rig.worker({ retry: { base: 20, factor: 2, cap: 200, windowMs: 5 } }));
    await untilRegistered(posId);
    expect((await filesOf(rig.db, posId))[0]).toMatchObject({
      state: 'refused',
      error_code: 'PLATFORM_UNREACHABLE',
    });
  });
});

describe('trouble on the way of a file', () => {
  it.each([
    ['cut in the middle', { kind: 'truncate', bytes: 700 }],
    ['other bytes than told', { kind: 'wrong-bytes' }],
    ['an error of the platform', { kind: 'error-500' }],
    ['too many requests', { kind: 'rate-limit', retryAfterSeconds: 1 }],
  ] as const)('%s: it is fetched again and comes whole', async (_, fault) => {
    const content = 'снимок '.repeat(300);
    rig.clock.offset += 600_000;
    rig.platform.fault({ route: 'file', times: 1, ...fault });
    const posId = await rig.appeal({ files: [jpg('а.jpg', content)] });
    await untilRegistered(posId);
    expect((await shownFiles(posId))[0]?.size).toBe(Buffer.byteLength(content));
  });

  it('a broken platform spends no attempt, whatever fraction of a second its breaker counts', async () => {
    const paused = rig.worker({
      breakers: {
        ...rig.breakers,
        run: async () => {
          throw new Fault('ENDPOINT_PAUSED', { retryAfterMs: 1234.5678 });
        },
      },
    });
    const posId = await rig.appeal({ files: [jpg('а.jpg'), { name: 'б.mp4', size: LARGE }] });
    await rig.drive(paused);
    expect(await filesOf(rig.db, posId)).toMatchObject([
      { state: 'wanted', attempts: 0, error_code: 'ENDPOINT_PAUSED' },
      { state: 'wanted', attempts: 0, error_code: 'ENDPOINT_PAUSED' },
    ]);
    expect(await appealOf(rig.db, posId)).toMatchObject({ error_code: null });
    await rig.age(posId, 60_000);
    await untilRegistered(posId);
    expect(await shownFiles(posId)).toHaveLength(2);
  });

  it('a cabinet that is refused is blocked, and spends no attempt', async () => {
    const other = await startRig({ withoutDelo: true });
    try {
      const posId = await other.appeal({ files: [jpg('а.jpg')] });
      other.platform.setPassword(other.opaId(), 'another');
      other.platform.revokeTokens();
      await other.drive();
      const [cabinet] = await other.db.query<{ state: string; state_code: string }>(
        'SELECT state, state_code FROM cabinet',
      );
      expect(cabinet).toEqual({ state: 'blocked', state_code: 'PLATFORM_CREDENTIALS_WRONG' });
      expect(await filesOf(other.db, posId)).toMatchObject([{ state: 'wanted', attempts: 0 }]);
      // The card does not wait for it for ever.
      await other.age(posId, 900_000);
      await other.drive();
      expect((await cardOf(other.db, posId)).stage).toBe('sent');
    } finally {
      await other.stop();
    }
  });

  it('a stop spends no attempt, and the bell rings at once for the next process', async () => {
    rig.platform.fault({ route: 'file', kind: 'latency', ms: 2000 });
    const posId = await rig.appeal({ files: [jpg('а.jpg')] });
    rig.queue.takeAppeals();
    const { id, opa_id } = await appealOf(rig.db, posId);
    const stopping = new AbortController();
    const asked = rig.platform.counters().requests['file'] ?? 0;
    const working = workAppeals(rig.deps, [jobOf({ appealId: id, opaId: opa_id }, stopping.signal)]);
    await rig.until('asked for', async () => (rig.platform.counters().requests['file'] ?? 0) > asked);
    stopping.abort();
    await working;
    expect(await filesOf(rig.db, posId)).toMatchObject([
      { state: 'wanted', attempts: 0, retry_used_ms: '0' },
    ]);
    expect((await appealOf(rig.db, posId)).due_at?.getTime()).toBeLessThanOrEqual(Date.now());
    rig.platform.clearFaults();
    await untilRegistered(posId);
  });
});

describe('a large file', () => {
  it('has a job of its own, and its appeal waits meanwhile', async () => {
    const posId = await rig.appeal({ files: [{ name: 'кино.mp4', size: LARGE }, jpg('а.jpg')] });
    const { id, opa_id } = await appealOf(rig.db, posId);
    rig.queue.takeAppeals();
    await workAppeals(rig.deps, [jobOf({ appealId: id, opaId: opa_id })]);
    expect((await filesOf(rig.db, posId)).map((file) => file.state)).toEqual(['wanted', 'stored']);
    const [job, ...others] = rig.queue.takeFiles();
    expect(others).toEqual([]);
    expect((await appealOf(rig.db, posId)).due_at).not.toBeNull();
    if (job === undefined) throw new Error('no job');
    await fetchLargeFile(rig.deps, job, new AbortController().signal);
    expect(rig.queue.takeAppeals()).toEqual([{ appealId: id, opaId: opa_id }]);
    // The same job twice, or late, does nothing.
    await fetchLargeFile(rig.deps, job, new AbortController().signal);
    await fetchLargeFile(rig.deps, { appealId: '999999', attachmentId: '1' }, new AbortController().signal);
    expect(rig.queue.takeAppeals()).toEqual([]);
    await workAppeals(rig.deps, [jobOf({ appealId: id, opaId: opa_id })]);
    await untilRegistered(posId);
    expect((await shownFiles(posId)).map((file) => file.name)).toEqual(['кино.mp4', 'а.jpg']);
  });

  it('of unknown size is treated as large, and held to the limit', async () => {
    const posId = String(
      rig.platform.addAppeal(rig.opaId(), { files: [{ name: 'а.mp4', size: 2_100_000 }] }),
    );
    const wire = rig.platform.appeal(rig.opaId(), Number(posId));
    const [known] = wire.attachments;
    rig.platform.addRawItem(rig.opaId(), {
      ...wire,
      posId: Number(posId) + 5000,
      changeId: '999999999901',
      attachments: [{ fileId: known?.fileId, name: 'а.mp4' }],
    });
    await rig.intake();
    const copy = String(Number(posId) + 5000);
    await untilRegistered(copy);
    expect((await filesOf(rig.db, copy))[0]).toMatchObject({
      state: 'refused',
      error_code: 'FILE_TOO_LARGE',
    });
  });
});

describe('a file that the spool has lost', () => {
  /** Its card is begun but the folder cannot be written; meanwhile the disk loses a file. */
  async function begunAndLost(damage: (path: string) => Promise<void>): Promise<string> {
    rig.delo.behave({ silent: true });
    const posId = await rig.appeal({ files: [jpg('а.jpg', `потеря ${Math.random()}`), jpg('б.jpg')] });
    const broken = {
      ...rig.sed,
      write: async () => {
        throw new Fault('SED_FOLDER_UNAVAILABLE', { detail: 'EIO' });
      },
    };
    await rig.drive(rig.worker({ sed: broken, retry: { ...rig.deps.retry, base: 60_000, cap: 60_000 } }));
    const [first] = await filesOf(rig.db, posId);
    await damage(rig.spool.pathOf(first?.sha256 ?? ''));
    rig.clock.offset += 600_000;
    await rig.age(posId, 60_000);
    return posId;
  }

  it.each([
    ['removed', (path: string) => rm(path)],
    ['damaged', (path: string) => writeFile(path, 'other bytes')],
    ['emptied', (path: string) => writeFile(path, '')],
  ])('%s: it is fetched again and the very package is written', async (_, damage) => {
    const posId = await begunAndLost(damage);
    const before = await packageOf(rig.db, posId);
    await rig.until('sent', async () => (await packageOf(rig.db, posId)).stage === 'sent');
    const after = await packageOf(rig.db, posId);
    expect(after).toMatchObject({
      message_id: before.message_id,
      attachments: before.attachments,
      missing: [],
    });
    expect((await filesOf(rig.db, posId)).map((file) => file.state)).toEqual(['stored', 'stored']);
    rig.delo.behave({ silent: false });
    await untilRegistered(posId);
    expect(await shownFiles(posId)).toHaveLength(2);
    expect(rig.delo.complaints).toEqual([]);
  });

  it('and gone from the platform too: the card goes without it and says so', async () => {
    rig.platform.resetCounters();
    const posId = await begunAndLost((path) => rm(path));
    rig.platform.fault({ route: 'file', kind: 'status', status: 404, body: '{}' });
    rig.delo.behave({ silent: false });
    await untilRegistered(posId);
    expect((await shownFiles(posId)).map((file) => file.name)).toEqual(['б.jpg']);
    expect(await noteOf(posId)).toContain('а.jpg');
    expect(await packagesOf(rig.db, posId)).toHaveLength(1);
    // It is not asked for over and over.
    expect(rig.platform.counters().requests['file'] ?? 0).toBeLessThan(6);
  });

  it('with the whole spool away is waited for, and nothing is fetched anew', async () => {
    const posId = await begunAndLost(async () => undefined);
    const asked = rig.platform.counters().requests['file'] ?? 0;
    const away = {
      ...rig.spool,
      pathOf: (sha256: string) => join(rig.stand.dir, 'unmounted', sha256),
      check: async () => {
        throw new Fault('SPOOL_UNAVAILABLE', { detail: 'ENOENT' });
      },
    };
    await rig.drive(rig.worker({ spool: away, retry: { ...rig.deps.retry, base: 60_000, cap: 60_000 } }));
    expect((await filesOf(rig.db, posId)).map((file) => file.state)).toEqual(['stored', 'stored']);
    await rig.age(posId, 60_000);
    await rig.until('sent', async () => (await packageOf(rig.db, posId)).stage === 'sent');
    expect(rig.platform.counters().requests['file'] ?? 0).toBe(asked);
  });
});

describe('fileType', () => {
  it.each([
    ['фото.JPG', null, 'jpg'],
    ['архив.tar.gz', null, 'gz'],
    ['фото.jpg ', null, 'jpg'],
    ['без расширения', 'image/jpeg', 'jpeg'],
    ['без расширения', 'text/plain; charset=utf-8', 'plain'],
    ['../../etc/passwd', 'image/png', 'png'],
    ['C:\\a.b\\c', null, ''],
    ['точка.', 'application/pdf', 'pdf'],
    ['', null, ''],
  ])('of «%s» with %s is «%s»', (name, mimeType, type) => {
    expect(fileType({ name, mimeType })).toBe(type);
  });
});
