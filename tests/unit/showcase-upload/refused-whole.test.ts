import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { showcaseDir } from '../../../src/showcase/files.ts';
import { recordLimit } from '../../../src/showcase/limit.ts';
import { createRig, line, OPA, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.close());

const BAD = { channel: 'плохо' };
const rule = (effect: 'at-once' | 'file' | 'file-named') =>
  ({ field: 'channel', equals: 'плохо', effect, code: 'BAD_CHANNEL', message: 'канал неизвестен' }) as const;

async function send(count: number, bad: readonly number[]): Promise<void> {
  for (let no = 1; no <= count; no += 1) await rig.put(no, bad.includes(no) ? BAD : {});
  await rig.write();
  expect(await rig.drive()).toBe(true);
}

async function inState(state: string): Promise<number[]> {
  return (await rig.records()).filter((record) => record.state === state).map(({ no }) => no);
}

describe.each(['at-once', 'file'] as const)('a file refused whole (%s) for a few bad records', (effect) => {
  it('is cut until they are found; all others are accepted', async () => {
    await rig.reset({ showcaseRules: [rule(effect)] });
    await send(20, [7, 16]);
    expect(await inState('refused')).toEqual([7, 16]);
    expect(await inState('accepted')).toHaveLength(18);
    expect(rig.shown().size).toBe(18);
    expect(rig.shown().get('card-8#1')).toBe(line(8));
    expect((await rig.records())[6]).toMatchObject({
      code: 'SHOWCASE_RECORD_REFUSED',
      field: 'channel',
      detail: 'BAD_CHANNEL: канал неизвестен',
    });
    expect(await rig.files()).toEqual([]);
    expect(await rig.mails()).toEqual([]);
    expect(await rig.incidents()).toEqual([]);
    expect(await rig.write()).toEqual([]);
  });

  it('at its very end or beginning, too', async () => {
    await rig.reset({ showcaseRules: [rule(effect)] });
    await send(9, [1, 9]);
    expect(await inState('refused')).toEqual([1, 9]);
    expect(await inState('accepted')).toHaveLength(7);
  });

  it('of one record refuses that record', async () => {
    await rig.reset({ showcaseRules: [rule(effect)] });
    await send(1, [1]);
    expect(await inState('refused')).toEqual([1]);
    expect(await rig.incidents()).toEqual([]);
  });

  it('is given up when the first eight pieces fail alike: one incident, one mail, the records wait', async () => {
    await rig.reset({ showcaseRules: [rule(effect)] });
    const all = Array.from({ length: 64 }, (_, index) => index + 1);
    await send(64, all);
    expect(await inState('ready')).toEqual(all);
    expect(rig.simulator.counters().requests['showcase-upload']).toBe(9);
    expect(await rig.incidents()).toEqual([
      { code: 'SHOWCASE_FILE_REFUSED', scope: 'showcase:main', open: true, count: 1 },
    ]);
    const mails = await rig.mails();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.subject).toBe('Посредник: витрина «main» не выгружена (SHOWCASE_FILE_REFUSED)');
    expect(mails[0]?.body_text).toContain('Код платформы: BAD_CHANNEL');
    expect(mails[0]?.body_text).toContain('Записей ждёт: 64');
    expect(await rig.files()).toEqual([]);
    // The next run tries once more; still refused: no second mail.
    await rig.write();
    await rig.drive();
    expect(await rig.mails()).toHaveLength(1);
    expect((await rig.incidents())[0]).toMatchObject({ open: true, count: 2 });
    // It works again: said once.
    rig.simulator.configure({ showcaseRules: [] });
    await rig.write();
    await rig.drive();
    expect(await inState('accepted')).toEqual(all);
    expect((await rig.mails()).map(({ subject }) => subject)).toEqual([
      'Посредник: витрина «main» не выгружена (SHOWCASE_FILE_REFUSED)',
      'Посредник: витрина «main» снова выгружается',
    ]);
    expect((await rig.incidents())[0]).toMatchObject({ open: false });
  }, 60_000);
});

describe('a file refused whole whose report names the bad records', () => {
  it('goes again without them, uncut', async () => {
    await rig.reset({ showcaseRules: [rule('file-named')] });
    await send(30, [3, 4, 29]);
    expect(await inState('refused')).toEqual([3, 4, 29]);
    expect(await inState('accepted')).toHaveLength(27);
    expect(rig.simulator.showcaseUploads(OPA)).toHaveLength(2);
  });

  it('refuses all when it names all', async () => {
    await rig.reset({ showcaseRules: [rule('file-named')] });
    await send(3, [1, 2, 3]);
    expect(await inState('refused')).toEqual([1, 2, 3]);
    expect(rig.simulator.showcaseUploads(OPA)).toHaveLength(1);
  });
});

describe('a header that is refused', () => {
  it('is no reason to cut: one incident, and the waiting files of the showcase wait with it', async () => {
    await rig.reset({ showcaseHeaderFault: 'organization.ogrn' });
    for (const no of [1, 2, 3]) {
      await rig.put(no);
      await rig.write();
    }
    expect(await rig.drive()).toBe(true);
    expect(rig.simulator.counters().requests['showcase-upload']).toBe(1);
    expect((await rig.uploads()).map(({ state, code, field }) => [state, code, field])).toEqual([
      ['failed', 'SHOWCASE_HEADER_REFUSED', 'organization.ogrn'],
      ['failed', 'SHOWCASE_HEADER_REFUSED', 'organization.ogrn'],
      ['failed', 'SHOWCASE_HEADER_REFUSED', 'organization.ogrn'],
    ]);
    expect(await inState('ready')).toEqual([1, 2, 3]);
    expect(await rig.mails()).toHaveLength(1);
    expect((await rig.mails())[0]?.body_text).toContain('Записей ждёт: 3');
    expect(await rig.files()).toEqual([]);
    rig.simulator.configure({ showcaseHeaderFault: undefined });
    await rig.write();
    expect(await rig.drive()).toBe(true);
    expect(await inState('accepted')).toEqual([1, 2, 3]);
    expect(await rig.incidents()).toMatchObject([{ open: false }]);
    expect(await rig.mails()).toHaveLength(2);
  });
});

