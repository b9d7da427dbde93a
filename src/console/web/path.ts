/** A path of this site, else the first page: an address given from outside must not lead elsewhere. */
export function safePath(path: unknown): string {
  if (typeof path !== 'string' || path.length > 2000) return '/';
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : '/';
}

/** The same for an address that a page made, which may hold letters that a header cannot. */
export function headerPath(path: string): string {
  return safePath(path.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent));
}
