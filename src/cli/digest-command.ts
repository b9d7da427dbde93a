import { type DigestDeps, makeDigest, sendAdminDigest } from '../alerts/digest/index.ts';
import type { LoadedConfig } from '../config/index.ts';
import { Fault } from '../model/errors.ts';
import { loadPlatformMapping } from '../platform/rest/index.ts';
import type { Queryable } from '../store/data-source.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { mappingFile } from './open-platform.ts';

export interface DigestFlags extends JsonFlag {
  readonly send?: boolean;
  readonly print?: boolean;
}

/**
 * `posrednik digest`: the digest of now; exit code 1 when a section failed.
 * @throws Fault COMMAND_INVALID for both flags at once, or when there is nobody to send to
 */
export async function digestCommand(
  options: GlobalOptions,
  { send, print, json }: DigestFlags,
): Promise<void> {
  if (send === true && print === true) throw invalid('назовите --send или --print, одно из двух');
  const loaded = await loadForCommand(options);
  if (send === true) {
    const sent = await withTables(loaded, commandLog(), async (db) =>
      sendAdminDigest(await depsOf(loaded, db), { again: true }),
    );
    if (!sent) throw invalid('писать некому: в настройках нет раздела smtp');
    printResult(json, { stored: true }, [
      'Сводка поставлена в очередь писем; работающий посредник отправит её.',
    ]);
    return;
  }
  const { text, filled, failed } = await withTables(loaded, commandLog(), async (db) =>
    makeDigest(await depsOf(loaded, db)),
  );
  printResult(json, { text, filled, failed }, [text.trimEnd()]);
  if (failed > 0) process.exitCode = 1;
}

async function depsOf(loaded: LoadedConfig, db: Queryable): Promise<DigestDeps> {
  const mapping = await loadPlatformMapping(mappingFile(loaded, 'platform.yaml'));
  return {
    db,
    log: commandLog(),
    loaded,
    cabinets: () => loaded.cabinets,
    finalStatuses: new Set(mapping.finalStatuses),
    now: () => new Date(),
  };
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
