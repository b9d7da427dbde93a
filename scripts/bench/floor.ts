import fs from 'node:fs';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

/**
 * The bare loop that the connector is compared with: the same pages and files fetched with plain node:http, the same
 * packages written with the same syncs and renames, and nothing else: no database, no spool, no repeats, no checks,
 * no parsing of items beyond their file ids, no XML. It imports nothing of the connector. What stands in the packages
 * beside the citizens' files (DocInfo.xml, the text, the envelope) is read, before the clock starts, from packages
 * that the connector has written.
 */
const { values: flags } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    /** Packages to write again. */
    model: { type: 'string', default: '' },
    out: { type: 'string', default: '' },
    'opa-id': { type: 'string', default: '' },
    identifier: { type: 'string', default: '' },
    password: { type: 'string', default: '' },
    concurrency: { type: 'string', default: '32' },
  },
});

/** What the connector wrote for one appeal, but the citizen's file. */
interface Model {
  readonly messageDir: string;
  readonly envelope: Buffer;
  readonly own: readonly { readonly name: string; readonly bytes: Buffer }[];
  /** Name of the citizen's file in the package. */
  readonly fileName: string;
}

interface Item {
  readonly posId: number | string;
  readonly attachments: readonly { readonly fileId: string }[];
}

const PAGE_SIZE = 200;
// The callback functions are the fastest way to files that Node has.
const open = promisify(fs.open);
const write = promisify(fs.write);
const fsync = promisify(fs.fsync);
const close = promisify(fs.close);
const mkdir = promisify(fs.mkdir);
const rename = promisify(fs.rename);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function loadModels(folder: string): Map<string, Model> {
  const models = new Map<string, Model>();
  for (const entry of fs.readdirSync(folder)) {
    if (!entry.endsWith('.env')) continue;
    const messageDir = entry.slice(0, -'.env'.length);
    const names = fs.readdirSync(join(folder, messageDir));
    const text = names.find((name) => /^Обращение .+\.txt$/.test(name)) ?? '';
    const posId = /^Обращение (.+)\.txt$/.exec(text)?.[1];
    const fileName = names.find((name) => name !== text && name !== 'DocInfo.xml');
    if (posId === undefined || fileName === undefined) throw new Error(`unexpected package ${messageDir}`);
    const own = ['DocInfo.xml', text].map((name) => ({
      name,
      bytes: fs.readFileSync(join(folder, messageDir, name)),
    }));
    models.set(posId, { messageDir, envelope: fs.readFileSync(join(folder, entry)), own, fileName });
  }
  return models;
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
  return Buffer.concat(pieces);
}

function fetchBytes(path: string, headers: Record<string, string>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(`${flags.url}${path}`, { agent, headers }, (answer) => bodyOf(answer).then(resolve, reject)).on(
      'error',
      reject,
    );
  });
}

async function logIn(): Promise<Record<string, string>> {
  const form = new URLSearchParams({
    grant_type: 'password',
    username: flags.identifier,
    password: flags.password,
    scope: 'sed',
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const url = `${flags.url}/auth-service/oauth/token`;
  const body = await new Promise<Buffer>((resolve, reject) => {
    request(url, { method: 'POST', agent, headers }, (answer) => bodyOf(answer).then(resolve, reject))
      .on('error', reject)
      .end(form.toString());
  });
  const { access_token: token } = JSON.parse(body.toString()) as { access_token: string };
  return { Authorization: `Bearer ${token}`, 'OPA-ID': flags['opa-id'] };
}

async function writeSynced(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx');
  await write(file, bytes, 0, bytes.length);
  await fsync(file);
  await close(file);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await fsync(folder);
  await close(folder);
}

let syncing: Promise<void> | undefined;
let nextSync: Promise<void> | undefined;

/** One sync of the `out` folder serves all packages that were renamed before it began. */
function syncOut(): Promise<void> {
  const begin = (): Promise<void> => {
    nextSync = undefined;
    syncing = syncFolder(flags.out);
    return syncing;
  };
  if (syncing === undefined) return begin();
  nextSync ??= syncing.then(begin);
  return nextSync;
}

let written = 0;

async function writePackage(model: Model, file: Buffer): Promise<void> {
  const temporary = join(flags.out, `.tmp-${++written}`);
  await mkdir(temporary);
  await Promise.all([
    writeSynced(`${temporary}.envelope`, model.envelope),
    writeSynced(join(temporary, model.fileName), file),
    ...model.own.map(({ name, bytes }) => writeSynced(join(temporary, name), bytes)),
  ]);
  await syncFolder(temporary);
  await rename(temporary, join(flags.out, model.messageDir));
  await rename(`${temporary}.envelope`, join(flags.out, `${model.messageDir}.env`));
  await syncOut();
}

/** Reads the feed page by page, a page ahead of the writing. */
async function* readFeed(headers: Record<string, string>): AsyncGenerator<Item> {
  interface Page {
    readonly content: Item[];
    readonly next: string;
    readonly last: boolean;
  }
  const ask = async (after: string): Promise<Page> => {
    const query = `size=${PAGE_SIZE}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`;
    return JSON.parse((await fetchBytes(`/appeal-service/sed/appeals?${query}`, headers)).toString()) as Page;
  };
  for (let coming: Promise<Page> | undefined = ask(''); coming !== undefined; ) {
    const page: Page = await coming;
    coming = page.last ? undefined : ask(page.next);
    yield* page.content;
  }
}

async function work(
  items: AsyncGenerator<Item>,
  headers: Record<string, string>,
  models: Map<string, Model>,
) {
  for (let turn = await items.next(); turn.done !== true; turn = await items.next()) {
    const { posId, attachments } = turn.value;
    const model = models.get(String(posId));
    const fileId = attachments[0]?.fileId;
    if (model === undefined || fileId === undefined) throw new Error(`no package to write for ${posId}`);
    await writePackage(model, await fetchBytes(`/inbox-service/filestorage/${fileId}`, headers));
  }
}

const models = loadModels(flags.model);
const begun = performance.now();
const headers = await logIn();
const items = readFeed(headers);
await Promise.all(Array.from({ length: Number(flags.concurrency) }, () => work(items, headers, models)));
const seconds = (performance.now() - begun) / 1000;
agent.destroy();
process.stdout.write(`${JSON.stringify({ packages: written, seconds })}\n`);
