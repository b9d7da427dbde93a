/** The known word that `word` was probably meant to be (case and underscores ignored), or undefined. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const ranked = known
    .map((name) => ({ name, distance: editDistance(wanted, plain(name)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.name;
}

/** « — возможно, вы имели в виду «X»» or an empty string: the tail of a message about an unknown name. */
export function didYouMean(word: string, known: readonly string[]): string {
  const found = suggest(word, known);
  return found === undefined ? '' : `; возможно, вы имели в виду «${found}»`;
}

/** Edits (a character put in, left out, changed, or two neighbours swapped) that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  const at = (i: number, j: number) => rows[i]?.[j] ?? i + j;
  for (let i = 0; i <= a.length; i += 1) {
    const row: number[] = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      if (i === 0) {
        row.push(j);
        continue;
      }
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(change, at(i - 1, j) + 1, at(i, j - 1) + 1, swapped ? at(i - 2, j - 2) + 1 : Infinity),
      );
    }
  }
  return at(a.length, b.length);
}

/** Spelling without case, underscores and dashes: `BASE_URL`, `base-url` and `baseUrl` are one name. */
export function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}
