import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { findRunningEmbedded } from '../../src/store/embedded/index.ts';
import { type Child, jsonLine, peakRssMb } from './child.ts';
import { writeConfig } from './config.ts';
import { CABINET, inPlace, type Place, startPlatformProcess } from './place.ts';
import { openFetcher } from './platform-files.ts';
import { findBroken, readSent } from './promises.ts';

export interface IntakeOptions {
  readonly appeals: number;
  readonly fileBytes: number;
  /** Folder to make the working folder in. */
  readonly dir?: string;
}

export interface IntakeResult {
  readonly appeals: number;
  /** From the daemon's being ready to the last package's being stored as sent. */
  readonly seconds: number;
  readonly perSecond: number;
  /** The most the daemon's process held at any time since its start, MB. */
  readonly rssMb: number;
  /** The bare loop's time for the same. */
  readonly floorSeconds: number;
  readonly ratio: number;
}

/** Longest time in which nothing more is sent before the measurement is given up. */
const STALL_MS = 120_000;

/**
 * Measures flow 1 from the feed to «sent to СЭД», with the platform, the daemon and PostgreSQL in processes of their
 * own, then the bare loop over the same packages.
 * @throws Error naming every promise that was broken, in Russian.
 */
export async function runIntakeBench(options: IntakeOptions): Promise<IntakeResult> {
  return await inPlace(options.dir, async (place) => {
    const url = await startPlatformProcess(place, options.appeals, options.fileBytes);
    const config = await writeConfig(place.dir, url);
    const { seconds, rssMb } = await measureDaemon(place, url, config, options);
    const floorSeconds = await measureFloor(place, url, config.out, options.appeals);
    return {
      appeals: options.appeals,
      seconds: round(seconds, 2),
      perSecond: round(options.appeals / seconds, 1),
      rssMb: round(rssMb, 1),
      floorSeconds: round(floorSeconds, 2),
      ratio: round(seconds / floorSeconds, 2),
    };
  });
}

async function measureDaemon(
  place: Place,
  url: string,
  config: Awaited<ReturnType<typeof writeConfig>>,
  { appeals }: IntakeOptions,
): Promise<{ seconds: number; rssMb: number }> {
  const daemon = await place.startDaemon(config.path);
  const readyAt = await daemon.line((line) => {
    const entry = jsonLine(line);
    return entry?.['msg'] === 'daemon started' ? Date.parse(String(entry['time'])) : undefined;
  });
  const databaseUrl = await findRunningEmbedded(config.stateDir);
  if (databaseUrl === undefined) throw new Error('встроенная база не отвечает');
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const sentAt = await waitForAll(client, daemon, appeals);
    const rssMb = await peakRssMb(daemon.pid);
    const sent = await readSent(client);
    const broken = await findBroken(sent, config.out, appeals, await openFetcher(url, CABINET));
    if (broken.length > 0) throw new Error(`обещания нарушены:\n${broken.join('\n')}`);
    return { seconds: (sentAt - readyAt) / 1000, rssMb };
  } finally {
    await client.end();
    await daemon.stop();
  }
}

/** Waits until all are stored as sent; gives the moment of the last one, by the clock that all processes here share. */
async function waitForAll(client: Client, daemon: Child, appeals: number): Promise<number> {
  let best = 0;
  let movedAt = performance.now();
  for (;;) {
    const { rows } = await client.query<{ sent: string; last: Date | null }>(
      `SELECT count(*) AS sent, max(sent_at) AS last FROM package WHERE stage = 'sent'`,
    );
    const sent = Number(rows[0]?.sent ?? 0);
    const last = rows[0]?.last ?? null;
    if (sent >= appeals && last !== null) return last.getTime();
    if (sent > best) movedAt = performance.now();
    best = Math.max(best, sent);
    if (performance.now() - movedAt > STALL_MS) {
      throw new Error(`отправлено ${sent} из ${appeals} и больше ничего не происходит:\n${daemon.tail()}`);
    }
    await pause(250);
  }
}

async function measureFloor(place: Place, url: string, model: string, appeals: number): Promise<number> {
  const out = join(place.dir, 'floor');
  await mkdir(out);
  const flags = {
    url,
    model,
    out,
    'opa-id': CABINET.opaId,
    identifier: CABINET.identifier,
    password: CABINET.password,
  };
  const child = place.start(
    'scripts/bench/floor.ts',
    Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
  );
  const result = await child.line(jsonLine);
  if (result['packages'] !== appeals)
    throw new Error(`голый цикл записал ${result['packages']} из ${appeals}`);
  return Number(result['seconds']);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
