import { mkdir, open, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fault } from '../../../src/model/errors.ts';
import { restoreFromQuarantine } from '../../../src/sed/sev/quarantine.ts';
import { type Inbox, openInbox, QUARANTINE_AFTER_MS } from './harness.ts';
import { docInfo, envelope, registrationReport, SEV } from './messages.ts';

let inbox: Inbox;
beforeEach(async () => {
  inbox = await openInbox();
});
afterEach(async () => {
  await inbox.close();
});

const whole = registrationReport();
const truncated = whole.slice(0, 700);
const dirs = () => inbox.sink.accepted.map((message) => message.messageDir);
const withFile = (name: string) => docInfo({ resources: [{ uid: '1', name }] });

describe('a message that cannot be read yet', () => {
  it('is tried again while it changes, and read when it is whole', async () => {
    await inbox.put('m1', { 'Report.xml': truncated });
    for (const size of [800, 900, 1000]) {
      await inbox.sweep();
      inbox.clock.advance(QUARANTINE_AFTER_MS - 1);
      await writeFile(join(inbox.folder, 'm1', 'Report.xml'), whole.slice(0, size));
    }
    await inbox.sweep();
    expect(await inbox.list()).toEqual(['m1', 'm1.env', 'm1/Report.xml']);
    await writeFile(join(inbox.folder, 'm1', 'Report.xml'), whole);
    await inbox.sweep();
    expect(dirs()).toEqual(['m1']);
    expect(inbox.sink.troubles).toEqual([]);
    expect(await inbox.list()).toEqual([]);
  });

  it('goes to quarantine when nothing has changed for ten minutes, and is told once', async () => {
    await inbox.put('m1', { 'Report.xml': truncated, 'file.pdf': 'x' });
    await inbox.sweep();
    inbox.clock.advance(QUARANTINE_AFTER_MS - 1);
    await inbox.sweep();
    expect(inbox.sink.troubles).toEqual([]);
    inbox.clock.advance(1);
    await inbox.sweep();
    await inbox.sweep();
    expect(inbox.sink.troubles).toEqual([
      ['main', 'm1', 'SED_MESSAGE_UNREADABLE', 'XML обрывается или нарушен'],
    ]);
    expect(await inbox.list()).toEqual([
      'quarantine',
      'quarantine/m1',
      'quarantine/m1.env',
      'quarantine/m1/Report.xml',
      'quarantine/m1/file.pdf',
    ]);
  });

  it.each([
    ['a file of ResourceList is missing', { 'DocInfo.xml': withFile('Ответ.pdf') }, 'нет файла'],
    ['there is no XML', { 'Ответ.pdf': 'x' }, 'ни DocInfo.xml, ни Report.xml'],
    ['it is not of this format', { 'Report.xml': '<html/>' }, 'не сообщение СЭВ'],
    ['another root', { 'Report.xml': `<Other xmlns="${SEV}"/>` }, 'не сообщение СЭВ'],
    ['half a letter', { 'Report.xml': Buffer.from([0x3c, 0x61, 0xd0]) }, 'кодировка'],
  ])('%s', async (_name, files, words) => {
    await inbox.put('m1', files);
    await inbox.sweep();
    expect(inbox.sink.troubles).toEqual([]);
    inbox.clock.advance(QUARANTINE_AFTER_MS);
    await inbox.sweep();
    expect(inbox.sink.troubles).toHaveLength(1);
    expect(inbox.sink.troubles[0]?.[3]).toContain(words);
    // Names of files may be names of citizens.
    expect(inbox.sink.troubles[0]?.[3]).not.toContain('Ответ.pdf');
    expect(inbox.sink.accepted).toEqual([]);
  });

  it('an envelope alone goes to quarantine alone', async () => {
    await writeFile(join(inbox.folder, 'm1.env'), envelope('m1'));
    await inbox.sweep();
    inbox.clock.advance(QUARANTINE_AFTER_MS);
    await inbox.sweep();
    expect(await inbox.list()).toEqual(['quarantine', 'quarantine/m1.env']);
    expect(inbox.sink.troubles[0]?.slice(0, 3)).toEqual(['main', 'm1', 'SED_MESSAGE_UNREADABLE']);
  });

  it('holds no other message up', async () => {
    await inbox.put('m1', { 'Report.xml': truncated });
    await inbox.put('m2', { 'Report.xml': whole });
    await inbox.put('m3', { 'Report.xml': '<!DOCTYPE x>' });
    await inbox.put('m4', { 'Report.xml': whole });
    await inbox.sweep();
    expect(dirs()).toEqual(['m2', 'm4']);
  });
});

