import { ConfigError, formatProblem } from '../config/index.ts';
import { ERROR_CODES } from '../model/error-codes.ts';
import { toFault } from '../model/errors.ts';

/**
 * Tells a failed command's fault to a person on the standard error output: code, what happened, what to do; of a
 * defect also where. Returns the exit code.
 */
export function reportFault(error: unknown): 1 {
  if (error instanceof ConfigError) {
    process.stderr.write(`Настройки содержат ошибки (${error.problems.length}):\n`);
    for (const problem of error.problems) process.stderr.write(`  ${formatProblem(problem)}\n`);
    process.stderr.write(`${ERROR_CODES[error.code].remedy}\n`);
    return 1;
  }
  const fault = toFault(error);
  const { title, remedy } = ERROR_CODES[fault.code];
  const detail = fault.detail === undefined ? '' : ` (${fault.detail})`;
  process.stderr.write(`${fault.code}: ${title}${detail}.\n${remedy}\n`);
  if (fault.kind === 'defect' && fault.cause instanceof Error)
    process.stderr.write(`${fault.cause.stack ?? ''}\n`);
  return 1;
}
