import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/index.ts';
import { archiveVariable } from '../../../src/config/secrets.ts';
import { configError, dropFolder, mainYaml, makeFolder, putFiles, rejection } from './helpers.ts';

const ARCHIVES = `archives:
  - {id: delo-web, baseUrl: 'http://127.0.0.1:2/delo', user: posrednik, passwordFile: secrets/delo}
  - {id: second, baseUrl: 'http://127.0.0.1:3', user: posrednik}
`;
const showcase = (id: string, more: string) => `  - {id: ${id}, region: '80', from: 2025-01-01, ${more}}\n`;

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => dropFolder(folder));

async function load(more: string, env: Record<string, string> = {}) {
  await putFiles(folder, { 'posrednik.yaml': mainYaml(more) });
  return await loadConfig({ path: join(folder, 'posrednik.yaml'), env, cwd: folder });
}

describe('archives', () => {
  it('come with defaults, an absolute password file and what their driver needs', async () => {
    const { archives, config } = await load(ARCHIVES);
    expect(
      archives.map(({ id, user, timeout, pageSize, timeZone }) => [id, user, timeout, pageSize, timeZone]),
    ).toEqual([
      ['delo-web', 'posrednik', 60_000, 500, 'Europe/Moscow'],
      ['second', 'posrednik', 60_000, 500, 'Europe/Moscow'],
    ]);
    expect(config.archives[0]?.passwordFile).toBe(join(folder, 'secrets/delo'));
    expect(archives[0]?.access.user).toBe('posrednik');
    expect((await load('')).archives).toEqual([]);
  });

  it('have their passwords from a file, a variable that names one, or a variable, read anew each time', async () => {
    const { archives } = await load(ARCHIVES, {
      POSREDNIK_ARCHIVE_DELO_WEB_PASSWORD: 'not this',
      POSREDNIK_ARCHIVE_SECOND_PASSWORD: 'Pw-three',
    });
    const [first, second] = archives;
    await putFiles(folder, { 'secrets/delo': 'Pw-one\n' });
    expect(await first?.access.readPassword()).toBe('Pw-one');
    await putFiles(folder, { 'secrets/delo': 'Pw-two\n' });
    expect(await first?.access.readPassword()).toBe('Pw-two');
    expect(await second?.access.readPassword()).toBe('Pw-three');
    const named = await load(ARCHIVES, { POSREDNIK_ARCHIVE_SECOND_PASSWORD_FILE: 'secrets/delo' });
    expect(await named.archives[1]?.access.readPassword()).toBe('Pw-two');
    expect(JSON.stringify(archives)).not.toMatch(/Pw-/);
  });

  it('tell addresses of cards only by a whole one with the place of the number', async () => {
    const withUrl = (url: string) =>
      load(ARCHIVES.replace('passwordFile', `cardUrl: '${url}', passwordFile`));
    const good = 'https://delo.test/#/card/{isn}?view=1';
    expect((await withUrl(good)).config.archives[0]?.cardUrl).toBe(good);
    for (const bad of [
      'https://delo.test/card',
      'javascript:alert({isn})',
      'https://delo.test/"{isn}',
      '{isn}',
    ]) {
      const { problems } = await configError(withUrl(bad));
      expect(problems.map(({ path }) => path)).toEqual([expect.stringContaining('cardUrl')]);
    }
  });

  it('without a password say where to put it', async () => {
    const { archives } = await load(ARCHIVES);
    expect(await rejection(archives[1]?.access.readPassword() ?? Promise.resolve())).toMatchObject({
      code: 'SECRET_UNREADABLE',
      detail: expect.stringContaining('POSREDNIK_ARCHIVE_SECOND_PASSWORD_FILE'),
    });
    expect(archiveVariable('delo-web')).toBe('POSREDNIK_ARCHIVE_DELO_WEB_PASSWORD');
  });

  it('with a password in the settings are refused with the words where to put it', async () => {
    const { problems } = await configError(
      load(ARCHIVES.replace('passwordFile: secrets/delo', 'password: Tajno')),
    );
    expect(problems[0]?.message).toContain('POSREDNIK_ARCHIVE_DELO_WEB_PASSWORD');
    expect(JSON.stringify(problems)).not.toContain('Tajno');
  });
});

