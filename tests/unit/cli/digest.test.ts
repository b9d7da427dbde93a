import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runRepairCommand } from '../../support/command-run.ts';
import { startWorld, type World } from '../alerts/incident/world.ts';
import { dropFolder, mainYaml, makeFolder } from '../config/helpers.ts';

const LONG = 120_000;
const SMTP = 'smtp: {host: 127.0.0.1, from: p@a.test, to: [admin@a.test]}\n';
let world: World;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  folder = await makeFolder({ 'secrets/adm': 'x\n', 'state/spool/.keep': '' });
}, LONG);
afterAll(async () => {
  await world.stop();
  await dropFolder(folder);
});
beforeEach(() => world.clear());

async function digest(args: readonly string[], yaml = SMTP) {
  const path = join(folder, 'posrednik.yaml');
  await writeFile(path, mainYaml(yaml));
  return await runRepairCommand(path, world.database.url, ['digest', ...args]);
}

describe('posrednik digest', () => {
  it('shows the digest of now and sends nothing', async () => {
    await world.incidents.openCounted(world.db, 'SED_SILENT', 'channel:delo:not-taken', 5);
    const { code, stdout } = await digest([]);
    expect(code).toBe(0);
    expect(stdout).toContain('Канал СЭД delo: пакеты не забраны');
    expect(stdout).toContain('Диск и очередь');
    expect(await world.mails()).toEqual([]);
  });

  it('gives it as JSON', async () => {
    const { stdout } = await digest(['--print', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      failed: 0,
      text: expect.stringContaining('Посредник: сводка на'),
    });
  });

  it('sends it, and once more when asked once more', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { code, stdout } = await digest(['--send']);
      expect(code).toBe(0);
      expect(stdout).toContain('Сводка поставлена в очередь писем');
    }
    const mails = await world.mails();
    expect(mails.map(({ to }) => to)).toEqual([['admin@a.test'], ['admin@a.test']]);
  });

  it('says so when there is nobody to send it to, or too much is asked', async () => {
    const nobody = await digest(['--send', '--json'], '');
    expect(nobody.code).not.toBe(0);
    expect(nobody.stderr).toContain('нет раздела smtp');
    const both = await digest(['--send', '--print']);
    expect(both.code).not.toBe(0);
    expect(both.stderr).toContain('одно из двух');
  });
});
