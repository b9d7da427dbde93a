import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Environment, loadConfig } from '../../../src/config/index.ts';
import { CHANNEL, cabinetYaml, configError, dropFolder, mainYaml, makeFolder, putFiles } from './helpers.ts';

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => dropFolder(folder));

function load(env: Environment = {}, cwd = folder) {
  return loadConfig({ path: join(folder, 'posrednik.yaml'), env, cwd });
}

async function problemsOf(files: Readonly<Record<string, string>>, env: Environment = {}) {
  await putFiles(folder, files);
  const error = await configError(load(env));
  return Object.fromEntries(error.problems.map((problem) => [problem.path, problem.message]));
}

describe('a valid file', () => {
  it('comes with defaults filled in and paths absolute', async () => {
    await putFiles(folder, { 'posrednik.yaml': mainYaml() });
    const { config, cabinets } = await load();
    expect(config.stateDir).toBe(join(folder, 'state'));
    expect(config.spoolDir).toBe(join(folder, 'state/spool'));
    expect(config.mappingsDir).toBe(fileURLToPath(new URL('../../../mappings', import.meta.url)));
    expect(config.channels[0]).toMatchObject({
      out: join(folder, 'x/out'),
      in: join(folder, 'x/in'),
      number: '1',
    });
    expect(config.retry).toEqual({ base: 10_000, factor: 4, cap: 3_600_000, window: 259_200_000 });
    expect(config.files.maxBytes).toBe(50 * 1024 ** 2);
    expect(cabinets).toHaveLength(1);
    expect(cabinets[0]).toMatchObject({
      id: 'adm',
      opaId: '100',
      timeZone: 'Europe/Moscow',
      pollInterval: 60_000,
      enabled: true,
      file: join(folder, 'posrednik.yaml'),
      secretFile: join(folder, 'secrets/adm'),
    });
    expect(cabinets[0]?.access).toMatchObject({ opaId: '100', cabinet: 'adm', identifier: 'login-adm' });
  });

  it('takes cabinets from a folder: one a file, a list, a list under cabinets, and an empty file', async () => {
    await putFiles(folder, {
      'posrednik.yaml': mainYaml('cabinetsDir: ./cabinets.d\n'),
      'cabinets.d/a.yaml': cabinetYaml('one', '201'),
      'cabinets.d/b.yml': '- {id: two, name: n, opaId: "202", identifier: i, channel: delo}\n',
      'cabinets.d/c.yaml':
        'cabinets:\n  - {id: three, name: n, opaId: "203", identifier: i, channel: delo}\n',
      'cabinets.d/d.yaml': '# пока пусто\n',
      'cabinets.d/.hidden.yaml': 'not: read',
      'cabinets.d/note.txt': 'not: read',
    });
    const { cabinets, config, files } = await load();
    expect(cabinets.map((cabinet) => cabinet.id)).toEqual(['adm', 'one', 'two', 'three']);
    expect(config.cabinets.map((cabinet) => cabinet.id)).toEqual(['adm', 'one', 'two', 'three']);
    expect(files).toEqual(
      [
        'posrednik.yaml',
        'cabinets.d',
        'cabinets.d/a.yaml',
        'cabinets.d/b.yml',
        'cabinets.d/c.yaml',
        'cabinets.d/d.yaml',
      ].map((name) => join(folder, name)),
    );
  });

  it('is found by POSREDNIK_CONFIG or by its usual name', async () => {
    await putFiles(folder, { 'posrednik.yaml': mainYaml(), 'other.yaml': mainYaml('log: {level: warn}\n') });
    expect((await loadConfig({ env: {}, cwd: folder })).config.log.level).toBe('info');
    const named = await loadConfig({ env: { POSREDNIK_CONFIG: 'other.yaml' }, cwd: folder });
    expect(named.config.log.level).toBe('warn');
  });
});

