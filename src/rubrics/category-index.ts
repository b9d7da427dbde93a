import { nameKey, pathKey } from './names.ts';
import type { Category, CategoryRef } from './types.ts';

export type Resolution =
  /** `others`: the path alone stands for these too; the rule should name an id. */
  | { readonly category: Category; readonly others: readonly Category[] }
  | { readonly missing: 'unknown' | 'retired' | 'no-id'; readonly category?: Category };

/** The categories of one import by their ids and paths. */
export interface CategoryIndex {
  /** What a rule means in this classifier: by its ids, and by its path where it has none or they are gone. */
  resolve(ref: CategoryRef): Resolution;
  /** What a person means: key, id of a sub-category, id of a category, or path; several when it is not clear. */
  find(text: string): readonly Category[];
}

/** Makes an index; pure. */
export function indexCategories(categories: readonly Category[]): CategoryIndex {
  const byKey = new Map(categories.map((category) => [category.key, category]));
  const bySubject = new Map<string, Category[]>();
  const bySubsubject = new Map<string, Category[]>();
  const byPath = new Map<string, Category[]>();
  for (const category of categories) {
    put(byPath, pathKey(category), category);
    if (category.subsubjectId !== undefined) put(bySubsubject, category.subsubjectId, category);
    else if (category.subsubject === undefined && category.subjectId !== undefined) {
      put(bySubject, category.subjectId, category);
    }
  }

  function candidates(ref: CategoryRef): readonly Category[] {
    const byId = withIds(ref);
    const living = byId.filter((category) => !category.retired);
    if (living.length > 0) return living;
    const named = byPath.get(pathKey(ref)) ?? [];
    return named.length > 0 ? named : byId;
  }

  function withIds({ subjectId, subsubjectId, subsubject }: CategoryRef): readonly Category[] {
    if (subsubjectId !== undefined) {
      const found = bySubsubject.get(subsubjectId) ?? [];
      return subjectId === undefined ? found : found.filter((category) => fits(category, subjectId));
    }
    return subjectId === undefined || subsubject !== undefined ? [] : (bySubject.get(subjectId) ?? []);
  }

  return {
    resolve(ref) {
      const found = candidates(ref);
      const living = found.filter((category) => !category.retired);
      const usable = living.filter(hasIds).sort(byKeyOrder);
      const [category, ...others] = usable;
      if (category !== undefined) return { category, others };
      const [first] = living.length > 0 ? living : found;
      if (first === undefined) return { missing: 'unknown' };
      return { missing: first.retired ? 'retired' : 'no-id', category: first };
    },
    find(text) {
      const asKey = byKey.get(text.trim());
      if (asKey !== undefined) return [asKey];
      const living = (found: readonly Category[] | undefined) =>
        (found ?? []).filter((category) => !category.retired);
      const bySub = living(bySubsubject.get(text.trim()));
      if (bySub.length > 0) return bySub;
      const byCategory = living(bySubject.get(text.trim()));
      return byCategory.length > 0 ? byCategory : living(byPath.get(nameKey(text)));
    },
  };
}

/** Whether the platform can be told this category: its id, and that of the sub-category if it is one. */
export function hasIds(category: CategoryRef): boolean {
  if (category.subjectId === undefined) return false;
  return category.subsubject === undefined || category.subsubjectId !== undefined;
}

function fits(category: Category, subjectId: string): boolean {
  return category.subjectId === undefined || category.subjectId === subjectId;
}

function byKeyOrder(a: Category, b: Category): number {
  return a.key < b.key ? -1 : 1;
}

function put<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
