import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { tellBreakerChange } from './alerts/breaker-changes.ts';
import { createIncidents } from './alerts/incidents.ts';
import type { Cabinet, LoadedConfig } from './config/index.ts';
import { openConsole } from './console/compose.ts';
import type { DaemonPhase } from './console/server.ts';
import { createDryRun } from './dry/dry-run.ts';
import { guardPlatform, guardSed, guardShowcase } from './dry/guard.ts';
import { settleDryMarks } from './dry/marks.ts';
import { createBreakers } from './endpoints/breaker.ts';
import { followSettings, settleSettings } from './follow-settings.ts';
import { type PolledCabinet, runIntake } from './intake/intake.ts';
import type { Appeal } from './model/appeal.ts';
import { Fault, toFault } from './model/errors.ts';
import { answerLimits, createRestPlatform, loadPlatformMapping } from './platform/rest/index.ts';
import { openQueue } from './queue/queue.ts';
import { dueForgotten, ringDue } from './registration/bell.ts';
import { readChannel } from './registration/channel-reader.ts';
import type { RegistrationDeps } from './registration/deps.ts';
import { fetchLargeFile } from './registration/files.ts';
import { createSink } from './registration/sed-events.ts';
import { markTaken, watchSilence } from './registration/silence.ts';
import { workAppeals } from './registration/work.ts';
import { writePartnerReports } from './replies/partner.ts';
import { openReplyRules } from './replies/rules-in-force.ts';
import { watchReplies } from './replies/watch.ts';
import { createReplies } from './replies/work.ts';
import { loadCardMapping } from './sed/sev/card-mapping.ts';
import { createSevExchange } from './sed/sev/index.ts';
import { createShutdown, type Shutdown } from './shutdown.ts';
import { startAlerts } from './start-alerts.ts';
import { startMail } from './start-mail.ts';
import { showsPlatformBorn, startShowcases } from './start-showcases.ts';
import { startWriteBack } from './start-write-back.ts';
import { checkClusterMarker } from './store/cluster-marker.ts';
import { openDatabase, queryable } from './store/data-source.ts';
import { startEmbedded } from './store/embedded/index.ts';
import { runMigrations } from './store/migrate.ts';
import { migrations } from './store/migrations/index.ts';
import { openSpool } from './store/spool.ts';
import { computeDeadline, dayInZone, loadTerms, type Terms, workingDaysElapsed } from './terms/index.ts';
import { repeatEvery, tellTick } from './ticks.ts';

export interface Daemon {
  /** Address of the console. */
  readonly url: string;
  /** No new work; what runs may finish for 20 s, then it is cut; safe to call again. */
  stop(): Promise<void>;
}

/** How long running work may take to finish at a stop, ms. */
const GRACE_MS = 20_000;
/** What is cut at its end gets this long to notice, ms. */
const CUT_MS = 3000;
const BELL_MS = 1000;
const SILENCE_MS = 30_000;
const HOUR_MS = 3_600_000;

export interface DaemonOptions {
  /** Aborted while the start is under way, the start is given up and undone: Fault STOPPED. */
  readonly signal?: AbortSignal;
  /** Nothing leaves for any cabinet, whatever its mode: what would be sent is written to `dryDir`. */
  readonly dry?: boolean;
}

/**
 * Composes and starts the whole: store, queue, console, readers, workers, intake; stops in the reverse order.
 * Throws a Fault that says what to do when something without which it cannot work is missing; then nothing of it
 * is left running.
 */
