/** A value that may take long to work out, and when it was. */
export interface Known<T> {
  readonly value: T;
  readonly at: Date;
}

export interface Slow<T> {
  /** The newest value that is there within `waitMs`: fresh, or else the last one; undefined when there is none yet. */
  read(key: string, waitMs: number): Promise<Known<T> | undefined>;
  /** What was known of a key may be wrong by now. */
  forget(key: string): void;
}

/** A value is worked out again after so many times of what it cost: then it is asked of the database seldom enough. */
const REST = 20;
/** What takes no longer than this is asked each time, ms. */
const QUICK_MS = 100;
/** And no later than this. */
const LONGEST_MS = 10 * 60_000;

interface Entry<T> {
  known?: Known<T>;
  freshUntil: number;
  running?: Promise<void>;
}

/**
 * Makes counts of big tables bearable: a page waits a moment for them and otherwise shows what is known, while they are
 * worked out once for all who ask. One that fails within the wait throws; later it is tried anew.
 */
export function createSlow<T>(load: (key: string) => Promise<T>): Slow<T> {
  const entries = new Map<string, Entry<T>>();

  function start(key: string, entry: Entry<T>): Promise<void> {
    entry.running ??= run(key, entry).finally(() => {
      delete entry.running;
    });
    return entry.running;
  }

  async function run(key: string, entry: Entry<T>): Promise<void> {
    const began = performance.now();
    const value = await load(key);
    entry.known = { value, at: new Date() };
    const took = performance.now() - began;
    entry.freshUntil = took <= QUICK_MS ? 0 : performance.now() + Math.min(LONGEST_MS, REST * took);
  }

  return {
    async read(key, waitMs) {
      const entry = entries.get(key) ?? { freshUntil: 0 };
      entries.set(key, entry);
      if (performance.now() < entry.freshUntil) return entry.known;
      const running = start(key, entry);
      // It may fail after nobody waits any more.
      running.catch(() => undefined);
      await within(running, waitMs);
      return entry.known;
    },
    forget(key) {
      entries.delete(key);
    },
  };
}

async function within(work: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  try {
    await Promise.race([work, patience]);
  } finally {
    clearTimeout(timer);
  }
}
