import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  clusterNameOf,
  findPostmaster,
  parsePostmasterFile,
  readPostmasterFile,
  removeTraces,
} from '../../../../src/store/embedded/postmaster-file.ts';

describe('postmaster.pid', () => {
  it('of a ready server with a socket', () => {
    const text = '4711\n/srv/data\n1760000000\n5432\n/srv/run\n\n 1234  5678\nready   \n';
    expect(parsePostmasterFile(text)).toEqual({
      pid: 4711,
      port: 5432,
      socketDir: '/srv/run',
      status: 'ready',
    });
  });

  it('of a server on loopback only', () => {
    const text = '4711\n/srv/data\n1760000000\n40123\n\n127.0.0.1\n 1234  5678\nstarting\n';
    expect(parsePostmasterFile(text)).toEqual({ pid: 4711, port: 40123, status: 'starting' });
  });

  it('while the server is still writing it', () => {
    expect(parsePostmasterFile('4711\n/srv/data\n')).toEqual({ pid: 4711, status: 'unknown' });
  });

  it('is refused without a pid', () => {
    for (const text of ['', '\n\n', 'ready', '-4711\n', '0\n', '4711x\n', '99999999999\n']) {
      expect(parsePostmasterFile(text)).toBeUndefined();
    }
  });

  it('never throws and never gives an impossible number', () => {
    const line = fc.oneof(fc.string(), fc.integer().map(String), fc.constantFrom('ready', 'stopping', ''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const file = parsePostmasterFile(lines.join('\n'));
        if (file === undefined) return;
        expect(file.pid).toBeGreaterThan(0);
        if (file.port !== undefined) expect(file.port).toBeLessThanOrEqual(65_535);
        if (file.socketDir !== undefined) expect(file.socketDir).not.toBe('');
      }),
    );
  });
});

describe('the postmaster of a data folder', () => {
  let folder: string;
  let data: string;
  const children: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posrednik-pm-'));
    data = join(folder, 'data');
    await mkdir(data);
  });
  afterEach(async () => {
    for (const end of children.splice(0)) await end();
    await rm(folder, { recursive: true, force: true });
  });

  /** A process whose command line is the given one: a sleeping shell under another name. */
  async function pretend(...argv: string[]): Promise<void> {
    const [name = '', ...rest] = argv;
    const child = spawn('/bin/sh', ['-c', 'read line', ...rest], {
      argv0: name,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const exited = once(child, 'exit');
    children.push(() => {
      child.kill('SIGKILL');
      return exited;
    });
    await once(child, 'spawn');
    await writeFile(join(data, 'postmaster.pid'), `${child.pid}\n${data}\n1\n5432\n/run\n\n\nready\n`);
  }

  it('is found by its command line', async () => {
    await pretend('/opt/bin/postgres', '-D', data, '-c', await clusterName());
    expect(await findPostmaster(data)).toMatchObject({ file: { status: 'ready', port: 5432 } });
  });

  it('is not a process of another program that got its number', async () => {
    await pretend('/usr/bin/vim', '-c', await clusterName());
    expect(await findPostmaster(data)).toBeUndefined();
  });

  it("is not another folder's server", async () => {
    await pretend('/opt/bin/postgres', '-D', data, '-c', 'cluster_name=posrednik-1-2');
    expect(await findPostmaster(data)).toBeUndefined();
  });

  it('is ours under another name of the folder', async () => {
    await pretend('/opt/bin/postgres', '-D', data, '-c', await clusterName());
    const moved = join(folder, 'moved');
    await rename(data, moved);
    expect(await findPostmaster(moved)).toBeDefined();
    await symlink(moved, data);
    expect(await findPostmaster(data)).toBeDefined();
  });

  it('is not ours in a copy of the folder', async () => {
    await pretend('/opt/bin/postgres', '-D', data, '-c', await clusterName());
    const copy = join(folder, 'copy');
    await cp(data, copy, { recursive: true });
    expect(await findPostmaster(copy)).toBeUndefined();
    expect(await findPostmaster(data)).toBeDefined();
  });

  it('is nobody when the file is absent or the process gone, and its traces can go', async () => {
    const run = join(folder, 'run');
    await mkdir(run);
    expect(await findPostmaster(data)).toBeUndefined();
    await removeTraces(data, run);
    await pretend('/opt/bin/postgres', '-D', data, '-c', await clusterName());
    for (const end of children.splice(0)) await end();
    await writeFile(join(run, '.s.PGSQL.5432.lock'), '1');
    await writeFile(join(run, 'mine'), '');
    expect(await findPostmaster(data)).toBeUndefined();
    expect(await readPostmasterFile(data)).toBeDefined();
    await removeTraces(data, run);
    expect(await readPostmasterFile(data)).toBeUndefined();
    expect(await readdir(run)).toEqual(['mine']);
  });

  async function clusterName(): Promise<string> {
    return `cluster_name=${await clusterNameOf(data)}`;
  }
});
