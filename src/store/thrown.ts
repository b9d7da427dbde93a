/**
 * What was thrown, read by its shape: errors of Node's own parts are not always `instanceof` the Error of the code
 * that catches them (another realm: a worker, a vm context, as in the tests).
 */
export function thrown(error: unknown): { message: string; code: string; stderr: string; errcode: number } {
  const fields: object = typeof error === 'object' && error !== null ? error : { message: String(error) };
  return {
    message: 'message' in fields ? String(fields.message) : '',
    code: 'code' in fields && typeof fields.code === 'string' ? fields.code : '',
    stderr: 'stderr' in fields ? String(fields.stderr).trim() : '',
    errcode: 'errcode' in fields ? Number(fields.errcode) : 0,
  };
}
