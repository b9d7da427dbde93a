import { jest } from '@jest/globals';
import { Command } from 'commander';
import { addDigestCommand } from '../../src/cli/program.ts';
import { addRepairCommands } from '../../src/cli/repair-commands.ts';
import { reportFault } from '../../src/cli/report-fault.ts';
import { addRubricCommands } from '../../src/cli/rubric-commands.ts';
import { addShowcaseCommands } from '../../src/cli/showcase-commands.ts';
import { addTokenCommands } from '../../src/cli/token-commands.ts';
import { addUserCommands } from '../../src/cli/user-commands.ts';
import type { CommandResult } from './posrednik.ts';

/**
 * Runs a repair command in this process, as the command line would: what it printed and the exit code it set. A process
 * of its own for each would be the better part of a test's time.
 */
export async function runRepairCommand(
  configPath: string,
  databaseUrl: string,
  args: readonly string[],
): Promise<CommandResult> {
  const before = { url: process.env['DATABASE_URL'], code: process.exitCode };
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
      written[name] += String(chunk);
      return true;
    }),
  );
  const program = new Command().exitOverride();
  addRepairCommands(program, () => ({ config: configPath }));
  addRubricCommands(program, () => ({ config: configPath }));
  addShowcaseCommands(program, () => ({ config: configPath }));
  addUserCommands(program, () => ({ config: configPath }));
  addTokenCommands(program, () => ({ config: configPath }));
  addDigestCommand(program, () => ({ config: configPath }));
  process.env['DATABASE_URL'] = databaseUrl;
  process.exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
      process.exitCode = reportFault(error);
    });
    return {
      code: Number(process.exitCode),
      stdout: written.stdout.trimEnd(),
      stderr: written.stderr.trimEnd(),
    };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = before.code;
    if (before.url === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = before.url;
  }
}
