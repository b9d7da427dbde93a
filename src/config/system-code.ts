/** The `code` that Node's own errors carry (`ENOENT`), or an empty string. By shape, for errors of other realms too. */
export function systemCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}
