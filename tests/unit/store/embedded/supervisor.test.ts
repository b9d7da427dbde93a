import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { stopPostmaster } from '../../../../src/store/embedded/postmaster.ts';
import { isAlive, type ProcessInfo, readProcess } from '../../../../src/store/embedded/process-info.ts';
import { supervise } from '../../../../src/store/embedded/supervisor.ts';
import { waitFor } from '../../../../src/store/embedded/wait-for.ts';

describe('the watch of the server', () => {
  const children: ChildProcess[] = [];
  const lines: { msg: string; level: number }[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    lines.length = 0;
  });

  /** A stand-in for the server, ended by the signals that it does not ignore. */
  async function launch(ignored = ''): Promise<ProcessInfo> {
    const script = `trap '' ${ignored === '' ? 'USR1' : ignored}; echo up; while :; do read line; done`;
    const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    await once(child.stdout, 'data');
    const info = await readProcess(child.pid ?? 0);
    if (info === undefined) throw new Error('the stand-in did not start');
    return info;
  }

  const options = { log, everyMs: 10, housekeeping: async () => undefined };

  it('starts it again when it dies, until that succeeds', async () => {
    const first = await launch();
    let tries = 0;
    const restart = async () => {
      tries += 1;
      if (tries < 3) throw new Error('no room on the disk');
      return launch();
    };
    const supervisor = supervise(first, restart, options);
    process.kill(first.pid, 'SIGKILL');
    expect(await waitFor(async () => supervisor.pid() !== first.pid, 20_000)).toBe(true);
    expect(tries).toBe(3);
    await supervisor.stop();
    expect(await readProcess(supervisor.pid())).toBeUndefined();
    expect(lines.filter(({ msg }) => msg === 'database server did not start')).toHaveLength(2);
  });

  it('stops while a start again is failing, and starts nothing after', async () => {
    const first = await launch();
    let tries = 0;
    const restart = async () => {
      tries += 1;
      throw new Error('no room on the disk');
    };
    const supervisor = supervise(first, restart, options);
    process.kill(first.pid, 'SIGKILL');
    expect(await waitFor(async () => tries > 0, 20_000)).toBe(true);
    await supervisor.stop();
    const after = tries;
    expect(await waitFor(async () => tries > after, 100)).toBe(false);
  });

  it('stops a server that was started again in the very moment of the stop', async () => {
    const first = await launch();
    let begun = false;
    let goOn: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const restart = async () => {
      begun = true;
      await gate;
      return launch();
    };
    const supervisor = supervise(first, restart, options);
    process.kill(first.pid, 'SIGKILL');
    expect(await waitFor(async () => begun, 20_000)).toBe(true);
    const stopping = supervisor.stop();
    goOn();
    await stopping;
    expect(supervisor.pid()).not.toBe(first.pid);
    expect(await readProcess(supervisor.pid())).toBeUndefined();
  });

  it('outlives a failing housekeeping', async () => {
    const first = await launch();
    let rounds = 0;
    const housekeeping = async () => {
      rounds += 1;
      throw new Error('the log cannot be read');
    };
    const supervisor = supervise(first, launch, { log, everyMs: 10, housekeeping });
    expect(await waitFor(async () => rounds > 2, 20_000)).toBe(true);
    await supervisor.stop();
    expect(await isAlive(first)).toBe(false);
  });

  it('a stop gets harder until the server is gone', async () => {
    for (const ignored of ['USR1', 'INT', 'INT QUIT']) {
      const server = await launch(ignored);
      if (ignored === 'INT QUIT') process.kill(server.pid, 'SIGSTOP');
      await stopPostmaster(server, 100, 100);
      expect(await isAlive(server)).toBe(false);
      await stopPostmaster(server, 100, 100);
    }
  });
});
