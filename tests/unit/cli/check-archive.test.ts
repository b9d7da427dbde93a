import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { archiveChecks, archiveMappingChecks } from '../../../src/cli/check-archive.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { type ArchiveSimulator, startArchive } from '../../simulators/delo/archive/index.ts';
import { dropFolder, mainYaml, makeFolder } from '../config/helpers.ts';
import { faultOf } from '../delo/support.ts';

let folder: string;
let simulator: ArchiveSimulator;
beforeEach(async () => {
  folder = await makeFolder({ 'secrets/delo': 'secret\n' });
  simulator = await startArchive({ cards: 3, cardfiles: 4 });
});
afterEach(async () => {
  await simulator.close();
  await dropFolder(folder);
});

async function load(cardfiles: readonly string[] = simulator.cardfiles, more = '') {
  const yaml = mainYaml(`archives:
  - {id: delo-web, baseUrl: '${simulator.url}', user: posrednik, passwordFile: secrets/delo}
showcases:
  - {id: gorod, cabinet: adm, archive: delo-web, region: '80', from: 2025-01-01, cardfiles: ${JSON.stringify(cardfiles)}}
${more}`);
  await writeFile(join(folder, 'posrednik.yaml'), yaml);
  return await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
}

async function runOnly(loaded: Awaited<ReturnType<typeof load>>): Promise<string | undefined> {
  const [task, ...others] = await archiveChecks(loaded);
  expect(others).toEqual([]);
  expect(task?.name).toBe('delo-web');
  return await task?.run(new AbortController().signal);
}

describe('posrednik check of an archive', () => {
  it('logs in, reads, counts the cardfiles, and logs off', async () => {
    expect(await runOnly(await load())).toBe('в порядке, картотек: 4');
    expect(simulator.counters()).toMatchObject({ logins: 1, logoffs: 1 });
  });

  it('names cardfiles of a showcase that the archive does not have', async () => {
    const fault = await faultOf(runOnly(await load(['0.NO.', ...simulator.cardfiles])));
    expect([fault.code, fault.detail]).toEqual([
      'CONFIG_INVALID',
      'в архиве нет картотек: 0.NO. (витрина gorod)',
    ]);
    expect(simulator.counters().logoffs).toBe(1);
  });

  it('tells a wrong password, and an archive that is away', async () => {
    const loaded = await load();
    simulator.setPassword('another');
    expect((await faultOf(runOnly(loaded))).code).toBe('SED_ARCHIVE_CREDENTIALS_WRONG');
    await simulator.close();
    expect((await faultOf(runOnly(loaded))).code).toBe('SED_ARCHIVE_UNREACHABLE');
  });

  it('looks at delo.yaml only where there is an archive', async () => {
    const mappings = await makeFolder({ 'delo.yaml': 'version: 7' });
    const loaded = await load(simulator.cardfiles, `mappingsDir: ${mappings}\n`);
    const [task] = archiveMappingChecks(loaded);
    expect((await faultOf(task?.run(new AbortController().signal) ?? Promise.resolve())).code).toBe(
      'CONFIG_INVALID',
    );
    expect(await archiveChecks(loaded)).toEqual([]);
    await writeFile(join(folder, 'posrednik.yaml'), mainYaml());
    const bare = await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
    expect([archiveMappingChecks(bare), await archiveChecks(bare)]).toEqual([[], []]);
    await dropFolder(mappings);
  });
});
