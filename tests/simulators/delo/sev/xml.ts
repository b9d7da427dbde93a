/** A small XML writer. Children are written in the order given: the vendor's XSD is made of sequences. */

export const SEV_NAMESPACE = 'http://www.eos.ru/2010/sev';
export const BOM = '\uFEFF';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const XSD = 'http://www.w3.org/2001/XMLSchema';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
/** Already written XML; `undefined` and '' stand for «not there». */
export type Xml = string | undefined;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};
// What XML 1.0 forbids: control characters, non-characters and lone surrogates.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/** Escapes text for element content and attributes; characters that XML 1.0 forbids become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, '\uFFFD')
    .replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character);
}

function attributesOf(attributes: Attributes): string {
  let written = '';
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    written += ` ${name}="${escapeXml(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`;
  }
  return written;
}

/** An element with children that are XML already. */
export function el(name: string, attributes: Attributes, ...children: readonly Xml[]): string {
  const inner = children.filter((child) => child !== undefined).join('');
  const head = `${name}${attributesOf(attributes)}`;
  return inner === '' ? `<${head}/>` : `<${head}>${inner}</${name}>`;
}

/** An element with text; nothing at all when there is no text. */
export function textEl(name: string, text: string | undefined, attributes: Attributes = {}): Xml {
  return text === undefined ? undefined : el(name, attributes, escapeXml(text));
}

/** A whole file: byte-order mark, declaration, root with the namespaces that real traffic shows. */
export function documentOf(root: string, namespace: string | undefined, ...children: readonly Xml[]): Buffer {
  const xml = el(root, { 'xmlns:xsi': XSI, 'xmlns:xsd': XSD, xmlns: namespace }, ...children);
  return Buffer.from(`${BOM}<?xml version="1.0" encoding="utf-8"?>${xml}`, 'utf8');
}
