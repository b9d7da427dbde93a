import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../model/errors.ts';
import type { CabinetAccess } from '../platform/port.ts';
import type { ArchiveAccess } from '../sed/port.ts';
import type { Environment } from './env.ts';
import type { ArchiveConfig, CabinetConfig } from './schema.ts';
import { systemCode } from './system-code.ts';

const MAX_BYTES = 64 * 1024;
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/** Where a secret is to be read: a file, or a variable of the environment. */
export type SecretSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'variable'; readonly name: string };

/** Where secrets may be told, in order: the setting, the variable that names a file, the variable itself. */
export interface SecretPlaces {
  /** Absolute path from the settings. */
  readonly file?: string;
  readonly fileVariable: string;
  readonly variable: string;
}

/** `POSREDNIK_CABINET_<ID>_PASSWORD`: the id upper-cased, dashes to underscores. */
export function cabinetVariable(cabinetId: string): string {
  return `POSREDNIK_CABINET_${cabinetId.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
}

/** `POSREDNIK_ARCHIVE_<ID>_PASSWORD`, made in the same way. */
export function archiveVariable(archiveId: string): string {
  return `POSREDNIK_ARCHIVE_${archiveId.toUpperCase().replaceAll('-', '_')}_PASSWORD`;
}

/** The first place that is given; undefined when none is. A file named by a variable is relative to `cwd`. */
export function secretSource(places: SecretPlaces, env: Environment, cwd: string): SecretSource | undefined {
  if (places.file !== undefined) return { kind: 'file', path: places.file };
  const path = env[places.fileVariable];
  if (path !== undefined && path !== '') return { kind: 'file', path: resolve(cwd, path) };
  return env[places.variable] === undefined ? undefined : { kind: 'variable', name: places.variable };
}

/**
 * Reads a secret now; nothing keeps it. Line ends after it and a byte-order mark before it are dropped.
 * @throws {Fault} SECRET_UNREADABLE naming the file or variable, never the value.
 */
export async function readSecret(source: SecretSource, env: Environment): Promise<string> {
  const value = source.kind === 'file' ? await readSecretFile(source.path) : (env[source.name] ?? '');
  const secret = value.replace(/^\uFEFF/, '').replace(/[\r\n]+$/, '');
  if (secret === '') {
    const place = source.kind === 'file' ? `файл ${source.path} пуст` : `переменная ${source.name} пуста`;
    throw new Fault('SECRET_UNREADABLE', { detail: place });
  }
  return secret;
}

async function readSecretFile(path: string): Promise<string> {
  try {
    // Non-blocking: a pipe in the place of a file would hold every log-in for ever.
    const file = await open(path, OPEN_FLAGS);
    try {
      const info = await file.stat();
      if (!info.isFile()) throw refusal(`${path}: это не обычный файл`);
      if (info.size > MAX_BYTES) throw refusal(`${path}: больше 64 КБ, это не пароль`);
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw refusal(`${path}: ${reason(error)}`);
  }
}

function refusal(detail: string): Fault {
  return new Fault('SECRET_UNREADABLE', { detail: `файл ${detail}` });
}

function reason(error: unknown): string {
  const code = systemCode(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'его нет';
  if (code === 'EACCES' || code === 'EPERM') return 'нет права читать';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'не в кодировке UTF-8';
  return code === '' ? 'не читается' : `не читается (${code})`;
}

/** Source of a cabinet's password, for reading and for watching. */
export function cabinetSecretSource(
  cabinet: Pick<CabinetConfig, 'id' | 'passwordFile'>,
  env: Environment,
  cwd: string,
): SecretSource | undefined {
  const variable = cabinetVariable(cabinet.id);
  const places = { fileVariable: `${variable}_FILE`, variable };
  return secretSource(
    cabinet.passwordFile === undefined ? places : { ...places, file: cabinet.passwordFile },
    env,
    cwd,
  );
}

/** What the platform driver needs of a cabinet; its password is read at each log-in. */
export function cabinetAccess(cabinet: CabinetConfig, env: Environment, cwd: string): CabinetAccess {
  return {
    opaId: cabinet.opaId,
    cabinet: cabinet.id,
    identifier: cabinet.identifier,
    timeZone: cabinet.timeZone,
    readPassword: async () => {
      const source = cabinetSecretSource(cabinet, env, cwd);
      if (source !== undefined) return await readSecret(source, env);
      throw new Fault('SECRET_UNREADABLE', {
        detail: `пароль кабинета «${cabinet.id}» не задан: укажите passwordFile или переменную ${cabinetVariable(cabinet.id)}_FILE или ${cabinetVariable(cabinet.id)}`,
      });
    },
  };
}

/** What the archive driver needs to log in; the password is read at each log-in. */
export function archiveAccess(archive: ArchiveConfig, env: Environment, cwd: string): ArchiveAccess {
  const variable = archiveVariable(archive.id);
  const { passwordFile } = archive;
  const places = { fileVariable: `${variable}_FILE`, variable };
  return {
    user: archive.user,
    readPassword: async () => {
      const source = secretSource(
        passwordFile === undefined ? places : { ...places, file: passwordFile },
        env,
        cwd,
      );
      if (source !== undefined) return await readSecret(source, env);
      throw new Fault('SECRET_UNREADABLE', {
        detail: `пароль архива «${archive.id}» не задан: укажите passwordFile или переменную ${variable}_FILE или ${variable}`,
      });
    },
  };
}
