import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/sed/sev/clock.ts';
import { fingerprint } from '../../../src/sed/sev/fingerprint.ts';
import { asUnreadable, folderFault } from '../../../src/sed/sev/folder-faults.ts';
import { createFolderWatch } from '../../../src/sed/sev/folder-watch.ts';
import { readDay, readMoment, wallClock } from '../../../src/sed/sev/message-dates.ts';
import { findEntry, isPlainName } from '../../../src/sed/sev/plain-name.ts';
import { normalUid, subjectOf } from '../../../src/sed/sev/uids.ts';
import { UnreadableError } from '../../../src/sed/sev/unreadable.ts';
import { fakeClock, until } from './harness.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sev-parts-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('dates', () => {
  it.each([
    ['2014-12-05T08:37:14.0729181+03:00', '2014-12-05T05:37:14.072Z'],
    ['2014-12-05T08:37:14', '2014-12-04T23:37:14.000Z'],
    ['2014-12-05T08:37:14Z', '2014-12-05T08:37:14.000Z'],
    ['2014-12-05', '2014-12-04T15:00:00.000Z'],
    ['2014-12-05+03:00', '2014-12-04T15:00:00.000Z'],
  ])('%s is %s to a reader in Yakutsk', (written, moment) => {
    expect(readMoment(written, 'Asia/Yakutsk')?.toISOString()).toBe(moment);
  });

  it('gives nothing for what is no date', () => {
    for (const written of [undefined, '', 'завтра', '2014-13-01', '2014-02-30', '05.12.2014']) {
      expect(readMoment(written, 'UTC')).toBeUndefined();
      expect(readDay(written)).toBeUndefined();
    }
  });

  it('takes a day as it is written, whatever the offset', () => {
    for (const written of ['2014-12-05', '2014-12-05+12:00', '2014-12-05T23:59:59-11:00', '2014-12-05Z']) {
      expect(readDay(written)).toBe('2014-12-05');
    }
  });

  it('the wall clock drops digits and offsets, so that identities outlive a new version', () => {
    for (const tail of ['', '.1', '.0729181', 'Z', '+03:00', '.072+03:00']) {
      expect(wallClock(`2014-12-05T08:37:14${tail}`)).toBe('2014-12-05T08:37:14');
    }
    expect([wallClock('2014-12-05'), wallClock(undefined), wallClock('потом')]).toEqual([
      '2014-12-05',
      '',
      'потом',
    ]);
  });
});

describe('UIDs and subjects', () => {
  it('normalises GUIDs only', () => {
    expect(normalUid('{ABCDEF00-0000-0000-0000-0000000000FF}')).toBe('abcdef000000000000000000000000ff');
    expect(normalUid('3525064930')).toBe('3525064930');
    expect(normalUid('Ab-1')).toBe('Ab-1');
    expect(normalUid(undefined)).toBe('');
  });

  it('never joins two different lists to one subject (property)', () => {
    const parts = fc.array(fc.string({ unit: fc.constantFrom('a', '|', '\\') }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(subjectOf(...one) === subjectOf(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('names', () => {
  it('takes whatever stays inside the folder', () => {
    for (const name of ['a.pdf', 'Ответ №1 [2].docx', '...', '.x', 'a:b', '😀.png', 'x'.repeat(255)]) {
      expect(isPlainName(name)).toBe(true);
    }
    for (const name of ['', ' ', '.', '..', 'a/b', '/a', 'a\\b', 'a\u0000b', 'a\nb', 'x'.repeat(256)]) {
      expect(isPlainName(name)).toBe(false);
    }
  });

  it('never lets a path out (property)', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '\u0000', ' ') }), (name) => {
        if (isPlainName(name)) expect(join('/in/m1', name)).toBe(`/in/m1/${name}`);
      }),
      { numRuns: 1000 },
    );
  });

  it('finds an entry by exact name first, else by the only equal one', () => {
    expect(findEntry(['A.pdf', 'a.pdf'], 'a.pdf')).toBe('a.pdf');
    expect(findEntry(['A.PDF'], 'a.pdf')).toBe('A.PDF');
    expect(findEntry(['A.PDF', 'A.pdf'], 'a.pdf')).toBeUndefined();
    expect(findEntry([], 'a.pdf')).toBeUndefined();
  });
});

describe('faults of a folder', () => {
  it('names folder and code, passes Faults, calls the rest a defect', () => {
    const error = Object.assign(new Error('x'), { code: 'ESTALE' });
    expect(folderFault('/in', error)).toMatchObject({
      code: 'SED_FOLDER_UNAVAILABLE',
      detail: '/in: ESTALE',
    });
    const fault = new Fault('DATABASE_UNREACHABLE');
    expect(folderFault('/in', fault)).toBe(fault);
    expect(folderFault('/in', new TypeError('x')).code).toBe('DEFECT');
  });

  it('blames the message for rights and absence, nobody for a share that is away', () => {
    const of = (code: string) => asUnreadable(Object.assign(new Error('x'), { code }));
    expect([of('EACCES'), of('EPERM')]).toEqual(
      [{ reason: 'no-access' }, { reason: 'no-access' }].map(expect.objectContaining),
    );
    expect(of('ENOENT')).toMatchObject({ reason: 'file-missing' });
    expect(of('EIO')).not.toBeInstanceOf(UnreadableError);
  });
});

describe('fingerprint', () => {
  it('changes with size, names and files beside, and tells an absent folder from an empty one', async () => {
    const inside = join(folder, 'm1');
    const seen = [await fingerprint(inside)];
    await mkdir(inside);
    seen.push(await fingerprint(inside));
    await writeFile(join(inside, 'a'), 'x');
    seen.push(await fingerprint(inside));
    await writeFile(join(inside, 'a'), 'xx');
    seen.push(await fingerprint(inside));
    await writeFile(join(folder, 'm1.env'), 'x');
    seen.push(await fingerprint(inside, [join(folder, 'm1.env')]));
    expect(new Set(seen).size).toBe(seen.length);
    expect(await fingerprint(inside)).toBe(seen[3]);
  });
});

describe('clock and watch', () => {
  it('sleeps as told, and not at all when aborted', async () => {
    const started = performance.now();
    await systemClock.sleep(60_000, AbortSignal.abort());
    expect(performance.now() - started).toBeLessThan(10_000);
    const before = systemClock.now();
    await systemClock.sleep(1, new AbortController().signal);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });

  it('remembers a hint that came while nobody waited, and leaves other files alone', async () => {
    const clock = fakeClock();
    const watch = createFolderWatch(folder, clock);
    const never = new AbortController().signal;
    await watch.refresh();
    await writeFile(join(folder, 'note.txt'), 'x');
    await writeFile(join(folder, 'n1.env'), 'x');
    await watch.next(1_000, never);
    let woken = false;
    const waiting = watch.next(1_000, never).then(() => {
      woken = true;
    });
    // The write itself may hint twice; then the second wait is over already.
    await until(() => clock.sleeping() === 1 || woken);
    clock.advance(1_000);
    await waiting;
    watch.close();
  });

  it('waits for the clock alone when there is no folder', async () => {
    const clock = fakeClock();
    const watch = createFolderWatch(join(folder, 'absent'), clock);
    await watch.refresh();
    const waiting = watch.next(500, new AbortController().signal);
    await until(() => clock.sleeping() === 1);
    clock.advance(500);
    await waiting;
    watch.close();
  });
});
