import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sweepTemporary, temporaryName } from '../../../src/sed/sev/temporary.ts';
import { removeFolder, temporaryFolder } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => removeFolder(folder));

function make(name: string, hoursOld = 0): string {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'DocInfo.xml'), 'x');
  const then = Date.now() / 1000 - hoursOld * 3600;
  utimesSync(join(folder, name), then, then);
  return name;
}

/** Our own name with another process in it. */
function nameOf(change: { machine?: string; pid?: number; start?: string }): string {
  const [machine = '', pid = '', start = ''] = temporaryName().split('.').slice(2);
  return `.posrednik-tmp.${change.machine ?? machine}.${change.pid ?? pid}.${change.start ?? start}.1`;
}

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

describe('temporaryName', () => {
  it('is hidden, no envelope, and never given twice', () => {
    const names = Array.from({ length: 100 }, temporaryName);
    expect(new Set(names).size).toBe(100);
    for (const name of names) {
      expect(name.startsWith('.')).toBe(true);
      expect(name).not.toMatch(/\.env$/i);
      expect(name).toContain(`.${process.pid}.`);
    }
  });
});

describe('sweepTemporary', () => {
  it('leaves what a living process is writing', async () => {
    const own = make(temporaryName());
    expect(await sweepTemporary(folder)).toBe(0);
    expect(readdirSync(folder)).toEqual([own]);
  });

  it('removes what a dead process of this machine left, folder and envelope', async () => {
    const dead = nameOf({ pid: deadPid() });
    make(dead);
    writeFileSync(join(folder, `${dead}.envelope`), 'x');
    expect(await sweepTemporary(folder)).toBe(2);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('knows a new process with the pid of the dead one, as in a container where it is always 1', async () => {
    make(nameOf({ start: '1' }));
    expect(await sweepTemporary(folder)).toBe(1);
  });

  it('judges another machine by age alone', async () => {
    const young = make(nameOf({ machine: '0badf00d', pid: 1 }), 23);
    make(nameOf({ machine: '0badf00d', pid: 2 }), 25);
    expect(await sweepTemporary(folder)).toBe(1);
    expect(readdirSync(folder)).toEqual([young]);
  });

  it('removes our own when it is older than a day', async () => {
    make(temporaryName(), 25);
    expect(await sweepTemporary(folder)).toBe(1);
  });

  it('never touches anything else', async () => {
    const others = [
      'a'.repeat(32),
      `${'a'.repeat(32)}.env`,
      '.posrednik-tmp',
      '.posrednik-tmp.x.1.1.1',
      '.hidden',
      'posrednik-tmp.0badf00d.1.1.1',
    ];
    for (const name of others) make(name, 1000);
    expect(await sweepTemporary(folder)).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([...others].sort());
  });

  it('rejects when the folder cannot be listed', async () => {
    await expect(sweepTemporary(join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
  });
});
