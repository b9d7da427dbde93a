/** Markup that is safe to put into a page; only `html`, `join` and `raw` make it. */
export interface Markup {
  readonly markup: string;
}

export type Piece = Markup | string | number | undefined | false | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return '';
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  if ('markup' in piece) return piece.markup;
  return piece.map(render).join('');
}

/**
 * A template whose every value is escaped, but for markup that this same function has made. Written here, for the type
 * is the point: a library's template gives a string, and nothing tells an escaped one from a citizen's.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  let markup = strings[0] ?? '';
  for (const [index, value] of values.entries()) markup += render(value) + (strings[index + 1] ?? '');
  return { markup };
}
