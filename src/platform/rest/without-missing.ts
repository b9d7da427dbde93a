/** The same object without its undefined members, as exact optional types want it. */
export function withoutMissing<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Partial<T> = {};
  for (const key of Object.keys(value) as (keyof T)[]) {
    if (value[key] !== undefined) kept[key] = value[key];
  }
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> };
}
