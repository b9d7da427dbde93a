import { csvHead, csvRows } from '../../../showcase/not-uploaded-csv.ts';
import { writeAudit } from '../../users/audit.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { may } from '../../web/viewer.ts';
import type { ShowcasePages } from './deps.ts';
import { type FailedPlace, readFailedFilter } from './failed-filter.ts';
import { listFailed } from './failed-rows.ts';

/** Rows of a table at most: it is held in memory; the command `showcase failed --csv` writes all. */
const MOST = 50_000;
const PAGE = 5_000;

/** `/showcase/failed.csv`: the log by the same filter, for a spreadsheet; the platform's words for those who may read them. */
export async function failedCsv(pages: ShowcasePages, { viewer, query }: PageRequest): Promise<PageAnswer> {
  const { db } = pages.console;
  const known = pages.showcases.map(({ id }) => id);
  const filter = readFailedFilter(query, known);
  const withDetails = may(viewer.role, 'operator');
  const options = { timeZone: viewer.timeZone, withDetails };
  const parts = [csvHead(options)];
  let rows = 0;
  let after: FailedPlace | undefined;
  do {
    const page = await listFailed(db, {
      filter,
      known,
      withDetails,
      linkOf: pages.linkOf,
      size: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    parts.push(csvRows(page.rows, options));
    rows += page.rows.length;
    after = page.next;
  } while (after !== undefined && rows < MOST);
  await writeAudit(db, { who: viewer.login, action: 'showcase-exported', data: { rows } });
  const content = parts.join('');
  return { download: { name: 'not-uploaded.csv', type: 'text/csv; charset=utf-8', content } };
}
