import type { LoadedConfig } from '../config/index.ts';
import type { Platform, PlatformClassifier, PlatformReplies } from '../platform/port.ts';
import { createRestPlatform, type PlatformMapping } from '../platform/rest/index.ts';

/** The platform as the settings name it, for a command; it connects to nothing before it is asked something. */
export function openPlatform(
  loaded: LoadedConfig,
  mapping: PlatformMapping,
): Platform & PlatformReplies & PlatformClassifier {
  const { platform, files } = loaded.config;
  return createRestPlatform({
    baseUrl: platform.baseUrl,
    mapping,
    timeoutMs: platform.timeout,
    idleTimeoutMs: files.idleTimeout,
    tokenScope: platform.tokenScope,
  });
}

export { mappingFile } from '../checks/mapping-file.ts';
