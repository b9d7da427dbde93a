import { describe, expect, it } from '@jest/globals';
import { DatabaseError } from 'pg';
import { isLastWord } from '../../../src/cli/run-command.ts';
import { Fault } from '../../../src/model/errors.ts';

function said(code: string | undefined): DatabaseError {
  const error = new DatabaseError('terminating connection', 22, 'error');
  error.code = code;
  return error;
}

describe('an error that nobody heard', () => {
  it.each(['57P01', '57P02', '57P03'])('is a server’s farewell: %s', (code) => {
    expect(isLastWord(said(code))).toBe(true);
  });

  it.each([
    ['a broken rule of ours', said('23505')],
    ['an error of the server without a code', said(undefined)],
    ['a fault', new Fault('DATABASE_UNREACHABLE', { detail: '57P01' })],
    ['any other error with such a code', Object.assign(new Error('57P01'), { code: '57P01' })],
    ['no error at all', '57P01'],
  ])('is one that ends the daemon: %s', (_what, error) => {
    expect(isLastWord(error)).toBe(false);
  });
});
