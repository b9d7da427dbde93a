import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type DeloSimulator, startDelo } from '../../tests/simulators/delo/index.ts';
import type { HistoryEntry, RemotePlatform } from '../../tests/simulators/platform/index.ts';
import { stopServer } from '../../tests/support/embedded-state.ts';
import { keyOf, playOut, type Stage } from './clerk.ts';
import { createVictim, type Victim } from './daemon.ts';
import { describeAppeal, findCancelled } from './database.ts';
import { BAD, type Case, type ChaosCounts, judge } from './judge.ts';
import { killAgainAndAgain } from './killer.ts';
import { type Entry, unitsDone, unitsOf } from './ledger.ts';
import { type ChaosOptions, longestRunMs, STALL_MS } from './options.ts';
import { addFaults, startPlatformProcess } from './platform.ts';
import { scriptOf } from './script.ts';
import { waitUntilQuiet } from './settle.ts';
import { makeSite } from './site.ts';

/** What a run printed by `--json` says. */
export interface ChaosReport extends ChaosCounts {
  readonly kills: number;
  readonly seconds: number;
}

export interface ChaosOutcome {
  readonly report: ChaosReport;
  /** Nothing lost, doubled or out of order, and the run came to its end. */
  readonly ok: boolean;
  /** What is wrong, for a person; the first few cases with what the database says of them. */
  readonly complaints: readonly string[];
}

const CASES_SHOWN = 5;
const TELL_MS = 3000;

/**
 * One run: citizens write, the clerk works, the platform fails, the daemon is killed; then both sides are compared.
 * Everything it started is ended and its folder removed (unless kept), whatever happens.
 * @throws Error when the parts cannot be started
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const dir = options.keep ?? (await mkdtemp(join(tmpdir(), 'posrednik-chaos-')));
  await mkdir(dir, { recursive: true });
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const platform = await startPlatformProcess(options.mode);
    undo.push(() => platform.child.stop(5000));
    const site = await makeSite(dir, platform.url);
    for (const cabinet of site.cabinets) await platform.remote.addCabinet(cabinet);
    await addFaults(platform.remote, options.fault, options.seed);
    const delo = await startDelo({
      channels: site.channels,
      keepFiles: false,
      pollMs: 100,
      seed: options.seed,
      behaviour: { twice: options.fault, reorder: options.fault },
    });
    undo.push(() => delo.stop());
    const victim = createVictim(site.configPath, join(dir, 'daemon.log'));
    undo.push(() => stopServer(dir));
    undo.push(() => victim.stop());
    const stage: Stage = {
      platform: platform.remote,
      delo,
      opaIds: site.cabinets.map((cabinet) => cabinet.opaId),
      appeals: options.appeals,
      seed: options.seed,
      entries: new Map(),
    };
    return await perform(options, dir, stage, victim);
  } finally {
    for (const end of undo.reverse()) await end().catch(() => undefined);
    if (options.keep === undefined) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function perform(
  options: ChaosOptions,
  dir: string,
  stage: Stage,
  victim: Victim,
): Promise<ChaosOutcome> {
  const started = performance.now();
  const progress = createProgress(options, stage);
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const complaints: string[] = [];
  let kills = 0;
  const onKill = (count: number) => {
    kills = count;
  };
  const watching = watch(options, stage, progress, () => kills, end, signal);
  try {
    await victim.start().started;
    const { seed } = options;
    let isPlayed = false;
    // Statuses that answers let fall never come: what is left of the kills falls when nothing else is to be done.
    const share = () => (isPlayed ? 1 : progress().share);
    const playing = playOut(stage, signal).finally(() => {
      isPlayed = true;
    });
    const killing = killAgainAndAgain(victim, {
      kills: options.kills,
      seed,
      progress: share,
      onKill,
      signal,
    });
    // Whatever ends one of them early ends the other too.
    for (const part of [playing, killing]) part.catch((error: unknown) => end.abort(error));
    await Promise.allSettled([playing, killing]);
    if (options.signal?.aborted === true) throw new Error('прервано');
    if (signal.aborted) complaints.push(wordsOf(signal.reason));
    const left = await waitUntilQuiet(dir, stage.delo, options.signal ?? new AbortController().signal);
    if (left !== undefined) complaints.push(`не закончено: ${left}`);
    if (victim.fellBy !== undefined) complaints.push(victim.fellBy);
  } finally {
    end.abort();
    await watching;
  }
  const { counts, cases } = await look(dir, stage);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  const report = { ...counts, kills, seconds };
  complaints.push(...(await describeCases(dir, cases)), ...notedBy(stage.delo));
  return { report, ok: complaints.length === 0 && BAD.every((name) => report[name] === 0), complaints };
}

interface Progress {
  readonly share: number;
  readonly done: number;
}

function createProgress({ appeals, seed }: ChaosOptions, stage: Stage): () => Progress {
  let whole = 0;
  for (let index = 0; index < appeals; index += 1) whole += unitsOf(scriptOf(seed, index));
  return () => {
    let done = 0;
    for (const entry of stage.entries.values()) done += unitsDone(entry);
    return { share: done / whole, done };
  };
}

/** Tells how far it is, and ends a run that stands still or lasts too long. */
async function watch(
  options: ChaosOptions,
  stage: Stage,
  progress: () => Progress,
  kills: () => number,
  end: AbortController,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  let moved = { done: -1, at: started };
  while (!signal.aborted) {
    const { done } = progress();
    const now = performance.now();
    if (done !== moved.done) moved = { done, at: now };
    options.tell?.(lineOf(options, [...stage.entries.values()], kills(), (now - started) / 1000));
    if (now - moved.at > STALL_MS) end.abort(new Error('ничего больше не движется'));
    if (now - started > longestRunMs(options)) end.abort(new Error('прогон длится слишком долго'));
    await pause(TELL_MS, undefined, { signal }).catch(() => undefined);
  }
}

