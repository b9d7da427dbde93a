/**
 * Makes many callers share one run of a slow action that serves them all, such as the fsync of a folder:
 * a call that comes while a run is on waits for the next one, for the run may have passed its work already.
 */
export function createSharedRun(action: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const states = new Map<string, { running: Promise<void>; next?: Promise<void> }>();

  return function run(key) {
    const state = states.get(key);
    if (state === undefined) return start(key);
    state.next ??= state.running.then(
      () => start(key),
      () => start(key),
    );
    return state.next;
  };

  function start(key: string): Promise<void> {
    const running = action(key);
    const state = { running };
    states.set(key, state);
    const forget = () => {
      if (states.get(key) === state && !('next' in state)) states.delete(key);
    };
    running.then(forget, forget);
    return running;
  }
}
