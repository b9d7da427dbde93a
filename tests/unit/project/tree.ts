import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeProgram } from '../../support/node-program.ts';

/** The project's folder. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What is made here and not kept: the same that .gitignore names, and git's own folder. */
const NOT_KEPT = new Set(['.git', 'node_modules', 'state', '.tmp', 'coverage']);

/** All kept files under a folder (the whole project when none is named), as paths from the root with `/`. */
export function filesUnder(folder = '.', test: (path: string) => boolean = () => true): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(ROOT, folder)).sort()) {
    if (NOT_KEPT.has(name) || name.endsWith('.log')) continue;
    const path = relative(ROOT, join(ROOT, folder, name));
    if (statSync(join(ROOT, path)).isDirectory()) found.push(...filesUnder(path, test));
    else if (test(path)) found.push(path);
  }
  return found;
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

export function lineCount(path: string): number {
  return read(path).replace(/\n$/, '').split('\n').length;
}

export const sources = (folder: string) => filesUnder(folder, (path) => /\.(ts|mjs)$/.test(path));

export interface Package {
  readonly license: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function packageJson(): Package {
  return JSON.parse(read('package.json')) as Package;
}

/** Cells of the rows of a document's tables, without heading and ruler. */
export function tableRows(document: string): string[][] {
  return [...document.matchAll(/^\|(?!-)(.+)\|$/gm)].map((match) =>
    (match[1] ?? '').split(/(?<!\\)\|/).map((cell) => cell.trim()),
  );
}

/** Text between back-ticks. */
export function codes(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

/** All commands that do something, each with its options: «quarantine list» → «--json». */
export function commands(): Map<string, string[]> {
  const script = fileURLToPath(new URL('list-commands.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(nodeProgram(), [script], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`list-commands.ts: ${stderr}`);
  return new Map(Object.entries(JSON.parse(stdout) as Record<string, string[]>));
}
