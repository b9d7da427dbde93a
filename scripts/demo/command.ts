import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DemoError } from './errors.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const COMMAND_MS = 60_000;

/** Gives a command as an administrator would, in a process of its own; returns what it printed. Throws DemoError. */
export async function giveCommand(configPath: string, args: readonly string[]): Promise<string> {
  try {
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [MAIN, '--config', configPath, ...args], {
      timeout: COMMAND_MS,
    });
    return stdout;
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new DemoError(`Команда «${args.slice(0, 2).join(' ')}» не прошла: ${stderr.trim()}`);
  }
}
