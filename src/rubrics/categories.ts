import { nameKey, pathKey } from './names.ts';
import type { Category, CategoryRef } from './types.ts';

/** The key of a category: ids where there are any, else the path. */
export function categoryKey(ref: CategoryRef): string {
  const { subjectId, subsubject, subsubjectId } = ref;
  if (subsubject === undefined) return subjectId ?? pathKey(ref);
  if (subsubjectId === undefined) return pathKey(ref);
  return `${subjectId ?? nameKey(ref.subject)}/${subsubjectId}`;
}

/** A path with its ids as a category, without members that have no value. */
export function toCategory(ref: CategoryRef, retired = false): Category {
  const { subject, subsubject, subjectId, subsubjectId } = ref;
  return {
    key: categoryKey(ref),
    subject,
    retired,
    ...(subjectId === undefined ? {} : { subjectId }),
    ...(subsubject === undefined ? {} : { subsubject }),
    ...(subsubjectId === undefined ? {} : { subsubjectId }),
  };
}

/** A list as it comes made whole: ids of categories told by other lines filled in, a line for each category itself. */
export interface CompleteList {
  readonly categories: readonly Category[];
  /** Places in the given list of those that say nothing new. */
  readonly repeated: readonly number[];
  /** Places of those whose id another line has given to another name; both are kept. */
  readonly sameId: readonly number[];
  /** Places of those whose category was spelled in another way before; the first spelling is kept. */
  readonly respelled: readonly number[];
}

/**
 * Makes categories of lines «category, sub-category»: a category is a category too, the same line twice is one, names
 * that differ by case or blanks are the same name, and nothing else is joined: same names with other ids stay apart.
 */
export function completeCategories(lines: readonly CategoryRef[]): CompleteList {
  const ids = idsOfSubjects(lines);
  const spelling = new Map<string, string>();
  const known = new Map<string, Category>();
  const withId = new Set(
    lines.filter(({ subsubjectId }) => subsubjectId !== undefined).map((line) => pathKey(line)),
  );
  /** One id of two names: the second goes under its path too, so that neither is lost. */
  function keep(category: Category): 'new' | 'known' | 'same-id' {
    const same = known.get(category.key);
    if (same === undefined) {
      known.set(category.key, category);
      return 'new';
    }
    if (pathKey(same) === pathKey(category)) return 'known';
    const key = `${category.key} ${pathKey(category)}`;
    if (known.has(key)) return 'known';
    known.set(key, { ...category, key });
    return 'same-id';
  }

  const repeated: number[] = [];
  const sameId: number[] = [];
  const respelled: number[] = [];
  lines.forEach((line, at) => {
    const subjectKey = nameKey(line.subject);
    const subjectId = line.subjectId ?? ids.get(subjectKey);
    const spelled = `${subjectKey}\n${subjectId ?? ''}`;
    const subject = spelling.get(spelled) ?? line.subject;
    if (subject !== line.subject) respelled.push(at);
    spelling.set(spelled, subject);
    const whole = { ...line, subject, ...(subjectId === undefined ? {} : { subjectId }) };
    const { subsubject: _sub, subsubjectId: _id, ...alone } = whole;
    const asParent = keep(toCategory(alone));
    if (asParent === 'same-id') sameId.push(at);
    if (whole.subsubject === undefined) {
      if (asParent === 'known') repeated.push(at);
      return;
    }
    const category = toCategory(whole);
    // The same path stands elsewhere with its id: this line only repeats the name.
    const isNamedElsewhere = category.subsubjectId === undefined && withId.has(pathKey(category));
    const asItself = isNamedElsewhere ? 'known' : keep(category);
    if (asItself === 'known') repeated.push(at);
    else if (asItself === 'same-id' && asParent !== 'same-id') sameId.push(at);
  });
  return { categories: [...known.values()], repeated, sameId, respelled };
}

/** The id of each category that has exactly one. */
function idsOfSubjects(lines: readonly CategoryRef[]): ReadonlyMap<string, string> {
  const ids = new Map<string, Set<string>>();
  for (const { subject, subjectId } of lines) {
    if (subjectId === undefined) continue;
    const key = nameKey(subject);
    ids.set(key, (ids.get(key) ?? new Set()).add(subjectId));
  }
  return new Map(
    [...ids].flatMap(([key, [first, ...more]]) =>
      first === undefined || more.length > 0 ? [] : [[key, first] as const],
    ),
  );
}
