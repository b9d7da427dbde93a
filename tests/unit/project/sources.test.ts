import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from '@jest/globals';
import { examine, packageOf, parseSource } from './syntax.ts';
import { lineCount, packageJson, sources } from './tree.ts';

const inSource = sources('src').map(parseSource);
const inScripts = sources('scripts').map(parseSource);
const inTests = sources('tests').map(parseSource);
/** Jest loads these by their default export. */
const LOADED_BY_JEST = /^tests\/support\/(global-(setup|teardown)|counts-reporter|sequencer)\.mjs$/;

describe('size', () => {
  it('keeps every file of src within 400 lines', () => {
    const tooLong = sources('src').filter((path) => lineCount(path) > 400);
    expect(tooLong).toEqual([]);
  });

  it('keeps half the files of src within 100 lines', () => {
    const counts = sources('src')
      .map(lineCount)
      .sort((a, b) => a - b);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(100);
  });
});

describe('syntax', () => {
  it.each([
    ['const x: any = 1', 'any'],
    ['function f(x: Array<any>) {}', 'any'],
    ['enum E { A }', 'enum'],
    ['export const enum E { A }', 'enum'],
    ['namespace N { export const a = 1 }', 'namespace'],
    ['class C { constructor(private a: string) {} }', 'parameter property'],
    ['const a = b!', 'non-null assertion'],
    ['export default function f() {}', 'default export'],
    ['export default 1', 'default export'],
  ])('the check notices %s', (text, name) => {
    expect(examine(text).forbidden).toContain(name);
  });

  it('the check takes words in comments and strings for what they are', () => {
    expect(examine('// any enum\nconst a = "export default any"; const any = a').forbidden).toEqual([]);
  });

  it.each([
    ['src', inSource],
    ['scripts', inScripts],
    ['tests', inTests],
  ])('%s holds none of what the house forbids', (_folder, files) => {
    const faults = files
      .filter(({ path }) => !LOADED_BY_JEST.test(path))
      .flatMap(({ path, forbidden }) => forbidden.map((name) => `${path}: ${name}`));
    expect(faults).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const odd = [...sources('src'), ...sources('scripts'), ...sources('tests')].filter(
      (path) => !/^([a-z0-9-]+\/)*[a-z0-9-]+(\.test)?\.(ts|mjs)$/.test(path),
    );
    expect(odd).toEqual([]);
  });
});

describe('imports', () => {
  const own = (path: string, from: string) => (from.startsWith('.') ? join(dirname(path), from) : undefined);
  const targets = (files: typeof inSource, typesToo: boolean) =>
    files.flatMap(({ path, imports }) =>
      imports
        .filter((each) => typesToo || !each.typeOnly)
        .flatMap((each) => {
          const target = own(path, each.from);
          return target === undefined ? [] : [{ path, target, dynamic: each.dynamic }];
        }),
    );

  it('the check sees every way to import', () => {
    const { imports } = examine(
      `import a from 'a'; import type b from 'b'; import { type c } from 'c'; export * from './d.ts'; await import('e'); import 'f'`,
    );
    expect(imports.map(({ from, typeOnly, dynamic }) => [from, typeOnly, dynamic])).toEqual([
      ['a', false, false],
      ['b', true, false],
      ['c', true, false],
      ['./d.ts', false, false],
      ['e', false, true],
      ['f', false, false],
    ]);
  });

  it('src runs on production packages alone', () => {
    const { dependencies } = packageJson();
    const others = inSource.flatMap(({ path, imports }) =>
      imports
        .filter((each) => !each.typeOnly)
        .flatMap((each) => packageOf(each.from) ?? [])
        .filter((name) => dependencies[name] === undefined)
        .map((name) => `${path}: ${name}`),
    );
    expect(others).toEqual([]);
  });

  it('src reaches out of itself for the demonstration only, and only when asked for it', () => {
    const outside = targets(inSource, true).filter(({ target }) => !target.startsWith('src/'));
    expect(outside).toEqual([{ path: 'src/cli/demo-command.ts', target: 'scripts/demo.ts', dynamic: true }]);
  });

  it('the model imports nothing of ours', () => {
    const faults = targets(
      inSource.filter(({ path }) => path.startsWith('src/model/')),
      true,
    ).filter(({ target }) => !target.startsWith('src/model/'));
    expect(faults).toEqual([]);
  });

  it('flows know ports, never drivers', () => {
    const flows = /^src\/(intake|registration|replies|showcase|rubrics)\//;
    const faults = targets(
      inSource.filter(({ path }) => flows.test(path)),
      true,
    ).filter(({ target }) => /^src\/(platform|sed)\/[^/]+\//.test(target));
    expect(faults).toEqual([]);
  });

  it('nothing but the program itself knows the command line', () => {
    const faults = targets(
      inSource.filter(({ path }) => !path.startsWith('src/cli/') && path !== 'src/main.ts'),
      true,
    ).filter(({ target }) => target.startsWith('src/cli/'));
    expect(faults).toEqual([]);
  });

  it('simulators know nothing of the program', () => {
    const faults = targets(
      inTests.filter(({ path }) => path.startsWith('tests/simulators/')),
      true,
    ).filter(({ target }) => target.startsWith('src/'));
    expect(faults).toEqual([]);
  });
});
