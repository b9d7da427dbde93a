import { Fault } from '../model/errors.ts';
import type { FeedPage, FeedQuery } from '../platform/port.ts';
import type { IntakeDeps, PolledCabinet } from './intake.ts';

/**
 * Reads a page under the platform's breaker. A page that cannot be understood is its cabinet's own trouble: the
 * platform did answer, so the other cabinets are not held back for it.
 * @throws Fault
 */
export async function readPage(
  deps: IntakeDeps,
  cabinet: PolledCabinet,
  query: FeedQuery,
  signal: AbortSignal,
): Promise<FeedPage> {
  const answer = await deps.breakers.run('platform', async () => {
    try {
      return await deps.platform.readFeed(cabinet.access, query, signal);
    } catch (error) {
      if (error instanceof Fault && error.code === 'PLATFORM_BAD_ANSWER') return error;
      throw error;
    }
  });
  if (answer instanceof Fault) throw answer;
  return answer;
}
