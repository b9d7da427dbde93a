import { QueryFailedError } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { thrown } from './thrown.ts';

/**
 * A statement that the server refused. Unlike the driver's error it carries neither the statement's parameters
 * nor the row's values: both hold what citizens wrote, and errors are logged.
 */
export class StatementError extends Error {
  /** SQLSTATE, five characters, e.g. `23505` for a broken unique constraint. */
  readonly sqlState: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;

  constructor(message: string, error: DriverError) {
    super(message);
    this.name = 'StatementError';
    this.sqlState = error.code ?? '';
    this.constraint = error.constraint;
    this.table = error.table;
    this.column = error.column;
  }
}

interface DriverError extends Error {
  code?: string;
  constraint?: string;
  table?: string;
  column?: string;
}

/** System errors of a connection that could not be made or broke. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'EACCES',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ERR_SOCKET_CLOSED',
]);

/** What `pg`, its pool and TypeORM say, without any code, of a connection that is no more. */
const LOST_CONNECTION =
  /Connection terminated|Connection ended|connection timeout|timeout exceeded when trying to connect|not queryable|Query read timeout|Cannot use a pool after calling end|Query runner already released|socket hang up/i;

/**
 * SQLSTATEs that pass by themselves: connection exceptions (08), insufficient resources (53), operator's
 * intervention and shutdown (57), a standby after a fail-over (25006), a lock not given in time (55P03); and those of
 * a database that does not let us in (28, 3D000): a changed password is put right outside.
 */
const PASSING_STATES = /^(08...|28...|53...|57...|25006|3D000|55P03)$/;

/** Serialization failure and deadlock: PostgreSQL asks to run the transaction again. */
const REPEATABLE_STATES = new Set(['40001', '40P01']);

/** Whether the transaction should be run again from its start. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof StatementError && REPEATABLE_STATES.has(error.sqlState);
}

/**
 * What the driver threw, as ours: a Fault DATABASE_UNREACHABLE (`transient`) when the database is away, short of
 * something or shutting down, a StatementError when it refused the statement; anything else is returned as it is.
 */
export function mapDatabaseError(error: unknown): unknown {
  if (error instanceof Fault || error instanceof StatementError) return error;
  const refused = error instanceof QueryFailedError;
  const driver: unknown = refused ? error.driverError : error;
  if (typeof driver !== 'object' || driver === null) return error;
  const { code, message } = thrown(driver);
  if (NETWORK_CODES.has(code) || PASSING_STATES.test(code) || LOST_CONNECTION.test(message)) {
    return unreachable(driver);
  }
  // Errors of the server have a severity; others with a code are not about the database.
  if (!refused && !('severity' in driver)) return error;
  return new StatementError(describe(driver as DriverError), driver as DriverError);
}

/** A Fault for a database that did not let us in; the detail names the reason, never the password. */
export function unreachable(error: unknown): Fault {
  const { message, code } = thrown(error);
  const reason = [code, message].filter((part) => part !== '').join(': ');
  return new Fault('DATABASE_UNREACHABLE', { detail: reason === '' ? 'причина неизвестна' : reason });
}

/** Messages of class 42 name columns and tables; those of other classes may quote values. */
function describe(error: DriverError): string {
  const code = error.code ?? 'без SQLSTATE';
  if (code.startsWith('42')) return `SQLSTATE ${code}: ${error.message}`;
  return [`SQLSTATE ${code}`, error.constraint, error.table, error.column].filter(Boolean).join(', ');
}
