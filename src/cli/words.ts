export { type WordKind, wordOf } from '../text/state-words.ts';
