import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { CabinetAccess } from '../platform/port.ts';
import type { ArchiveAccess } from '../sed/port.ts';
import { type SecretReaders, secretReaders } from './common-secrets.ts';
import { crossChecks } from './cross-checks.ts';
import { type Environment, isRecord } from './env.ts';
import { findings } from './issues.ts';
import { ConfigError, type ConfigProblem } from './problems.ts';
import { russianIssue } from './russian-issues.ts';
import {
  type ArchiveConfig,
  type CabinetConfig,
  type Config,
  cabinetSchema,
  configSchema,
} from './schema.ts';
import { archiveAccess, cabinetAccess, cabinetSecretSource } from './secrets.ts';
import { originOf, type RawCabinet, type RawConfig, readSources } from './sources.ts';

/** Settings with every path absolute and every derived default filled in. */
export type ResolvedConfig = Config & {
  readonly spoolDir: string;
  readonly mappingsDir: string;
  readonly dryDir: string;
};

/** A cabinet of the settings, ready for the drivers. */
export type Cabinet = CabinetConfig & {
  /** File in which it is written. */
  readonly file: string;
  readonly access: CabinetAccess;
  /** File of its password, when a file gives it: to be watched. */
  readonly secretFile?: string;
};

/** An archive of the settings, ready for its driver. */
export type Archive = ArchiveConfig & { readonly access: ArchiveAccess };

export interface LoadedConfig {
  /** `config.cabinets` holds all cabinets, those of the folder too. */
  readonly config: ResolvedConfig;
  readonly cabinets: readonly Cabinet[];
  readonly archives: readonly Archive[];
  readonly secrets: SecretReaders;
  /** The main file, absolute. */
  readonly path: string;
  /** Files and folders that were read. */
  readonly files: readonly string[];
  /** What it was loaded with, to load it again. */
  readonly source: LoadOptions;
}

export interface LoadOptions {
  /** Main settings file; else the variable POSREDNIK_CONFIG; else `posrednik.yaml` in `cwd`. */
  readonly path?: string;
  readonly env: Environment;
  /** Base of `path` and of paths given by variables; other paths stand relative to the main file's folder. */
  readonly cwd: string;
}

const SHIPPED_MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url));

/**
 * Reads and checks all settings: file, environment, folder of cabinets. Opens no secret.
 * @throws {ConfigError} with every fault at once.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { env, cwd } = options;
  const path = resolve(cwd, options.path ?? env['POSREDNIK_CONFIG'] ?? 'posrednik.yaml');
  const raw = await readSources(path, env, cwd);
  // A main file that cannot be read would only add «не задано» for everything in it.
  if (raw.main === undefined || raw.problems.some((problem) => problem.path === basename(path))) {
    throw new ConfigError(raw.problems, raw.files);
  }
  const main = parse(configSchema, withoutCabinets(raw.main), raw.problem);
  const cabinets = raw.cabinets.map((cabinet) => ({
    cabinet,
    result: parse(cabinetSchema, cabinet.data, cabinet.problem),
  }));
  const problems = [
    ...raw.problems,
    ...main.problems,
    ...cabinets.flatMap(({ result }) => result.problems),
    ...(await crossChecks(raw, path, cwd)),
    ...noCabinets(raw),
  ];
  if (problems.length > 0 || main.value === undefined) throw new ConfigError(problems, raw.files);
  const base = (at: readonly PropertyKey[]) =>
    originOf(raw.overrides, at) === undefined ? dirname(path) : cwd;
  const checked = cabinets.flatMap(({ cabinet, result }, index) => {
    if (result.value === undefined) return [];
    const at = base(['cabinets', index, 'passwordFile']);
    return [{ file: cabinet.file, config: resolveSecretFile(result.value, at) }];
  });
  const config = { ...resolvePaths(main.value, base), cabinets: checked.map((entry) => entry.config) };
  return {
    config,
    cabinets: checked.map((entry) => toCabinet(entry.config, entry.file, options)),
    archives: config.archives.map((archive) => ({ ...archive, access: archiveAccess(archive, env, cwd) })),
    secrets: secretReaders(config, env, cwd),
    path,
    files: raw.files,
    source: { ...options, path },
  };
}

interface Parsed<T> {
  readonly value?: T;
  readonly problems: readonly ConfigProblem[];
}

function parse<T extends z.ZodType>(
  schema: T,
  data: unknown,
  report: RawCabinet['problem'],
): Parsed<z.infer<T>> {
  const result = schema.safeParse(data, { error: russianIssue });
  if (result.success) return { value: result.data, problems: [] };
  return {
    problems: findings(schema, result.error, data).map(({ path, message }) => report(path, message)),
  };
}

/** Cabinets are checked one by one, each against its own file; here only that they are a list. */
function withoutCabinets(main: unknown): unknown {
  return isRecord(main) && Array.isArray(main['cabinets']) ? { ...main, cabinets: [] } : main;
}

function noCabinets(raw: RawConfig): ConfigProblem[] {
  const { main } = raw;
  if (!isRecord(main) || main['cabinetsDir'] !== undefined || raw.cabinets.length > 0) return [];
  if (main['cabinets'] !== undefined && !Array.isArray(main['cabinets'])) return [];
  const message = 'нет ни одного кабинета: добавьте кабинет сюда или укажите папку cabinetsDir';
  return [raw.problem(['cabinets'], message)];
}

function resolvePaths(config: Config, base: (at: readonly PropertyKey[]) => string): ResolvedConfig {
  const absolute = (value: string, ...at: PropertyKey[]) => resolve(base(at), value);
  const stateDir = absolute(config.stateDir, 'stateDir');
  const { spoolDir, mappingsDir, dryDir, cabinetsDir, smtp } = config;
  return {
    ...config,
    stateDir,
    spoolDir: spoolDir === undefined ? join(stateDir, 'spool') : absolute(spoolDir, 'spoolDir'),
    dryDir: dryDir === undefined ? join(stateDir, 'dry') : absolute(dryDir, 'dryDir'),
    mappingsDir: mappingsDir === undefined ? SHIPPED_MAPPINGS : absolute(mappingsDir, 'mappingsDir'),
    ...(cabinetsDir === undefined ? {} : { cabinetsDir: absolute(cabinetsDir, 'cabinetsDir') }),
    ...(smtp === undefined ? {} : { smtp: resolveSecretFile(smtp, base(['smtp', 'passwordFile'])) }),
    archives: config.archives.map((archive, index) =>
      resolveSecretFile(archive, base(['archives', index, 'passwordFile'])),
    ),
    channels: config.channels.map((channel, index) => ({
      ...channel,
      out: absolute(channel.out, 'channels', index, 'out'),
      in: absolute(channel.in, 'channels', index, 'in'),
    })),
  };
}

function resolveSecretFile<T extends { passwordFile?: string | undefined }>(part: T, base: string): T {
  return part.passwordFile === undefined ? part : { ...part, passwordFile: resolve(base, part.passwordFile) };
}

function toCabinet(config: CabinetConfig, file: string, { env, cwd }: LoadOptions): Cabinet {
  const secret = cabinetSecretSource(config, env, cwd);
  return {
    ...config,
    file,
    access: cabinetAccess(config, env, cwd),
    ...(secret?.kind === 'file' ? { secretFile: secret.path } : {}),
  };
}
