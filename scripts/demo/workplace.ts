import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { layoutOf, stateFileOf } from '../../src/store/embedded/layout.ts';
import { stopPostmaster } from '../../src/store/embedded/postmaster.ts';
import { findPostmaster } from '../../src/store/embedded/postmaster-file.ts';
import { readState } from '../../src/store/embedded/state-file.ts';
import type { DeloChannel } from '../../tests/simulators/delo/index.ts';
import { DemoError } from './errors.ts';

/** The folders of one run. */
export interface Workplace {
  /** Settings and secrets; private. */
  readonly settingsDir: string;
  readonly stateDir: string;
  readonly channels: readonly DeloChannel[];
  /** Where ДЕЛО puts the packages that it took; absent: they need not be kept. */
  readonly takenDir?: string;
  readonly logFile: string;
  /** Stops a database server that outlived its daemon and removes everything that is not to be kept. */
  remove(): Promise<void>;
}

/** By this file a folder of an earlier run is known, whose contents may be replaced. */
const MARK = 'ЧИТАЙТЕ.txt';
const PARTS = ['channels', 'taken', 'logs'];
const MARK_TEXT = `Папка сделана демонстрацией «Посредника» (npm run demo -- --keep ПАПКА).

channels/<канал>/out   сюда посредник кладёт карточки (пусто, когда ДЕЛО всё забрало)
channels/<канал>/in    сюда ДЕЛО кладёт отчёты (пусто, когда посредник всё прочитал)
taken/<канал>/         что ДЕЛО забрало: папка сообщения с DocInfo.xml и файлами, рядом конверт .env
logs/posrednik.log     журнал посредника, JSON по строкам

Следующий запуск с этой же папкой заменит эти три папки.
`;

/**
 * Makes the folders: the state in a new temporary folder, channels and log there too unless they are to be kept.
 * Throws DemoError when the folder to keep them in holds something else.
 */
export async function openWorkplace(channelIds: readonly string[], keep?: string): Promise<Workplace> {
  const kept = keep === undefined ? undefined : await openKept(resolve(keep));
  const temporary = await mkdtemp(join(tmpdir(), 'posrednik-demo-'));
  // As root the database runs under another account, which must be able to pass.
  await chmod(temporary, 0o711);
  const base = kept ?? temporary;
  const settingsDir = join(temporary, 'settings');
  const stateDir = join(temporary, 'state');
  const channels = channelIds.map((id) => ({
    id,
    out: join(base, 'channels', id, 'out'),
    in: join(base, 'channels', id, 'in'),
  }));
  await mkdir(settingsDir, { mode: 0o700 });
  await mkdir(join(base, 'logs'));
  for (const channel of channels) {
    await mkdir(channel.out, { recursive: true });
    await mkdir(channel.in, { recursive: true });
  }
  return {
    settingsDir,
    stateDir,
    channels,
    ...(kept === undefined ? {} : { takenDir: join(kept, 'taken') }),
    logFile: join(base, 'logs', 'posrednik.log'),
    async remove() {
      await removeDatabase(stateDir);
      await rm(temporary, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openKept(folder: string): Promise<string> {
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [] as string[];
    throw new DemoError(`Папка ${folder} не читается (${error.code}). Укажите другую.`);
  });
  if (present.length > 0 && !present.includes(MARK)) {
    throw new DemoError(`Папка ${folder} не пуста. Укажите новую или пустую папку.`);
  }
  try {
    for (const part of PARTS) await rm(join(folder, part), { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, MARK), MARK_TEXT);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new DemoError(`В папку ${folder} нельзя писать (${code}). Укажите другую.`);
  }
  return folder;
}

/** A killed daemon leaves its server running; as root its data may also lie outside the state directory. */
async function removeDatabase(stateDir: string): Promise<void> {
  const state = await readState(stateFileOf(stateDir)).catch(() => undefined);
  if (state === undefined) return;
  const layout = layoutOf(stateDir, state);
  const server = await findPostmaster(layout.dataDir).catch(() => undefined);
  if (server !== undefined) await stopPostmaster(server.process);
  if (!layout.outside) return;
  // The place and its lock; the copy of the programs beside them serves every later start.
  for (const path of ['', '.lock', '.pid'].map((end) => `${layout.place}${end}`)) {
    await rm(path, { recursive: true, force: true, maxRetries: 5 });
  }
}
