import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockFolder } from '../../../../src/store/embedded/folder-lock.ts';

const MODULE = new URL('../../../../src/store/embedded/folder-lock.ts', import.meta.url).href;
/** Tries the lock once, says what came of it, and keeps it until killed. */
const SCRIPT = `
  const { lockFolder } = await import(${JSON.stringify(MODULE)});
  try { await lockFolder(process.argv[1]); console.log('held'); process.stdin.resume(); }
  catch (error) { console.log(error.code + ' ' + error.detail); process.exit(0); }`;

describe('the lock of a state directory', () => {
  let folder: string;
  let path: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posrednik-lock-'));
    path = join(folder, 'daemon');
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map(kill));
    await rm(folder, { recursive: true, force: true });
  });

  async function contend(): Promise<{ child: ChildProcess; said: string }> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return { child, said };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  it('is refused to a second holder in the same process, and given after release', async () => {
    const lock = await lockFolder(path);
    await expect(lockFolder(path)).rejects.toMatchObject({
      code: 'STATE_DIR_BUSY',
      detail: 'уже занята этим же процессом',
    });
    lock.release();
    lock.release();
    (await lockFolder(path)).release();
    expect((await readdir(folder)).sort()).toEqual(['daemon.lock', 'daemon.pid']);
  });

  it('names the process that holds it', async () => {
    const { child, said } = await contend();
    expect(said).toBe('held');
    await expect(lockFolder(path)).rejects.toMatchObject({
      code: 'STATE_DIR_BUSY',
      detail: `занята процессом ${child.pid}`,
    });
  });

  it('says so when the holder cannot be seen', async () => {
    await contend();
    await writeFile(`${path}.pid`, 'nonsense');
    await expect(lockFolder(path)).rejects.toMatchObject({ detail: expect.stringContaining('не виден') });
  });

  it('ends with its holder, killed by -9', async () => {
    const { child } = await contend();
    await kill(child);
    (await lockFolder(path)).release();
  });

  it('of a dead holder goes to exactly one of many that want it at once', async () => {
    const { child } = await contend();
    await kill(child);
    for (let round = 0; round < 2; round += 1) {
      const answers = await Promise.all(Array.from({ length: 5 }, contend));
      const winners = answers.filter(({ said }) => said === 'held');
      expect(winners).toHaveLength(1);
      for (const { said } of answers) expect(said).toMatch(/^held$|^STATE_DIR_BUSY /);
      for (const winner of winners) await kill(winner.child);
    }
  }, 60_000);

  it('fails with words where nothing can be written', async () => {
    await chmod(folder, 0o500);
    const missing = join(folder, 'absent', 'daemon');
    await expect(lockFolder(missing)).rejects.toMatchObject({
      code: 'EMBEDDED_DATABASE_FAILED',
      detail: expect.stringContaining(`${missing}.lock`),
    });
  });
});