describe('what no single value shows', () => {
  it('a good set of showcases is taken, one DUE in two archives too', async () => {
    const { config } = await load(
      `${ARCHIVES}showcases:\n${showcase('a', "cabinet: adm, archive: delo-web, cardfiles: ['0.1.', '0.2.']")}${showcase('b', "cabinet: adm, archive: second, cardfiles: ['0.1.']")}`,
    );
    expect(config.showcases.map(({ id, includePlatformBorn }) => [id, includePlatformBorn])).toEqual([
      ['a', false],
      ['b', false],
    ]);
  });

  it('schedules are those that the queue can read, each other one is told with its place and value', async () => {
    const at = (id: string, schedule: string) =>
      showcase(id, `cabinet: adm, archive: delo-web, cardfiles: ['${id}'], schedule: '${schedule}'`);
    const list = (...schedules: string[]) =>
      `${ARCHIVES}showcases:\n${schedules.map((schedule, index) => at(`s${index}`, schedule)).join('')}`;
    const { config } = await load(list('0 4 * * 1-5', '*/30 * * * *'));
    expect(config.showcases.map(({ schedule }) => schedule)).toEqual(['0 4 * * 1-5', '*/30 * * * *']);
    const { problems } = await configError(load(list('30 2 * * *', '61 2 * * *', 'каждую ночь', '30 2 * *')));
    expect(problems.map(({ path, line, message }) => [path, line !== undefined, message])).toEqual(
      ['61 2 * * *', 'каждую ночь', '30 2 * *'].map((value, index) => [
        `posrednik.yaml: showcases[${index + 1}].schedule`,
        true,
        expect.stringContaining(`расписание «${value}» не читается: нужны пять полей cron`),
      ]),
    );
  });

  it('a time zone of schedules that is none is told at its cabinet', async () => {
    const zoned = (zone: string) =>
      mainYaml(
        `${ARCHIVES}showcases:\n${showcase('a', "cabinet: adm, archive: delo-web, cardfiles: ['0.1.']")}`,
      ).replace('passwordFile: secrets/adm}', `passwordFile: secrets/adm, timeZone: ${zone}}`);
    await putFiles(folder, { 'posrednik.yaml': zoned('Asia/Jakutsk') });
    const options = { path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder };
    expect((await configError(loadConfig(options))).problems).toEqual([
      expect.objectContaining({
        path: 'posrednik.yaml: cabinets[0].timeZone',
        message: expect.stringContaining('часовой пояс IANA'),
      }),
    ]);
    await putFiles(folder, { 'posrednik.yaml': zoned('Asia/Yakutsk') });
    expect((await loadConfig(options)).config.cabinets[0]?.timeZone).toBe('Asia/Yakutsk');
  });

  it('doubled ids, unknown names and a cardfile in two showcases are all told, each with its place', async () => {
    const yaml = mainYaml(
      `${ARCHIVES.replace('id: second', 'id: delo-web')}showcases:\n${showcase('a', "cabinet: adn, archive: delo, cardfiles: ['0.1.']")}${showcase('a', "cabinet: adm, archive: delo-web, cardfiles: ['0.2.', '0.3.', '0.2.']")}`,
    ).replace('passwordFile: secrets/adm}', 'passwordFile: secrets/adm, archive: arhiv}');
    await putFiles(folder, { 'posrednik.yaml': yaml });
    const { problems } = await configError(
      loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder }),
    );
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/archives\[1\]\.id: id архива «delo-web» уже занят: .*archives\[0\]\.id/),
      expect.stringMatching(/showcases\[1\]\.id: id витрины «a» уже занят/),
      expect.stringMatching(/showcases\[0\]\.archive: архива «delo» нет.*есть: delo-web/),
      expect.stringMatching(/cabinets\[0\]\.archive: архива «arhiv» нет/),
      expect.stringMatching(/showcases\[0\]\.cabinet: кабинета «adn» нет.*«adm»/),
      expect.stringMatching(
        /showcases\[1\]\.cardfiles\[2\]: картотека «0\.2\.» уже названа: .*cardfiles\[0\]/,
      ),
    ]);
    expect(problems.every(({ line }) => line !== undefined)).toBe(true);
  });

  it('an archive named where none is set is told', async () => {
    const { problems } = await configError(
      load(`showcases:\n${showcase('a', "cabinet: adm, archive: delo-web, cardfiles: ['0.1.']")}`),
    );
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining('не задано ни одного')]);
  });
});