export async function startDaemon(
  loaded: LoadedConfig,
  log: Logger,
  { signal, dry: allDry = false }: DaemonOptions = {},
): Promise<Daemon> {
  const { config } = loaded;
  const shutdown = createShutdown(log);
  const stopping = new AbortController();
  const running: Promise<unknown>[] = [];
  let phase: DaemonPhase = 'starting';
  let cabinets = loaded.cabinets;
  const owner = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

  async function stop(): Promise<void> {
    phase = 'stopping';
    stopping.abort();
    await shutdown.run();
  }

  try {
    const mapping = await loadPlatformMapping(join(config.mappingsDir, 'platform.yaml'));
    const terms = await loadTerms(config.mappingsDir);
    const isDry = (opaId: string) =>
      allDry || cabinets.find((cabinet) => cabinet.opaId === opaId)?.mode === 'dry';
    const openSed = createSevExchange({
      channels: config.channels,
      mapping: await loadCardMapping(join(config.mappingsDir, 'card.yaml')),
      quarantineAfterMs: config.sed.quarantineAfter,
      maxMessageBytes: config.sed.maxMessageBytes,
      showsPlatformBorn: (opaId) => showsPlatformBorn(loaded, opaId),
    });
    const sed = guardSed(openSed, isDry);
    refuseStopped(signal);
    const databaseUrl = await openStore(loaded, log, shutdown);
    refuseStopped(signal);
    const dataSource = await openDatabase({
      url: databaseUrl,
      poolSize: config.database.poolSize,
      log,
      migrations,
    });
    shutdown.push('database', () => dataSource.destroy());
    await runMigrations(dataSource, { log, ...(signal === undefined ? {} : { signal }) });
    const db = queryable(dataSource);
    const spool = await openSpool(config.spoolDir);
    await checkClusterMarker(db, config.spoolDir);
    refuseStopped(signal);

    const incidents = createIncidents(log);
    const openPlatform = createRestPlatform({
      baseUrl: config.platform.baseUrl,
      mapping,
      timeoutMs: config.platform.timeout,
      idleTimeoutMs: config.files.idleTimeout,
      tokenScope: config.platform.tokenScope,
    });
    const platform = guardPlatform(openPlatform, isDry);
    shutdown.push('platform', () => platform.close());
    const queue = await openQueue({ connectionString: databaseUrl, log });
    const stopQueue = () => queue.stop(GRACE_MS);
    shutdown.push('queue', stopQueue, GRACE_MS + CUT_MS);
    const breakers = createBreakers({
      now: () => performance.now(),
      onChange: (change) =>
        void tellBreakerChange({ db, incidents, log }, change).catch((error: unknown) =>
          log.error({ endpoint: change.endpoint, err: error }, 'breaker change not stored'),
        ),
    });

    const findCabinet = (opaId: string) => {
      const found = cabinets.find((cabinet) => cabinet.opaId === opaId);
      return found === undefined ? undefined : asPolled(found);
    };
    const retry = {
      base: config.retry.base,
      factor: config.retry.factor,
      cap: config.retry.cap,
      windowMs: config.retry.window,
    };
    const shared = {
      dataSource,
      db,
      platform,
      spool,
      breakers,
      incidents,
      log,
      owner,
      retry,
      random: Math.random,
    };
    const inForce = await openReplyRules(join(config.mappingsDir, 'statuses.yaml'));
    const { rules } = inForce;
    const limits = answerLimits(mapping);
    const finalStatuses = new Set(mapping.finalStatuses);
    const computeTerm: RegistrationDeps['computeDeadline'] = (cabinet, appeal, fallback) =>
      deadlineOf(terms, cabinet, appeal, fallback);
    const dry = createDryRun({
      dir: config.dryDir,
      db,
      platform,
      sed,
      spool,
      log,
      rules,
      limits,
      computeDeadline: computeTerm,
      covers: isDry,
    });
    const replies = createReplies({
      ...shared,
      dry,
      rules,
      limits,
      settleAfterMs: config.platform.settleAfter,
      cabinet: findCabinet,
    });
    const registration: RegistrationDeps = {
      replies,
      ...shared,
      dry,
      queue,
      sed,
      waitForFilesMs: config.registration.waitForFiles,
      files: {
        maxBytes: config.files.maxBytes,
        allowedExtensions: new Set(config.files.allowedExtensions),
        timeoutMs: config.files.timeout,
      },
      cabinet: findCabinet,
      computeDeadline: computeTerm,
      now: () => Date.now(),
    };

    const settings = { db, incidents, platform, breakers, log, signal: stopping.signal };
    await settleSettings(settings, cabinets, config);
    const opaIdsOf = (dry: boolean) =>
      cabinets.filter(({ opaId }) => isDry(opaId) === dry).map(({ opaId }) => opaId);
    const dryCabinets = () => opaIdsOf(true);
    const markDry = () => settleDryMarks(dataSource, { dry: opaIdsOf(true), live: opaIdsOf(false) });
    await markDry();

    const web = await openConsole({
      ...shared,
      // The door of dry runs is before it; the classifier is only read.
      platform: { ...platform, readClassifier: openPlatform.readClassifier },
      loaded,
      cabinets: () => cabinets,
      answers: { limits, answerTypes: new Set(Object.keys(mapping.outgoing.answerTypes)) },
      finalStatuses,
      statusTitles: mapping.statuses,
      sed,
      computeDeadline: computeTerm,
      queue,
      phase: () => phase,
    });
    // The console stays to the end: while the rest is stopping it says so to whoever asks.
    shutdown.push('console', () => web.close());
    shutdown.push('work', () => Promise.all([stopQueue(), Promise.allSettled(running)]), GRACE_MS + CUT_MS);
    refuseStopped(signal);

    const sink = createSink(registration);
    for (const channel of config.channels) {
      const reading = { sweepMs: config.sed.sweepInterval, signal: stopping.signal };
      running.push(readChannel(registration, databaseUrl, channel.id, sink, reading));
    }
    await queue.workAppeals(config.registration.concurrency, (jobs) => workAppeals(registration, jobs));
    await queue.workFiles(config.files.concurrency, (job) =>
      fetchLargeFile(registration, job.data, job.signal),
    );
    const tick = (what: string, everyMs: number, action: () => Promise<unknown>) =>
      running.push(repeatEvery(everyMs, stopping.signal, action, tellTick(log, what)));
    tick('bell', BELL_MS, () => ringDue(dataSource, queue));
    tick('replies', HOUR_MS, () => watchReplies({ db, incidents }, cabinets));
    tick('forgotten', SILENCE_MS, () => dueForgotten(db));
    tick('silence', SILENCE_MS, () =>
      watchSilence(
        registration,
        config.channels.map((channel) => channel.id),
        cabinets,
        {
          notTakenAfterMs: config.registration.notTakenAfter,
          notRegisteredAfterDays: config.registration.notRegisteredAfterDays,
          workingDaysElapsed: (from, now, zone) => workingDaysElapsed(terms.calendar, from, now, zone),
        },
      ),
    );
    for (const channel of config.channels) {
      tick('taken', config.sed.sweepInterval, () => markTaken(registration, channel.id));
      // Of a cabinet that left the settings nothing tells whether it was dry: `--dry` writes no report at all.
      if (allDry) continue;
      const partner = { ...shared, sed, cabinet: findCabinet, heldCabinets: dryCabinets };
      // One tick a channel: a hung share stops only itself.
      tick('partner-reports', BELL_MS, () => writePartnerReports(partner, channel, stopping.signal));
    }
    const clocked = { ...shared, loaded, signal: stopping.signal, tick };
    startMail(clocked);
    await startAlerts({ ...clocked, queue, finalStatuses, cabinets: () => cabinets });
    await startShowcases({
      ...clocked,
      queue,
      platform: { ...platform, ...guardShowcase(openPlatform, isDry) },
      terms,
      isDry,
      findCabinet,
    });
    await startWriteBack({
      ...clocked,
      rules,
      cabinets: () => cabinets,
      isDry,
      cabinet: findCabinet,
      hold: (work) => running.push(work),
    });
    tick('spool-sweep', HOUR_MS, () => spool.sweep(24 * HOUR_MS, Date.now()));

    running.push(inForce.follow(settings));
    running.push(
      followSettings(settings, loaded, (now) => {
        cabinets = now;
        markDry().catch((error: unknown) => log.error({ err: error }, 'dry cabinets not stored'));
      }),
    );
    running.push(
      runIntake(
        {
          dataSource,
          db,
          queue,
          platform,
          breakers,
          incidents,
          log,
          owner,
          pageSize: config.platform.pageSize,
          concurrency: config.intake.concurrency,
          statuses: {
            cardStatuses: new Set(mapping.cardStatuses),
            finalStatuses,
          },
          cabinets: () => cabinets.map(asPolled),
          now: () => Date.now(),
          random: Math.random,
        },
        stopping.signal,
      ),
    );
    refuseStopped(signal);
    phase = 'working';
    log.info(
      {
        url: web.url,
        cabinets: cabinets.length,
        channels: config.channels.length,
        dry: dryCabinets().length,
      },
      'daemon started',
    );
    return { url: web.url, stop };
  } catch (error) {
    await stop();
    throw toFault(error);
  }
}

/** A stop asked for while the start is under way; looked at between its longer steps. */
function refuseStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Fault('STOPPED');
}

/** The database of DATABASE_URL, else the embedded one of the state directory. */
async function openStore(loaded: LoadedConfig, log: Logger, shutdown: Shutdown): Promise<string> {
  const url = await loaded.secrets.databaseUrl();
  if (url !== undefined) return url;
  const embedded = await startEmbedded({ stateDir: loaded.config.stateDir, log });
  // It ends by force after less than a minute; left behind, it would go on without us.
  shutdown.push('embedded database', () => embedded.stop(), 60_000);
  return embedded.url;
}

function asPolled(cabinet: Cabinet): PolledCabinet {
  return { config: cabinet, access: cabinet.access };
}

function deadlineOf(terms: Terms, { config }: PolledCabinet, appeal: Appeal, fallback: Date): string {
  const received = appeal.receivedAt ?? appeal.createdAt ?? fallback;
  return computeDeadline(terms, {
    registeredOn: dayInZone(received, config.timeZone),
    kind: appeal.kind,
    fastTrack: appeal.fastTrack,
    category: appeal.category,
    subcategory: appeal.subcategory,
    ...(config.region === undefined ? {} : { region: config.region }),
  });
}
