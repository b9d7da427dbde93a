import { randomBytes } from 'node:crypto';
import type { ByteSource } from './bytes.ts';
import type { FaultBook } from './faults.ts';
import { createFaultBook } from './faults.ts';
import { emptyShelf, type Shelf, type ShowcaseSettings } from './showcase-types.ts';
import type { CabinetInput, HistoryEntry, KeyMode, PlatformOptions, WireAppeal } from './types.ts';

export interface FeedEntry {
  /** The element as it goes out, serialised once. */
  readonly json: string;
  readonly changedAtMs: number;
}

export interface StoredFile {
  readonly fileId: string;
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: ByteSource;
  /** True for what the organisation sent up. */
  readonly uploaded: boolean;
}

export interface StoredReply {
  readonly id: string;
  readonly acceptedAt: string;
}

export interface StoredAppeal {
  wire: WireAppeal;
  withdrawn: boolean;
  /** 0 at first, one more each time the citizen sends it back. */
  repetition: number;
  readonly history: HistoryEntry[];
  /** Accepted requests by Idempotency-Key (mode `keys`). */
  readonly byKey: Map<string, StoredReply>;
}

export interface Cabinet extends Required<Omit<CabinetInput, 'ready'>> {
  ready: boolean;
  missing: string[];
  readonly feed: FeedEntry[];
  /** Items before this place are no longer served by cursor. */
  oldestKept: number;
  lastChangeId: number;
  readonly appeals: Map<number, StoredAppeal>;
  readonly files: Map<string, StoredFile>;
  readonly showcase: Shelf;
}

/** A status or answer that was taken, in the order in which all of them were. */
export interface Accepted {
  readonly opaId: string;
  readonly posId: number;
  readonly status: string;
}

export interface LoginCount {
  ok: number;
  failed: number;
}

export interface Counters {
  requests: Record<string, number>;
  /** By opaId; log-ins with an unknown identifier stand under «?». */
  logins: Record<string, LoginCount>;
  faults: Record<string, number>;
  replies: Record<string, number>;
}

export interface Settings extends ShowcaseSettings {
  keyMode: KeyMode;
  bareObject: boolean;
  clockOffsetMs: number;
  tokenSeconds: number;
  maxFileBytes: number;
  maxAnswerFiles: number;
  allowedExtensions: readonly string[];
  echoTerm: boolean;
}

export interface PlatformState {
  readonly settings: Settings;
  readonly now: () => number;
  readonly cabinets: Map<string, Cabinet>;
  readonly tokens: Map<string, { opaId: string; expiresAtMs: number }>;
  readonly faults: FaultBook;
  /** Late commits and delays that have not come due; cancelled at close. */
  readonly timers: Set<NodeJS.Timeout>;
  readonly accepted: Accepted[];
  counters: Counters;
  nextPosId: number;
  nextFileNo: number;
  nextReplyNo: number;
  nextUploadNo: number;
}

const EXTENSIONS =
  'pdf doc docx rtf odt xls xlsx ods txt csv jpg jpeg png gif bmp tif tiff heic zip mp4 mov sig'.split(' ');

/** A platform with no cabinet yet. */
export function createState(options: PlatformOptions = {}): PlatformState {
  return {
    settings: {
      keyMode: options.keyMode ?? 'keys',
      bareObject: options.bareObject ?? false,
      clockOffsetMs: options.clockOffsetMs ?? 0,
      tokenSeconds: options.tokenSeconds ?? 3600,
      maxFileBytes: options.maxFileBytes ?? 50 * 1024 * 1024,
      maxAnswerFiles: options.maxAnswerFiles ?? 10,
      allowedExtensions: options.allowedExtensions ?? EXTENSIONS,
      echoTerm: options.echoTerm ?? true,
      showcaseMaxRecords: options.showcaseMaxRecords ?? 10_000,
      showcasePolls: options.showcasePolls ?? 2,
      showcaseRules: options.showcaseRules ?? [],
      showcaseCategories: options.showcaseCategories,
      showcaseHeaderFault: options.showcaseHeaderFault,
    },
    now: options.now ?? Date.now,
    cabinets: new Map(),
    tokens: new Map(),
    faults: createFaultBook(),
    timers: new Set(),
    accepted: [],
    counters: emptyCounters(),
    nextPosId: 374_300_001,
    nextFileNo: 1,
    nextReplyNo: 1,
    nextUploadNo: 1,
  };
}

export function emptyCounters(): Counters {
  return { requests: {}, logins: {}, faults: {}, replies: {} };
}

/** Adds a cabinet; its opaId and identifier must be new. */
export function addCabinet(state: PlatformState, input: CabinetInput): Cabinet {
  if (state.cabinets.has(input.opaId)) throw new Error(`cabinet ${input.opaId} is there already`);
  if (cabinetByIdentifier(state, input.identifier) !== undefined) {
    throw new Error(`identifier ${input.identifier} is taken`);
  }
  const ready = input.ready ?? true;
  const cabinet: Cabinet = {
    opaId: input.opaId,
    identifier: input.identifier,
    password: input.password,
    name: input.name,
    inn: input.inn ?? '7700000000',
    kpp: input.kpp ?? '770001001',
    ogrn: input.ogrn ?? '1027700000000',
    oktmo: input.oktmo ?? '45000000',
    address: input.address ?? 'ул. Центральная, д. 1',
    ready,
    missing: ready ? [] : ['training', 'readiness'],
    feed: [],
    oldestKept: 0,
    lastChangeId: 0,
    appeals: new Map(),
    files: new Map(),
    showcase: emptyShelf(),
  };
  state.cabinets.set(cabinet.opaId, cabinet);
  return cabinet;
}

export function cabinetByIdentifier(state: PlatformState, identifier: string): Cabinet | undefined {
  for (const cabinet of state.cabinets.values()) if (cabinet.identifier === identifier) return cabinet;
  return undefined;
}

export function cabinetOf(state: PlatformState, opaId: string): Cabinet {
  const cabinet = state.cabinets.get(opaId);
  if (cabinet === undefined) throw new Error(`no cabinet ${opaId}`);
  return cabinet;
}

export function appealOf(state: PlatformState, opaId: string, posId: number): StoredAppeal {
  const appeal = cabinetOf(state, opaId).appeals.get(posId);
  if (appeal === undefined) throw new Error(`no appeal ${posId} in cabinet ${opaId}`);
  return appeal;
}

/** Drops the tokens of one cabinet, or all: the next call gets 401. */
export function revokeTokens(state: PlatformState, opaId?: string): void {
  for (const [token, holder] of state.tokens) {
    if (opaId === undefined || holder.opaId === opaId) state.tokens.delete(token);
  }
}

export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

export function count(book: Record<string, number>, key: string): void {
  book[key] = (book[key] ?? 0) + 1;
}

/** The platform's own clock, ms: true time plus the scripted skew. */
export function clock(state: PlatformState): number {
  return state.now() + state.settings.clockOffsetMs;
}

/** RFC 3339 with the offset of Moscow, as the platform's pages show it. */
export function rfc3339(ms: number): string {
  return `${new Date(ms + 3 * 3_600_000).toISOString().slice(0, -1)}+03:00`;
}
