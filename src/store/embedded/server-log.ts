import { copyFile, open, stat, truncate } from 'node:fs/promises';

const LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Keeps the server's log bounded: past 16 MiB it is copied to `<path>.1` and emptied in place, because the server
 * holds it open (for appending) for as long as it lives.
 */
export async function trimServerLog(path: string, limitBytes: number = LIMIT_BYTES): Promise<void> {
  const size = await stat(path).then(
    (info) => info.size,
    () => 0,
  );
  if (size <= limitBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
}

/** Bytes of the log so far: what comes after tells of the start that follows. */
export async function logSize(path: string): Promise<number> {
  return stat(path).then(
    (info) => info.size,
    () => 0,
  );
}

/** The last line that tells why the server did not start, without its time and level; '' when there is none. */
export async function lastFatal(path: string, from: number): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(65_536), position: from });
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    const line = lines.findLast((text) => /FATAL|PANIC|error while loading/.test(text));
    return line?.replace(/^.*?(FATAL|PANIC):\s*/, '').slice(0, 300) ?? '';
  } catch {
    return '';
  }
}
