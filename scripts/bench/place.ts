import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Child, jsonLine, startChild } from './child.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the project by its path from the project's folder. */
export function projectFile(path: string): string {
  return join(ROOT, path);
}

/** Where a measurement puts its files, and what it has started: all of it goes when `work` ends. */
export interface Place {
  readonly dir: string;
  /** `flags` are node's own. */
  start(script: string, args?: readonly string[], flags?: readonly string[]): Child;
  /** Starts the daemon as `npm start` does, with these settings. */
  startDaemon(configPath: string): Promise<Child>;
}

/**
 * Runs `work` in a new folder under `parent` (the system's temporary one unless given). Whatever happens, Ctrl-C
 * too, the processes started through the place are ended, the last one first, and the folder is removed.
 */
export async function inPlace<T>(parent: string | undefined, work: (place: Place) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(parent ?? tmpdir(), 'posrednik-bench-'));
  const children: Child[] = [];
  const interrupted = Promise.withResolvers<never>();
  const onSignal = () => interrupted.reject(new Error('прервано'));
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const start = (args: readonly string[]): Child => {
      const child = startChild(args);
      children.push(child);
      return child;
    };
    const running = work({
      dir,
      start: (script, args = [], flags = []) => start([...flags, projectFile(script), ...args]),
      startDaemon: async (configPath) => start(daemonArguments(await startScript(), configPath)),
    });
    return await Promise.race([running, interrupted.promise]);
  } finally {
    for (const child of children.reverse()) await child.stop();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Flags with which `npm start` runs node. */
export async function startFlags(): Promise<readonly string[]> {
  return (await startScript()).split(' ').filter((part) => part.startsWith('--'));
}

async function startScript(): Promise<string> {
  const { scripts } = JSON.parse(await readFile(projectFile('package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start;
}

/**
 * What node is called with by the `start` script of package.json: its flags, the program by its whole path, `run`.
 * @throws Error when the script is not `node … src/main.ts run`.
 */
export function daemonArguments(script: string, configPath: string): string[] {
  const [, flags = '', main = '', command = ''] = /^node ((?:--\S+ )*)(\S+) (run)$/.exec(script) ?? [];
  if (command === '') throw new Error(`не понятен сценарий start: ${script}`);
  return [...flags.split(' ').filter((flag) => flag !== ''), projectFile(main), command, '-c', configPath];
}

/** What the platform simulator's measured cabinet is called. */
export const CABINET = { opaId: '900001', identifier: 'bench-1', password: 'bench-password-1' } as const;

/** Starts the platform simulator, in a process of its own, full of appeals with one file each; gives its address. */
export async function startPlatformProcess(
  place: Place,
  appeals: number,
  fileBytes: number,
): Promise<string> {
  const child = place.start('tests/simulators/platform/main.ts', [
    '--seed-bench',
    String(appeals),
    '--file-bytes',
    String(fileBytes),
  ]);
  return await child.line((line) => {
    const url = jsonLine(line)?.['url'];
    return typeof url === 'string' ? url : undefined;
  });
}
