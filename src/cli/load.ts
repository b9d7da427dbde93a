import pino, { type Logger } from 'pino';
import { type LoadedConfig, loadConfig } from '../config/index.ts';
import { createLog } from '../log.ts';

export interface GlobalOptions {
  readonly config?: string;
  /** Address of a running daemon's console: some commands then work through its API, with no settings and no database. */
  readonly api?: string;
}

/** `--json`: the result as one JSON line for a program, instead of lines for a person. */
export interface JsonFlag {
  readonly json?: boolean;
}

/** Settings as every command reads them: `--config`, else the environment, else the working folder. */
export async function loadForCommand(options: GlobalOptions): Promise<LoadedConfig> {
  return await loadConfig({
    env: process.env,
    cwd: process.cwd(),
    ...(options.config === undefined ? {} : { path: options.config }),
  });
}

/** Prints a result as one JSON line or as lines for a person. */
export function printResult(json: boolean | undefined, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json === true ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`);
}

/** Warnings of a command go where its errors go: its standard output is its result, for a program perhaps. */
export function commandLog(): Logger {
  return createLog('warn', pino.destination({ dest: 2, sync: true }));
}
