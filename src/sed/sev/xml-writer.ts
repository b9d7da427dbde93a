/** Text that is well-formed XML already. Only the functions here make it, so nothing unescaped can slip in. */
export type Xml = string & { readonly __xml: true };

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SPECIAL = /[&<>]/;
const SPECIAL_ATTRIBUTE = /[&<>"\t\n\r]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: see above; not global, so that test() keeps no state
const MAY_BE_FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  // Always, so that `]]>` never stands in text (XML 1.0, section 2.4).
  '>': '&gt;',
  '"': '&quot;',
  // In an attribute a reader turns bare white space into spaces (XML 1.0, section 3.3.3).
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

/** Replaces what XML 1.0 cannot hold (control characters, lone surrogates, U+FFFE, U+FFFF) by U+FFFD. */
export function xmlSafe(text: string): string {
  return MAY_BE_FORBIDDEN.test(text) ? text.toWellFormed().replace(FORBIDDEN, '\ufffd') : text;
}

/** Element content. Line ends become LF, as any XML reader would make them. */
export function text(value: string): Xml {
  const safe = xmlSafe(value).replace(/\r\n?/g, '\n');
  return (SPECIAL.test(safe) ? safe.replace(/[&<>]/g, escapeOne) : safe) as Xml;
}

/** One element. Attributes that are undefined are left out; with no content it is written `<Name/>`. */
export function element(name: string, attributes: Attributes, ...content: readonly Xml[]): Xml {
  let open = `<${name}`;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) open += ` ${key}="${escapeAttribute(String(value))}"`;
  }
  const inner = content.join('');
  return (inner === '' ? `${open}/>` : `${open}>${inner}</${name}>`) as Xml;
}

/** `<Name>value</Name>`. */
export function leaf(name: string, value: string, attributes: Attributes = {}): Xml {
  return element(name, attributes, text(value));
}

/** As `leaf`, but nothing at all for an empty or absent value. */
export function optional(name: string, value: string | undefined, attributes: Attributes = {}): Xml {
  return value === undefined || value === '' ? NOTHING : leaf(name, value, attributes);
}

export const NOTHING = '' as Xml;

/** Puts XML pieces side by side. */
export function join(pieces: readonly Xml[]): Xml {
  return pieces.join('') as Xml;
}

/** A whole file: byte-order mark, declaration, root element; UTF-8, as every СЭВ sample is. */
export function xmlFile(root: Xml): Uint8Array {
  return Buffer.from(`\ufeff<?xml version="1.0" encoding="utf-8"?>\n${root}`, 'utf8');
}

function escapeAttribute(value: string): string {
  const safe = xmlSafe(value);
  return SPECIAL_ATTRIBUTE.test(safe) ? safe.replace(/[&<>"\t\n\r]/g, escapeOne) : safe;
}

function escapeOne(character: string): string {
  return ESCAPES[character] ?? character;
}
