import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where the files of the showcase lie: one folder of the spool, shared by all daemons of a database. */
export function showcaseDir(spoolDir: string): string {
  return join(spoolDir, 'showcase');
}

/** Path of an upload's file by the name in `showcase_upload.file`. */
export function showcasePath(spoolDir: string, file: string): string {
  return join(showcaseDir(spoolDir), file);
}

/** What tells two contents of a record apart: SHA-256 of its line, UTF-8, without the line's end. */
export function contentHash(line: string | Uint8Array): Buffer {
  return createHash('sha256').update(line).digest();
}
