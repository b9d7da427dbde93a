import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { holdBreakerIncidents } from './alerts/breaker-changes.ts';
import { sendAdminDigest } from './alerts/digest/index.ts';
import { alertRules } from './alerts/incident/mail-rules.ts';
import { tellIncidents } from './alerts/incident/mails.ts';
import { reconcileIncidents, reconcileRecords } from './alerts/incident/reconcile.ts';
import { workResends } from './alerts/incident/resend-steps.ts';
import { settleResent } from './alerts/incident/settle-resent.ts';
import type { Incidents } from './alerts/incidents.ts';
import type { Cabinet, LoadedConfig } from './config/index.ts';
import type { Breakers } from './endpoints/breaker.ts';
import type { DaemonQueue } from './queue/queue.ts';
import { cronOf } from './start-showcases.ts';
import type { Queryable } from './store/data-source.ts';

export interface AlertParts {
  readonly loaded: LoadedConfig;
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly queue: DaemonQueue;
  readonly incidents: Incidents;
  readonly breakers: Pick<Breakers, 'states'>;
  readonly log: Logger;
  /** Statuses of the platform after which nobody waits for an answer. */
  readonly finalStatuses: ReadonlySet<string>;
  readonly signal: AbortSignal;
  cabinets(): readonly Cabinet[];
  tick(what: string, everyMs: number, action: () => Promise<unknown>): void;
}

const MAIL_MS = 3000;
const RESEND_MS = 1000;
const SETTLE_MS = 3000;
const RECONCILE_MS = 20_000;
const RECORDS_MS = 60_000;

/** Starts what keeps incidents true, writes of them, sends groups again, and the administrators' daily digest. */
export async function startAlerts(parts: AlertParts): Promise<void> {
  const { loaded, dataSource, db, tick, signal } = parts;
  const { publicUrl } = loaded.config.console;
  const world = () => ({ cabinets: parts.cabinets(), showcases: loaded.config.showcases });
  tick('incidents', RECONCILE_MS, () => reconcileIncidents(parts));
  tick('incident-breakers', RECONCILE_MS, () => holdBreakerIncidents(parts));
  tick('incident-records', RECORDS_MS, () => reconcileRecords(parts));
  tick('incident-resends', RESEND_MS, () => workResends(dataSource, db, world(), signal));
  tick('incident-resent', SETTLE_MS, () => settleResent(db));
  tick('incident-mails', MAIL_MS, () =>
    tellIncidents({
      dataSource,
      log: parts.log,
      rules: () => alertRules(loaded.config),
      world,
      now: () => new Date(),
      ...(publicUrl === undefined ? {} : { publicUrl }),
    }),
  );
  await startDigest(parts);
}

/** By the queue's clock: once in a cluster, and later when nobody was there at its time. */
async function startDigest({ loaded, queue, db, log, cabinets, finalStatuses }: AlertParts): Promise<void> {
  const { smtp, alerts } = loaded.config;
  if (smtp === undefined || !alerts.digest) return await queue.dropSchedules('admin-digest');
  const digests = await queue.timed('admin-digest');
  const deps = { db, log, loaded, cabinets, finalStatuses, now: () => new Date() };
  await digests.work(async () => {
    await sendAdminDigest(deps);
  });
  await digests.schedule([{ key: 'admin', cron: cronOf(alerts.digestAt), timeZone: alerts.timeZone }]);
}
