import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SedChannel } from '../../../src/sed/port.ts';
import { checkChannelFolders } from '../../../src/sed/sev/check-channel.ts';
import { folderFault } from '../../../src/sed/sev/folder-fault.ts';
import { waitingIn } from '../../../src/sed/sev/outbox.ts';
import { type PackageFs, packageFs } from '../../../src/sed/sev/package-fs.ts';
import { writePackage } from '../../../src/sed/sev/package-writer.ts';
import { systemError } from './counted-fs.ts';
import { channelIn, faultOf, removeFolder, smallPackage, spooledFile, temporaryFolder } from './support.ts';

let folder: string;
let channel: SedChannel;
beforeEach(() => {
  folder = temporaryFolder();
  channel = channelIn(folder);
});
afterEach(() => removeFolder(folder));

const IS_ROOT = process.getuid?.() === 0;

const CAN_MOUNT = IS_ROOT && mountWorks();
const given = CAN_MOUNT ? it : it.skip;
const why = CAN_MOUNT ? '' : ' (skipped: no right to mount a small file system here)';

/** A small file system of its own on the path. */
function mount(path: string, options: string): () => void {
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
  if (status !== 0) throw new Error(`mount: ${stderr}`);
  return () => spawnSync('umount', [path]);
}

/** Root in a container often may not. */
function mountWorks(): boolean {
  const probe = temporaryFolder();
  try {
    mount(probe, 'size=64k')();
    return true;
  } catch {
    return false;
  } finally {
    removeFolder(probe);
  }
}

describe('waitingIn', () => {
  it('finds what still stands as folder, as envelope, or as both', async () => {
    mkdirSync(join(channel.out, 'folder'));
    writeFileSync(join(channel.out, 'envelope.env'), '');
    await writePackage(channel.out, smallPackage('both'));
    const found = await waitingIn(channel.out, ['both', 'envelope', 'folder', 'taken', 'env', ''], 'main');
    expect([...found].sort()).toEqual(['both', 'envelope', 'folder']);
  });

  it('does not count a package that is only being written', async () => {
    mkdirSync(join(channel.out, '.posrednik-tmp.0badf00d.1.1.1'));
    expect(await waitingIn(channel.out, ['x'], 'main')).toEqual(new Set());
  });

  it('tells a folder that is gone', async () => {
    rmSync(channel.out, { recursive: true });
    const fault = await faultOf(() => waitingIn(channel.out, ['x'], 'main'));
    expect(fault.detail).toBe('канал main, папка out: ENOENT (папки нет), scandir');
  });
});

describe('checkChannelFolders', () => {
  it('passes two good folders and leaves them as they were', async () => {
    writeFileSync(join(channel.in, 'message.env'), '<Envelop/>');
    await checkChannelFolders(channel);
    expect([readdirSync(channel.out), readdirSync(channel.in)]).toEqual([[], ['message.env']]);
  });

  it.each(['in', 'out'] as const)('names folder %s when it is not there', async (which) => {
    rmSync(channel[which], { recursive: true });
    const fault = await faultOf(() => checkChannelFolders(channel));
    expect(fault.code).toBe('SED_FOLDER_UNAVAILABLE');
    expect(fault.detail).toContain(`папка ${which} ${channel[which]}: не удалось`);
    expect(fault.detail).toContain('ENOENT');
  });

  it.each([
    ['makeFolder', 'создать папку'],
    ['writeFile', 'записать файл'],
    ['syncFolder', 'сохранить папку на диск'],
    ['rename', 'переименовать папку'],
  ] as const)('names the step when %s is refused, and cleans up', async (operation, step) => {
    const fs: PackageFs = { ...packageFs, [operation]: () => Promise.reject(systemError('EACCES')) };
    const fault = await faultOf(() => checkChannelFolders(channel, fs));
    expect(fault.detail).toContain(`не удалось ${step}: EACCES (нет прав)`);
    expect(readdirSync(channel.out)).toEqual([]);
  });

  it('tries the envelope that waits in `in`', async () => {
    mkdirSync(join(channel.in, 'loop.env'));
    rmSync(join(channel.in, 'loop.env'), { recursive: true });
    spawnSync('ln', ['-s', 'loop.env', join(channel.in, 'loop.env')]);
    const fault = await faultOf(() => checkChannelFolders(channel));
    expect(fault.detail).toContain('прочитать конверт: ELOOP');
  });
});

describe('real trouble', () => {
  async function expectReadOnly(): Promise<void> {
    const fault = await faultOf(() => writePackage(channel.out, smallPackage(), { channel: 'main' }));
    expect([fault.code, fault.kind]).toEqual(['SED_FOLDER_UNAVAILABLE', 'transient']);
    expect(fault.detail).toMatch(/EROFS|EACCES/);
    expect(readdirSync(channel.out)).toEqual([]);
    expect((await faultOf(() => checkChannelFolders(channel))).detail).toContain('создать папку');
  }

  given(`a folder mounted read-only: told, nothing written${why}`, async () => {
    const unmount = mount(channel.out, 'ro,size=64k');
    try {
      await expectReadOnly();
    } finally {
      unmount();
    }
  });

  (IS_ROOT ? it.skip : it)(
    'a folder without the right to write (skipped for root, who has it always)',
    async () => {
      chmodSync(channel.out, 0o555);
      try {
        await expectReadOnly();
      } finally {
        chmodSync(channel.out, 0o755);
      }
    },
  );

  given(`a full disk: told, nothing half-written, and it goes when there is room${why}`, async () => {
    const unmount = mount(channel.out, 'size=256k');
    try {
      const file = spooledFile(folder, 'x', Buffer.alloc(150_000, 1));
      const big = (messageDir: string) => {
        const small = smallPackage(messageDir);
        return {
          ...small,
          files: [...small.files, { name: 'x', content: { path: file.path, sha256: file.sha256 } }],
        };
      };
      await writePackage(channel.out, big('first'));
      const fault = await faultOf(() => writePackage(channel.out, big('second'), { channel: 'main' }));
      expect(fault.detail).toBe('канал main, папка out: ENOSPC (нет места), write');
      expect(readdirSync(channel.out).sort()).toEqual(['first', 'first.env']);
      rmSync(join(channel.out, 'first'), { recursive: true });
      rmSync(join(channel.out, 'first.env'));
      expect(await writePackage(channel.out, big('second'))).toBe('written');
    } finally {
      unmount();
    }
  });
});

describe('folderFault', () => {
  it('keeps neither path nor the error that holds it', () => {
    const fault = folderFault(systemError('EIO'), 'папка out');
    expect(fault.detail).toBe('папка out: EIO (ошибка диска или сети), write');
    expect(JSON.stringify([fault.message, fault.cause ?? null])).not.toContain('Иванова');
  });

  it('passes an errno it has no words for', () => {
    expect(folderFault(systemError('EWEIRD'), 'папка in').detail).toBe('папка in: EWEIRD, write');
  });

  it.each([new RangeError('x'), undefined, 'text'])('takes %p for our own mistake', (error) => {
    expect(folderFault(error, 'папка out').code).toBe('DEFECT');
  });
});
