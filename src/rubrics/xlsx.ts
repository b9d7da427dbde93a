import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** The library for spreadsheets, read when the first one comes: the daemon would hold it for a page seldom opened. */
export function xlsx(): typeof import('@e965/xlsx') {
  return load('@e965/xlsx');
}
