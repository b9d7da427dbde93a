import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../model/errors.ts';
import type { SedEvent } from '../port.ts';
import { asUnreadable } from './folder-faults.ts';
import { readRoot } from './incoming.ts';
import type { MessageHeader } from './message-header.ts';
import { findEntry, isPlainName } from './plain-name.ts';
import { reasonText, UnreadableError } from './unreadable.ts';
import { parseXml } from './xml.ts';
import { readXmlText } from './xml-bytes.ts';

export interface FileReading {
  /** IANA zone of times without an offset. */
  readonly zone: string;
  /** Limit of the XML, bytes (`sed.maxMessageBytes`). */
  readonly maxBytes: number;
}

/** What one file of a message tells, by the very reader of the `in` folder. */
export interface EventsOfFile {
  readonly events: readonly SedEvent[];
  /** Number of our own document, as a Report repeats it. */
  readonly number?: string;
  /** Files of ResourceList that lie beside it. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

/**
 * Reads a Report.xml or a DocInfo.xml wherever it lies, under whatever name. Nothing is stored or moved; a named file that
 * is missing is left out.
 *
 * @throws Fault SED_MESSAGE_UNREADABLE with the reason in Russian
 */
export async function readEventsOfFile(path: string, { zone, maxBytes }: FileReading): Promise<EventsOfFile> {
  try {
    const message = readRoot(parseXml(await readXmlText(path, maxBytes)), zone);
    const number = 'initialDoc' in message ? message.initialDoc.number : undefined;
    return {
      events: message.events,
      ...(number === undefined ? {} : { number }),
      files: await filesBeside(dirname(path), message.header),
    };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Fault('SED_MESSAGE_UNREADABLE', { detail: 'такого файла нет', cause });
    }
    const known = asUnreadable(cause);
    if (!(known instanceof UnreadableError)) throw known;
    throw new Fault('SED_MESSAGE_UNREADABLE', { detail: reasonText(known.reason), cause });
  }
}

async function filesBeside(folder: string, header: MessageHeader): Promise<EventsOfFile['files']> {
  const entries = await readdir(folder);
  const names = [...new Set(header.resources.map((resource) => resource.name))];
  const found = await Promise.all(
    names.map(async (name) => {
      const entry = isPlainName(name) ? findEntry(entries, name) : undefined;
      if (entry === undefined) return [];
      const stat = await lstat(join(folder, entry));
      return stat.isFile() ? [{ name, size: stat.size }] : [];
    }),
  );
  return found.flat();
}
