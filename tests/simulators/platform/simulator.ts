import { addAppeal, addRawItem, change, rate } from './appeals.ts';
import { wholeOf } from './bytes.ts';
import { addFault, type FaultSpec } from './faults.ts';
import { cursorOf } from './feed-route.ts';
import { type BenchOptions, seedBench } from './seed-bench.ts';
import { type ShowcaseControl, showcaseControlOf } from './showcase-control.ts';
import {
  type Accepted,
  addCabinet,
  appealOf,
  type Counters,
  cabinetOf,
  emptyCounters,
  type PlatformState,
  revokeTokens,
  type Settings,
} from './state.ts';
import type { AppealInput, CabinetInput, ChangeKind, HistoryEntry, WireAppeal } from './types.ts';

export interface FaultStatus {
  readonly id: number;
  readonly kind: string;
  readonly seen: number;
  readonly fired: number;
}

export interface FileSummary {
  readonly fileId: string;
  readonly name: string;
  readonly size: number;
  readonly mimeType: string;
  readonly uploaded: boolean;
}

/** Everything a test, the demo or the control interface may do to the platform. */
export interface PlatformControl extends ShowcaseControl {
  addCabinet(input: CabinetInput): void;
  setPassword(opaId: string, password: string): void;
  /** Not ready: log-ins get 423 with `missing`, and the tokens out are revoked. */
  setReady(opaId: string, ready: boolean, missing?: string[]): void;
  addAppeal(opaId: string, input?: AppealInput): number;
  change(opaId: string, posId: number, kind: ChangeKind, fields?: AppealInput): void;
  /** The citizen's mark of an answer: RATED, and for 1 and 2 REPEATED after it. */
  rate(opaId: string, posId: number, mark: number, comment?: string): void;
  /** JSON text as it shall stand in the feed, or a value to be serialised. */
  addRawItem(opaId: string, item: unknown): void;
  history(opaId: string, posId: number): readonly HistoryEntry[];
  /** Statuses and answers of all cabinets as they were taken, the first `skip` left out. */
  accepted(skip?: number): readonly Accepted[];
  appeal(opaId: string, posId: number): WireAppeal;
  appeals(opaId?: string): readonly WireAppeal[];
  files(opaId: string): readonly FileSummary[];
  /** The bytes of a stored file, up or down; for small files. */
  fileContent(opaId: string, fileId: string): Buffer;
  fault(spec: FaultSpec): number;
  faults(): readonly FaultStatus[];
  /** Clears one rule, or all. */
  clearFaults(id?: number): void;
  revokeTokens(opaId?: string): void;
  /** The feed forgets its first `n` items (back-fill still has them); gives the oldest cursor. */
  expireCursorsBefore(opaId: string, n: number): string;
  /** Changes options of a running platform. */
  configure(settings: Partial<Settings>): void;
  counters(): Counters;
  resetCounters(): void;
  /** Fills cabinets with many appeals of one file each. */
  seedBench(options: BenchOptions): readonly CabinetInput[];
}

function expire(state: PlatformState, opaId: string, n: number): string {
  const cabinet = cabinetOf(state, opaId);
  if (!Number.isInteger(n) || n < 0) throw new Error('a count of items is needed');
  cabinet.oldestKept = Math.max(cabinet.oldestKept, Math.min(n, cabinet.feed.length));
  return cursorOf('c', cabinet.oldestKept);
}

function setReady(state: PlatformState, opaId: string, ready: boolean, missing?: string[]): void {
  const cabinet = cabinetOf(state, opaId);
  cabinet.ready = ready;
  cabinet.missing = ready ? [] : (missing ?? ['training', 'readiness']);
  if (!ready) revokeTokens(state, opaId);
}

function allAppeals(state: PlatformState, opaId?: string): WireAppeal[] {
  const cabinets = opaId === undefined ? [...state.cabinets.values()] : [cabinetOf(state, opaId)];
  return cabinets.flatMap((cabinet) =>
    [...cabinet.appeals.values()].map((appeal) => structuredClone(appeal.wire)),
  );
}

function contentOf(state: PlatformState, opaId: string, fileId: string): Buffer {
  const file = cabinetOf(state, opaId).files.get(fileId);
  if (file === undefined) throw new Error(`no file ${fileId} in cabinet ${opaId}`);
  return wholeOf(file.bytes);
}

/** The handles of a platform's state. Every one throws an `Error` on a cabinet or appeal that is not there. */
export function controlOf(state: PlatformState): PlatformControl {
  return {
    ...showcaseControlOf(state),
    addCabinet: (input) => void addCabinet(state, input),
    setPassword: (opaId, password) => {
      cabinetOf(state, opaId).password = password;
    },
    setReady: (opaId, ready, missing) => setReady(state, opaId, ready, missing),
    addAppeal: (opaId, input) => addAppeal(state, opaId, input),
    change: (opaId, posId, kind, fields) => change(state, opaId, posId, kind, fields),
    rate: (opaId, posId, mark, comment) => rate(state, opaId, posId, mark, comment),
    addRawItem: (opaId, item) => addRawItem(state, opaId, item),
    history: (opaId, posId) => structuredClone(appealOf(state, opaId, posId).history),
    accepted: (skip = 0) => state.accepted.slice(skip),
    appeal: (opaId, posId) => structuredClone(appealOf(state, opaId, posId).wire),
    appeals: (opaId) => allAppeals(state, opaId),
    files: (opaId) =>
      [...cabinetOf(state, opaId).files.values()].map(({ fileId, name, mimeType, uploaded, bytes }) => ({
        fileId,
        name,
        mimeType,
        uploaded,
        size: bytes.length,
      })),
    fileContent: (opaId, fileId) => contentOf(state, opaId, fileId),
    fault: (spec) => addFault(state.faults, spec),
    faults: () =>
      state.faults.rules.map(({ id, spec, seen, fired }) => ({ id, kind: spec.kind, seen, fired })),
    clearFaults: (id) => {
      state.faults.rules = id === undefined ? [] : state.faults.rules.filter((rule) => rule.id !== id);
    },
    revokeTokens: (opaId) => revokeTokens(state, opaId),
    expireCursorsBefore: (opaId, n) => expire(state, opaId, n),
    configure: (settings) => void Object.assign(state.settings, settings),
    counters: () => structuredClone(state.counters),
    resetCounters: () => {
      state.counters = emptyCounters();
    },
    seedBench: (options) => seedBench(state, options),
  };
}
