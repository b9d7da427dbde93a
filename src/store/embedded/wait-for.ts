import { setTimeout as pause } from 'node:timers/promises';

/** Asks `condition` every 15 ms until it holds; `false` when `limitMs` passed first. */
export async function waitFor(condition: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= deadline) return false;
    await pause(15);
  }
}
