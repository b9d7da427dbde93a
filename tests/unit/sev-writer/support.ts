import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStringPromise } from 'xml2js';
import type { Appeal } from '../../../src/model/appeal.ts';
import { Fault } from '../../../src/model/errors.ts';
import type { CardFile, CardRequest, RenderedPackage, SedChannel } from '../../../src/sed/port.ts';
import { type CardMapping, loadCardMapping } from '../../../src/sed/sev/card-mapping.ts';

export const SHIPPED_CARD = new URL('../../../mappings/card.yaml', import.meta.url).pathname;

export function shippedMapping(): Promise<CardMapping> {
  return loadCardMapping(SHIPPED_CARD);
}

export function temporaryFolder(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'sev-writer-')));
}

export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

export function channelIn(folder: string, id = 'main'): SedChannel {
  for (const name of ['in', 'out']) mkdirSync(join(folder, name), { recursive: true });
  return {
    id,
    out: join(folder, 'out'),
    in: join(folder, 'in'),
    address: 'pos@example.test',
    number: '7',
    recipient: {
      organizationUid: '80000001',
      organizationName: 'Администрация «Север»',
      edmsUid: 'EDMS-DELO',
    },
    sender: { organizationUid: '90000001', organizationName: 'ПОС & посредник', edmsUid: 'EDMS-POS' },
    stopDayCount: 365,
  };
}

export function appealOf(part: Partial<Appeal> = {}): Appeal {
  return {
    posId: '374299901',
    changeIdentity: 'c-1',
    kind: 'MESSAGE',
    change: 'NEW',
    status: 'MODERATION_ACCEPT',
    receivedAt: new Date('2025-03-01T09:00:00Z'),
    answerAt: new Date('2025-03-30T21:30:00Z'),
    source: 'EPGU',
    fastTrack: false,
    category: { id: '1', name: 'Автомобильные дороги' },
    subcategory: { id: '11', name: 'Ямы, выбоины' },
    description: 'Во дворе яма.\nПросим заделать.',
    location: { address: 'г. Якутск, ул. Ленина, 1' },
    applicant: {
      kind: 'PERSON',
      surname: 'Иванова',
      name: 'Мария',
      patronymic: 'Петровна',
      email: 'm@example.test',
      phone: '+79990000000',
    },
    customFields: [],
    attachments: [],
    unknownValues: [],
    ...part,
  };
}

export function requestOf(part: Partial<CardRequest> = {}): CardRequest {
  const appeal = part.appeal ?? appealOf();
  return {
    key: { opaId: '100500', posId: appeal.posId, repetition: '', part: 0, attempt: 0 },
    channel: 'main',
    cabinet: {
      opaId: '100500',
      name: 'Мэрия',
      organizationName: 'Мэрия города',
      region: '14',
      timeZone: 'Europe/Moscow',
    },
    headerTime: new Date('2025-03-01T10:20:30.456Z'),
    files: [],
    missingFiles: [],
    ...part,
    appeal,
  };
}

export function spooledFile(
  folder: string,
  name: string,
  content: string | Uint8Array,
  fileId = name,
): CardFile {
  const bytes = Buffer.from(content);
  const path = join(folder, `spool-${randomUUID()}`);
  writeFileSync(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { fileId, name, size: bytes.byteLength, path, sha256 };
}

/** A package with two small files and an envelope, for tests of the writing alone. */
export function smallPackage(messageDir = 'a'.repeat(32)): RenderedPackage {
  return {
    identity: { documentUid: 'd', messageId: 'm', returnId: 'r', messageDir },
    files: [
      { name: 'DocInfo.xml', content: Buffer.from('<DocInfo/>') },
      { name: 'Обращение.txt', content: Buffer.from('текст') },
    ],
    envelope: Buffer.from(`<Envelop><MessageDir>${messageDir}</MessageDir></Envelop>`),
  };
}

export function bytesOf(rendered: RenderedPackage, name: string): Buffer {
  const file = rendered.files.find((one) => one.name === name);
  if (!(file?.content instanceof Uint8Array)) throw new Error(`no bytes of ${name}`);
  return Buffer.from(file.content);
}

/** One element as xml2js reads it: a reader that shares no code with what we write with. */
export interface Node {
  readonly $?: Readonly<Record<string, string>>;
  readonly _?: string;
  readonly [child: string]: unknown;
}

export async function docInfoOf(rendered: RenderedPackage): Promise<Node> {
  const parsed = await parseStringPromise(bytesOf(rendered, 'DocInfo.xml').toString('utf8').slice(1), {
    explicitArray: true,
    explicitCharkey: true,
    includeWhiteChars: true,
  });
  return parsed.DocInfo;
}

/** All elements on a path of names below a node. */
export function all(node: Node, path: string): Node[] {
  let found: Node[] = [node];
  for (const name of path.split('/')) {
    found = found.flatMap((one) => (one[name] as (Node | string)[] | undefined) ?? []).map(asNode);
  }
  return found;
}

export function one(node: Node, path: string): Node {
  const [found, ...more] = all(node, path);
  if (found === undefined || more.length > 0)
    throw new Error(`${path}: ${1 + more.length} elements, or none`);
  return found;
}

export function textOf(node: Node, path: string): string | undefined {
  const [found] = all(node, path);
  return found === undefined ? undefined : (found._ ?? '');
}

function asNode(value: Node | string): Node {
  return typeof value === 'string' ? { _: value } : value;
}

/** The Fault that a call throws or rejects with. */
export async function faultOf(call: () => unknown): Promise<Fault> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
