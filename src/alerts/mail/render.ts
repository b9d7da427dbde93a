/** One block of a mail: written once, rendered as plain text and as HTML. */
export type MailBlock =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

export interface RenderedBody {
  readonly text: string;
  readonly html: string;
}

const STYLE = {
  body: 'font:15px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif;color:#16202e;max-width:46em',
  table: 'border-collapse:collapse;margin:0 0 1em',
  head: 'text-align:left;padding:4px 10px;border-bottom:2px solid #5b6778;vertical-align:bottom',
  cell: 'text-align:left;padding:4px 10px;border-bottom:1px solid #dde3ea;vertical-align:top',
} as const;

/** A mail's body in both forms, the same words in the same order; every value is escaped in the HTML. */
export function renderBody(title: string, blocks: readonly MailBlock[]): RenderedBody {
  const all: readonly MailBlock[] = blocks;
  const html = `<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="${STYLE.body}"><h1 style="font-size:20px">${escapeHtml(title)}</h1>
${all.map(blockHtml).join('\n')}
</body></html>
`;
  return { text: `${[title, ...all.map(blockText)].join('\n\n')}\n`, html };
}

function blockText(block: MailBlock): string {
  switch (block.kind) {
    case 'heading':
      return `${block.text}\n${'-'.repeat(Math.min(block.text.length, 72))}`;
    case 'paragraph':
      return block.text;
    case 'table':
      return block.rows.map((row) => rowText(block.head, row)).join('\n\n');
  }
}

/** A row as «heading: value» lines: columns of proportional letters cannot be lined up. */
function rowText(head: readonly string[], row: readonly string[]): string {
  return row
    .flatMap((cell, index) => (cell === '' ? [] : [`${head[index] ?? ''}: ${cell}`]))
    .map((line, index) => (index === 0 ? `* ${line}` : `  ${line}`))
    .join('\n');
}

function blockHtml(block: MailBlock): string {
  switch (block.kind) {
    case 'heading':
      return `<h2 style="font-size:17px">${escapeHtml(block.text)}</h2>`;
    case 'paragraph':
      return `<p>${escapeHtml(block.text).replaceAll('\n', '<br>')}</p>`;
    case 'table': {
      const head = block.head.map((cell) => `<th style="${STYLE.head}">${escapeHtml(cell)}</th>`).join('');
      const rows = block.rows.map(
        (row) =>
          `<tr>${row.map((cell) => `<td style="${STYLE.cell}">${escapeHtml(cell)}</td>`).join('')}</tr>`,
      );
      return `<table style="${STYLE.table}"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
    }
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
