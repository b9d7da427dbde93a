import { ERROR_CODES, type ErrorCode, type ErrorEntry } from './error-codes.ts';

/** Whether this version knows the code: a later one may have stored others. */
export function isKnownCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

/**
 * Kind, title and remedy of a code read from the store. A later version may have put it there before this one was
 * installed again: one that is not known is its own title, of the kind of an unknown fault.
 */
export function codeEntry(code: string): ErrorEntry {
  if (isKnownCode(code)) return ERROR_CODES[code];
  return {
    kind: 'unknown',
    title: code,
    remedy:
      'Эта версия посредника не знает такого кода: его записала более новая. Что делать, сказано в её docs/errors.md.',
  };
}