describe('variables of the environment', () => {
  it('win over the file, by name without case, with their types', async () => {
    await putFiles(folder, { 'posrednik.yaml': mainYaml('console: {port: 1}\n') });
    const { config, cabinets } = await load({
      POSREDNIK_CONSOLE__PORT: '8081',
      POSREDNIK_PLATFORM__BASE_URL: 'http://127.0.0.1:2',
      POSREDNIK_PLATFORM__TIMEOUT: '5s',
      POSREDNIK_FILES__ALLOWED_EXTENSIONS: 'pdf, txt',
      POSREDNIK_CABINETS__0__ENABLED: 'false',
      POSREDNIK_SMTP__HOST: 'mail',
      POSREDNIK_SMTP__FROM: 'a@b',
      POSREDNIK_SMTP__TO: '[c@d, e@f]',
    });
    expect(config.console.port).toBe(8081);
    expect(config.platform).toMatchObject({ baseUrl: 'http://127.0.0.1:2', timeout: 5_000 });
    expect(config.files.allowedExtensions).toEqual(['pdf', 'txt']);
    expect(config.smtp).toMatchObject({ host: 'mail', from: 'a@b', to: ['c@d', 'e@f'], port: 25 });
    expect(cabinets[0]?.enabled).toBe(false);
  });

  it('give paths relative to the current folder, unlike the file', async () => {
    await putFiles(folder, { 'posrednik.yaml': mainYaml() });
    const { config } = await load(
      { POSREDNIK_STATE_DIR: 'here', POSREDNIK_CHANNELS__0__IN: 'in' },
      '/elsewhere',
    );
    expect(config.stateDir).toBe('/elsewhere/here');
    expect(config.spoolDir).toBe('/elsewhere/here/spool');
    expect(config.channels[0]).toMatchObject({ in: '/elsewhere/in', out: join(folder, 'x/out') });
  });

  it('that an orchestrator adds are left alone', async () => {
    await putFiles(folder, { 'posrednik.yaml': mainYaml() });
    const env = {
      POSREDNIK_PORT: 'tcp://10.0.0.1:80',
      POSREDNIK_SERVICE_HOST: '10.0.0.1',
      POSREDNIK_PORT_80_TCP: 'x',
    };
    await expect(load(env)).resolves.toBeDefined();
  });

  it('are named in their faults, with the setting that was meant', async () => {
    const problems = await problemsOf(
      { 'posrednik.yaml': mainYaml() },
      {
        POSREDNIK_CONSOLE__PORT: 'many',
        POSREDNIK_CONSOLE__PROT: '1',
        POSREDNIK_PLATFORM__TIMEOUT: '5',
        POSREDNIK_CHANNELS__X__OUT: '/a',
        POSREDNIK_CHANNELS__7__OUT: '/a',
      },
    );
    expect(problems).toEqual({
      POSREDNIK_CONSOLE__PORT: 'нужно: число, а написано: строка',
      POSREDNIK_CONSOLE__PROT: expect.stringContaining('возможно, вы имели в виду «port»'),
      POSREDNIK_PLATFORM__TIMEOUT: expect.stringContaining('число с единицей'),
      POSREDNIK_CHANNELS__X__OUT: expect.stringContaining('номер записи'),
      POSREDNIK_CHANNELS__7__OUT: expect.stringContaining('в списке 1 записей'),
    });
  });
});

