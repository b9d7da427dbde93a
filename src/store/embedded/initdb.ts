import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../model/errors.ts';
import { thrown } from '../thrown.ts';
import type { Account } from './account.ts';
import { type Binaries, SERVER_ENV } from './binaries.ts';
import { SUPERUSER } from './endpoint.ts';
import type { Layout } from './layout.ts';
import { syncFolder, writeState } from './state-file.ts';

/**
 * Makes the database at the first start. It is made in a folder of another name and renamed when whole, so a
 * kill at any moment leaves either no database or a complete one.
 * @throws Fault EMBEDDED_DATABASE_FAILED: initdb failed, or the data are of another major version.
 */
export async function ensureData(
  layout: Layout,
  binaries: Binaries,
  account: Account | undefined,
): Promise<void> {
  const version = await readFile(join(layout.dataDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version !== undefined && Number(version) !== binaries.major) {
    const detail = `данные созданы PostgreSQL ${version.trim()}, а установлена ${binaries.major}; перенесите их через pg_dump`;
    throw new Fault('EMBEDDED_DATABASE_FAILED', { detail });
  }
  if (version === undefined) await makeData(layout, binaries, account);
  if (!layout.state.initialised) await writeState(layout.stateFile, { ...layout.state, initialised: true });
}

async function makeData(layout: Layout, binaries: Binaries, account: Account | undefined): Promise<void> {
  const draft = join(layout.place, `initdb-${randomBytes(6).toString('hex')}`);
  const passwordFile = join(draft, 'password');
  const draftData = join(draft, 'data');
  try {
    await mkdir(draft, { mode: 0o700 });
    await writeFile(passwordFile, `${layout.state.password}\n`, { mode: 0o600 });
    if (account !== undefined) {
      await chown(draft, account.uid, account.gid);
      await chown(passwordFile, account.uid, account.gid);
    }
    await promisify(execFile)(binaries.initdb, initdbOptions(draftData, passwordFile), {
      ...account,
      cwd: '/',
      env: SERVER_ENV,
      timeout: 180_000,
    });
    await rename(draftData, layout.dataDir);
    await syncFolder(layout.place);
  } catch (error) {
    const { stderr, message } = thrown(error);
    const detail = `initdb: ${stderr === '' ? message : stderr.slice(-400)}`;
    throw new Fault('EMBEDDED_DATABASE_FAILED', { detail, cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The built-in C.UTF-8 locale: with plain C `lower('ЖАЛОБА')` does nothing; a system locale may be absent. */
function initdbOptions(dataDir: string, passwordFile: string): string[] {
  return [
    `--pgdata=${dataDir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
}
