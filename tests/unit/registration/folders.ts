import { createHash } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CardRequest, SedExchange } from '../../../src/sed/port.ts';
import type { Rig } from './rig.ts';

/** A message that stands in a folder: names and digests of its files, its envelope and its XML. */
export interface Message {
  readonly files: Readonly<Record<string, string>>;
  readonly envelope: string;
  readonly xml: string;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The message as it stands in a channel's `out` folder; throws when folder or envelope is not there. */
export async function readMessage(rig: Rig, messageDir: string, channel = 0): Promise<Message> {
  const out = outOf(rig, channel);
  const dir = join(out, messageDir);
  const files: Record<string, string> = {};
  for (const name of await readdir(dir)) files[name] = digest(await readFile(join(dir, name)));
  return {
    files,
    envelope: digest(await readFile(`${dir}.env`)),
    xml: (await readFile(join(dir, 'DocInfo.xml'))).toString('utf8'),
  };
}

export function outOf(rig: Rig, channel = 0): string {
  return rig.stand.channels[channel]?.out ?? '';
}

/** Everything that stands in `out`, temporary names included. */
export async function listOut(rig: Rig, channel = 0): Promise<string[]> {
  return (await readdir(outOf(rig, channel))).sort();
}

/** Messages in `out` by their envelopes. */
export async function listMessages(rig: Rig, channel = 0): Promise<string[]> {
  return (await listOut(rig, channel)).flatMap((name) => (name.endsWith('.env') ? [name.slice(0, -4)] : []));
}

/** Waits until ДЕЛО has said whatever it has to say and all of it is read. */
export async function untilQuiet(rig: Rig): Promise<void> {
  await rig.delo.idle();
  await rig.until('the last message is read', async () => {
    const left = await Promise.all(rig.stand.channels.map((channel) => readdir(channel.in)));
    return left.flat().every((name) => name === 'quarantine');
  });
}

/** Takes a message away as ДЕЛО does. */
export async function takeAway(rig: Rig, messageDir: string, channel = 0): Promise<void> {
  const out = outOf(rig, channel);
  await rm(join(out, `${messageDir}.env`));
  await rename(join(out, messageDir), join(rig.stand.dir, `taken-${channel}-${messageDir}-${Math.random()}`));
}

/** Takes a message away for a while; gives what puts it back, envelope last. */
export async function setAside(rig: Rig, messageDir: string): Promise<() => Promise<void>> {
  const from = join(outOf(rig), messageDir);
  const to = join(rig.stand.dir, `aside-${messageDir}`);
  await rename(`${from}.env`, `${to}.env`);
  await rename(from, to);
  return async () => {
    await rename(to, from);
    await rename(`${to}.env`, `${from}.env`);
  };
}

/** A process that dies at a known point: nothing of it goes on until it is revived. */
export interface Dying {
  readonly sed: SedExchange;
  /** What it was about to write, or had written, when it died. */
  readonly reached: Promise<CardRequest>;
  /** It was not dead after all, only very slow. */
  revive(): void;
}

/** A СЭД driver whose process dies just before or just after the writing of a package. */
export function dieAt(sed: SedExchange, point: 'before-write' | 'after-write'): Dying {
  const reached = Promise.withResolvers<CardRequest>();
  const revived = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    revive: () => revived.resolve(),
    sed: {
      ...sed,
      async write(request, signal) {
        if (point === 'before-write') {
          reached.resolve(request);
          await revived.promise;
        }
        const outcome = await sed.write(request, signal);
        if (point === 'after-write') {
          reached.resolve(request);
          await revived.promise;
        }
        return outcome;
      },
    },
  };
}
