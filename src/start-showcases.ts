import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from './alerts/incidents.ts';
import type { LoadedConfig } from './config/index.ts';
import { openDryFolder } from './dry/folder.ts';
import type { BackoffSettings } from './endpoints/backoff.ts';
import type { Breakers } from './endpoints/breaker.ts';
import type { PolledCabinet } from './intake/intake.ts';
import { toFault } from './model/errors.ts';
import { withBuild } from './open-build.ts';
import type { Platform, PlatformShowcase } from './platform/port.ts';
import type { DaemonQueue } from './queue/queue.ts';
import { seedRubrics } from './rubrics/seed.ts';
import { type Asked, askedBy, takeAskedRuns } from './showcase/asked-runs.ts';
import type { Showcase } from './showcase/deps.ts';
import { sendDigest } from './showcase/digest.ts';
import { runShowcase } from './showcase/run.ts';
import { settleRun } from './showcase/run-outcome.ts';
import { carryUploads } from './showcase/upload.ts';
import type { UploadDeps } from './showcase/upload-deps.ts';
import { writeUploads } from './showcase/uploads.ts';
import { forgetReports, removeEndedFiles, watchUploads } from './showcase/watch-uploads.ts';
import { recipientsOf } from './start-mail.ts';
import { inTransaction, type Queryable } from './store/data-source.ts';
import type { Terms } from './terms/index.ts';

export interface ShowcaseParts {
  readonly loaded: LoadedConfig;
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly queue: DaemonQueue;
  /** Behind the dry run's door. */
  readonly platform: Pick<Platform, 'checkCabinet' | 'parseItem'> & PlatformShowcase;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  readonly retry: BackoffSettings;
  readonly terms: Terms;
  readonly signal: AbortSignal;
  isDry(opaId: string): boolean;
  findCabinet(opaId: string): PolledCabinet | undefined;
  tick(what: string, everyMs: number, action: () => Promise<unknown>): void;
}

const CARRY_MS = 1000;
const ASKED_MS = 2000;
const WATCH_MS = 10 * 60_000;
const DEFAULT_REPORT_MS = 15_000;

/**
 * Starts the third flow: showcases are built by their schedules and on command, their files carried to the platform, their
 * digests sent. Without showcases in the settings only what is left of earlier ones is tidied away.
 */
export async function startShowcases(parts: ShowcaseParts): Promise<void> {
  const { loaded, queue, tick, dataSource, db, signal } = parts;
  const showcases = showcasesOf(loaded);
  if (showcases.length === 0) {
    await queue.dropSchedules('showcase');
    await queue.dropSchedules('showcase-digest');
    return;
  }
  await seedRubrics(dataSource, loaded.config.mappingsDir);
  const runs = await queue.timed('showcase');
  await runs.work((key, cut) => run(parts, showcases, askedBy(key), AbortSignal.any([signal, cut])));
  await runs.schedule(showcases.map(({ id, schedule, timeZone }) => ({ key: id, cron: schedule, timeZone })));
  await startDigests(parts, showcases);

  const uploads = uploadDeps(parts, showcases);
  tick('showcase-uploads', CARRY_MS, () => carryUploads(uploads, signal));
  tick('showcase-asked', ASKED_MS, () =>
    inTransaction(dataSource, async (tx) => {
      const asked = await takeAskedRuns(tx);
      await runs.ring(
        tx,
        asked.filter((key) => showcases.some(({ id }) => id === askedBy(key).showcase)),
      );
    }),
  );
  tick('showcase-watch', WATCH_MS, async () => {
    await watchUploads(uploads);
    await removeEndedFiles(db, loaded.config.spoolDir);
    await forgetReports(db);
  });
}

/** The showcases of the settings, each with what its cabinet adds. */
export function showcasesOf({ config }: Pick<LoadedConfig, 'config'>): Showcase[] {
  return config.showcases.flatMap((showcase) => {
    const cabinet = config.cabinets.find(({ id }) => id === showcase.cabinet);
    // The settings were checked: a showcase without its cabinet does not get here.
    return cabinet === undefined ? [] : [{ ...showcase, opaId: cabinet.opaId, timeZone: cabinet.timeZone }];
  });
}

/**
 * Whether new cards of a cabinet, which all came from the platform, are to go into the showcase: as the showcases that it
 * uploads say, else all of them; where they differ, no, for what the platform counts twice is worse than what it counts once.
 */
