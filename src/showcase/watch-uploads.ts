import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { showcaseDir } from './files.ts';
import { showcaseScope, tellTrouble } from './tell.ts';
import type { UploadDeps } from './upload-deps.ts';

/** With pauses of an hour at most: about a day of failed tries. */
const MANY_TRIES = 30;
const LONG_DAYS = 3;

/** Opens the incident of uploads that do not come to their end: a day of failed tries, or three days without a report. */
export async function watchUploads(
  deps: Pick<UploadDeps, 'dataSource' | 'db' | 'incidents' | 'recipients'>,
): Promise<void> {
  const code = 'SHOWCASE_DELAYED';
  const rows = await deps.db.query<{ showcase: string; records: number; platform_code: string | null }>(
    `SELECT showcase, sum(records)::int AS records, min(error_code) AS platform_code FROM showcase_upload
     WHERE (state IN ('ready', 'sending') AND attempts >= $1)
       OR (state = 'polling' AND sent_at < now() - make_interval(days => $2))
     GROUP BY showcase`,
    [MANY_TRIES, LONG_DAYS],
  );
  for (const { showcase, records, platform_code } of rows) {
    await inTransaction(deps.dataSource, async (tx) => {
      const open = await tx.query(
        `SELECT 1 FROM incident WHERE code = $1 AND scope = $2 AND closed_at IS NULL`,
        [code, showcaseScope(showcase)],
      );
      if (open.length > 0) return;
      const platformCode = platform_code === null ? {} : { platformCode: platform_code };
      await tellTrouble(deps, tx, showcase, { code, records, ...platformCode });
    });
  }
}

/** What the platform said of records stands with the records; the reports themselves are kept so long, days. */
const REPORT_DAYS = 30;

/** Forgets the pages of old reports. */
export async function forgetReports(db: Queryable): Promise<void> {
  await db.query(
    `DELETE FROM showcase_error WHERE upload_id IN (
       SELECT id FROM showcase_upload WHERE settled_at < now() - make_interval(days => $1))`,
    [REPORT_DAYS],
  );
}

/** Removes files of uploads that came to their end, left by a death before their removal. Returns how many. */
export async function removeEndedFiles(db: Queryable, spoolDir: string): Promise<number> {
  const dir = showcaseDir(spoolDir);
  const names = await readdir(dir).catch(() => []);
  if (names.length === 0) return 0;
  const ended = await db.query<{ file: string }>(
    `SELECT file FROM showcase_upload WHERE file = ANY($1) AND state IN ('settled', 'split', 'failed')`,
    [names],
  );
  for (const { file } of ended) await rm(join(dir, file), { force: true });
  return ended.length;
}
