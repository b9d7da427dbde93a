import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/index.ts';
import { cabinetSchema } from '../../../src/config/schema.ts';
import { loadPlatformMapping } from '../../../src/platform/rest/index.ts';
import { loadCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { loadTerms } from '../../../src/terms/index.ts';
import { filesUnder, ROOT, read, sources } from './tree.ts';

describe('mappings', () => {
  it.each([
    ['platform.yaml', () => loadPlatformMapping(join(ROOT, 'mappings/platform.yaml'))],
    ['card.yaml', () => loadCardMapping(join(ROOT, 'mappings/card.yaml'))],
    ['terms.yaml and calendar.yaml', () => loadTerms(join(ROOT, 'mappings'))],
  ])('%s as shipped is taken by the program', async (_name, load) => {
    expect(await load()).toBeInstanceOf(Object);
  });

  it('every file of the folder is read by somebody', () => {
    const code = sources('src').map(read).join('\n');
    const unread = filesUnder('mappings').filter((path) => !code.includes(path.slice('mappings/'.length)));
    expect(unread).toEqual([]);
  });
});

describe('example settings', () => {
  it('are taken by the program, passwords left for later', async () => {
    const { config } = await loadConfig({ path: 'config/posrednik.example.yaml', env: {}, cwd: ROOT });
    expect(config.channels.length).toBeGreaterThan(0);
    expect(config.cabinets.length).toBeGreaterThan(0);
  });

  it('of a cabinet too', () => {
    const cabinet = cabinetSchema.parse(parse(read('config/cabinets.d/kabinet.yaml.example')));
    expect(cabinet.enabled).toBe(true);
  });
});

describe('container image', () => {
  const dockerfile = read('Dockerfile');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );

  it('copies every folder that src reaches for at run time', () => {
    const asked = sources('src').flatMap((path) =>
      [...read(path).matchAll(/new URL\('([^']+)', import\.meta\.url\)/g)].map((match) =>
        join(path, '..', match[1] ?? ''),
      ),
    );
    expect(asked).toContain('mappings');
    const absent = asked.filter(
      (path) => !copied.some((folder) => path === folder || path.startsWith(`${folder}/`)),
    );
    expect(absent).toEqual([]);
    expect(copied).toEqual(expect.arrayContaining(['src', 'package.json', 'LICENSE']));
  });

  it('lets to the builder what it copies, and nothing else', () => {
    const [first, ...rest] = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    expect([...rest].sort()).toEqual([...new Set(copied)].map((path) => `!${path}`).sort());
    for (const path of copied) expect(existsSync(join(ROOT, path))).toBe(true);
  });

  it('runs as a plain user, with Node.js as the process, and tells of its health', () => {
    const afterLast = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(afterLast).toMatch(/^USER node$/m);
    expect(afterLast).toMatch(/^CMD \["node", "src\/main\.ts", "run"\]$/m);
    expect(afterLast).toMatch(/HEALTHCHECK [\s\S]+\/readyz/);
    expect(dockerfile).toMatch(/npm ci --omit=dev/);
  });

  it('asks for the Node.js that the project is run with', () => {
    const major = read('.nvmrc').trim().split('.')[0];
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(bases).toEqual(bases.map(() => `node:${major}-bookworm-slim`));
  });
});

describe('compose file and systemd unit', () => {
  interface Service {
    readonly environment: Readonly<Record<string, string>>;
    readonly volumes: readonly string[];
    readonly secrets: readonly string[];
  }
  const compose = parse(read('config/compose.yaml')) as {
    readonly services: { readonly database: Service; readonly posrednik: Service };
    readonly secrets: Readonly<Record<string, unknown>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const unit = read('config/posrednik.service');

  it('names only volumes and secrets that are declared', () => {
    for (const service of Object.values(compose.services)) {
      const named = service.volumes
        .map((volume) => volume.split(':')[0] ?? '')
        .filter((name) => /^\w+$/.test(name));
      expect(named.filter((name) => !(name in compose.volumes))).toEqual([]);
      expect(service.secrets.filter((name) => !(name in compose.secrets))).toEqual([]);
    }
  });

  it('gives the daemons variables that the program knows', async () => {
    const { environment } = compose.services.posrednik;
    const env = { ...environment, POSREDNIK_STATE_DIR: '/var/lib/posrednik' };
    const loaded = await loadConfig({ path: 'config/posrednik.example.yaml', env, cwd: ROOT });
    expect(loaded.config.spoolDir).toBe(environment['POSREDNIK_SPOOL_DIR']);
    expect(environment['POSREDNIK_DATABASE_URL_FILE']).toBe('/run/secrets/database_url');
  });

  it('the unit starts what is there, and stops the daemon before its database', () => {
    expect(unit).toContain('ExecStart=/opt/posrednik/node_modules/.bin/node src/main.ts run');
    expect(unit).toMatch(/^KillMode=mixed$/m);
    expect(unit).toMatch(/^UMask=0027$/m);
  });
});

describe('the tree', () => {
  const texts = filesUnder('.').filter((path) => !/\.(png|jpg|pdf|gz|xls)$/.test(path));

  it('names no folder of somebody’s machine and no package registry', () => {
    // Put together here, so that this file does not find itself.
    const words = [
      ['/home', '/'],
      ['/root', '/'],
      ['/work', '/'],
      ['/Users', '/'],
      ['npmjs', '.'],
      ['npmmirror', '.'],
    ];
    const patterns = words.map((parts) => parts.join(''));
    const found = texts.flatMap((path) => {
      const text = read(path);
      return patterns.filter((pattern) => text.includes(pattern)).map((pattern) => `${path}: ${pattern}`);
    });
    expect(found).toEqual([]);
  });

  it('holds no secret by mistake', () => {
    const kept = filesUnder('.', (path) => /(^|\/)(\.env|id_rsa|.*\.(pem|key|p12))$/.test(path));
    expect(kept).toEqual([]);
    const registered = texts.filter((path) => /_authToken|BEGIN (RSA |EC )?PRIVATE KEY/.test(read(path)));
    expect(registered.filter((path) => path !== 'tests/unit/project/shipped.test.ts')).toEqual([]);
  });

  it('ends every text file with one line end, and lines as .editorconfig asks', () => {
    const odd = texts.filter((path) => {
      const text = read(path);
      return !/[^\n]\n$/.test(text) || text.includes('\r\n');
    });
    expect(odd).toEqual([]);
  });

  it.each(['.ci/run', 'scripts/ci-setup.sh'])('%s can be run', (path) => {
    expect(statSync(join(ROOT, path)).mode & 0o111).not.toBe(0);
    expect(readFileSync(join(ROOT, path), 'utf8')).toMatch(/^#!\/usr\/bin\/env bash\n/);
  });
});
