import { createHash, hash } from 'node:crypto';
import {
  closeSync,
  cpSync,
  createReadStream,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { checkGrammar } from '../sev/grammar-check.ts';
import { type Element, hasBom, parseXml, textAt, XmlFault } from '../sev/parse.ts';

export interface TakenFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  /** Where it lies, when files are kept. */
  readonly path?: string;
}

/** A message taken out of the folder, whole. */
export interface TakenPackage {
  readonly messageDir: string;
  readonly address: string;
  readonly channelNumber: string;
  readonly files: ReadonlyMap<string, TakenFile>;
  /** The message's XML: DocInfo.xml or Report.xml. */
  readonly xmlName?: string;
  readonly xml?: Buffer;
  /** Faults of the envelope and of the folder. */
  readonly faults: readonly PackageFault[];
}

export interface PackageFault {
  readonly code: string;
  readonly text: string;
}

export interface Envelope {
  readonly messageDir: string;
  readonly address: string;
  readonly channelNumber: string;
  readonly faults: readonly PackageFault[];
}

const STREAM_FROM = 4 * 1024 * 1024;
const PLAIN_NAME = /^[^/\\]+$/;

/** Reads an envelope; a fault that leaves no folder to take gives an empty `messageDir`. */
export function readEnvelope(bytes: Uint8Array, fileName: string): Envelope {
  const faults: PackageFault[] = [];
  function fault(code: string, text: string): void {
    faults.push({ code, text });
  }
  if (!hasBom(bytes)) fault('envelope-bom', 'конверт без метки BOM');
  let root: Element;
  try {
    root = parseXml(bytes);
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    fault('envelope-xml', `конверт не читается: ${error.message}`);
    return { messageDir: '', address: '', channelNumber: '', faults };
  }
  if (root.name !== 'Envelop') fault('envelope-root', `корень конверта ${root.name}, нужен Envelop`);
  for (const text of checkGrammar(root, '')) fault('envelope-xsd', text);
  for (const name of ['Address', 'MessageDir', 'Channel', 'Subject']) {
    if (textAt(root, name) === undefined) fault('envelope-field', `в конверте нет ${name}`);
  }
  const messageDir = textAt(root, 'MessageDir') ?? '';
  const plain = PLAIN_NAME.test(messageDir) && messageDir !== '.' && messageDir !== '..';
  if (!plain) fault('envelope-dir', 'MessageDir конверта не имя папки');
  else if (fileName !== `${messageDir}.env`) fault('envelope-name', 'имя конверта не совпадает с MessageDir');
  return {
    messageDir: plain ? messageDir : '',
    address: textAt(root, 'Address') ?? '',
    channelNumber: textAt(root, 'Channel') ?? '',
    faults,
  };
}

async function hashStream(path: string): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
  return sum.digest('hex');
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Renames, or copies and removes where the two folders are on different file systems. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isCode(error, 'EXDEV')) throw error;
    cpSync(from, to, { recursive: true });
    rmSync(from, { recursive: true, force: true });
  }
}

/** A small file's bytes and any file's size. */
function readSmall(path: string): { readonly size: number; readonly bytes?: Buffer } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    return size < STREAM_FROM ? { size, bytes: readFileSync(descriptor) } : { size };
  } finally {
    closeSync(descriptor);
  }
}

async function readFiles(dir: string, keep: boolean, faults: PackageFault[]) {
  const files = new Map<string, TakenFile>();
  let xml: Buffer | undefined;
  let xmlName: string | undefined;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const { name } = entry;
    if (!entry.isFile()) {
      faults.push({ code: 'folder-content', text: 'в папке сообщения лежит не файл' });
      continue;
    }
    const path = join(dir, name);
    const { size, bytes } = readSmall(path);
    const sha256 = bytes === undefined ? await hashStream(path) : hash('sha256', bytes);
    files.set(name, { name, size, sha256, ...(keep && { path }) });
    if (name === 'DocInfo.xml' || name === 'Report.xml') {
      if (xmlName !== undefined) faults.push({ code: 'folder-content', text: 'в папке два сообщения' });
      xmlName = name;
      xml = bytes ?? readFileSync(path);
    }
  }
  return { files, xml, xmlName };
}

/** Forgets the bytes. The empty folder waits for the end: removing it is the dearest call of all. */
function forget(dir: string, names: Iterable<string>): void {
  for (const name of names) unlinkSync(join(dir, name));
}

/**
 * Takes a message away: envelope first, then the folder, into `takenDir`. `undefined` when the folder that
 * the envelope names is not there: the partner wrote the envelope again while the first one was being taken.
 *
 * The calls are synchronous on purpose: at hundreds of small messages a second the thread pool costs more
 * than the work. Large files are hashed as a stream.
 */
export async function takePackage(
  out: string,
  envelopeFile: string,
  takenDir: string,
  options: { readonly keep: boolean; readonly serial: number },
): Promise<TakenPackage | undefined> {
  const envelopePath = join(out, envelopeFile);
  const envelope = readEnvelope(readFileSync(envelopePath), envelopeFile);
  const faults = [...envelope.faults];
  // A repeated message has the same name: the serial keeps both.
  const base = join(takenDir, `${String(options.serial).padStart(6, '0')}-${envelope.messageDir}`);
  if (options.keep) move(envelopePath, `${base}.env`);
  else unlinkSync(envelopePath);
  if (envelope.messageDir === '') return { ...envelope, files: new Map(), faults };
  try {
    move(join(out, envelope.messageDir), base);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
    return undefined;
  }
  const { files, xml, xmlName } = await readFiles(base, options.keep, faults);
  if (!options.keep) forget(base, files.keys());
  return { ...envelope, files, faults, ...(xml && { xml }), ...(xmlName && { xmlName }) };
}
