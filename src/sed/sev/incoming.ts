import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { IncomingMessage, SedEvent, SedSink } from '../port.ts';
import { type DocumentMessage, readDocument } from './document.ts';
import { readHeader } from './message-header.ts';
import { findEntry, isPlainName } from './plain-name.ts';
import { type ReportMessage, readReport } from './report.ts';
import { UnreadableError } from './unreadable.ts';
import { parseXml, type XmlNode } from './xml.ts';
import { readXmlText } from './xml-bytes.ts';
import { xmlSafe } from './xml-writer.ts';

export interface ReadingOptions {
  readonly channel: string;
  /** Limit of one XML, bytes. */
  readonly maxMessageBytes: number;
  /** IANA zone of times without an offset. */
  readonly zone: string;
}

/** A message folder that was looked into, its XML not yet read. */
export interface LocatedMessage {
  readonly dir: string;
  readonly entries: readonly string[];
  readonly xml: string;
  readonly xmlBytes: number;
}

/** A message read whole; its files are checked to be there but not copied. */
export interface ParsedMessage {
  readonly message: Omit<IncomingMessage, 'files'>;
  /** Names as in ResourceList, with their paths in the folder. */
  readonly files: readonly { readonly name: string; readonly path: string }[];
}

/** Events of one message, as JSON: a few kilobytes repeated for thousands of executors would fill the memory. */
const MAX_EVENT_CHARACTERS = 64 * 1024 * 1024;

/**
 * Looks into a message folder: a real folder, not a link, with DocInfo.xml or Report.xml in any letter case.
 *
 * @throws UnreadableError `folder-missing`, `not-a-file`, `xml-missing`, `too-large`; file-system errors pass
 */
export async function locateMessage(path: string, options: ReadingOptions): Promise<LocatedMessage> {
  const stat = await lstat(path).catch(missingAs('folder-missing'));
  if (!stat.isDirectory()) throw new UnreadableError('not-a-file');
  const entries = await readdir(path);
  const xml = findEntry(entries, 'DocInfo.xml') ?? findEntry(entries, 'Report.xml');
  if (xml === undefined) throw new UnreadableError('xml-missing');
  const xmlStat = await lstat(join(path, xml)).catch(missingAs('xml-missing'));
  if (!xmlStat.isFile()) throw new UnreadableError('not-a-file');
  if (xmlStat.size > options.maxMessageBytes) throw new UnreadableError('too-large');
  return { dir: path, entries, xml, xmlBytes: xmlStat.size };
}

/**
 * Reads a located message and checks that each file of its ResourceList lies in the folder as a plain file.
 *
 * @throws UnreadableError with the reason; file-system errors pass
 */
export async function parseMessage(
  located: LocatedMessage,
  messageDir: string,
  options: ReadingOptions,
): Promise<ParsedMessage> {
  const raw = await readXmlText(join(located.dir, located.xml), options.maxMessageBytes);
  const root = parseXml(raw);
  const { header, events } = readRoot(root, options.zone);
  limitEvents(events);
  const names = new Set(header.resources.map((resource) => resource.name));
  const files = [];
  for (const name of names) {
    if (!isPlainName(name)) throw new UnreadableError('bad-name');
    const entry = findEntry(located.entries, name);
    if (entry === located.xml) continue;
    if (entry === undefined) throw new UnreadableError('file-missing');
    const path = join(located.dir, entry);
    const stat = await lstat(path).catch(missingAs('file-missing'));
    if (!stat.isFile()) throw new UnreadableError('not-a-file');
    files.push({ name, path });
  }
  return {
    message: {
      channel: options.channel,
      messageDir,
      messageId: header.messageId,
      returnId: header.returnId,
      messageType: header.messageType,
      ...(header.time === undefined ? {} : { time: header.time }),
      raw: xmlSafe(raw),
      events,
    },
    files,
  };
}

/**
 * MessageID alone, also of a folder whose other files are gone already.
 *
 * @throws UnreadableError; file-system errors pass
 */
export async function readMessageId(located: LocatedMessage, options: ReadingOptions): Promise<string> {
  const root = parseXml(await readXmlText(join(located.dir, located.xml), options.maxMessageBytes));
  return readHeader(root, options.zone).messageId;
}

/** Copies the message's files to the spool, one after another, and gives the message whole. */
export async function spoolFiles(parsed: ParsedMessage, sink: SedSink): Promise<IncomingMessage> {
  const files = [];
  for (const { name, path } of parsed.files) files.push({ name, ...(await sink.spool(path)) });
  return { ...parsed.message, files };
}

/** A parsed message as its header and events. @throws UnreadableError `not-sev` for any other root */
export function readRoot(root: XmlNode, zone: string): ReportMessage | DocumentMessage {
  if (root.name === 'Report') return readReport(root, zone);
  if (root.name === 'DocInfo') return readDocument(root, zone);
  throw new UnreadableError('not-sev');
}

function limitEvents(events: readonly SedEvent[]): void {
  let characters = 0;
  for (const event of events) {
    characters += JSON.stringify(event).length;
    if (characters > MAX_EVENT_CHARACTERS) throw new UnreadableError('too-large');
  }
}

function missingAs(reason: 'folder-missing' | 'xml-missing' | 'file-missing') {
  return (error: unknown): never => {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UnreadableError(reason);
    throw error;
  };
}
