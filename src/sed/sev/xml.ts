import { XMLParser, XMLValidator } from 'fast-xml-parser';

import { UnreadableError } from './unreadable.ts';
import { scanXml } from './xml-scan.ts';
import { xmlSafe } from './xml-writer.ts';

/** Namespace of the exchange format «СЭВ»; its extensions stand below it (`/Ext2015`, `/Ext2016`, `/Ext2018`). */
export const SEV_NAMESPACE = 'http://www.eos.ru/2010/sev';

/** An element. Foreign namespaces are left out, texts are free of what XML 1.0 forbids. */
export interface XmlNode {
  /** Local name, without prefix. */
  readonly name: string;
  readonly namespace: string;
  /** Attributes without a prefix; those of other namespaces are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlNode[];
  /** The element's own text, as it came (not trimmed). */
  readonly text: string;
}

const MAX_DEPTH = 100;
const MAX_NODES = 200_000;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: true,
  htmlEntities: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH + 1,
});

/**
 * Parses XML text into a tree, safely: no DTD, at most 100 levels and 200,000 nodes, well-formed to the last
 * bracket (the parser alone accepts truncated files), no guessing of values («007» stays «007»).
 *
 * @param known which namespaces are kept; elements of others are skipped with all they hold
 * @throws UnreadableError `dtd`, `too-deep`, `too-large`, `not-well-formed`; `not-sev` when the root is not kept
 */
export function parseXml(text: string, known: (namespace: string) => boolean = isSevNamespace): XmlNode {
  scanXml(text, { maxDepth: MAX_DEPTH, maxNodes: MAX_NODES });
  const source = replaceForbiddenReferences(text);
  const root = parseRaw(source).find((entry) => nameOf(entry) !== '#text');
  const node = root === undefined ? undefined : toNode(root, new Map([['', '']]), known);
  if (node === undefined) throw new UnreadableError('not-sev');
  return node;
}

/** The format's own namespace or one of its extensions. */
export function isSevNamespace(namespace: string): boolean {
  return namespace === SEV_NAMESPACE || namespace.startsWith(`${SEV_NAMESPACE}/Ext20`);
}

/** Children of that local name in the element's own namespace (or in the given one), in document order. */
export function children(
  node: XmlNode | undefined,
  name: string,
  namespace = node?.namespace,
): readonly XmlNode[] {
  return node?.children.filter((child) => child.name === name && child.namespace === namespace) ?? [];
}

/** The first such child. */
export function child(
  node: XmlNode | undefined,
  name: string,
  namespace = node?.namespace,
): XmlNode | undefined {
  return node?.children.find((entry) => entry.name === name && entry.namespace === namespace);
}

/** Trimmed text of the element itself, or of its named child; undefined when absent or empty. */
export function text(node: XmlNode | undefined, name?: string): string | undefined {
  const value = (name === undefined ? node : child(node, name))?.text.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** Trimmed value of an attribute; undefined when absent or empty. */
export function attr(node: XmlNode | undefined, name: string): string | undefined {
  const value = node?.attributes.get(name)?.trim();
  return value === undefined || value === '' ? undefined : value;
}

type RawEntry = Readonly<Record<string, unknown>>;

function parseRaw(source: string): readonly RawEntry[] {
  try {
    if (XMLValidator.validate(source) === true) return parser.parse(source) as readonly RawEntry[];
  } catch {
    // The parser refuses names such as __proto__ by an error of its own.
  }
  throw new UnreadableError('not-well-formed');
}

function toNode(
  entry: RawEntry,
  outer: ReadonlyMap<string, string>,
  known: (namespace: string) => boolean,
): XmlNode | undefined {
  const raw = Object.entries((entry[':@'] ?? {}) as Record<string, string>);
  const scope = declare(raw, outer);
  const qualified = nameOf(entry);
  const colon = qualified.indexOf(':');
  const namespace = scope.get(colon < 0 ? '' : qualified.slice(0, colon));
  if (namespace === undefined || !known(namespace)) return undefined;
  const attributes = new Map<string, string>();
  for (const [name, value] of raw) {
    if (name !== 'xmlns' && !name.includes(':')) attributes.set(name, xmlSafe(value));
  }
  const nodes: XmlNode[] = [];
  const pieces: string[] = [];
  for (const inner of entry[qualified] as readonly RawEntry[]) {
    const piece = inner['#text'];
    if (piece !== undefined) pieces.push(String(piece));
    else {
      const node = toNode(inner, scope, known);
      if (node !== undefined) nodes.push(node);
    }
  }
  const own = pieces.join('');
  return {
    name: qualified.slice(colon + 1),
    namespace,
    attributes,
    children: nodes,
    text: xmlSafe(own),
  };
}

function declare(
  attributes: readonly (readonly [string, string])[],
  outer: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const declared = attributes.filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'));
  if (declared.length === 0) return outer;
  const scope = new Map(outer);
  for (const [name, uri] of declared) scope.set(name.slice(6), uri.trim());
  return scope;
}

function nameOf(entry: RawEntry): string {
  for (const key of Object.keys(entry)) if (key !== ':@') return key;
  return '#text';
}

/** `&#0;` and its like would be dropped without a trace by the parser. */
function replaceForbiddenReferences(source: string): string {
  if (!source.includes('&#')) return source;
  return source.replace(/&#(?:x([0-9a-f]{1,8})|(\d{1,10}));/gi, (whole, hex?: string, decimal?: string) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    if (code > 0x10ffff) return '\u{FFFD}';
    return xmlSafe(String.fromCodePoint(code)) === '\u{FFFD}' ? '\u{FFFD}' : whole;
  });
}
