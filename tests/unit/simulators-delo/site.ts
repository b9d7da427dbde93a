import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeloOptions, type DeloSimulator, startDelo } from '../../simulators/delo/index.ts';
import { attribute, child, type Element, parseXml, textAt } from '../../simulators/delo/sev/parse.ts';

/** A ДЕЛО on folders of its own. */
export interface Site {
  readonly delo: DeloSimulator;
  readonly dir: string;
  readonly out: string;
  readonly in: string;
}

const sites: Site[] = [];

/** Starts a ДЕЛО with one channel `main`; `closeSites` ends it. */
export async function openSite(options: Partial<DeloOptions> = {}): Promise<Site> {
  const dir = await mkdtemp(join(tmpdir(), 'delo-'));
  const channel = { id: 'main', out: join(dir, 'out'), in: join(dir, 'in') };
  const delo = await startDelo({ channels: [channel], pollMs: 50, ...options });
  const site = { delo, dir, out: channel.out, in: channel.in };
  sites.push(site);
  return site;
}

/** Stops every ДЕЛО of the test and removes its folders. */
export async function closeSites(): Promise<void> {
  const closing = sites.splice(0);
  // All of them first: two may share a folder.
  for (const { delo } of closing) await delo.stop();
  for (const { dir } of closing) await rm(dir, { recursive: true, force: true });
}

/** A message that ДЕЛО wrote, envelope and all. */
export interface Reply {
  readonly dir: string;
  readonly path: string;
  readonly type: string;
  readonly time: string;
  readonly messageId: string;
  readonly returnId: string;
  readonly xmlName: string;
  readonly bytes: Buffer;
  readonly root: Element;
  readonly envelope: Element;
}

async function readReply(folder: string, dir: string): Promise<Reply> {
  const path = join(folder, dir);
  const names = await readdir(path);
  const xmlName = names.includes('Report.xml') ? 'Report.xml' : 'DocInfo.xml';
  const bytes = await readFile(join(path, xmlName));
  const root = parseXml(bytes);
  const header = child(root, 'Header');
  return {
    dir,
    path,
    xmlName,
    bytes,
    root,
    type: attribute(header, 'MessageType') ?? '',
    time: attribute(header, 'Time') ?? '',
    messageId: attribute(header, 'MessageID') ?? '',
    returnId: attribute(header, 'ReturnID') ?? '',
    envelope: parseXml(await readFile(`${path}.env`)),
  };
}

/** Everything that lies in `in` with an envelope, oldest first. */
export async function repliesIn(folder: string): Promise<Reply[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.env'));
  const replies = await Promise.all(names.map((name) => readReply(folder, name.slice(0, -4))));
  return replies.sort((one, other) => one.time.localeCompare(other.time));
}

/** Waits until the condition holds; throws after 10 s with its name. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`не дождались: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The newest accumulated report. */
export async function lastReport(site: Site): Promise<Reply> {
  await site.delo.idle();
  const found = (await repliesIn(site.in)).filter(({ type }) => type === 'Report').at(-1);
  if (found === undefined) throw new Error('отчёта нет');
  return found;
}

export function notification(reply: Reply): Element {
  const found = child(reply.root, 'Notification');
  if (found === undefined) throw new Error('это не отчёт');
  return found;
}

/** Text or '' at a path under the message's root. */
export function at(reply: Reply, ...path: readonly string[]): string {
  return textAt(reply.root, ...path) ?? '';
}
