import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from '@jest/globals';
import { isAlive, readProcess } from '../../../src/store/embedded/process-info.ts';
import { waitFor } from '../../../src/store/embedded/wait-for.ts';

const SETUP = new URL('../../support/global-setup.mjs', import.meta.url).href;
/** What jest does at the start of a run, in a process that can be killed. */
const SCRIPT = `
  const { default: setUp } = await import(${JSON.stringify(SETUP)});
  setUp();
  console.log(process.env.POSREDNIK_TEST_POSTGRES);
  setInterval(() => undefined, 1000);`;

it('the PostgreSQL of a test run does not outlive a run that was killed', async () => {
  const run = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(run, 'exit');
  const [infoFile] = (await once(createInterface({ input: run.stdout }), 'line')) as [string];
  try {
    const read = async () => readFile(infoFile, 'utf8').catch(() => undefined);
    expect(await waitFor(async () => (await read()) !== undefined, 60_000)).toBe(true);
    const { url } = JSON.parse((await read()) ?? '{}') as { url: string };
    const runDir = new URL(url).searchParams.get('host') ?? '';
    const stateDir = dirname(dirname(runDir));
    const pid = Number(
      (await readFile(join(dirname(runDir), 'data', 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    const server = await readProcess(pid);
    expect(server?.argv[0]).toMatch(/postgres$/);

    run.kill('SIGKILL');
    await exited;
    expect(await waitFor(async () => server !== undefined && !(await isAlive(server)), 60_000)).toBe(true);
    const isGone = (path: string) =>
      stat(path).then(
        () => false,
        () => true,
      );
    expect(await waitFor(() => isGone(dirname(stateDir)), 60_000)).toBe(true);
    expect(await waitFor(() => isGone(infoFile), 60_000)).toBe(true);
  } finally {
    if (run.exitCode === null && run.signalCode === null) run.kill('SIGKILL');
    await exited;
    await rm(infoFile, { force: true });
  }
}, 120_000);
