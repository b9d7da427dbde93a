import { parseString } from 'xml2js';

/** One element, as xml2js read it: the second reader, independent of the one the product uses. */
export interface Element {
  readonly name: string;
  readonly namespace: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  readonly text: string;
}

/** What is wrong with the XML itself. */
export class XmlFault extends Error {
  override readonly name = 'XmlFault';
}

interface RawAttribute {
  readonly value: string;
  readonly prefix: string;
  readonly local: string;
  readonly uri: string;
}

interface RawElement {
  readonly $?: Readonly<Record<string, RawAttribute>>;
  readonly $ns?: { readonly uri: string; readonly local: string };
  readonly _?: string;
  readonly $$?: readonly RawElement[];
}

const MAX_DEPTH = 64;
const PARSER = {
  xmlns: true,
  explicitChildren: true,
  preserveChildrenOrder: true,
  explicitRoot: true,
  strict: true,
  async: false,
} as const;

function toElement(raw: RawElement, depth: number): Element {
  if (depth > MAX_DEPTH) throw new XmlFault('слишком глубокая вложенность');
  const attributes = new Map<string, string>();
  for (const attribute of Object.values(raw.$ ?? {})) {
    const declaration = attribute.uri === 'http://www.w3.org/2000/xmlns/' || attribute.prefix === 'xmlns';
    const schemaInstance = attribute.uri === 'http://www.w3.org/2001/XMLSchema-instance';
    if (!declaration && !schemaInstance) attributes.set(attribute.local, attribute.value);
  }
  return {
    name: raw.$ns?.local ?? '',
    namespace: raw.$ns?.uri ?? '',
    attributes,
    children: (raw.$$ ?? []).map((child) => toElement(child, depth + 1)),
    text: raw._ ?? '',
  };
}

function rootOf(text: string): RawElement {
  let root: RawElement | undefined;
  let fault: unknown;
  parseString(text, PARSER, (error: Error | null, result: Record<string, RawElement> | null | undefined) => {
    // sax reports each trouble it meets; the first one tells most.
    if (error) fault ??= error;
    else if (result) root = Object.values(result)[0];
  });
  if (fault instanceof Error) throw new XmlFault(fault.message.replaceAll('\n', ' '));
  if (root === undefined) throw new XmlFault('в файле нет ни одного элемента');
  return root;
}

/** Reads a whole XML file. Throws XmlFault on anything that is not well-formed UTF-8 XML without a DTD. */
export function parseXml(bytes: Uint8Array): Element {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new XmlFault('файл не в кодировке UTF-8');
  }
  if (/<!DOCTYPE/i.test(text)) throw new XmlFault('объявление DOCTYPE запрещено');
  // sax lets text after the root element pass.
  if (!/>\s*$/.test(text)) throw new XmlFault('после корневого элемента есть лишний текст');
  return toElement(rootOf(text), 1);
}

/** Whether the file begins with the UTF-8 byte-order mark, as real traffic does. */
export function hasBom(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

/** First child of that name. */
export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

/** All children of that name. */
export function children(element: Element | undefined, name: string): readonly Element[] {
  return element?.children.filter((candidate) => candidate.name === name) ?? [];
}

/** Text of the element at that path of names, when it is there and not empty. */
export function textAt(element: Element | undefined, ...path: readonly string[]): string | undefined {
  let at = element;
  for (const name of path) at = child(at, name);
  return at === undefined || at.text === '' ? undefined : at.text;
}

/** An attribute of the element, when it is there. */
export function attribute(element: Element | undefined, name: string): string | undefined {
  return element?.attributes.get(name);
}
