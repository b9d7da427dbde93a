import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../../src/config/index.ts';

/** A folder under the system's temporary one; files are given by relative path. */
export async function makeFolder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'posrednik-config-'));
  await putFiles(folder, files);
  return folder;
}

export async function putFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

export async function dropFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export const CHANNEL = `
  - id: delo
    out: ./x/out
    in: ./x/in
    recipient: {organizationUid: r, organizationName: Мэрия, edmsUid: e}
    sender: {organizationUid: s, organizationName: Портал, edmsUid: p}
`;

export function cabinetYaml(id: string, opaId: string, more = ''): string {
  return `id: ${id}\nname: Организация ${id}\nopaId: '${opaId}'\nidentifier: login-${id}\nchannel: delo\n${more}`;
}

/** A valid main file with one cabinet «adm», and `more` at its end. */
export function mainYaml(more = ''): string {
  return `platform:
  baseUrl: http://127.0.0.1:1
channels:${CHANNEL}cabinets:
  - {id: adm, name: Администрация, opaId: '100', identifier: login-adm, channel: delo, passwordFile: secrets/adm}
${more}`;
}

/** What a promise was rejected with; fails when it was not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('was expected to fail');
}

export async function configError(promise: Promise<unknown>): Promise<ConfigError> {
  const error = await rejection(promise);
  if (error instanceof ConfigError) return error;
  throw error;
}

/** Waits until the condition holds, at most ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
