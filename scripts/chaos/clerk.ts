import { setTimeout as pause } from 'node:timers/promises';
import type { DeloSimulator } from '../../tests/simulators/delo/index.ts';
import type { RemotePlatform } from '../../tests/simulators/platform/index.ts';
import { names } from './compare.ts';
import { answer, doStep, type Entry, isAllTaken, newEntry } from './ledger.ts';
import { IN_FLIGHT } from './options.ts';
import { scriptOf } from './script.ts';

/** What one run is made of, for those who drive it and those who watch. */
export interface Stage {
  readonly platform: RemotePlatform;
  readonly delo: DeloSimulator;
  readonly opaIds: readonly string[];
  readonly appeals: number;
  readonly seed: number;
  /** By opaId and posId; grows while citizens write. */
  readonly entries: Map<string, Entry>;
}

const TURN_MS = 40;
const LOOK_MS = 400;
/** New appeals in one turn: citizens do not write all at once. */
const MOST_NEW = 4;
/** An answer waits so long for the statuses before it; then the clerk sends it all the same. */
const PATIENCE_MS = 150_000;

export const keyOf = (opaId: string, posId: number | string) => `${opaId}/${posId}`;

/** Citizens write and the clerk works until every appeal is answered in ДЕЛО and the platform has taken it. */
export async function playOut(stage: Stage, signal: AbortSignal): Promise<void> {
  let lookAt = 0;
  let seen = 0;
  for (;;) {
    signal.throwIfAborted();
    const now = performance.now();
    if (now >= lookAt) {
      seen = await notice(stage, seen);
      lookAt = now + LOOK_MS;
    }
    const entries = [...stage.entries.values()];
    const open = entries.filter((entry) => !entry.over);
    for (const entry of open) move(stage, entry, performance.now());
    const room = Math.min(IN_FLIGHT - open.length, stage.appeals - entries.length, MOST_NEW);
    for (let count = 0; count < room; count += 1) await addAppeal(stage, entries.length + count);
    if (open.length === 0 && entries.length === stage.appeals) return;
    await pause(TURN_MS, undefined, { signal });
  }
}

/** Looks at both sides: which cards are registered by now, what the platform has taken. */
async function notice(stage: Stage, seen: number): Promise<number> {
  for (const card of stage.delo.cards()) {
    const entry = stage.entries.get(entryOfCard(stage, card.posId) ?? '');
    if (entry === undefined || entry.cardId !== undefined || card.state !== 'registered') continue;
    entry.cardId = card.id;
    entry.given.push(names.takeToWork(card.number ?? ''));
    entry.nextAt = performance.now() + (entry.script.steps[0]?.afterMs ?? 0);
  }
  const taken = await stage.platform.accepted(seen);
  for (const { opaId, posId, status } of taken) {
    const entry = stage.entries.get(keyOf(opaId, posId));
    if (entry === undefined) continue;
    entry.taken += 1;
    if (status === 'SEND_RESPONSE') entry.over = true;
  }
  return seen + taken.length;
}

/** posIds are given once for all cabinets, so a card's number alone tells whose it is. */
function entryOfCard(stage: Stage, posId: string): string | undefined {
  return stage.opaIds.map((opaId) => keyOf(opaId, posId)).find((key) => stage.entries.has(key));
}

function move(stage: Stage, entry: Entry, now: number): void {
  const { script } = entry;
  if (entry.cardId === undefined || entry.answered || now < entry.nextAt) return;
  if (entry.done < script.steps.length) {
    doStep(stage.delo, entry);
    const next = script.steps[entry.done];
    entry.nextAt = now + (next?.afterMs ?? script.answerAfterMs);
    return;
  }
  if (script.hasty || isAllTaken(entry) || now > entry.nextAt + PATIENCE_MS) answer(stage.delo, entry);
}

const FIRST_POS_ID = 600_000_001;

async function addAppeal(stage: Stage, index: number): Promise<void> {
  const opaId = stage.opaIds[index % stage.opaIds.length] ?? '';
  const posId = FIRST_POS_ID + index;
  const content = Buffer.from(`снимок ${posId} `.repeat(150)).toString('base64');
  await stage.platform.addAppeal(opaId, {
    posId,
    files: [{ name: 'фото.jpg', contentBase64: content, mimeType: 'image/jpeg' }],
  });
  stage.entries.set(keyOf(opaId, posId), newEntry(scriptOf(stage.seed, index), opaId, posId));
}
