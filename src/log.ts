import pino, { type DestinationStream, type Logger } from 'pino';
import { describeError, isErrorLike } from './model/errors.ts';
import { StatementError } from './store/database-errors.ts';

/**
 * The program's log: JSON lines, static text, data in fields. Of an error only name, code, stack and causes are
 * written, and its message without what it quotes: clients hang requests with tokens on their errors, and texts of
 * errors quote the data at fault.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: plainError },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A chain of causes longer than this is a circle. */
const MOST_CAUSES = 5;

function plainError(error: unknown, depth = 0): unknown {
  if (!isErrorLike(error)) return { message: describeError(error) };
  const { name = 'Error', stack = '' } = error;
  const code = (error as { code?: unknown }).code;
  const hasCause = error.cause !== undefined && depth < MOST_CAUSES;
  return {
    name,
    // What our store says of a statement holds no values: it is made so.
    message: error instanceof StatementError ? error.message : describeError(error),
    stack: framesOf(stack, error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(hasCause ? { cause: plainError(error.cause, depth + 1) } : {}),
  };
}

/** The places alone: a stack begins with the message, quotes and all. */
function framesOf(stack: string, message: string): string {
  const at = message === '' ? -1 : stack.indexOf(message);
  const rest = at < 0 ? stack : stack.slice(at + message.length);
  const frames = rest.split('\n').filter((line) => /^\s+at\s/.test(line));
  return frames.map((line) => line.trim()).join('\n');
}
