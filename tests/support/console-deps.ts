import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { createIncidents } from '../../src/alerts/incidents.ts';
import type { LoadedConfig } from '../../src/config/index.ts';
import type { ConsoleDeps } from '../../src/console/deps.ts';
import { createBreakers } from '../../src/endpoints/breaker.ts';
import { createLog } from '../../src/log.ts';
import { answerLimits, createRestPlatform, loadPlatformMapping } from '../../src/platform/rest/index.ts';
import { loadCardMapping } from '../../src/sed/sev/card-mapping.ts';
import { createSevExchange } from '../../src/sed/sev/index.ts';
import { queryable } from '../../src/store/data-source.ts';
import { openSpool } from '../../src/store/spool.ts';

/** What the pages stand on, as the daemon puts it together, on these settings and this database. */
export async function consoleDeps(dataSource: DataSource, loaded: LoadedConfig): Promise<ConsoleDeps> {
  const { config } = loaded;
  const log = createLog('silent');
  const mapping = await loadPlatformMapping(join(config.mappingsDir, 'platform.yaml'));
  return {
    db: queryable(dataSource),
    dataSource,
    log,
    loaded,
    cabinets: () => loaded.cabinets,
    platform: createRestPlatform({
      baseUrl: config.platform.baseUrl,
      mapping,
      timeoutMs: config.platform.timeout,
      idleTimeoutMs: config.files.idleTimeout,
      tokenScope: config.platform.tokenScope,
    }),
    spool: await openSpool(config.spoolDir),
    breakers: createBreakers({ now: () => performance.now() }),
    incidents: createIncidents(log),
    answers: {
      limits: answerLimits(mapping),
      answerTypes: new Set(Object.keys(mapping.outgoing.answerTypes)),
    },
    finalStatuses: new Set(mapping.finalStatuses),
    statusTitles: mapping.statuses,
    sed: createSevExchange({
      channels: config.channels,
      mapping: await loadCardMapping(join(config.mappingsDir, 'card.yaml')),
    }),
    computeDeadline: () => undefined,
  };
}
