import { join } from 'node:path';
import type { LoadedConfig } from '../config/index.ts';

/** Path of a data file of the settings' folder of mappings. */
export function mappingFile(loaded: LoadedConfig, name: string): string {
  return join(loaded.config.mappingsDir, name);
}
