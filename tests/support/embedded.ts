import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import type { EmbeddedOptions } from '../../src/store/embedded/index.ts';
import { layoutOf, stateFileOf } from '../../src/store/embedded/layout.ts';
import { stopPostmaster } from '../../src/store/embedded/postmaster.ts';
import { findPostmaster } from '../../src/store/embedded/postmaster-file.ts';
import { readState } from '../../src/store/embedded/state-file.ts';

export const IS_ROOT = process.getuid?.() === 0;
export const NOBODY = { uid: 65_534, gid: 65_534 };

export interface Started {
  readonly url?: string;
  readonly takenOver?: boolean;
  readonly serverPid?: number;
  readonly code?: string;
  readonly detail?: string;
}

export interface EmbeddedChild {
  readonly process: ChildProcess;
  /** What the child said of its start; rejects when it dies before. */
  readonly started: Promise<Started>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** An orderly stop; resolves with the exit code. */
  stop(): Promise<number | null>;
}

type ChildOptions = Omit<EmbeddedOptions, 'log'>;

/** Starts a process that runs an embedded database, as another user when told. */
export function startChild(
  options: ChildOptions,
  as: { uid?: number; gid?: number; home?: string } = {},
): EmbeddedChild {
  const { home, ...ids } = as;
  const script = join(import.meta.dirname, 'embedded-child.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    ...ids,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TMPDIR: tmpdir(), ...(home === undefined ? {} : { HOME: home }) },
  });
  const exited = once(child, 'exit');
  const started = Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(
      ([line]) => JSON.parse(line as string) as Started,
    ),
    exited.then(([code, signal]) => {
      throw new Error(`ended before it started: ${code ?? signal}`);
    }),
  ]);
  started.catch(() => undefined);
  return {
    process: child,
    started,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.stdin.end();
      return (await exited)[0] as number | null;
    },
  };
}

/** A temporary folder that the server's account can pass through. */
export async function openFolder(owner?: { uid: number; gid: number }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'posrednik-store-'));
  await chmod(folder, 0o711);
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  return folder;
}

/** Stops whatever server the state directory's data still has and removes the folder. */
export async function sweep(folder: string, ...stateDirs: string[]): Promise<void> {
  for (const stateDir of stateDirs) {
    const state = await readState(stateFileOf(stateDir)).catch(() => undefined);
    if (state === undefined) continue;
    const found = await findPostmaster(layoutOf(stateDir, state).dataDir).catch(() => undefined);
    if (found !== undefined) await stopPostmaster(found.process);
  }
  await rm(folder, { recursive: true, force: true });
}

/** The folder in which a state directory's data lie. */
export async function placeOf(stateDir: string): Promise<string> {
  const state = await readState(stateFileOf(stateDir));
  if (state === undefined) throw new Error('the state directory has no database yet');
  return layoutOf(stateDir, state).place;
}

/** Runs one statement on a connection of its own. */
export async function ask(url: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url ?? '', connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** The uid that a process runs under. */
export async function uidOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
}