describe('faults', () => {
  it('are all told at once, each with its place', async () => {
    const problems = await problemsOf({
      'posrednik.yaml': `platform: {baseUrl: pos.example.ru, timeuot: 5s}
console: {port: 99999}
log: {level: loud}
cabinetsDir: cabinets.d
channels:${CHANNEL}cabinets:
  - {id: Adm, name: А, opaId: 100, identifier: i, channel: deol, timeZone: Moscow, startFrom: 2026-02-30}
`,
      'cabinets.d/a.yaml': 'cabinets:\n  - {id: b, name: Б, identifier: i, channel: delo, opaid: "1"}\n',
      'cabinets.d/b.yaml': 'id: c\nname: В\n',
    });
    expect(problems).toMatchObject({
      'posrednik.yaml: platform.baseUrl': expect.stringContaining('https://'),
      'posrednik.yaml: platform.timeuot': 'нет такой настройки; возможно, вы имели в виду «timeout»',
      'posrednik.yaml: console.port': 'число должно быть не больше 65535',
      'posrednik.yaml: log.level': 'напишите одно из: trace, debug, info, warn, error',
      'posrednik.yaml: cabinets[0].id': 'латинские строчные буквы, цифры и дефис',
      'posrednik.yaml: cabinets[0].opaId': 'нужна строка: возьмите значение в кавычки',
      'posrednik.yaml: cabinets[0].channel': expect.stringContaining('возможно, вы имели в виду «delo»'),
      'posrednik.yaml: cabinets[0].timeZone': expect.stringContaining('Europe/Moscow'),
      'posrednik.yaml: cabinets[0].startFrom': expect.stringContaining('ГГГГ-ММ-ДД'),
      'cabinets.d/a.yaml: cabinets[0].opaid': 'нет такой настройки; возможно, вы имели в виду «opaId»',
      'cabinets.d/a.yaml: cabinets[0].opaId': expect.stringContaining('обязательная настройка не задана'),
      'cabinets.d/b.yaml: identifier': expect.stringContaining('Идентификатор кабинета для входа'),
    });
    for (const message of Object.values(problems)) expect(message).toMatch(/[а-я]/);
    for (const message of Object.values(problems)) expect(message).not.toMatch(/expected|received|invalid/i);
  });

  it('carry the line of the file and the stable code', async () => {
    await putFiles(folder, { 'posrednik.yaml': mainYaml('console:\n  host: a\n  port: -1\n') });
    const error = await configError(load());
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems).toEqual([
      { path: 'posrednik.yaml: console.port', message: 'число должно быть не меньше 0', line: 13 },
    ]);
    expect(error.detail).toBe('posrednik.yaml: console.port (строка 13): число должно быть не меньше 0');
  });

  it.each([
    ['a: [1\n', /строка 2, позиция 1: .*не закрыта скобка/],
    ['platform:\n\tbaseUrl: x\n', /строка 2, позиция 1: .*табуляцией/],
    ['a: 1\na: 2\n', /строка 2, позиция 1: настройка написана дважды/],
    ['a: 1\n---\nb: 2\n', /несколько документов/],
    ['a: *nothing\n', /ссылка/],
  ])('of syntax say where: %j', async (text, words) => {
    await putFiles(folder, { 'posrednik.yaml': text });
    const { problems } = await configError(load());
    expect(problems.map((problem) => problem.message).join('\n')).toMatch(words);
    expect(problems.every((problem) => problem.line !== undefined)).toBe(true);
  });

  it('of syntax in one cabinet file do not hide those of others', async () => {
    const problems = await problemsOf({
      'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\n'),
      'cabinets.d/a.yaml': 'id: [\n',
      'cabinets.d/b.yaml': cabinetYaml('b', 'x1'),
    });
    expect(Object.keys(problems)).toEqual(['cabinets.d/a.yaml', 'cabinets.d/b.yaml: opaId']);
  });

  it('tell a file that is not there, a folder that is not there, and a wrong encoding', async () => {
    expect((await configError(load())).problems).toEqual([
      { path: 'posrednik.yaml', message: 'файла нет: проверьте путь' },
    ]);
    const missing = await problemsOf({ 'posrednik.yaml': mainYaml('cabinetsDir: nowhere\n') });
    expect(missing['posrednik.yaml: cabinetsDir']).toContain('папка кабинетов не читается');
    await mkdir(join(folder, 'dir.yaml'));
    const asFile = await configError(loadConfig({ path: 'dir.yaml', env: {}, cwd: folder }));
    expect(asFile.problems[0]?.message).toContain('это папка');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(folder, 'posrednik.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xcf, 0xf0, 0xe8]));
    expect((await configError(load())).problems[0]?.message).toContain('UTF-8');
  });

  it('stop a file with no cabinet and no folder of cabinets', async () => {
    const problems = await problemsOf({
      'posrednik.yaml': `platform: {baseUrl: "http://a"}\nchannels:${CHANNEL}`,
    });
    expect(problems['posrednik.yaml: cabinets']).toContain('нет ни одного кабинета');
  });

  it('of an empty main file name what must be there', async () => {
    const problems = await problemsOf({ 'posrednik.yaml': '' });
    expect(Object.keys(problems).sort()).toEqual(
      ['posrednik.yaml: cabinets', 'posrednik.yaml: channels', 'posrednik.yaml: platform'].sort(),
    );
  });
});

