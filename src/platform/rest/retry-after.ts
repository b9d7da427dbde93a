const FLOOR_MS = 1000;

/**
 * Milliseconds to wait by a `Retry-After` header: whole seconds or an HTTP date (RFC 9110, 10.2.3), held between one
 * second and `maxMs`. A date is read against the answer's own `Date` header, for clocks are never compared across
 * machines; `now` serves only when there is none. Nonsense gives undefined.
 */
export function parseRetryAfter(
  header: unknown,
  maxMs: number,
  dateHeader: unknown,
  now: number,
): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  if (/^\d{1,12}$/.test(text)) return clamp(Number(text) * 1000, maxMs);
  // Date.parse alone would take «-5» or «1.5» for a year or a month.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const until = Date.parse(text);
  if (Number.isNaN(until)) return undefined;
  const said = typeof dateHeader === 'string' ? Date.parse(dateHeader) : Number.NaN;
  return clamp(until - (Number.isNaN(said) ? now : said), maxMs);
}

function clamp(ms: number, maxMs: number): number {
  return Math.min(Math.max(ms, FLOOR_MS), Math.max(maxMs, FLOOR_MS));
}
