/** A bell that one waiter listens to; a ring while nobody waits is kept. */
export interface Bell {
  ring(): void;
  /** Resolves true at a ring, false after `ms` or when the signal is aborted. */
  wait(ms: number): Promise<boolean>;
  /** Resolves when nothing has rung for `ms`, at most ten times that long, or on abort. */
  quiet(ms: number): Promise<void>;
}

export function createBell(signal: AbortSignal): Bell {
  let rung = false;
  let wake: (() => void) | undefined;

  function wait(ms: number): Promise<boolean> {
    if (rung || signal.aborted) {
      rung = false;
      return Promise.resolve(!signal.aborted);
    }
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        wake = undefined;
        resolve(rung);
        rung = false;
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end, { once: true });
      wake = end;
    });
  }

  return {
    ring: () => {
      rung = true;
      wake?.();
    },
    wait,
    quiet: async (ms) => {
      for (let round = 0; round < 10; round += 1) {
        if (!(await wait(ms))) return;
      }
    },
  };
}