describe('what no single value shows', () => {
  it('doubled ids and opaIds, across files', async () => {
    const problems = await problemsOf({
      'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\n'),
      'cabinets.d/a.yaml': cabinetYaml('adm', '100'),
    });
    expect(problems['cabinets.d/a.yaml: id']).toMatch(
      /«adm» уже занят: posrednik.yaml: cabinets\[0\].id \(строка 10\)/,
    );
    expect(problems['cabinets.d/a.yaml: opaId']).toMatch(/opaId «100» уже занят/);
  });

  it('an opaId without quotes is the same number', async () => {
    const problems = await problemsOf({
      'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\n'),
      'cabinets.d/a.yaml': 'id: b\nname: b\nopaId: 100\nidentifier: i\nchannel: delo\n',
    });
    expect(Object.keys(problems)).toEqual(['cabinets.d/a.yaml: opaId']);
  });

  it('one folder twice, by another spelling, by a link, inside another, and a doubled channel id', async () => {
    await mkdir(join(folder, 'real'), { recursive: true });
    await symlink(join(folder, 'real'), join(folder, 'link'));
    const party =
      'recipient: {organizationUid: r, organizationName: М, edmsUid: e}, sender: {organizationUid: s, organizationName: П, edmsUid: p}';
    const problems = await problemsOf({
      'posrednik.yaml': `platform: {baseUrl: "http://a"}
channels:
  - {id: a, out: ./one, in: one/../one/, ${party}}
  - {id: b, out: real, in: link, ${party}}
  - {id: b, out: one/deeper, in: free, ${party}}
cabinets:
  - {id: adm, name: А, opaId: '1', identifier: i, channel: a}
`,
    });
    expect(problems).toEqual({
      'posrednik.yaml: channels[0].in': expect.stringContaining(
        'та же папка, что и posrednik.yaml: channels[0].out',
      ),
      'posrednik.yaml: channels[1].in': expect.stringContaining(
        'та же папка, что и posrednik.yaml: channels[1].out',
      ),
      'posrednik.yaml: channels[2].id': expect.stringContaining('id канала «b» уже занят'),
      'posrednik.yaml: channels[2].out': expect.stringContaining('вложена'),
    });
  });
});

describe('a secret in the settings', () => {
  const SECRET = 'S3cret-Ne-Pokazyvat';

  it('is refused with the words where to put it, and shown nowhere', async () => {
    await putFiles(folder, {
      'posrednik.yaml': `platform: {baseUrl: "http://a", token: ${SECRET}}
database: {url: "postgres://user:${SECRET}@db/x"}
smtp: {host: m, from: a@b, to: [c@d], password: ${SECRET}}
cabinetsDir: cabinets.d
channels:${CHANNEL}cabinets:
  - {id: my-adm, name: А, opaId: '1', identifier: i, channel: delo, password: ${SECRET}}
`,
      'cabinets.d/a.yaml': `${cabinetYaml('b', '2')}пароль: ${SECRET}\n`,
      'cabinets.d/broken.yaml': `id: c\npassword "${SECRET}\n  x: "${SECRET}\n`,
    });
    const error = await configError(load({ POSREDNIK_CABINETS__0__PASSWORD: SECRET, DATABASE_URL: SECRET }));
    const messages = Object.fromEntries(error.problems.map((problem) => [problem.path, problem.message]));
    expect(messages['posrednik.yaml: cabinets[0].password']).toContain(
      'POSREDNIK_CABINET_MY_ADM_PASSWORD_FILE',
    );
    expect(messages['posrednik.yaml: cabinets[0].password']).toContain('passwordFile');
    expect(messages['posrednik.yaml: smtp.password']).toContain('POSREDNIK_SMTP_PASSWORD');
    expect(messages['posrednik.yaml: database.url']).toContain('DATABASE_URL');
    expect(messages['posrednik.yaml: platform.token']).toContain('секреты в файле настроек не хранят');
    expect(messages['cabinets.d/a.yaml: пароль']).toContain('POSREDNIK_CABINET_B_PASSWORD');
    expect(messages['cabinets.d/broken.yaml']).toBeDefined();
    expect(messages['POSREDNIK_CABINETS__0__PASSWORD']).toBeDefined();
    expect(JSON.stringify([error.problems, error.message, error.detail, error.stack])).not.toContain(SECRET);
  });

  it('in any place of the wrong type is not shown either', async () => {
    await putFiles(folder, {
      'posrednik.yaml': mainYaml(
        `console: ${SECRET}\nlog: {level: ${SECRET}}\nretry: {base: ${SECRET}, factor: ${SECRET}}\nfiles: {maxBytes: ${SECRET}, allowedExtensions: ['${SECRET}']}\n`,
      ),
    });
    const error = await configError(
      load({ POSREDNIK_INTAKE__CONCURRENCY: SECRET, POSREDNIK_SED__SWEEP_INTERVAL: SECRET }),
    );
    expect(error.problems).toHaveLength(8);
    expect(JSON.stringify([error.problems, error.message, error.stack])).not.toContain(SECRET);
  });
});
