import type { HistoryEntry } from './types.ts';

const LISTS = new Set(['content', 'attachments', 'customFieldValues', 'history', 'fileIds', 'errors']);

/** The habit of the platform that lists of one come as the bare element, wherever a list stands. */
export function bareLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bareLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const plain = bareLists(inner);
      return [key, LISTS.has(key) && Array.isArray(plain) && plain.length === 1 ? plain[0] : plain];
    }),
  );
}

/** A history entry without what only pages and tests see. */
export function wireHistory(entry: HistoryEntry): Omit<HistoryEntry, 'internal'> {
  const { internal: _internal, ...sent } = entry;
  return sent;
}

/** A posId of a path; -1, which no appeal has, when it is no number. */
export function posIdOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
