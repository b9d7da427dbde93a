import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/index.ts';
import { configError, dropFolder, mainYaml, makeFolder } from './helpers.ts';

let folder: string;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => dropFolder(folder));

async function load(more: string) {
  await writeFile(join(folder, 'posrednik.yaml'), mainYaml(more));
  return await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
}

describe('the section alerts', () => {
  it('has its defaults when it is left out', async () => {
    expect((await load('')).config.alerts).toEqual({
      recipients: [],
      timeZone: 'Europe/Moscow',
      waitTransient: 120_000,
      digestAt: '08:00',
      digest: true,
      oldPasswordDays: 180,
    });
  });

  it('says who is written to about what, and when not', async () => {
    const { config } = await load(`alerts:
  recipients:
    - {to: [a@a.test], cabinets: [adm], kinds: [credentials], codes: [PLATFORM_REJECTED]}
  quietHours: {from: '22:00', to: '07:00', timeZone: Asia/Yakutsk}
  digestAt: '09:30'
`);
    expect(config.alerts).toMatchObject({
      recipients: [
        { to: ['a@a.test'], cabinets: ['adm'], kinds: ['credentials'], codes: ['PLATFORM_REJECTED'] },
      ],
      quietHours: { from: '22:00', to: '07:00', timeZone: 'Asia/Yakutsk' },
      digestAt: '09:30',
    });
  });

  it.each([
    ['recipients: [{to: [a@a.test], cabinets: [adn]}]', 'кабинета «adn» нет'],
    ['recipients: [{to: [a@a.test], kinds: [bad]}]', 'kinds'],
    ['recipients: [{to: [a@a.test], codes: [NO_SUCH_CODE]}]', 'такого кода ошибки нет'],
    ['recipients: [{to: []}]', 'to'],
    ["quietHours: {from: '24:00', to: '07:00'}", 'ЧЧ:ММ'],
    ["quietHours: {from: '22:00'}", 'to'],
    ["digestAt: '8:00'", 'ЧЧ:ММ'],
    ['timeZone: Moscow', 'часовой пояс'],
    ['oldPasswordDays: 0', 'oldPasswordDays'],
  ])('is refused with words: %s', async (yaml, words) => {
    const error = await configError(load(`alerts:\n  ${yaml}\n`));
    expect(error.problems.map((problem) => `${problem.path} ${problem.message}`).join('\n')).toContain(words);
  });
});
