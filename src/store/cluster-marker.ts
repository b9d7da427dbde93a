import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault } from '../model/errors.ts';
import type { Queryable } from './data-source.ts';
import { thrown } from './thrown.ts';

const SETTING_KEY = 'cluster-id';
const MARKER_NAME = '.posrednik-cluster';
/** Where a folder knows no hard links, the marker is empty for a moment after it appears. */
const EMPTY_LOOKS = 40;
const EMPTY_PAUSE_MS = 50;

/**
 * Makes sure that this folder of files and this database belong together: daemons on one database find each
 * other's files only in a folder that they share. The first daemon marks the folder with the database's id.
 * Returns the id.
 *
 * @throws Fault SPOOL_FOREIGN when the folder is marked by another database; SPOOL_UNAVAILABLE when it cannot be
 *   read or written.
 */
export async function checkClusterMarker(db: Queryable, spoolDir: string): Promise<string> {
  const id = await clusterId(db);
  const marked = await readOrWrite(spoolDir, id);
  if (marked === id) return id;
  const detail = `в папке ${spoolDir} метка другой базы (${marked.slice(0, 36)}), у этой базы ${id}`;
  throw new Fault('SPOOL_FOREIGN', { detail });
}

/** The database's own id, made by whoever asks first. */
export async function clusterId(db: Queryable): Promise<string> {
  await db.query('INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING', [
    SETTING_KEY,
    randomUUID(),
  ]);
  const [row] = await db.query<{ value: string }>('SELECT value FROM setting WHERE key = $1', [SETTING_KEY]);
  if (row === undefined)
    throw new Fault('DATABASE_UNSUITABLE', { detail: 'запись cluster-id исчезла из базы' });
  return row.value;
}

async function readOrWrite(spoolDir: string, id: string): Promise<string> {
  const marker = join(spoolDir, MARKER_NAME);
  try {
    await mkdir(spoolDir, { recursive: true, mode: 0o750 });
    return (await readMarker(marker)) ?? (await writeMarker(marker, id)) ?? (await mustRead(marker));
  } catch (error) {
    if (error instanceof Fault) throw error;
    const detail = `${marker}: ${thrown(error).message}`;
    throw new Fault('SPOOL_UNAVAILABLE', { detail, cause: error });
  }
}

/** The marker's id, or `undefined` when there is no marker. */
async function readMarker(marker: string): Promise<string | undefined> {
  for (let look = 0; look < EMPTY_LOOKS; look += 1) {
    try {
      const text = (await readFile(marker, 'utf8')).trim();
      if (text !== '') return text;
    } catch (error) {
      if (thrown(error).code === 'ENOENT') return undefined;
      throw error;
    }
    await pause(EMPTY_PAUSE_MS);
  }
  throw new Fault('SPOOL_UNAVAILABLE', { detail: `файл ${marker} пуст; удалите его` });
}

async function mustRead(marker: string): Promise<string> {
  const text = await readMarker(marker);
  if (text === undefined) throw new Error('метка исчезла');
  return text;
}

/** Writes the marker unless another daemon does so first: then `undefined`, and theirs counts. */
async function writeMarker(marker: string, id: string): Promise<string | undefined> {
  const draft = `${marker}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${id}\n`, { flush: true });
    try {
      await link(draft, marker);
    } catch (error) {
      if (thrown(error).code === 'EEXIST') return undefined;
      // Some network folders have no hard links; creating for ourselves alone they all have.
      return await createExclusively(marker, id);
    }
    return id;
  } finally {
    await rm(draft, { force: true });
  }
}

async function createExclusively(marker: string, id: string): Promise<string | undefined> {
  try {
    await using file = await open(marker, 'wx');
    await file.writeFile(`${id}\n`);
    await file.sync();
    return id;
  } catch (error) {
    if (thrown(error).code === 'EEXIST') return undefined;
    throw error;
  }
}
