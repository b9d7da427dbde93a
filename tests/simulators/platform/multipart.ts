export interface Part {
  readonly name: string;
  readonly fileName: string | undefined;
  readonly contentType: string | undefined;
  readonly content: Buffer;
}

function unquote(value: string): string {
  return value.replaceAll('%22', '"').replaceAll('\\"', '"');
}

function parameter(header: string, name: string): string | undefined {
  const extended = new RegExp(`;\\s*${name}\\*=UTF-8''([^;]+)`, 'i').exec(header);
  if (extended?.[1] !== undefined) {
    try {
      return decodeURIComponent(extended[1].trim());
    } catch {
      return extended[1].trim();
    }
  }
  const quoted = new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(header);
  if (quoted?.[1] !== undefined) return unquote(quoted[1]);
  return new RegExp(`;\\s*${name}=([^;\\s]+)`, 'i').exec(header)?.[1];
}

function onePart(raw: Buffer): Part | undefined {
  const split = raw.indexOf('\r\n\r\n');
  if (split < 0) return undefined;
  let disposition = '';
  let contentType: string | undefined;
  for (const line of raw.subarray(0, split).toString('utf8').split('\r\n')) {
    const colon = line.indexOf(':');
    const key = line.slice(0, colon).trim().toLowerCase();
    if (key === 'content-disposition') disposition = line.slice(colon + 1).trim();
    if (key === 'content-type') contentType = line.slice(colon + 1).trim();
  }
  const name = parameter(disposition, 'name');
  if (name === undefined) return undefined;
  return {
    name,
    fileName: parameter(disposition, 'filename'),
    contentType,
    content: raw.subarray(split + 4),
  };
}

/** The parts of a multipart/form-data body; undefined when it is none or does not end as it should. */
export function parseMultipart(contentType: string | undefined, body: Buffer): Part[] | undefined {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '');
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) return undefined;
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let at = body.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length;
    if (body.subarray(start, start + 2).toString('latin1') === '--') return parts;
    const end = body.indexOf(Buffer.from(`\r\n--${boundary}`), start);
    if (end < 0) return undefined;
    const part = onePart(body.subarray(start + 2, end));
    if (part !== undefined) parts.push(part);
    at = end + 2;
  }
  return undefined;
}
