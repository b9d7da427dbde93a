import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The Node.js that `npm ci` brought, else the one that runs this. */
export function nodeProgram(): string {
  const brought = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
  return existsSync(brought) ? brought : process.execPath;
}