function lineOf(options: ChaosOptions, entries: readonly Entry[], kills: number, seconds: number): string {
  const cards = entries.filter((entry) => entry.cardId !== undefined).length;
  const taken = entries.reduce((sum, entry) => sum + entry.taken, 0);
  const over = entries.filter((entry) => entry.over).length;
  return (
    `${seconds.toFixed(0).padStart(4)} с: обращений ${entries.length} из ${options.appeals}, карточек ${cards}, ` +
    `принято платформой ${taken}, ответов ${over}, убито ${kills} из ${options.kills}`
  );
}

async function look(dir: string, stage: Stage): Promise<{ counts: ChaosCounts; cases: readonly Case[] }> {
  const entries = [...stage.entries.values()];
  return judge({
    entries,
    cards: stage.delo.cards(),
    histories: await readHistories(stage.platform, entries),
    cancelled: (await findCancelled(dir)) ?? [],
  });
}

async function readHistories(
  platform: RemotePlatform,
  entries: readonly Entry[],
): Promise<Map<string, readonly HistoryEntry[]>> {
  const histories = new Map<string, readonly HistoryEntry[]>();
  for (const { opaId, posId } of entries)
    histories.set(keyOf(opaId, posId), await platform.history(opaId, posId));
  return histories;
}

async function describeCases(dir: string, cases: readonly Case[]): Promise<string[]> {
  const told: string[] = [];
  for (const { opaId, posId, words } of cases.slice(0, CASES_SHOWN)) {
    const stored = await describeAppeal(dir, opaId, String(posId));
    told.push(`Обращение ${posId} (кабинет ${opaId}): ${words}\n  в базе: ${stored}`);
  }
  if (cases.length > CASES_SHOWN) told.push(`…и ещё обращений: ${cases.length - CASES_SHOWN}`);
  return told;
}

/** Breaches of the exchange format that ДЕЛО noticed; a report written twice after a death is none. */
function notedBy(delo: DeloSimulator): string[] {
  const faults = delo.complaints.filter(({ code }) => code !== 'report-repeated');
  return faults.slice(0, CASES_SHOWN).map(({ code, text }) => `ДЕЛО жалуется: ${code}, ${text}`);
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
