import { setFlagsFromString } from 'node:v8';

/** How much the old generation may grow over what lived at the last full collection, per cent. */
const GROWTH_PERCENT = 40;

/**
 * Makes V8 collect the old generation early. Left to itself it sizes the heap by the machine's memory, and a daemon
 * whose live data take 50 MB holds 300 MB of garbage after a few thousand appeals. The young generation's limit can
 * only be given at the start: `--max-semi-space-size` in package.json, the unit and the image.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
