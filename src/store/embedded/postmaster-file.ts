import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ProcessInfo, readProcess } from './process-info.ts';

/** PostgreSQL's own postmaster.pid, as far as we need it. Lines past the pid appear while it starts. */
export interface PostmasterFile {
  readonly pid: number;
  readonly port?: number;
  /** Absent when the server has no unix socket. */
  readonly socketDir?: string;
  readonly status: 'starting' | 'stopping' | 'ready' | 'unknown';
}

/** Reads the text of postmaster.pid; `undefined` when not even its first line is a pid. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = positive(lines[0]);
  if (pid === undefined) return undefined;
  const port = positive(lines[3]);
  const socketDir = lines[4];
  const word = lines[7];
  const status = word === 'starting' || word === 'stopping' || word === 'ready' ? word : 'unknown';
  return {
    pid,
    status,
    ...(port === undefined || port > 65_535 ? {} : { port }),
    ...(socketDir === undefined || socketDir === '' ? {} : { socketDir }),
  };
}

export async function readPostmasterFile(dataDir: string): Promise<PostmasterFile | undefined> {
  try {
    return parsePostmasterFile(await readFile(join(dataDir, 'postmaster.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Removes what a dead server left to keep others off: postmaster.pid and the locks of its socket. PostgreSQL judges
 * them by the pid alone, and that may be somebody else's by now (in containers at every start) or a zombie's.
 */
export async function removeTraces(dataDir: string, runDir: string): Promise<void> {
  await rm(join(dataDir, 'postmaster.pid'), { force: true });
  const sockets = (await readdir(runDir)).filter((name) => name.startsWith('.s.PGSQL.'));
  for (const name of sockets) await rm(join(runDir, name), { force: true });
}

/** The living postmaster of a data folder. */
export interface Postmaster {
  readonly process: ProcessInfo;
  readonly file: PostmasterFile;
}

/**
 * The name that a server of this data folder gives its processes: the folder's own identity on its disk, which a
 * rename keeps and a copy does not have. `undefined` while there is no such folder.
 */
export async function clusterNameOf(dataDir: string): Promise<string | undefined> {
  const info = await stat(dataDir).catch(() => undefined);
  return info === undefined ? undefined : `posrednik-${info.dev.toString(36)}-${info.ino.toString(36)}`;
}

/**
 * The living postmaster of this very data folder, or `undefined`. It is known by the cluster name on its command
 * line, which we wrote and every user may read; /proc/<pid>/cwd of another uid is closed to root in a container.
 */
export async function findPostmaster(dataDir: string): Promise<Postmaster | undefined> {
  const file = await readPostmasterFile(dataDir);
  const process = file === undefined ? undefined : await readProcess(file.pid);
  if (file === undefined || process === undefined) return undefined;
  const name = `cluster_name=${await clusterNameOf(dataDir)}`;
  const ours = basename(process.argv[0] ?? '') === 'postgres' && process.argv.includes(name);
  return ours ? { process, file } : undefined;
}

function positive(text: string | undefined): number | undefined {
  const value = /^\d{1,10}$/.test(text ?? '') ? Number(text) : 0;
  return value > 0 ? value : undefined;
}
