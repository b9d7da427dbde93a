import { isRecord } from './env.ts';
import { type ConfigProblem, formatProblem } from './problems.ts';

/** Makes a problem at a path inside one entry of a list. */
export type Report = (path: readonly PropertyKey[], message: string) => ConfigProblem;
/** One written value and how to complain of it. */
export interface Place {
  readonly value: unknown;
  at(message: string): ConfigProblem;
}
/** The value of a key of an entry. */
export function place(data: unknown, key: string, report: Report): Place {
  return { value: isRecord(data) ? data[key] : undefined, at: (message) => report([key], message) };
}

/** A problem for each value that an earlier place has already. */
export function doubled(what: string, places: readonly Place[]): ConfigProblem[] {
  const first = new Map<string, Place>();
  return places.flatMap((entry) => {
    const { value } = entry;
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    const earlier = first.get(String(value));
    if (earlier === undefined) {
      first.set(String(value), entry);
      return [];
    }
    const where = formatProblem({ ...earlier.at(''), message: '' }).replace(/: $/, '');
    return [entry.at(`${what} «${value}» уже занят: ${where}; у каждого он свой`)];
  });
}
