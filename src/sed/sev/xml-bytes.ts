import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { UnreadableError } from './unreadable.ts';

const UTF8_BOM = [0xef, 0xbb, 0xbf];

/**
 * Reads an XML file as text. Its size is looked at before a byte is read; a link, a folder or a device is refused.
 *
 * @param maxBytes limit in bytes (`sed.maxMessageBytes`)
 * @throws UnreadableError `too-large`, `not-a-file`, `encoding`; file-system errors pass as they are
 */
export async function readXmlText(path: string, maxBytes: number): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ELOOP' || code === 'ENXIO') throw new UnreadableError('not-a-file');
    throw error;
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new UnreadableError('not-a-file');
    if (stat.size > maxBytes) throw new UnreadableError('too-large');
    const bytes = Buffer.allocUnsafe(stat.size);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return decodeXml(bytes.subarray(0, filled));
  } finally {
    await handle.close();
  }
}

/**
 * Bytes to text: a byte-order mark decides, then the declared encoding, else UTF-8. Decoding is strict: a wrong
 * byte is an error, never a silent replacement, for half a letter at the end means half a file.
 *
 * @throws UnreadableError `encoding`
 */
export function decodeXml(bytes: Uint8Array): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableError('encoding');
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (UTF8_BOM.every((byte, index) => bytes[index] === byte)) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1');
  const declared = /^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']/.exec(head)?.[1];
  return declared ?? 'utf-8';
}