describe('hostile content goes to quarantine at once', () => {
  const laughs = `<!DOCTYPE r [<!ENTITY a "ха"><!ENTITY b "&a;&a;&a;">]><Report xmlns="${SEV}">&b;</Report>`;
  it.each([
    ['a billion laughs', { 'Report.xml': laughs }],
    [
      'an outside entity',
      { 'Report.xml': '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>' },
    ],
    ['1,000 levels', { 'Report.xml': `<a xmlns="${SEV}">${'<b>'.repeat(1000)}` }],
    ['a name that leaves the folder', { 'DocInfo.xml': withFile('../../secret.txt') }],
    ['an absolute name', { 'DocInfo.xml': withFile('/etc/passwd') }],
    ['a Windows path', { 'DocInfo.xml': withFile('..\\secret.txt') }],
    ['a name of dots', { 'DocInfo.xml': withFile('..') }],
  ])('%s', async (_name, files) => {
    await writeFile(join(inbox.folder, '..', 'secret.txt'), 'тайна');
    await inbox.put('m1', files);
    await inbox.sweep();
    expect(inbox.sink.accepted).toEqual([]);
    expect(inbox.sink.blobs.size).toBe(0);
    expect(inbox.sink.troubles.map((told) => told.slice(0, 3))).toEqual([
      ['main', 'm1', 'SED_MESSAGE_UNREADABLE'],
    ]);
    expect(await inbox.list()).toContain('quarantine/m1.env');
    expect(await readFile(join(inbox.folder, '..', 'secret.txt'), 'utf8')).toBe('тайна');
  });

  it('100 MB, without reading them', async () => {
    await inbox.put('m1', {}, null);
    const handle = await open(join(inbox.folder, 'm1', 'Report.xml'), 'w');
    await handle.truncate(100 * 1024 * 1024);
    await handle.close();
    await writeFile(join(inbox.folder, 'm1.env'), envelope('m1'));
    const before = process.memoryUsage();
    await inbox.sweep();
    const after = process.memoryUsage();
    expect(inbox.sink.troubles[0]?.[3]).toContain('больше разрешённого');
    expect(after.rss + after.external - before.rss - before.external).toBeLessThan(50 * 1024 * 1024);
  });

  it('links: as file, as XML, as folder, as envelope', async () => {
    const secret = join(inbox.folder, '..', 'secret');
    await mkdir(secret);
    await writeFile(join(secret, 'Report.xml'), whole);
    await writeFile(join(secret, 'x.env'), envelope('m4'));
    await inbox.put('m1', { 'DocInfo.xml': withFile('a.pdf') }, null);
    await symlink(join(secret, 'Report.xml'), join(inbox.folder, 'm1', 'a.pdf'));
    await writeFile(join(inbox.folder, 'm1.env'), envelope('m1'));
    await inbox.put('m2', {}, null);
    await symlink(join(secret, 'Report.xml'), join(inbox.folder, 'm2', 'Report.xml'));
    await writeFile(join(inbox.folder, 'm2.env'), envelope('m2'));
    await symlink(secret, join(inbox.folder, 'm3'));
    await writeFile(join(inbox.folder, 'm3.env'), envelope('m3'));
    await inbox.put('m4', { 'Report.xml': whole }, null);
    await symlink(join(secret, 'x.env'), join(inbox.folder, 'm4.env'));
    await inbox.sweep();
    expect(inbox.sink.accepted).toEqual([]);
    expect(inbox.sink.blobs.size).toBe(0);
    expect(inbox.sink.troubles.map((told) => told[1]).sort()).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(await readFile(join(secret, 'Report.xml'), 'utf8')).toBe(whole);
  });

  it('a file that is a folder', async () => {
    await inbox.put('m1', { 'DocInfo.xml': withFile('a.pdf') }, null);
    await mkdir(join(inbox.folder, 'm1', 'a.pdf'));
    await writeFile(join(inbox.folder, 'm1.env'), envelope('m1'));
    await inbox.sweep();
    expect(inbox.sink.troubles).toHaveLength(1);
  });
});

