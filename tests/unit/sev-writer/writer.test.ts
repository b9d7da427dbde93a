import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseStringPromise } from 'xml2js';
import type { SedChannel } from '../../../src/sed/port.ts';
import type { CardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { temporaryName } from '../../../src/sed/sev/temporary.ts';
import { createSevWriter } from '../../../src/sed/sev/writer.ts';
import {
  bytesOf,
  channelIn,
  faultOf,
  removeFolder,
  requestOf,
  shippedMapping,
  spooledFile,
  temporaryFolder,
} from './support.ts';

let mapping: CardMapping;
let folder: string;
let channel: SedChannel;

beforeAll(async () => {
  mapping = await shippedMapping();
});
beforeEach(() => {
  folder = temporaryFolder();
  channel = channelIn(folder);
});
afterEach(() => removeFolder(folder));

describe('createSevWriter', () => {
  it('writes exactly what it rendered', async () => {
    const writer = createSevWriter({ channels: [channel], mapping });
    const request = requestOf({ files: [spooledFile(folder, '../фото.jpg', 'jpeg')] });
    const rendered = writer.render(request);
    expect(readdirSync(channel.out)).toEqual([]);
    expect(await writer.write(request)).toBe('written');
    const dir = join(channel.out, rendered.identity.messageDir);
    expect(readdirSync(dir).sort()).toEqual(['DocInfo.xml', 'Обращение 374299901.txt', 'фото.jpg'].sort());
    expect(readFileSync(join(dir, 'DocInfo.xml'))).toEqual(bytesOf(rendered, 'DocInfo.xml'));
    expect(readFileSync(join(dir, 'фото.jpg'), 'utf8')).toBe('jpeg');
    expect(await writer.write(request)).toBe('already-written');
  });

  it('says in the card whether the showcase counts it: no, unless told of its cabinet', () => {
    const flagOf = (showsPlatformBorn?: (opaId: string) => boolean) => {
      const told = showsPlatformBorn === undefined ? {} : { showsPlatformBorn };
      const writer = createSevWriter({ channels: [channel], mapping, ...told });
      const text = bytesOf(writer.render(requestOf()), 'DocInfo.xml').toString('utf8');
      return /Выгрузка в витрину ПОС[^<]*?>(\w+)</.exec(text)?.[1];
    };
    expect(flagOf()).toBe('false');
    expect(flagOf((opaId) => opaId === '100500')).toBe('true');
    expect(flagOf((opaId) => opaId !== '100500')).toBe('false');
  });

  it('puts address, folder, channel and subject into the envelope, with no word of the citizen', async () => {
    const writer = createSevWriter({ channels: [channel], mapping });
    const { envelope, identity } = writer.render(requestOf());
    const text = Buffer.from(envelope).toString('utf8');
    expect(text.startsWith('\ufeff<?xml')).toBe(true);
    const parsed = await parseStringPromise(text.slice(1), { explicitArray: false });
    expect(parsed.Envelop).toMatchObject({
      Address: 'pos@example.test',
      MessageDir: identity.messageDir,
      Channel: '7',
      Subject: 'Обращение ПОС № 374299901',
    });
    expect(text).not.toContain('Иванова');
  });

  it('tells what still waits', async () => {
    const writer = createSevWriter({ channels: new Map([['main', channel]]), mapping });
    const request = requestOf();
    const { messageDir } = writer.identify(request.key);
    await writer.write(request);
    expect(await writer.waiting('main', [messageDir, 'x'])).toEqual(new Set([messageDir]));
    rmSync(join(channel.out, messageDir), { recursive: true });
    rmSync(join(channel.out, `${messageDir}.env`));
    expect(await writer.waiting('main', [messageDir])).toEqual(new Set());
  });

  it('writes each card to its own channel', async () => {
    const other = channelIn(join(folder, 'second'), 'second');
    const writer = createSevWriter({ channels: [channel, other], mapping });
    await writer.write(requestOf({ channel: 'second' }));
    expect([readdirSync(channel.out).length, readdirSync(other.out).length]).toEqual([0, 2]);
  });

  it('names a channel that is not there', async () => {
    const writer = createSevWriter({ channels: [channel], mapping });
    for (const call of [
      () => writer.render(requestOf({ channel: 'x' })),
      () => writer.write(requestOf({ channel: 'x' })),
      () => writer.waiting('x', []),
      () => writer.checkChannel('x'),
    ]) {
      const fault = await faultOf(call);
      expect([fault.code, fault.detail]).toEqual(['CONFIG_INVALID', 'нет канала СЭД «x»']);
    }
  });

  it('sweeps what dead writers left, at its first writing', async () => {
    const [, , machine] = temporaryName().split('.');
    mkdirSync(join(channel.out, `.posrednik-tmp.${machine}.${process.pid}.1.1`));
    const writer = createSevWriter({ channels: [channel], mapping });
    await writer.write(requestOf());
    expect(readdirSync(channel.out).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('checks a channel for real', async () => {
    const writer = createSevWriter({ channels: [channel], mapping });
    await writer.checkChannel('main');
    rmSync(channel.in, { recursive: true });
    expect((await faultOf(() => writer.checkChannel('main'))).detail).toContain('папка in');
  });

  it('keeps a damaged file from being sent', async () => {
    const writer = createSevWriter({ channels: [channel], mapping });
    const file = { ...spooledFile(folder, 'a.txt', 'x'), sha256: '0'.repeat(64) };
    expect((await faultOf(() => writer.write(requestOf({ files: [file] })))).code).toBe('FILE_DAMAGED');
    expect(readdirSync(channel.out)).toEqual([]);
  });

  it('stops when told to', async () => {
    const writer = createSevWriter({ channels: [channel], mapping });
    const fault = await faultOf(() => writer.write(requestOf(), AbortSignal.abort()));
    expect(fault.detail).toContain('прервана');
    expect(readdirSync(channel.out)).toEqual([]);
  });
});
