import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readCredentials } from '../../../../src/console/pages/cabinets/credentials.ts';
import { openConsoleSite } from '../../../support/console-site.ts';
import { textOf } from '../../../support/markup.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'posrednik-credentials-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('where a password is kept', () => {
  it('tells the file and since when it is what it is', async () => {
    const file = join(dir, 'пароль');
    await writeFile(file, 'тайна');
    const since = new Date('2026-01-02T03:04:05Z');
    await utimes(file, since, since);
    const told = await readCredentials({ id: 'lko-1', secretFile: file });
    expect(told).toEqual({ kind: 'file', place: file, since, isMissing: false });
    expect(JSON.stringify(told)).not.toContain('тайна');
  });

  it('tells a file that is not there', async () => {
    const place = join(dir, 'нет');
    expect(await readCredentials({ id: 'x', secretFile: place })).toEqual({
      kind: 'file',
      place,
      isMissing: true,
    });
  });

  it('tells the variable by its name', async () => {
    expect(await readCredentials({ id: 'lko-vologda-1' })).toEqual({
      kind: 'variable',
      place: 'POSREDNIK_CABINET_LKO_VOLOGDA_1_PASSWORD',
      isMissing: false,
    });
  });
});

describe('a password of the environment', () => {
  it('stands on no page', async () => {
    const env = { POSREDNIK_CABINET_LKO_ENV_PASSWORD: 'пароль-из-переменной-71' };
    const cabinet = {
      id: 'lko-env',
      name: 'Район',
      opaId: '900',
      identifier: 'тайный-идентификатор',
      channel: 'delo-1',
    };
    const site = await openConsoleSite({ cabinets: 0, env, config: { cabinets: [cabinet] } });
    try {
      for (const page of ['/', '/cabinets', '/cabinets/lko-env']) {
        const { text, status } = await site.as.admin.get(page);
        expect(status).toBe(200);
        for (const secret of [...Object.values(env), cabinet.identifier]) expect(text).not.toContain(secret);
      }
      const { text } = await site.as.admin.get('/cabinets/lko-env');
      expect(textOf(text)).toContain('переменная окружения POSREDNIK_CABINET_LKO_ENV_PASSWORD');
    } finally {
      await site.close();
    }
  }, 60_000);
});
