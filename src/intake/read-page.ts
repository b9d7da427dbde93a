import { runForCabinet } from '../endpoints/breaker.ts';
import type { FeedPage, FeedQuery } from '../platform/port.ts';
import type { IntakeDeps, PolledCabinet } from './intake.ts';

/**
 * Reads a page under the breakers of the platform and of the cabinet.
 * @throws Fault
 */
export async function readPage(
  deps: IntakeDeps,
  cabinet: PolledCabinet,
  query: FeedQuery,
  signal: AbortSignal,
): Promise<FeedPage> {
  return await runForCabinet(deps.breakers, cabinet.config.opaId, () =>
    deps.platform.readFeed(cabinet.access, query, signal),
  );
}
