import { UnreadableError } from './unreadable.ts';

export interface ScanLimits {
  /** Levels of elements. */
  readonly maxDepth: number;
  /** Elements and attributes together: a small file of millions of empty elements would fill the memory. */
  readonly maxNodes: number;
}

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const GREATER = 0x3e;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const EXCLAMATION = 0x21;

/**
 * One cheap pass over the markup before any tree is built: finds DTDs, depth, number of nodes and a root that is
 * not closed or not alone. Linear in the text, stops at the first fault, keeps nothing.
 *
 * @throws UnreadableError `dtd`, `too-deep`, `too-large` (too many nodes), `not-well-formed`
 */
export function scanXml(text: string, limits: ScanLimits): void {
  let depth = 0;
  let nodes = 0;
  let rootClosed = false;
  let position = 0;
  for (;;) {
    const open = text.indexOf('<', position);
    if (depth === 0) assertBlank(text, position, open < 0 ? text.length : open);
    if (open < 0) break;
    const mark = text.charCodeAt(open + 1);
    if (mark === EXCLAMATION) {
      position = skipDeclaration(text, open, depth);
    } else if (mark === QUESTION) {
      position = after(text, '?>', open + 2);
    } else if (mark === SLASH) {
      position = after(text, '>', open + 2);
      depth -= 1;
      if (depth < 0) throw new UnreadableError('not-well-formed');
      rootClosed = depth === 0;
    } else {
      if (rootClosed) throw new UnreadableError('not-well-formed');
      const tag = skipStartTag(text, open + 1);
      position = tag.end;
      nodes += 1 + tag.attributes;
      if (depth + 1 > limits.maxDepth) throw new UnreadableError('too-deep');
      if (nodes > limits.maxNodes) throw new UnreadableError('too-large');
      if (!tag.empty) depth += 1;
      else rootClosed = depth === 0;
    }
  }
  if (!rootClosed) throw new UnreadableError('not-well-formed');
}

/** Comment or CDATA; whatever else begins with `<!` is a part of a DTD. */
function skipDeclaration(text: string, open: number, depth: number): number {
  if (text.startsWith('<!--', open)) return after(text, '-->', open + 4);
  if (depth > 0 && text.startsWith('<![CDATA[', open)) return after(text, ']]>', open + 9);
  const word = text.slice(open + 2, open + 10).toUpperCase();
  const isDtd = ['DOCTYPE', 'ENTITY', 'ELEMENT', 'ATTLIST', 'NOTATION'].some((name) => word.startsWith(name));
  throw new UnreadableError(isDtd ? 'dtd' : 'not-well-formed');
}

function skipStartTag(text: string, from: number): { end: number; empty: boolean; attributes: number } {
  let attributes = 0;
  for (let index = from; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === GREATER) {
      return { end: index + 1, empty: text.charCodeAt(index - 1) === SLASH, attributes };
    }
    if (code === QUOTE || code === APOSTROPHE) {
      attributes += 1;
      index = text.indexOf(code === QUOTE ? '"' : "'", index + 1);
      if (index < 0) break;
    }
  }
  throw new UnreadableError('not-well-formed');
}

function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  if (found < 0) throw new UnreadableError('not-well-formed');
  return found + mark.length;
}

function assertBlank(text: string, from: number, to: number): void {
  for (let index = from; index < to; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
      throw new UnreadableError('not-well-formed');
    }
  }
}
