import type { DataSource } from 'typeorm';
import type { Queryable } from '../store/data-source.ts';
import { addApi } from './api/app.ts';
import { apiRoutes } from './api/index.ts';
import type { ConsoleDeps } from './deps.ts';
import { createMetrics, type MetricsDeps } from './metrics.ts';
import { consoleRoutes } from './pages/index.ts';
import { type ConsoleServer, type DaemonPhase, startConsole } from './server.ts';
import { addressList } from './web/addresses.ts';

export interface ConsoleParts extends ConsoleDeps {
  readonly db: Queryable;
  readonly dataSource: DataSource;
  readonly queue: MetricsDeps['queue'];
  phase(): DaemonPhase;
}

/** Largest uploaded file of a form, bytes: an answer's file is held in memory while it is taken. */
const MAX_UPLOAD = 64 * 1024 * 1024;

/**
 * Puts the console together from the daemon's parts and starts it: probes, pages, sign-in, API.
 * @throws Fault CONSOLE_UNAVAILABLE when its address cannot be listened on
 */
export async function openConsole({ queue, phase, ...deps }: ConsoleParts): Promise<ConsoleServer> {
  const { db, log, loaded, breakers } = deps;
  const settings = loaded.config.console;
  const isLocal = addressList(['127.0.0.0/8', '::1'])(settings.host) || settings.host === 'localhost';
  if (!isLocal && !settings.secure) {
    log.warn({ host: settings.host }, 'console listens beyond this machine without TLS');
  }
  const metrics = createMetrics({ db, queue, breakers, cabinets: () => deps.cabinets() });
  return await startConsole({
    host: settings.host,
    port: settings.port,
    trustProxy: settings.trustProxy,
    db,
    metrics,
    log,
    phase,
    web: {
      db,
      log,
      isSecure: settings.secure,
      routes: consoleRoutes(deps),
      ...(settings.headerSignIn === undefined ? {} : { headerSignIn: settings.headerSignIn }),
      ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
      maxUpload: MAX_UPLOAD,
      more: [
        (app, who) =>
          addApi(
            app,
            {
              db,
              log,
              routes: apiRoutes(deps),
              ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
            },
            who,
          ),
      ],
    },
  });
}
