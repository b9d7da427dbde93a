import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './partner.ts';
import { repliesIn, until } from './site.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'simulators', 'delo', 'main.ts');
const dirs: string[] = [];
const processes: ChildProcess[] = [];

afterEach(async () => {
  for (const one of processes.splice(0)) one.kill('SIGKILL');
  for (const dir of dirs.splice(0)) await rm(dir, { recursive: true, force: true });
});

async function start(...args: readonly string[]) {
  const dir = await mkdtemp(join(tmpdir(), 'delo-main-'));
  dirs.push(dir);
  const channel = `main=${dir}/out:${dir}/in`;
  const child = spawn(process.execPath, [MAIN, '--channel', channel, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  processes.push(child);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString('utf8')) as { url: string };
  return { child, dir, url, exit };
}

describe('the command line', () => {
  it('prints its address, serves its channel, and stops on SIGTERM', async () => {
    const { child, dir, url, exit } = await start('--port', '0', '--forget-files', '--seed', '3');
    await send(`${dir}/out`);
    await until('ответы', async () => (await repliesIn(`${dir}/in`)).length === 2);
    expect(await (await fetch(url)).text()).toContain('374299901');
    child.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  });

  it('stops when the one who started it closes its input', async () => {
    const { child, exit } = await start();
    child.stdin.end();
    expect((await exit)[0]).toBe(0);
  });

  it.each([
    [[], 'Нужен хотя бы один --channel'],
    [['--channel', 'oops'], 'Канал пишется так'],
    [['--nothing'], 'nothing'],
  ])('refuses %j in words', async (args, words) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    processes.push(child);
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(text).toContain(words);
  });
});
