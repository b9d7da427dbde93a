import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/**
 * The closed set of error kinds. A driver chooses the kind once, at the border, by the code it gives;
 * the flows decide by the kind alone (docs/errors.md explains each).
 */
export const ERROR_KINDS = ['transient', 'unknown', 'credentials', 'rejected', 'defect'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

export interface FaultOptions {
  /** What was wrong, in words fit for a log and a page: no personal data, no secret. */
  detail?: string;
  /** Path of the field at fault, as the other side names it. */
  field?: string;
  /** Milliseconds the other side asked us to wait (`Retry-After`). */
  retryAfterMs?: number;
  cause?: unknown;
}

/** The only error that crosses a border of this program: a stable code, from which kind and text follow. */
export class Fault extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, options: FaultOptions = {}) {
    super(options.detail === undefined ? code : `${code}: ${options.detail}`, { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.detail = options.detail;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
  }

  get kind(): ErrorKind {
    return ERROR_CODES[this.code].kind;
  }
}

/** Turns whatever was thrown into a Fault; what no driver has named is our own `defect`. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('DEFECT', { detail: describeError(error), cause: error });
}

const LONGEST_DESCRIPTION = 300;
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`|«[^»]*»|“[^”]*”/g;

/**
 * What an error that nobody has named says, without the values it quotes: V8, Node.js and libraries put what they
 * refuse into their texts (a piece of an appeal, the path of a citizen's file), and texts of errors are logged.
 */
export function describeError(error: unknown): string {
  if (error instanceof Fault) return error.message;
  if (!isErrorLike(error)) return `брошено значение типа ${typeof error}`;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // The text of a system error is its code, its call and the path.
  if (typeof code === 'string' && typeof syscall === 'string') return `${code}, ${syscall}`;
  // JSON.parse and BigInt quote their source, cut and without closing quotes.
  if (error.name === 'SyntaxError') return error.name;
  const [line = ''] = error.message.split('\n');
  const bare = line.replaceAll(QUOTED, '…').replace(/\bReceived .*$/, 'Received …');
  return bare.slice(0, LONGEST_DESCRIPTION) || error.name || 'без описания';
}

/** An error, or what a library hands on of one: an object with a name, a message and a stack of its own. */
export function isErrorLike(value: unknown): value is Error {
  if (value instanceof Error) return true;
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  );
}
