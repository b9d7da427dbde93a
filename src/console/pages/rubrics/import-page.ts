import type { ConsoleDeps } from '../../deps.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { IMPORT_WORDS } from './import-words.ts';
import { csrfField, tabs } from './parts.ts';

type SayImport = Say<keyof typeof IMPORT_WORDS.ru>;

/** `/rubrics/import`: the file to be looked at, the platform's own list, and what was taken before. */
export async function importPage(
  { db, cabinets }: ConsoleDeps,
  { viewer }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(IMPORT_WORDS, viewer.lang);
  const rows = await db.query<ImportRow>(
    `SELECT kind, source, edition, who, taken_at AS "at", added, removed, renamed, total FROM classifier_import
     ORDER BY id DESC LIMIT 10`,
  );
  const body = html`${tabs(viewer, 'import')}<p>${say('intro')}</p>
<div class="grid"><section class="card"><form method="post" action="/rubrics/import" enctype="multipart/form-data">${csrfField(viewer)}
<label>${say('file')} <input type="file" name="file" required accept=".xlsx,.xls,.ods,.csv,.tsv,.txt"></label>
<label>${say('kind')} <select name="kind">${(['auto', 'categories', 'otk', 'rules'] as const).map((kind) => html`<option value="${kind}">${say(kind)}</option>`)}</select></label>
<label>${say('edition')} <input type="date" name="edition"></label>
<details><summary>${say('more')}</summary><label>${say('columns')} <input name="columns" maxlength="200" autocomplete="off" aria-describedby="columns-hint"></label><p class="hint" id="columns-hint">${say('columnsHint')}</p></details>
<button>${say('preview')}</button></form></section>
<section class="card"><h2>${say('fromPlatform')}</h2>${platformForm(viewer, cabinets(), say)}</section></div>
<h2>${say('history')}</h2>${history(rows, viewer, say)}`;
  return { title: say('title'), body };
}

function platformForm(viewer: Viewer, cabinets: ReturnType<ConsoleDeps['cabinets']>, say: SayImport): Markup {
  if (cabinets.length === 0) return html`<p>${say('noCabinets')}</p>`;
  // So many names make a list that nobody reads, and a heavy page.
  const field =
    cabinets.length <= 60
      ? html`<select name="cabinet">${cabinets.map(({ id }) => html`<option>${id}</option>`)}</select>`
      : html`<input name="cabinet" required autocomplete="off">`;
  return html`<p>${say('fromPlatformHint')}</p><form method="post" action="/rubrics/import/platform">${csrfField(viewer)}
<label>${say('cabinet')} ${field}</label><label>${say('region')} <input name="region" value="${cabinets.find(({ region }) => region !== undefined)?.region}" maxlength="20" autocomplete="off"></label>
<button class="quiet">${say('preview')}</button></form>`;
}

interface ImportRow {
  readonly kind: 'otk' | 'categories';
  readonly source: string;
  readonly edition: string | null;
  readonly who: string;
  readonly at: Date;
  readonly added: number;
  readonly removed: number;
  readonly renamed: number;
  readonly total: number;
}

function history(rows: readonly ImportRow[], viewer: Viewer, say: SayImport): Markup {
  const number = (name: 'total' | 'added' | 'removed' | 'renamed', row: ImportRow) =>
    html`<td class="number" data-label="${say(name)}">${row[name]}</td>`;
  const lines = rows.map(
    (
      row,
    ) => html`<tr><th scope="row">${say(row.kind)}</th><td data-label="${say('at')}">${moment(viewer, row.at)}</td>
<td data-label="${say('who')}">${row.who}</td><td data-label="${say('source')}">${row.source} ${row.edition ?? undefined}</td>
${number('total', row)}${number('added', row)}${number('removed', row)}${number('renamed', row)}</tr>`,
  );
  return html`<div class="table"><table class="rows"><thead><tr><th scope="col">${say('kind')}</th><th scope="col">${say('at')}</th><th scope="col">${say('who')}</th><th scope="col">${say('source')}</th>${(['total', 'added', 'removed', 'renamed'] as const).map((name) => html`<th scope="col" class="number">${say(name)}</th>`)}</tr></thead><tbody>${lines}</tbody></table></div>`;
}
