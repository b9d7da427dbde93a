/** What a person would see of a mail. */
export interface ReadMail {
  readonly subject: string;
  readonly text: string;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const ENCODED_WORD = /=\?([^?]+)\?([bq])\?([^?]*)\?=/gi;

/** Decodes RFC 2047 words; white space between two of them is no text. */
export function decodeWords(value: string): string {
  const joined = value.replace(/(\?=)\s+(?==\?)/g, '$1');
  // A character may be cut in two between words: equal neighbours are decoded as one run of bytes.
  let run: Buffer[] = [];
  let runCharset = '';
  let text = '';
  let at = 0;
  function flush(): void {
    if (run.length > 0) text += decodeBytes(Buffer.concat(run), runCharset);
    run = [];
  }
  for (const match of joined.matchAll(ENCODED_WORD)) {
    const [whole, charset = '', encoding = '', content = ''] = match;
    if (match.index > at || charset !== runCharset) flush();
    text += joined.slice(at, match.index);
    runCharset = charset;
    run.push(
      encoding.toLowerCase() === 'b'
        ? Buffer.from(content, 'base64')
        : quotedBytes(content.replaceAll('_', ' ')),
    );
    at = match.index + whole.length;
  }
  flush();
  return text + joined.slice(at);
}

/** Reads subject and text (the first text part of a multipart) of a raw mail, ISO-8859-1 as it came. */
export function readMail(raw: Buffer): ReadMail {
  const mail = splitPart(raw.toString('latin1'));
  return {
    subject: decodeWords(Buffer.from(mail.headers.get('subject') ?? '', 'latin1').toString('utf8')),
    text: textOf(mail) ?? '',
  };
}

function textOf(part: Part): string | undefined {
  const type = part.headers.get('content-type') ?? 'text/plain';
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary !== undefined) {
    for (const piece of part.body.split(`--${boundary}`).slice(1)) {
      const text = piece.startsWith('--') ? undefined : textOf(splitPart(piece.replace(/^\r?\n/, '')));
      if (text !== undefined) return text;
    }
    return undefined;
  }
  if (!/^text\/plain/i.test(type)) return undefined;
  const charset = /charset="?([^";]+)"?/i.exec(type)?.[1] ?? 'utf-8';
  return decodeBytes(decodeTransfer(part), charset).replaceAll('\r\n', '\n').trimEnd();
}

function splitPart(text: string): Part {
  const [, head = '', body = ''] = /^([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(text) ?? ['', text, ''];
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body };
}

function decodeTransfer(part: Part): Buffer {
  const encoding = part.headers.get('content-transfer-encoding')?.toLowerCase() ?? '7bit';
  if (encoding === 'base64') return Buffer.from(part.body, 'base64');
  if (encoding === 'quoted-printable') return quotedBytes(part.body.replace(/=\r?\n/g, ''));
  return Buffer.from(part.body, 'latin1');
}

function quotedBytes(text: string): Buffer {
  const plain = text.replace(/=([0-9a-f]{2})/gi, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(plain, 'latin1');
}

function decodeBytes(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}
