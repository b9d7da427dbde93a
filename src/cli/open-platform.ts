import { join } from 'node:path';
import type { LoadedConfig } from '../config/index.ts';
import type { Platform, PlatformReplies } from '../platform/port.ts';
import { createRestPlatform, type PlatformMapping } from '../platform/rest/index.ts';

/** The platform as the settings name it, for a command; it connects to nothing before it is asked something. */
export function openPlatform(loaded: LoadedConfig, mapping: PlatformMapping): Platform & PlatformReplies {
  const { platform, files } = loaded.config;
  return createRestPlatform({
    baseUrl: platform.baseUrl,
    mapping,
    timeoutMs: platform.timeout,
    idleTimeoutMs: files.idleTimeout,
    tokenScope: platform.tokenScope,
  });
}

/** Path of a data file of the settings' folder of mappings. */
export function mappingFile(loaded: LoadedConfig, name: string): string {
  return join(loaded.config.mappingsDir, name);
}
