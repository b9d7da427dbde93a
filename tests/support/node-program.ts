import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The Node.js that `npm ci` brought, else the one that runs this. */
export function nodeProgram(): string {
  const brought = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
  return existsSync(brought) ? brought : process.execPath;
}

/** What lets a program of ours start sooner, for its environment: the run's cache of compiled source, if there is one. */
export function compiledCache(): Readonly<Record<string, string>> {
  const folder = process.env['NODE_COMPILE_CACHE'];
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
