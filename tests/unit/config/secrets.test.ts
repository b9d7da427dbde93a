import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Environment, loadConfig } from '../../../src/config/index.ts';
import { cabinetVariable, readSecret } from '../../../src/config/secrets.ts';
import { cabinetYaml, dropFolder, mainYaml, makeFolder, putFiles, rejection } from './helpers.ts';

const SECRET = 'Sovsem-Tajno';
let folder: string;
beforeEach(async () => {
  folder = await makeFolder({
    'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\n'),
    'cabinets.d/b.yaml': cabinetYaml('my-dom', '200'),
  });
});
afterEach(() => dropFolder(folder));

async function cabinet(id: string, env: Environment) {
  const { cabinets } = await loadConfig({ path: join(folder, 'posrednik.yaml'), env, cwd: folder });
  const found = cabinets.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no cabinet ${id}`);
  return found;
}

describe("a cabinet's password", () => {
  it('comes from passwordFile before all variables, read anew each time', async () => {
    await putFiles(folder, { 'secrets/adm': `${SECRET}\n`, other: 'wrong' });
    const env = { POSREDNIK_CABINET_ADM_PASSWORD_FILE: 'other', POSREDNIK_CABINET_ADM_PASSWORD: 'wrong' };
    const { access, secretFile } = await cabinet('adm', env);
    expect(secretFile).toBe(join(folder, 'secrets/adm'));
    expect(await access.readPassword()).toBe(SECRET);
    await putFiles(folder, { 'secrets/adm': 'Novyj\r\n' });
    expect(await access.readPassword()).toBe('Novyj');
  });

  it('comes from the file that a variable names, then from the variable', async () => {
    await putFiles(folder, { other: SECRET });
    const both = {
      POSREDNIK_CABINET_MY_DOM_PASSWORD_FILE: 'other',
      POSREDNIK_CABINET_MY_DOM_PASSWORD: 'wrong',
    };
    const byFile = await cabinet('my-dom', both);
    expect(await byFile.access.readPassword()).toBe(SECRET);
    expect(byFile.secretFile).toBe(join(folder, 'other'));
    const byVariable = await cabinet('my-dom', { POSREDNIK_CABINET_MY_DOM_PASSWORD: `${SECRET}\n` });
    expect(await byVariable.access.readPassword()).toBe(SECRET);
    expect(byVariable).not.toHaveProperty('secretFile');
  });

  it('that is nowhere is told with both ways to give it', async () => {
    const { access } = await cabinet('my-dom', {});
    expect(await rejection(access.readPassword())).toMatchObject({
      code: 'SECRET_UNREADABLE',
      detail: expect.stringMatching(/«my-dom».*passwordFile.*POSREDNIK_CABINET_MY_DOM_PASSWORD/),
    });
  });

  it('is never part of the loaded settings', async () => {
    await putFiles(folder, { 'secrets/adm': SECRET });
    const loaded = await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
    await loaded.cabinets[0]?.access.readPassword();
    expect(JSON.stringify(loaded)).not.toContain(SECRET);
  });
});

describe('readSecret', () => {
  it.each([
    ['not there', async () => undefined, 'его нет'],
    ['empty', (path: string) => writeFile(path, ''), 'пуст'],
    ['only line ends', (path: string) => writeFile(path, '\r\n\n'), 'пуст'],
    ['a folder', (path: string) => mkdir(path), 'не обычный файл'],
    ['not UTF-8', (path: string) => writeFile(path, Buffer.from([0xcf, 0xe0, 0xf0])), 'не в кодировке UTF-8'],
    ['too large', (path: string) => writeFile(path, SECRET.repeat(10_000)), 'больше 64 КБ'],
    ['a pipe', async (path: string) => spawnSync('mkfifo', [path]), 'не обычный файл'],
  ])('refuses a file that is %s, naming it', async (_name, prepare, words) => {
    const path = join(folder, 'secret');
    await prepare(path);
    const error = await rejection(readSecret({ kind: 'file', path }, {}));
    expect(error).toMatchObject({ code: 'SECRET_UNREADABLE', detail: expect.stringContaining(words) });
    expect(error).toMatchObject({ detail: expect.stringContaining(path) });
    expect(String(error)).not.toContain(SECRET);
  });

  it('refuses an empty variable, naming it', async () => {
    const source = { kind: 'variable', name: 'POSREDNIK_X' } as const;
    for (const env of [{ POSREDNIK_X: '' }, { POSREDNIK_X: '\n' }, {}]) {
      expect(await rejection(readSecret(source, env))).toMatchObject({
        code: 'SECRET_UNREADABLE',
        detail: 'переменная POSREDNIK_X пуста',
      });
    }
  });

  it('gives back any text as it was, but for line ends after it and a byte-order mark', async () => {
    const path = join(folder, 'secret');
    const secrets = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/^\uFEFF|[\r\n]$/.test(text));
    await fc.assert(
      fc.asyncProperty(
        secrets,
        fc.constantFrom('', '\n', '\r\n', '\n\n'),
        fc.boolean(),
        async (text, end, mark) => {
          await writeFile(path, `${mark ? '\uFEFF' : ''}${text}${end}`);
          expect(await readSecret({ kind: 'file', path }, {})).toBe(text);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('secrets that belong to no cabinet', () => {
  const smtp = 'smtp: {host: m, from: a@b, to: [c@d], user: u, passwordFile: secrets/smtp}\n';

  async function secrets(more: string, env: Environment) {
    await putFiles(folder, { 'posrednik.yaml': mainYaml(more) });
    return (await loadConfig({ path: join(folder, 'posrednik.yaml'), env, cwd: folder })).secrets;
  }

  it('the address of the database: own variables before general ones, files before values, the file last', async () => {
    await putFiles(folder, { one: 'postgres://one/x\n', two: 'postgres://two/x' });
    const env = {
      POSREDNIK_DATABASE_URL_FILE: 'one',
      POSREDNIK_DATABASE_URL: 'postgres://three/x',
      DATABASE_URL_FILE: 'two',
      DATABASE_URL: 'postgresql://four/x',
    };
    const found: (string | undefined)[] = [];
    for (const name of [
      undefined,
      'POSREDNIK_DATABASE_URL_FILE',
      'POSREDNIK_DATABASE_URL',
      'DATABASE_URL_FILE',
      'DATABASE_URL',
    ]) {
      if (name !== undefined) Reflect.deleteProperty(env, name);
      found.push(await (await secrets('database: {url: "postgres://five/x"}\n', { ...env })).databaseUrl());
    }
    expect(found.map((url) => url?.split('/')[2])).toEqual(['one', 'three', 'two', 'four', 'five']);
    expect(await (await secrets('', { DATABASE_URL: '' })).databaseUrl()).toBeUndefined();
  });

  it('an address that is none is refused without being shown', async () => {
    const error = await rejection(
      (await secrets('', { DATABASE_URL: `mysql://u:${SECRET}@h/x` })).databaseUrl(),
    );
    expect(error).toMatchObject({
      code: 'SECRET_UNREADABLE',
      detail: expect.stringContaining('DATABASE_URL'),
    });
    expect(String(error)).not.toContain(SECRET);
  });

  it('the password of mail: only for a server with log-in', async () => {
    await putFiles(folder, { 'secrets/smtp': SECRET });
    expect(await (await secrets(smtp, {})).smtpPassword()).toBe(SECRET);
    expect(
      await (await secrets('smtp: {host: m, from: a@b, to: [c@d]}\n', {})).smtpPassword(),
    ).toBeUndefined();
    expect(await (await secrets('', {})).smtpPassword()).toBeUndefined();
    const bare = 'smtp: {host: m, from: a@b, to: [c@d], user: u}\n';
    expect(await (await secrets(bare, { POSREDNIK_SMTP_PASSWORD: SECRET })).smtpPassword()).toBe(SECRET);
    expect(await rejection((await secrets(bare, {})).smtpPassword())).toMatchObject({
      code: 'SECRET_UNREADABLE',
    });
  });
});

it('names of variables follow the id', () => {
  expect(cabinetVariable('adm-1')).toBe('POSREDNIK_CABINET_ADM_1_PASSWORD');
});
