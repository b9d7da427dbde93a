export { type WordKind, wordOf } from '../text/state-words.ts';

/** Whom journal and audit name when the command line has done it. */
export const WHO = 'команда';
