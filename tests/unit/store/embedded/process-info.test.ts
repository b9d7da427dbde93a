import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import {
  isAlive,
  processesTitled,
  readBootId,
  readProcess,
} from '../../../../src/store/embedded/process-info.ts';
import { waitFor } from '../../../../src/store/embedded/wait-for.ts';

describe('what is known of a process', () => {
  it('is this one with its command line', async () => {
    const self = await readProcess(process.pid);
    expect(self?.pid).toBe(process.pid);
    expect(self?.startTicks).toBeGreaterThan(0);
    expect(self?.argv.length).toBeGreaterThan(0);
  });

  it('is nothing for a number that nobody has', async () => {
    expect(await readProcess(4_194_305)).toBeUndefined();
    expect(await isAlive({ pid: 4_194_305, startTicks: 1 })).toBe(false);
  });

  it('tells a process from a later one with its number', async () => {
    const self = await readProcess(process.pid);
    expect(await isAlive({ pid: process.pid, startTicks: self?.startTicks ?? 0 })).toBe(true);
    expect(await isAlive({ pid: process.pid, startTicks: (self?.startTicks ?? 0) + 1 })).toBe(false);
  });

  it('survives brackets and spaces in a name, and finds a process by its title', async () => {
    const child = spawn('/bin/sh', ['-c', 'read line'], {
      argv0: 'postgres: odd) (name 42: x',
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const exited = once(child, 'exit');
    await once(child, 'spawn');
    expect((await processesTitled('postgres: odd) (name 42: ')).map(({ pid }) => pid)).toEqual([child.pid]);
    child.kill('SIGKILL');
    await exited;
    expect(await processesTitled('postgres: odd) (name 42: ')).toEqual([]);
  });

  it('counts a zombie as gone', async () => {
    // The shell ends its child but never asks for it.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exited = once(parent, 'exit');
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const zombie = Number(line.toString());
    expect(await waitFor(async () => (await readProcess(zombie)) === undefined, 10_000)).toBe(true);
    parent.kill('SIGKILL');
    await exited;
  });

  it('names the boot, the same each time', async () => {
    expect(await readBootId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readBootId()).toBe(await readBootId());
  });
});

describe('waiting', () => {
  it('ends as soon as the condition holds', async () => {
    let asked = 0;
    expect(await waitFor(async () => ++asked === 3, 10_000)).toBe(true);
    expect(asked).toBe(3);
  });

  it('ends at its limit, having asked at least once', async () => {
    let asked = 0;
    expect(await waitFor(async () => ++asked < 0, 0)).toBe(false);
    expect(asked).toBe(1);
  });
});
