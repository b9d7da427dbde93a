import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { alertProblems } from './cross-alerts.ts';
import { archiveProblems } from './cross-archives.ts';
import { doubled, type Place, place, type Report } from './cross-places.ts';
import { scheduleProblems } from './cross-schedules.ts';
import { isRecord } from './env.ts';
import { type ConfigProblem, formatProblem } from './problems.ts';
import { originOf, type RawConfig } from './sources.ts';
import { didYouMean } from './suggest.ts';

/**
 * What no single value shows: doubled names, a channel that is not there, one folder used twice, a
 * schedule that nobody can read.
 * Works on what was written, so these faults are told together with those of single values.
 */
export async function crossChecks(
  raw: RawConfig,
  path: string,
  cwd: string,
): Promise<readonly ConfigProblem[]> {
  const channels = channelsOf(raw);
  return [
    ...doubled(
      'id кабинета',
      raw.cabinets.map((cabinet) => place(cabinet.data, 'id', cabinet.problem)),
    ),
    ...doubled(
      'opaId',
      raw.cabinets.map((cabinet) => place(cabinet.data, 'opaId', cabinet.problem)),
    ),
    ...doubled(
      'id канала',
      channels.map((channel) => place(channel.data, 'id', channel.problem)),
    ),
    ...unknownChannels(raw, channels),
    ...(await sharedFolders(raw, channels, path, cwd)),
    ...archiveProblems(raw),
    ...(await scheduleProblems(raw)),
    ...alertProblems(raw),
    ...databasePassword(raw),
  ];
}

interface RawChannel {
  readonly data: unknown;
  readonly index: number;
  readonly problem: Report;
}

function channelsOf(raw: RawConfig): RawChannel[] {
  const list = isRecord(raw.main) && Array.isArray(raw.main['channels']) ? raw.main['channels'] : [];
  return list.map((data: unknown, index) => ({
    data,
    index,
    problem: (at, message) => raw.problem(['channels', index, ...at], message),
  }));
}

function unknownChannels(raw: RawConfig, channels: readonly RawChannel[]): ConfigProblem[] {
  const known = channels.flatMap(({ data }) =>
    isRecord(data) && typeof data['id'] === 'string' ? [data['id']] : [],
  );
  if (known.length === 0) return [];
  return raw.cabinets.flatMap(({ data, problem }) => {
    const name = isRecord(data) ? data['channel'] : undefined;
    if (typeof name !== 'string' || known.includes(name)) return [];
    return [
      problem(
        ['channel'],
        `канала «${name}» нет${didYouMean(name, known)}; есть каналы: ${known.join(', ')}`,
      ),
    ];
  });
}

async function sharedFolders(
  raw: RawConfig,
  channels: readonly RawChannel[],
  path: string,
  cwd: string,
): Promise<ConfigProblem[]> {
  const used: { readonly folder: string; readonly entry: Place }[] = [];
  const problems: ConfigProblem[] = [];
  for (const channel of channels) {
    for (const key of ['out', 'in']) {
      const entry = place(channel.data, key, channel.problem);
      if (typeof entry.value !== 'string' || entry.value === '') continue;
      const given = originOf(raw.overrides, ['channels', channel.index, key]);
      const folder = await realFolder(resolve(given === undefined ? dirname(path) : cwd, entry.value));
      const earlier = used.find((other) => inside(other.folder, folder) || inside(folder, other.folder));
      if (earlier === undefined) {
        used.push({ folder, entry });
        continue;
      }
      const where = formatProblem({ ...earlier.entry.at(''), message: '' }).replace(/: $/, '');
      const same = earlier.folder === folder ? 'та же папка, что и' : 'папка вложена одна в другую с';
      problems.push(entry.at(`${same} ${where}: каждому каналу нужны две свои папки, out и in`));
    }
  }
  return problems;
}

async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch {
    return folder;
  }
}

function inside(parent: string, child: string): boolean {
  const path = relative(parent, child);
  return path === '' || (!path.startsWith('..') && !isAbsolute(path));
}

/** A password in the address of the database would lie in the settings file like any other. */
function databasePassword(raw: RawConfig): ConfigProblem[] {
  const database = isRecord(raw.main) ? raw.main['database'] : undefined;
  const url = isRecord(database) ? database['url'] : undefined;
  if (typeof url !== 'string' || originOf(raw.overrides, ['database', 'url']) !== undefined) return [];
  if (!/^[a-z]+:\/\/[^/@]*:[^/]*@/i.test(url) && !/[?&]password=/i.test(url)) return [];
  const message =
    'в адресе есть пароль, а секреты в файле настроек не хранят: задайте адрес переменной DATABASE_URL или файлом через DATABASE_URL_FILE';
  return [raw.problem(['database', 'url'], message)];
}
