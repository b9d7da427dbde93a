import { Fault } from '../model/errors.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import type { FileDeps, Showcase } from './deps.ts';
import { recordLimit } from './limit.ts';
import { withShowcaseLock } from './lock.ts';
import { organizationOgrn } from './organization.ts';
import { removeOrphans } from './orphans.ts';
import { type WrittenFile, writeShowcaseFile } from './write-file.ts';

/** A file that waits for its upload. */
export interface NewUpload {
  readonly id: number;
  readonly file: string;
  readonly records: number;
}

/** Lines read from the database at once. */
const PAGE = 2000;

/**
 * Writes all records of a showcase that are `ready` into files of at most as many records as the platform takes, and marks
 * them `sent`: each file and its records in one transaction, the file on the disk before its end. Memory is flat whatever
 * the number of records. After a death a file without a row is left; the next run, a day later, takes it away.
 * @throws Fault SHOWCASE_BUSY, SHOWCASE_ORGANIZATION_UNKNOWN, SPOOL_UNAVAILABLE, DATABASE_UNREACHABLE, STOPPED
 */
export async function writeUploads(
  deps: FileDeps,
  showcase: Showcase,
  signal?: AbortSignal,
): Promise<readonly NewUpload[]> {
  return await withShowcaseLock(deps.dataSource, showcase.id, () => writeReady(deps, showcase, signal));
}

/** The same for a caller that holds the showcase's lock. */
export async function writeReady(
  deps: FileDeps,
  showcase: Showcase,
  signal?: AbortSignal,
): Promise<readonly NewUpload[]> {
  await removeOrphans(deps.db, deps.spoolDir);
  const waiting = await deps.db.query(
    `SELECT 1 AS one FROM showcase_record WHERE showcase = $1 AND state = 'ready' LIMIT 1`,
    [showcase.id],
  );
  if (waiting.length === 0) return [];
  const ogrn = await organizationOgrn(deps, showcase);
  const limit = await recordLimit(deps.db, showcase.id, showcase.maxRecords);
  const made: NewUpload[] = [];
  let after = 0;
  for (;;) {
    if (signal?.aborted === true) throw new Fault('STOPPED');
    const one = await inTransaction(deps.dataSource, (tx) =>
      writeOne(tx, deps.spoolDir, showcase, { ogrn, limit, after }),
    );
    if (one === undefined) return made;
    after = one.last;
    made.push(one.upload);
  }
}

interface Range {
  readonly records: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

async function writeOne(
  tx: Queryable,
  spoolDir: string,
  showcase: Showcase,
  { ogrn, limit, after }: { readonly ogrn: string; readonly limit: number; readonly after: number },
): Promise<{ readonly upload: NewUpload; readonly last: number } | undefined> {
  // One picture for the header, the lines and the marks; whoever changes a record meanwhile makes this start again.
  await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  const [range] = await tx.query<Range>(
    `SELECT count(*)::int AS records, min(id) AS first, max(id) AS last, min(reg_date)::text AS from,
       max(reg_date)::text AS to
     FROM (SELECT id, reg_date FROM showcase_record WHERE showcase = $1 AND state = 'ready' AND id > $2
       ORDER BY id LIMIT $3) r`,
    [showcase.id, after, limit],
  );
  if (range === undefined || range.first === null || range.last === null) return undefined;
  const { records, from, to } = range;
  const [first, last] = [Number(range.first), Number(range.last)];
  const days = { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
  const header = { region: showcase.region, ogrn, records, ...days };
  const id = await nextUploadId(tx);
  const written = await writeShowcaseFile(
    spoolDir,
    header,
    readyLines(tx, showcase.id, first, last),
    (sha256) => fileName(showcase.id, id, sha256),
  );
  const [marked] = await tx.query<{ records: number }>(
    `WITH marked AS (UPDATE showcase_record SET sent_hash = hash, upload_id = $4
       WHERE showcase = $1 AND state = 'ready' AND id BETWEEN $2 AND $3 RETURNING 1)
     SELECT count(*)::int AS records FROM marked`,
    [showcase.id, first, last, id],
  );
  if (marked?.records !== records) throw new Error('records changed while they were written');
  await insertUpload(tx, showcase, id, written, records);
  return { upload: { id, file: written.file, records }, last };
}

async function* readyLines(
  tx: Queryable,
  showcase: string,
  first: number,
  last: number,
): AsyncGenerator<string> {
  let from = first;
  for (;;) {
    const rows = await tx.query<{ id: string; content: string }>(
      `SELECT id, content FROM showcase_record WHERE showcase = $1 AND state = 'ready' AND id BETWEEN $2 AND $3
       ORDER BY id LIMIT ${PAGE}`,
      [showcase, from, last],
    );
    const end = rows.at(-1);
    if (end === undefined) return;
    yield `${rows.map(({ content }) => content).join('\n')}\n`;
    from = Number(end.id) + 1;
  }
}

/** The number that an upload will have; a number that is never used harms nobody. */
export async function nextUploadId(db: Queryable): Promise<number> {
  const [row] = await db.query<{ id: string }>(
    `SELECT nextval(pg_get_serial_sequence('showcase_upload', 'id')) AS id`,
  );
  return Number(row?.id);
}

/** What a file is called: its name begins with its key. */
export function fileName(showcase: string, uploadId: number, sha256: string): string {
  return `${keyOf(showcase, uploadId, sha256)}.ndjson.gz`;
}

/** A key names one file with one content for ever: a repeated upload of the same records is another upload. */
function keyOf(showcase: string, uploadId: number, sha256: string): string {
  return `${showcase}-${uploadId}-${sha256.slice(0, 32)}`;
}

/** Stores the upload of a file that is on the disk, in the transaction that marks its records. */
export async function insertUpload(
  tx: Queryable,
  showcase: Showcase,
  id: number,
  { file, size, sha256 }: WrittenFile,
  records: number,
): Promise<void> {
  await tx.query(
    `INSERT INTO showcase_upload (id, showcase, opa_id, key, state, file, size, sha256, records)
     OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, 'ready', $5, $6, $7, $8)`,
    [id, showcase.id, showcase.opaId, keyOf(showcase.id, id, sha256), file, size, sha256, records],
  );
}
