import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  configurationPage,
  errorsPage,
  generatedFiles,
  staleFiles,
  writeDocs,
} from '../../../scripts/docs.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { settingGroups, variableOf } from '../../../src/config/reference.ts';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import { ERROR_KINDS } from '../../../src/model/errors.ts';
import { dropFolder, mainYaml, makeFolder } from './helpers.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => dropFolder(folder));

describe('docs/errors.md', () => {
  it('has each code once as a heading, with its words', () => {
    const page = errorsPage();
    const headings = [...page.matchAll(/^### (\w+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(Object.keys(ERROR_CODES));
    for (const { title, remedy } of Object.values(ERROR_CODES)) {
      expect(page).toContain(title);
      expect(page).toContain(remedy);
    }
    for (const kind of ERROR_KINDS) expect(page).toContain(`- \`${kind}\` — `);
  });
});

/** Entries of lists that are empty by default: a setting of theirs needs the others. */
const LISTS = `archives:
  - {id: delo-web, baseUrl: 'http://127.0.0.1:2', user: posrednik}
showcases:
  - {id: gorod, cabinet: adm, archive: delo-web, region: '80', cardfiles: ['0.1.'], from: 2025-01-01}
`;

describe('docs/configuration.md', () => {
  const rows = settingGroups().flatMap((group) => group.rows);

  it('explains every setting in Russian', () => {
    expect(rows.length).toBeGreaterThan(50);
    for (const row of rows) {
      expect([row.path, row.meaning]).toEqual([row.path, expect.stringMatching(/[а-я]/i)]);
      expect(configurationPage()).toContain(`| \`${row.path}\` | ${row.type} |`);
    }
    for (const group of settingGroups()) expect(group.meaning).toMatch(/[А-Яа-я]/);
    expect(new Set(rows.map((row) => row.path)).size).toBe(rows.length);
  });

  it('names types, defaults and variables as they are', () => {
    const byPath = new Map(rows.map((row) => [row.path, row]));
    expect(byPath.get('console.port')).toMatchObject({
      type: 'целое 0–65535',
      fallback: '8080',
      required: false,
    });
    expect(byPath.get('retry.base')).toMatchObject({ type: 'длительность', fallback: '10s' });
    expect(byPath.get('files.maxBytes')).toMatchObject({ type: 'размер', fallback: '50MB' });
    expect(byPath.get('platform.baseUrl')).toMatchObject({ type: 'адрес', required: true });
    expect(byPath.get('cabinets[].opaId')?.variable).toBe('POSREDNIK_CABINETS__0__OPA_ID');
    expect(variableOf(['platform', 'baseUrl'])).toBe('POSREDNIK_PLATFORM__BASE_URL');
  });

  it('every variable that it names is one that loading takes', async () => {
    await writeFile(join(folder, 'posrednik.yaml'), mainYaml(LISTS));
    for (const row of rows.filter((one) => one.fallback !== undefined)) {
      const env = { [row.variable]: row.fallback };
      await expect(
        loadConfig({ path: 'posrednik.yaml', env: smtpToo(row.path, env), cwd: folder }),
      ).resolves.toBeDefined();
    }
  });

  /** A setting of an optional section needs the section. */
  function smtpToo(path: string, env: Record<string, string | undefined>) {
    const section = { POSREDNIK_SMTP__HOST: 'm', POSREDNIK_SMTP__FROM: 'a@b', POSREDNIK_SMTP__TO: 'c@d' };
    return path.startsWith('smtp.') ? { ...section, ...env } : env;
  }

  it('lets no tag through', () => {
    expect(configurationPage().replaceAll(/`[^`]*`|<!--.*-->/g, '')).not.toContain('<');
  });
});

describe('docs/configuration.schema.json', () => {
  it('describes what a person writes', () => {
    const schema: unknown = JSON.parse(generatedFiles().get('docs/configuration.schema.json') ?? '');
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['platform', 'channels'],
      properties: {
        retry: { properties: { base: { type: 'string', default: '10s' } } },
        cabinets: { type: 'array', items: { required: ['id', 'name', 'opaId', 'identifier', 'channel'] } },
      },
    });
  });
});

describe('npm run docs', () => {
  it('writes the same each time, and names what is stale', async () => {
    expect([...generatedFiles()]).toEqual([...generatedFiles()]);
    const all = ['docs/errors.md', 'docs/configuration.md', 'docs/configuration.schema.json'];
    expect(await staleFiles(folder)).toEqual(all);
    await writeDocs(folder);
    expect(await staleFiles(folder)).toEqual([]);
    await writeFile(
      join(folder, 'docs/errors.md'),
      `${await readFile(join(folder, 'docs/errors.md'), 'utf8')} `,
    );
    expect(await staleFiles(folder)).toEqual(['docs/errors.md']);
  });
});

describe('the shipped examples', () => {
  it('are valid, show every setting, and stand apart from the secrets', async () => {
    const path = join(ROOT, 'config/posrednik.example.yaml');
    const text = await readFile(path, 'utf8');
    const { config, cabinets } = await loadConfig({ path, env: {}, cwd: folder });
    expect(cabinets.map((cabinet) => cabinet.id)).toEqual(['administraciya']);
    expect(config.smtp?.port).toBe(587);
    for (const row of settingGroups().flatMap((group) => group.rows)) {
      const key = row.path.split('.').at(-1);
      expect([row.path, text]).toEqual([
        row.path,
        expect.stringMatching(new RegExp(`(^|[ #-])${key}:`, 'm')),
      ]);
    }
    expect(text).not.toMatch(/^\s*(password|token|secret):/m);
  });

  it('show the defaults as they are', async () => {
    const { config } = await loadConfig({
      path: join(ROOT, 'config/posrednik.example.yaml'),
      env: {},
      cwd: folder,
    });
    await writeFile(join(folder, 'posrednik.yaml'), mainYaml());
    const bare = (await loadConfig({ path: 'posrednik.yaml', env: {}, cwd: folder })).config;
    for (const section of [
      'database',
      'intake',
      'registration',
      'files',
      'retry',
      'sed',
      'console',
      'log',
    ] as const) {
      expect([section, config[section]]).toEqual([section, bare[section]]);
    }
  });

  it('of a cabinet file is valid beside the example', async () => {
    const [main, cabinet] = await Promise.all(
      ['config/posrednik.example.yaml', 'config/cabinets.d/kabinet.yaml.example'].map((name) =>
        readFile(join(ROOT, name), 'utf8'),
      ),
    );
    const withFolder = (main ?? '').replace('# cabinetsDir:', 'cabinetsDir:');
    const site = await makeFolder({ 'posrednik.yaml': withFolder, 'cabinets.d/kabinet.yaml': cabinet ?? '' });
    try {
      const { cabinets } = await loadConfig({ path: 'posrednik.yaml', env: {}, cwd: site });
      expect(cabinets.map((one) => one.id)).toEqual(['administraciya', 'upravlenie-dorog']);
    } finally {
      await dropFolder(site);
    }
  });
});
