/** A form as it was sent: its fields, and its files that have a name. */
export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: readonly { readonly field: string; readonly name: string; readonly content: Buffer }[];
}

const HEADER_END = Buffer.from('\r\n\r\n');

function parameterOf(header: string, name: string): string | undefined {
  const found = new RegExp(`[;\\s]${name}="((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(header)?.[1];
  // Browsers write a quotation mark in a file name as %22.
  return found?.replaceAll('%22', '"').replace(/\\(["\\])/g, '$1');
}

/** Reads `multipart/form-data`; parts that it does not understand are left out. */
export function parseMultipart(body: Buffer, boundary: string): Form {
  const fields = new Map<string, string>();
  const files: { field: string; name: string; content: Buffer }[] = [];
  const delimiter = Buffer.from(`--${boundary}`);
  let at = body.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length + 2;
    const end = body.indexOf(Buffer.concat([Buffer.from('\r\n'), delimiter]), start);
    if (end < 0) break;
    const part = body.subarray(start, end);
    at = end + 2;
    const split = part.indexOf(HEADER_END);
    if (split < 0) continue;
    const header = part.subarray(0, split).toString('utf8');
    const content = part.subarray(split + HEADER_END.length);
    const field = parameterOf(header, 'name');
    const name = parameterOf(header, 'filename');
    if (field === undefined) continue;
    if (name === undefined) fields.set(field, content.toString('utf8'));
    else if (name !== '') files.push({ field, name, content: Buffer.from(content) });
  }
  return { fields, files };
}

/** Reads a form by its content type. */
export function parseForm(body: Buffer, contentType = ''): Form {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary !== undefined) return parseMultipart(body, boundary);
  return { fields: new Map(new URLSearchParams(body.toString('utf8'))), files: [] };
}

/** A field's text without spaces around; `undefined` when it is empty or not there. */
export function fieldOf(form: Form, name: string): string | undefined {
  const text = form.fields.get(name)?.trim();
  return text === undefined || text === '' ? undefined : text;
}