describe('a file that is too large', () => {
  it('is halved as often as needed, and later files are smaller from the start', async () => {
    await rig.reset({ showcaseMaxRecords: 6 });
    await send(20, []);
    expect(await inState('accepted')).toHaveLength(20);
    expect(await recordLimit(rig.db, 'main', 10_000)).toBe(5);
    expect(await recordLimit(rig.db, 'main', 3)).toBe(3);
    expect(await rig.incidents()).toEqual([]);
    for (let no = 21; no <= 30; no += 1) await rig.put(no);
    await rig.write();
    const before = rig.simulator.counters().requests['showcase-upload'] ?? 0;
    expect(await rig.drive()).toBe(true);
    expect((rig.simulator.counters().requests['showcase-upload'] ?? 0) - before).toBe(2);
    expect(await inState('accepted')).toHaveLength(30);
  });

  it('with its only record is that record’s fault', async () => {
    await rig.reset({ showcaseMaxRecords: 0 });
    await send(2, []);
    expect(await inState('refused')).toEqual([1, 2]);
    expect(await inState('sent')).toEqual([]);
  });
});

describe('an upload that is lost or in doubt', () => {
  it('of which the platform knows nothing any more goes anew', async () => {
    await rig.reset({ showcasePolls: -1 });
    await rig.put(1);
    await rig.put(2);
    await rig.write();
    await rig.drive(2);
    rig.simulator.loseUpload(OPA, rig.simulator.showcaseUploads(OPA)[0]?.id ?? '');
    expect(await rig.drive()).toBe(true);
    expect((await rig.uploads())[0]).toMatchObject({ state: 'failed', code: 'SHOWCASE_UPLOAD_LOST' });
    expect(await inState('ready')).toEqual([1, 2]);
    rig.simulator.configure({ showcasePolls: 0 });
    await rig.write();
    await rig.drive();
    expect(await inState('accepted')).toEqual([1, 2]);
  });

  it('a record that was taken off meanwhile is taken off for sure: the lost file may have shown it', async () => {
    await rig.reset({ showcasePolls: -1 });
    await rig.put(1);
    await rig.write();
    await rig.drive(2);
    await rig.remove(1);
    // Shown, and only then forgotten.
    rig.simulator.finishUploads(OPA);
    rig.simulator.loseUpload(OPA, rig.simulator.showcaseUploads(OPA)[0]?.id ?? '');
    await rig.drive();
    expect(rig.shown().size).toBe(1);
    expect(await inState('ready')).toEqual([1]);
    rig.simulator.configure({ showcasePolls: 0 });
    await rig.write();
    await rig.drive();
    expect(rig.shown().size).toBe(0);
    expect(await inState('gone')).toEqual([1]);
  });

  it('whose file is gone from the disk is made anew, before sending and before settling', async () => {
    await rig.put(1);
    await rig.write();
    await rm(showcaseDir(rig.spoolDir), { recursive: true });
    await rig.drive();
    expect((await rig.uploads())[0]).toMatchObject({ state: 'failed', code: 'FILE_DAMAGED' });
    rig.simulator.configure({ showcasePolls: 1 });
    await rig.write();
    await rig.hurry();
    await rig.drive(1);
    await rm(showcaseDir(rig.spoolDir), { recursive: true });
    await rig.drive();
    expect((await rig.uploads())[1]).toMatchObject({ state: 'failed', code: 'FILE_DAMAGED' });
    expect(await inState('ready')).toEqual([1]);
    await rig.write();
    await rig.drive();
    expect(await inState('accepted')).toEqual([1]);
  });

  it('whose report does not fit the file is read again; then nothing of it counts as accepted', async () => {
    await rig.put(1);
    await rig.put(2);
    await rig.put(3, { channel: 'плохо' });
    rig.simulator.configure({ showcaseRules: [{ field: 'channel', effect: 'record' }] });
    await rig.write();
    const real = rig.deps.platform.readShowcaseReport;
    let asked = 0;
    const platform = {
      ...rig.deps.platform,
      readShowcaseReport: async (...args: Parameters<typeof real>) => {
        asked += 1;
        const page = await real(...args);
        return page.state === 'DONE' ? { ...page, accepted: page.accepted - 1 } : page;
      },
    };
    const wrong = Object.assign(Object.create(rig.deps), { platform }) as typeof rig.deps;
    const { carryUploads } = await import('../../../src/showcase/upload.ts');
    for (let turn = 0; turn < 8; turn += 1) {
      await rig.hurry();
      await carryUploads(wrong, new AbortController().signal);
    }
    expect(asked).toBe(4);
    expect((await rig.uploads())[0]).toMatchObject({ state: 'failed', code: 'SHOWCASE_REPORT_MISMATCH' });
    expect(await inState('refused')).toEqual([3]);
    expect(await inState('ready')).toEqual([1, 2]);
    expect(await rig.mails()).toHaveLength(1);
    await rig.write();
    await rig.drive();
    expect(await inState('accepted')).toEqual([1, 2]);
    expect(await rig.mails()).toHaveLength(2);
  });
});
