import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RenderedPackage, SedChannel } from '../../../src/sed/port.ts';
import type { CardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { packageFs } from '../../../src/sed/sev/package-fs.ts';
import { writePackage } from '../../../src/sed/sev/package-writer.ts';
import { sweepTemporary } from '../../../src/sed/sev/temporary.ts';
import { createSevWriter, type SevWriter } from '../../../src/sed/sev/writer.ts';
import { countedFs, systemError } from './counted-fs.ts';
import { ALL_REPORTS, RECEPTION, REGISTRATION } from './partner-support.ts';
import { bytesOf, channelIn, faultOf, removeFolder, shippedMapping, temporaryFolder } from './support.ts';

const CHILD = new URL('crash-child.ts', import.meta.url).pathname;
/** makeFolder, envelope, Report.xml, syncFolder, two renames, syncFolder. */
const OPERATIONS = 7;

let mapping: CardMapping;
let folder: string;
let channel: SedChannel;
let writer: SevWriter;

beforeAll(async () => {
  mapping = await shippedMapping();
});
beforeEach(() => {
  folder = temporaryFolder();
  channel = channelIn(folder);
  writer = createSevWriter({ channels: [channel], mapping });
});
afterEach(() => {
  if (existsSync(channel.out)) chmodSync(channel.out, 0o755);
  removeFolder(folder);
});

function expectWhole({ identity, files, envelope }: RenderedPackage): void {
  const dir = join(channel.out, identity.messageDir);
  expect(readdirSync(dir)).toEqual(['Report.xml']);
  expect(readFileSync(join(dir, 'Report.xml'))).toEqual(Buffer.from(files[0]?.content as Uint8Array));
  expect(readFileSync(`${dir}.env`)).toEqual(Buffer.from(envelope));
}

describe('writing a report', () => {
  it('puts exactly what it rendered into the folder, all three side by side', async () => {
    for (const request of ALL_REPORTS) expect(await writer.report(request)).toBe('written');
    for (const request of ALL_REPORTS) expectWhole(writer.renderReport(request));
    expect(readdirSync(channel.out)).toHaveLength(2 * ALL_REPORTS.length);
  });

  it('is the same message when it is repeated', async () => {
    await writer.report(RECEPTION);
    const before = readFileSync(
      join(channel.out, writer.renderReport(RECEPTION).identity.messageDir, 'Report.xml'),
    );
    expect(await writer.report(RECEPTION)).toBe('already-written');
    expectWhole(writer.renderReport(RECEPTION));
    expect(bytesOf(writer.renderReport(RECEPTION), 'Report.xml')).toEqual(before);
  });

  it('is written byte for byte again after the СЭД has taken it away', async () => {
    const rendered = writer.renderReport(REGISTRATION);
    await writer.report(REGISTRATION);
    rmSync(join(channel.out, rendered.identity.messageDir), { recursive: true });
    rmSync(join(channel.out, `${rendered.identity.messageDir}.env`));
    expect(await writer.report(REGISTRATION)).toBe('written');
    expectWhole(rendered);
  });

  it('adds the envelope that an earlier writer died before', async () => {
    const rendered = writer.renderReport(RECEPTION);
    await writer.report(RECEPTION);
    rmSync(join(channel.out, `${rendered.identity.messageDir}.env`));
    expect(await writer.report(RECEPTION)).toBe('already-written');
    expectWhole(rendered);
  });

  it('announces nothing that the СЭД is just removing', async () => {
    const { identity } = writer.renderReport(RECEPTION);
    mkdirSync(join(channel.out, identity.messageDir));
    writeFileSync(join(channel.out, identity.messageDir, 'receipt.tmp'), '');
    expect(await writer.report(RECEPTION)).toBe('already-written');
    expect(readdirSync(channel.out)).toEqual([identity.messageDir]);
  });

  it('of two writers at once makes one message', async () => {
    const second = createSevWriter({ channels: [channel], mapping });
    const outcomes = await Promise.all([writer.report(RECEPTION), second.report(RECEPTION)]);
    expect(outcomes.sort()).toEqual(['already-written', 'written']);
    expectWhole(writer.renderReport(RECEPTION));
    expect(readdirSync(channel.out)).toHaveLength(2);
  });

  it('stops when told to, leaving nothing', async () => {
    expect((await faultOf(() => writer.report(RECEPTION, AbortSignal.abort()))).kind).toBe('transient');
    expect(readdirSync(channel.out)).toEqual([]);
  });
});

describe('a refused folder', () => {
  it('that is not there is told by its channel, not its path', async () => {
    rmSync(channel.out, { recursive: true });
    const fault = await faultOf(() => writer.report(RECEPTION));
    expect([fault.code, fault.kind]).toEqual(['SED_FOLDER_UNAVAILABLE', 'transient']);
    expect(fault.detail).toContain('канал main, папка out');
    expect(fault.detail).not.toContain(folder);
  });

  it('that is a file is told as well', async () => {
    rmSync(channel.out, { recursive: true });
    writeFileSync(channel.out, '');
    expect((await faultOf(() => writer.report(RECEPTION))).detail).toContain('ENOTDIR');
  });

  it.each(Array.from({ length: OPERATIONS - 1 }, (_, step) => step))(
    'at operation %i leaves nothing half, and the next writing is whole',
    async (step) => {
      const rendered = writer.renderReport(RECEPTION);
      const fs = countedFs(packageFs, (number) => {
        if (number === step) throw systemError('EACCES');
      });
      const fault = await faultOf(() => writePackage(channel.out, rendered, { fs, channel: 'main' }));
      expect(fault.detail).toContain('EACCES');
      expect(readdirSync(channel.out).filter((name) => name.endsWith('.env'))).toEqual([]);
      await writer.report(RECEPTION);
      expectWhole(rendered);
      expect(readdirSync(channel.out)).toHaveLength(2);
    },
  );
});

describe('killed with kill -9', () => {
  it.each(Array.from({ length: OPERATIONS }, (_, step) => step))(
    'before operation %i: writing again ends in exactly one message',
    async (step) => {
      const rendered = writer.renderReport(REGISTRATION);
      const json = join(folder, 'report.json');
      writeFileSync(json, JSON.stringify(rendered));
      expect(await runChild(json, step)).toBe('SIGKILL');
      expect(await writer.report(REGISTRATION)).toBe(step <= 4 ? 'written' : 'already-written');
      await sweepTemporary(channel.out);
      expectWhole(rendered);
      expect(readdirSync(channel.out)).toHaveLength(2);
    },
  );
});

/** Runs the child to its death by its own hand; tells the signal, or what it printed when it lived. */
function runChild(json: string, step: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const args = ['--disable-warning=ExperimentalWarning', CHILD, channel.out, json, String(step)];
    const child = spawn(process.execPath, args);
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        told += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (_, signal) => resolve(signal ?? told));
  });
}
