import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QueryFailedError } from 'typeorm';
import { Fault } from '../../../src/model/errors.ts';
import {
  isRepeatable,
  mapDatabaseError,
  StatementError,
  unreachable,
} from '../../../src/store/database-errors.ts';

function driverError(code: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR', ...more });
}

function failed(driver: Error): QueryFailedError {
  return new QueryFailedError('INSERT INTO appeal (surname) VALUES ($1)', ['Секретова'], driver);
}

describe('errors of the database', () => {
  it.each([
    ['a refused connection', 'ECONNREFUSED'],
    ['a missing socket', 'ENOENT'],
    ['an unknown host', 'ENOTFOUND'],
    ['a server going down', '57P01'],
    ['a server coming up', '57P03'],
    ['a statement past its time', '57014'],
    ['a full disk', '53100'],
    ['too many connections', '53300'],
    ['a broken connection', '08006'],
    ['a standby', '25006'],
    ['a changed password', '28P01'],
    ['a dropped database', '3D000'],
  ])('%s is transient', (_name, code) => {
    for (const error of [driverError(code, 'x'), failed(driverError(code, 'x'))]) {
      const fault = mapDatabaseError(error);
      expect(fault).toBeInstanceOf(Fault);
      expect(fault).toMatchObject({ code: 'DATABASE_UNREACHABLE', kind: 'transient' });
    }
  });

  it.each([
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Query read timeout',
  ])('«%s» of the driver, without a code, is transient', (message) => {
    expect(mapDatabaseError(new Error(message))).toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });

  it('a refused statement keeps what is safe to tell and nothing of the values', () => {
    const mapped = mapDatabaseError(
      failed(
        driverError('23505', 'duplicate key value «Секретова»', {
          detail: 'Key (surname)=(Секретова) already exists.',
          constraint: 'appeal_surname_key',
          table: 'appeal',
        }),
      ),
    );
    expect(mapped).toBeInstanceOf(StatementError);
    expect(mapped).toMatchObject({ sqlState: '23505', constraint: 'appeal_surname_key', table: 'appeal' });
    expect(inspect(mapped, { depth: 9, showHidden: true })).not.toContain('Секретова');
  });

  it('a mistake in a statement is named in words', () => {
    const mapped = mapDatabaseError(failed(driverError('42703', 'column "nme" does not exist')));
    expect(mapped).toMatchObject({ message: 'SQLSTATE 42703: column "nme" does not exist' });
  });

  it.each(['40001', '40P01'])('%s asks for a repetition', (code) => {
    expect(isRepeatable(mapDatabaseError(failed(driverError(code, 'x'))))).toBe(true);
    expect(isRepeatable(mapDatabaseError(driverError(code, 'x')))).toBe(true);
  });

  it('what is not about the database is left as it is', () => {
    const mine = new TypeError('mine');
    const fault = new Fault('FILE_GONE');
    for (const error of [mine, fault, undefined, null, 'text', 7]) {
      expect(mapDatabaseError(error)).toBe(error);
      expect(isRepeatable(error)).toBe(false);
    }
  });

  it('mapping never throws and is done once', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const once = mapDatabaseError(value);
        expect(Object.is(mapDatabaseError(once), once)).toBe(true);
      }),
    );
  });

  it('an unreachable database is told with its reason', () => {
    expect(unreachable(driverError('28P01', 'password authentication failed for user "x"')).detail).toBe(
      '28P01: password authentication failed for user "x"',
    );
    expect(unreachable(undefined).detail).toBe('undefined');
    expect(unreachable({}).detail).toBe('причина неизвестна');
  });
});
