/** The wishes of the one who runs the demo. */
export interface Wishes {
  /** Ctrl-C, a kill, a closed terminal, nobody reading the output: leave in order. */
  readonly leave: AbortSignal;
  /** The same again: leave at once. */
  readonly hurry: AbortSignal;
  ignore(): void;
}

/** Listens to signals and to the output's other end. */
export function listenToWishes(): Wishes {
  const leave = new AbortController();
  const hurry = new AbortController();
  function onWish(): void {
    if (leave.signal.aborted) hurry.abort();
    else leave.abort();
  }
  // A pipe that nobody reads fails at every line, and must not end the process before its cleaning.
  const onBrokenPipe = () => leave.abort();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, onWish);
  process.stdout.on('error', onBrokenPipe);
  process.stderr.on('error', onBrokenPipe);
  return {
    leave: leave.signal,
    hurry: hurry.signal,
    ignore() {
      for (const name of names) process.off(name, onWish);
    },
  };
}