export function showsPlatformBorn(loaded: Pick<LoadedConfig, 'config'>, opaId: string): boolean {
  const all = showcasesOf(loaded);
  const own = all.filter((showcase) => showcase.opaId === opaId);
  const deciding = own.length > 0 ? own : all;
  return deciding.length > 0 && deciding.every(({ includePlatformBorn }) => includePlatformBorn);
}

async function run(
  parts: ShowcaseParts,
  showcases: readonly Showcase[],
  asked: Asked,
  signal: AbortSignal,
): Promise<void> {
  const showcase = showcases.find(({ id }) => id === asked.showcase);
  // Taken out of the settings after its job was made.
  if (showcase === undefined) return;
  if (asked.filesOnly) return await writeFiles(parts, showcase, signal);
  await settleRun(parts, showcase.id, () => build(parts, showcase, signal));
}

async function build(parts: ShowcaseParts, showcase: Showcase, signal: AbortSignal): Promise<void> {
  const { log } = parts;
  const summary = await withBuild(
    { ...parts, askOgrn: (asked) => askOgrn(parts, asked, signal) },
    showcase,
    (deps) => runShowcase(deps, showcase, signal),
  );
  const { cards, questions, changed } = summary.collected;
  log.info({ showcase: showcase.id, cards, questions, changed, files: summary.files }, 'showcase built');
}

/**
 * What became ready while its file was with the platform goes into files. Whatever is in the way, a run of the showcase
 * too, is thrown on: the queue tries again.
 */
async function writeFiles(parts: ShowcaseParts, showcase: Showcase, signal: AbortSignal): Promise<void> {
  const { dataSource, db, log, loaded } = parts;
  const { spoolDir } = loaded.config;
  try {
    const ask = () => askOgrn(parts, showcase, signal);
    const files = await writeUploads({ dataSource, db, log, spoolDir, askOgrn: ask }, showcase, signal);
    log.info({ showcase: showcase.id, files: files.length }, 'showcase files written');
  } catch (error) {
    const { code, detail } = toFault(error);
    log.warn({ showcase: showcase.id, code, detail }, 'showcase files not written');
    throw error;
  }
}

async function askOgrn(
  { findCabinet, platform, breakers }: ShowcaseParts,
  { opaId }: Showcase,
  signal: AbortSignal,
): Promise<string | undefined> {
  const cabinet = findCabinet(opaId);
  if (cabinet === undefined) return undefined;
  const identity = await breakers.run('platform', () => platform.checkCabinet(cabinet.access, signal));
  return identity.organization?.ogrn;
}

function uploadDeps(parts: ShowcaseParts, showcases: readonly Showcase[]): UploadDeps {
  const { loaded, dataSource, db, platform, breakers, incidents, log, retry } = parts;
  const folder = openDryFolder(loaded.config.dryDir);
  const find = (id: string) => showcases.find((one) => one.id === id);
  return {
    ...{ dataSource, db, platform, breakers, incidents, log, retry },
    spoolDir: loaded.config.spoolDir,
    dry: {
      covers: parts.isDry,
      keep: ({ config }, { name, path, sha256 }) =>
        folder.put(
          [config.id, 'showcase', name.replaceAll('.', '-')],
          [{ path: name, content: { path, sha256 } }],
        ),
    },
    cabinet: parts.findCabinet,
    pollFirstMs: (id) => find(id)?.reportInterval ?? DEFAULT_REPORT_MS,
    recipients: (id) => recipientsOf(loaded, find(id)?.mailTo),
    random: Math.random,
  };
}

async function startDigests(parts: ShowcaseParts, showcases: readonly Showcase[]): Promise<void> {
  const { loaded, queue, db, log } = parts;
  if (loaded.config.smtp === undefined) return await queue.dropSchedules('showcase-digest');
  const digests = await queue.timed('showcase-digest');
  const find = (id: string) => showcases.find((one) => one.id === id);
  const deps = {
    db,
    log,
    recipients: (id: string) => recipientsOf(loaded, find(id)?.mailTo),
    now: () => Date.now(),
  };
  await digests.work(async (id) => {
    const showcase = find(id);
    if (showcase !== undefined) await sendDigest(deps, showcase);
  });
  await digests.schedule(
    showcases.map(({ id, digestAt, timeZone }) => ({ key: id, cron: cronOf(digestAt), timeZone })),
  );
}

/** `07:05` as a cron expression of every day. */
export function cronOf(time: string): string {
  const [hours, minutes] = time.split(':').map(Number);
  return `${minutes ?? 0} ${hours ?? 0} * * *`;
}
