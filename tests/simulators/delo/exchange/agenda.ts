/** Things to do later, under one timer however many there are. */
export interface Agenda {
  /** Runs the task after so many milliseconds; tasks of one moment keep their order. */
  after(milliseconds: number, task: () => void): void;
  /** How many tasks wait. */
  readonly size: number;
  /** Forgets everything that waits. */
  clear(): void;
}

interface Entry {
  readonly due: number;
  readonly task: () => void;
}

/** Place of the first entry that is due later, by halving. */
function placeOf(entries: readonly Entry[], due: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.due ?? Number.POSITIVE_INFINITY) <= due) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An empty agenda. Its timer does not keep the process alive. */
export function createAgenda(): Agenda {
  const entries: Entry[] = [];
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    clearTimeout(timer);
    const first = entries[0];
    if (first === undefined) return;
    timer = setTimeout(run, Math.max(0, first.due - performance.now()));
    timer.unref();
  }

  function run(): void {
    const due = entries.splice(0, placeOf(entries, performance.now()));
    for (const { task } of due) task();
    arm();
  }

  return {
    after(milliseconds, task) {
      const due = performance.now() + milliseconds;
      const place = placeOf(entries, due);
      entries.splice(place, 0, { due, task });
      if (place === 0) arm();
    },
    get size() {
      return entries.length;
    },
    clear() {
      clearTimeout(timer);
      entries.length = 0;
    },
  };
}
