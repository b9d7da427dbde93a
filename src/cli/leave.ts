/** A command whose work is done ends by itself; one that something still holds ends after this, ms. */
const LEAVE_MS = 3000;

/**
 * Ends the process soon, with the exit code set by then: a call on a dead network folder, for one, would hold it for
 * ever though everything is said.
 */
export function endSoon(): void {
  setTimeout(() => process.exit(), LEAVE_MS).unref();
}

/** By convention: 128 and the number of the signal. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Makes an interrupted command leave by `process.exit`, not by death: an embedded database that it started for the
 * while is then stopped too.
 */
export function exitOnSignals(): void {
  for (const [signal, code] of Object.entries(EXIT_CODES)) process.once(signal, () => process.exit(code));
}
