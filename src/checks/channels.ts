import type { CheckTask } from '../config/check.ts';
import type { LoadedConfig } from '../config/index.ts';
import { loadCardMapping } from '../sed/sev/card-mapping.ts';
import { createSevExchange } from '../sed/sev/index.ts';
import { mappingFile } from './mapping-file.ts';

/** Tries the rights on both folders of every channel. */
export async function channelChecks(loaded: LoadedConfig): Promise<CheckTask[]> {
  const mapping = await loadCardMapping(mappingFile(loaded, 'card.yaml')).catch(() => undefined);
  if (mapping === undefined) return [];
  const { channels } = loaded.config;
  const sed = createSevExchange({ channels, mapping });
  return channels.map(({ id }) => ({
    name: id,
    run: async () => {
      await sed.checkChannel(id);
      return undefined;
    },
  }));
}
