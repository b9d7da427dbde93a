import { escapeHtml } from '../../web/html.ts';

/** What all raw texts of a page may weigh together, bytes as they go over the wire; the whole is downloaded. */
export const LONGEST_SHOWN = 80_000;

/** The beginning of a text that weighs at most so many bytes as markup. */
export function fitting(text: string, bytes: number): string {
  let shown = text.slice(0, bytes);
  for (;;) {
    const weight = Buffer.byteLength(escapeHtml(shown));
    if (weight <= bytes) return shown.toWellFormed();
    shown = shown.slice(0, Math.floor((shown.length * bytes) / weight));
  }
}

/** JSON with indents; what is none stays as it is. */
export function prettyJson(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return raw;
  }
}

/** Longer ones are not read as a whole only to show their beginning. */
const LONGEST_READ = 500_000;

/** Parts of XML that end at a mark of their own, whatever stands in them. */
const WHOLE = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

/** Tags, comments and the texts between them, in order; one look at each sign, however broken the text. */
function* tokens(raw: string): Generator<string> {
  // A mark that was sought in vain once is not sought again.
  const missing = new Set<string>();
  let textFrom = 0;
  let at = raw.indexOf('<');
  while (at >= 0) {
    const end = wholeEnd(raw, at, missing) ?? tagEnd(raw, at);
    if (end === undefined) {
      at = raw.indexOf('<', at + 1);
      continue;
    }
    if (at > textFrom) yield raw.slice(textFrom, at);
    yield raw.slice(at, end);
    textFrom = end;
    at = raw.indexOf('<', end);
  }
  if (textFrom < raw.length) yield raw.slice(textFrom);
}

function wholeEnd(raw: string, at: number, missing: Set<string>): number | undefined {
  const [start, mark] = WHOLE.find(([begin]) => raw.startsWith(begin, at)) ?? [];
  if (start === undefined || mark === undefined || missing.has(mark)) return undefined;
  const end = raw.indexOf(mark, at + start.length);
  if (end >= 0) return end + mark.length;
  missing.add(mark);
  return undefined;
}

/** Where a tag ends; `>` within quotes is no end, and a `<` outside of them says that it was no tag. */
function tagEnd(raw: string, at: number): number | undefined {
  let quote = '';
  for (let index = at + 1; index < raw.length; index += 1) {
    const sign = raw[index] ?? '';
    if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === '>') return index + 1;
    else if (sign === '<') return undefined;
  }
  return undefined;
}

const DEEPEST = 30;

/**
 * XML with an element a line. Only white space between tags is changed, so what is shown says what was sent; anything
 * that is not quite XML passes as text.
 */
export function prettyXml(raw: string): string {
  const lines: string[] = [];
  let depth = 0;
  // Holds `<a>text` until it is known whether a text stands alone in its element.
  let open: string | undefined;
  const put = (text: string) => lines.push('  '.repeat(Math.min(depth, DEEPEST)) + text);
  const flush = () => {
    if (open === undefined) return;
    put(open);
    depth += 1;
    open = undefined;
  };
  for (const token of tokens(raw)) {
    if (token.trim() === '') continue;
    const isTag = token.startsWith('<') && token.endsWith('>');
    if (!isTag) {
      if (open === undefined) put(token.trim());
      else open += token.trim();
    } else if (token.startsWith('</')) {
      if (open !== undefined) put(open + token);
      else {
        depth = Math.max(0, depth - 1);
        put(token);
      }
      open = undefined;
    } else if (/^<[!?]|\/>$/.test(token)) {
      flush();
      put(token);
    } else {
      flush();
      open = token;
    }
  }
  flush();
  return lines.join('\n');
}

/** By what it begins with; a text of another kind stays as it came. */
export function pretty(raw: string): string {
  if (raw.length > LONGEST_READ) return raw;
  const start = raw.replace(/^\uFEFF/, '').trimStart();
  if (start.startsWith('<')) return prettyXml(start);
  return start.startsWith('{') || start.startsWith('[') ? prettyJson(start) : raw;
}
