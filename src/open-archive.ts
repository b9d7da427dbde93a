import type { Archive } from './config/index.ts';
import { createDeloArchive, type DeloArchive, type DeloMapping } from './sed/delo/index.ts';

/** An archive as the settings name it; it connects to nothing before it is asked something. */
export function openArchive(
  { baseUrl, access, timeZone, timeout, pageSize }: Archive,
  mapping: DeloMapping,
  log?: { warn(fields: Record<string, unknown>, text: string): void },
): DeloArchive {
  return createDeloArchive({
    baseUrl,
    access,
    mapping,
    timeZone,
    timeoutMs: timeout,
    pageSize,
    ...(log !== undefined && { log }),
  });
}