describe('quarantine', () => {
  it('is never read itself', async () => {
    await mkdir(join(inbox.folder, 'quarantine'));
    await inbox.put('quarantine/m1', { 'Report.xml': whole });
    await inbox.put('quarantine', { 'Report.xml': whole });
    await writeFile(join(inbox.folder, 'x.env'), envelope('quarantine'));
    await inbox.sweep();
    inbox.clock.advance(24 * 3_600_000);
    await inbox.sweep();
    expect(inbox.sink.accepted).toEqual([]);
    expect(inbox.faults).toEqual([]);
    expect(inbox.sink.troubles.map((told) => told[1]).sort()).toEqual(['quarantine', 'x']);
    expect(await inbox.list()).toContain('quarantine/m1/Report.xml');
  });

  it('keeps a second message of the same name beside the first', async () => {
    for (const mark of ['first', 'second', 'third']) {
      await inbox.put('m1', { 'Report.xml': '<!DOCTYPE x>', mark });
      await inbox.sweep();
    }
    expect(inbox.sink.troubles.map((told) => told[1])).toEqual(['m1', 'm1~2', 'm1~3']);
    const marks = ['m1', 'm1~2', 'm1~3'].map((dir) =>
      readFile(join(inbox.folder, 'quarantine', dir, 'mark'), 'utf8'),
    );
    expect(await Promise.all(marks)).toEqual(['first', 'second', 'third']);
    await writeFile(join(inbox.folder, 'quarantine', 'm1~2', 'Report.xml'), whole);
    await restoreFromQuarantine(inbox.folder, 'm1~2');
    await inbox.sweep();
    expect(dirs()).toEqual(['m1~2']);
  });

  it('is tried again on command', async () => {
    await inbox.put('m1', { 'Report.xml': '<!DOCTYPE x>' });
    await inbox.sweep();
    await restoreFromQuarantine(inbox.folder, 'm1');
    await inbox.sweep();
    expect(inbox.sink.troubles).toHaveLength(2);
    await writeFile(join(inbox.folder, 'quarantine', 'm1', 'Report.xml'), whole);
    await restoreFromQuarantine(inbox.folder, 'm1');
    await inbox.sweep();
    expect(dirs()).toEqual(['m1']);
    expect(await inbox.list()).toEqual(['quarantine']);
  });

  it('finishes a command that was cut between folder and envelope', async () => {
    await inbox.put('m1', { 'Report.xml': '<!DOCTYPE x>' });
    await inbox.sweep();
    await writeFile(join(inbox.folder, 'quarantine', 'm1', 'Report.xml'), whole);
    await rename(join(inbox.folder, 'quarantine', 'm1'), join(inbox.folder, 'm1'));
    await restoreFromQuarantine(inbox.folder, 'm1');
    await inbox.sweep();
    expect(dirs()).toEqual(['m1']);
  });

  it('refuses to bring back what is not there, leads outside or would cover another', async () => {
    for (const dir of ['nothing', '../x', '', 'quarantine']) {
      await expect(restoreFromQuarantine(inbox.folder, dir)).rejects.toBeInstanceOf(Fault);
    }
    await inbox.put('m1', { 'Report.xml': '<!DOCTYPE x>' });
    await inbox.sweep();
    await inbox.put('m1', { 'Report.xml': whole });
    await expect(restoreFromQuarantine(inbox.folder, 'm1')).rejects.toMatchObject({
      code: 'SED_MESSAGE_UNREADABLE',
    });
    expect(await inbox.list()).toContain('m1/Report.xml');
  });

  it('tells again when it died or the database went before the envelope was moved', async () => {
    inbox.sink.beforeTrouble = () => {
      throw new Fault('DATABASE_UNREACHABLE');
    };
    await inbox.put('m1', { 'Report.xml': '<!DOCTYPE x>' });
    await inbox.sweep();
    expect(inbox.faults).toMatchObject([{ code: 'DATABASE_UNREACHABLE' }]);
    expect(await inbox.list()).toEqual(['m1.env', 'quarantine', 'quarantine/m1', 'quarantine/m1/Report.xml']);
    inbox.sink.beforeTrouble = () => {};
    inbox.restart();
    await inbox.sweep();
    inbox.clock.advance(QUARANTINE_AFTER_MS);
    await inbox.sweep();
    expect(inbox.sink.troubles).toHaveLength(1);
    expect(await inbox.list()).toEqual([
      'quarantine',
      'quarantine/m1',
      'quarantine/m1.env',
      'quarantine/m1/Report.xml',
    ]);
  });
});
