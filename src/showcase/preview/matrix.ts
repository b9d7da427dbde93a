import type { Counts, PreviewFigures } from './figures.ts';

export interface Matrix {
  /** Municipalities, the one with most questions first, each with its cells in the order of `categories`. */
  readonly rows: readonly {
    readonly oktmo: string;
    readonly sum: Counts;
    readonly cells: readonly (Counts | undefined)[];
  }[];
  /** Ids of categories, the one with most questions first. */
  readonly categories: readonly { readonly subjectId: string; readonly sum: Counts }[];
  /** The largest cell, of each measure. */
  readonly largest: Counts;
}

const NOTHING: Counts = { total: 0, fresh: 0, repeated: 0, overdue: 0 };

/** Cells put into rows and columns, both by their sums. */
export function matrixOf({ cells }: Pick<PreviewFigures, 'cells'>): Matrix {
  const byCategory = sums(cells, ({ subjectId }) => subjectId);
  const byPlace = sums(cells, ({ oktmo }) => oktmo);
  const at = new Map(cells.map((cell) => [`${cell.oktmo} ${cell.subjectId}`, cell]));
  const categories = byCategory.map(([subjectId, sum]) => ({ subjectId, sum }));
  return {
    categories,
    rows: byPlace.map(([oktmo, sum]) => ({
      oktmo,
      sum,
      cells: categories.map(({ subjectId }) => at.get(`${oktmo} ${subjectId}`)),
    })),
    largest: cells.reduce((most, cell) => merged(most, cell, Math.max), NOTHING),
  };
}

function sums<T extends Counts>(list: readonly T[], keyOf: (one: T) => string): [string, Counts][] {
  const found = new Map<string, Counts>();
  for (const one of list) {
    const key = keyOf(one);
    found.set(
      key,
      merged(found.get(key) ?? NOTHING, one, (a, b) => a + b),
    );
  }
  return [...found].sort(([aKey, a], [bKey, b]) => b.total - a.total || aKey.localeCompare(bKey));
}

function merged(a: Counts, b: Counts, how: (a: number, b: number) => number): Counts {
  return {
    total: how(a.total, b.total),
    fresh: how(a.fresh, b.fresh),
    repeated: how(a.repeated, b.repeated),
    overdue: how(a.overdue, b.overdue),
  };
}

/** Steps of heat besides none. */
export const HEAT_STEPS = 5;

/** How warm a cell is, 0 for nothing to 5 for the largest; by the square root, so that small ones differ too. */
export function heatOf(value: number, largest: number): number {
  if (value <= 0 || largest <= 0) return 0;
  return Math.min(HEAT_STEPS, Math.max(1, Math.ceil(Math.sqrt(value / largest) * HEAT_STEPS)));
}
