import { pino } from 'pino';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import type { PolledCabinet } from '../../../src/intake/intake.ts';
import type { DeliveryPayload, HistoryEntry } from '../../../src/model/delivery.ts';
import { Fault } from '../../../src/model/errors.ts';
import { cancelDelivery, resendDeliveries } from '../../../src/replies/commands.ts';
import type { RepliesDeps } from '../../../src/replies/deps.ts';
import { parseReplyRules } from '../../../src/replies/rules.ts';
import { createReplies } from '../../../src/replies/work.ts';
import { createModelStore, type EventRow, type ModelStore } from './model-store.ts';

export type KeyMode = 'keys' | 'nokeys';
export const POST_FAULTS = [
  'cut-before',
  'cut-after',
  'late',
  'e500',
  'busy',
  'rejected',
  'illegal',
  'defect-after',
] as const;
export type PostFault = (typeof POST_FAULTS)[number];

/** An entry of the platform, with what only the model knows: whose it is. */
export interface TrueEntry {
  readonly key: string;
  readonly entry: HistoryEntry;
}

export const SETTLE_AFTER_MS = 120_000;
const DEATH = 'the process died';
const PERSON = { who: 'test', why: 'test' };

export const RULES = `
version: 1
rules:
  - { name: принято, on: registration, send: takeToWork }
  - { name: исполнитель, on: consideration, send: setExecutor }
  - { name: перенаправлено, on: redirection, send: forward }
  - { name: продлено, on: deadline, send: postpone }
postponeReasonField: Причина
forward: [{ uid: "1", name: Комитет, to: subordinate }]
answers:
  linkTypes: [Ответ]
  openAccess: [общий]
  signatures: false
  types: [{ type: EXPLAINED }]
  comment: "Ответ дан"
`;
const RULES_READ = parseReplyRules(RULES, 'model');

/** A platform, a store and a clock in memory; the flow between them is the real one. */
export class World {
  now = 1_000_000;
  cabinetActive = true;
  readonly history: TrueEntry[] = [];
  readonly store: ModelStore;
  readonly postFaults: PostFault[] = [];
  readFaults = 0;
  uploadFaults = 0;
  uploads = 0;
  /** Steps until the process dies; undefined: it lives. */
  fuse: number | undefined;
  /** Seqs of deliveries that stood in attention at some time. */
  readonly problems: string[] = [];
  private readonly late: { readonly at: number; readonly entry: TrueEntry }[] = [];
  readonly mode: KeyMode;
  private deps: RepliesDeps;

  constructor(mode: KeyMode) {
    this.mode = mode;
    this.store = createModelStore(this, ['c1', 'c2']);
    this.deps = this.freshDeps();
  }

  /** A statement or a call is about to be made, or has just been. */
  step(): void {
    if (this.fuse === undefined) return;
    this.fuse -= 1;
    if (this.fuse <= 0) throw new Error(DEATH);
  }

  move(ms: number): void {
    this.now += ms;
    for (const item of this.late.splice(0)) {
      if (item.at > this.now) this.late.push(item);
      else this.commit(item.entry);
    }
  }

  /** Stores an event unless it is known; a doubled Report brings no news. */
  tell(event: Omit<EventRow, 'id' | 'handled'>): void {
    const { events } = this.store.tables;
    const known = events.some(
      (one) => one.cardId === event.cardId && one.kind === event.kind && one.subject === event.subject,
    );
    if (!known) events.push({ ...event, id: String(events.length + 1), handled: false });
  }

  /** One job of the appeal. Undefined when the process died in it: the next is another process. */
  async work(): Promise<number | null | undefined> {
    try {
      return await createReplies(this.deps).work('1', new AbortController().signal);
    } catch (error) {
      if (this.fuse === undefined) throw error;
      this.fuse = undefined;
      this.deps = this.freshDeps();
      return undefined;
    }
  }

  async resend(): Promise<void> {
    this.fuse = undefined;
    await resendDeliveries(this.deps.dataSource, { state: 'attention' }, PERSON);
  }

  async cancel(index: number): Promise<void> {
    this.fuse = undefined;
    const rows = this.store.tables.deliveries;
    const row = rows[index % Math.max(rows.length, 1)];
    if (row !== undefined) await cancelDelivery(this.deps.dataSource, row.id, PERSON);
  }

  /** Works and lets time pass until nothing is left to do; false when it does not come to that. */
  async rest(): Promise<boolean> {
    for (let jobs = 0; jobs < 200; jobs += 1) {
      const until = await this.work();
      if (until === null) return true;
      // The small real time of the job counts too.
      this.move(Math.max(1, (until ?? this.now) - this.now));
    }
    return false;
  }

  calm(): void {
    this.postFaults.length = 0;
    this.readFaults = 0;
    this.uploadFaults = 0;
    this.fuse = undefined;
    this.cabinetActive = true;
  }

  private freshDeps(): RepliesDeps {
    const { dataSource, db } = this.store;
    return {
      dataSource,
      db,
      breakers: createBreakers({ now: () => this.now }),
      incidents: { open: async () => {}, openCounted: async () => {}, close: async () => {} },
      log: pino({ level: 'silent' }),
      owner: 'model',
      spool: { pathOf: (sha256) => `/nowhere/${sha256}` },
      rules: () => RULES_READ,
      limits: { maxFiles: 10, maxFileBytes: 1000, types: new Set(['pdf']) },
      settleAfterMs: SETTLE_AFTER_MS,
      retry: { base: 10_000, factor: 4, cap: 3_600_000, windowMs: 72 * 3_600_000 },
      cabinet: () => ({ config: { timeZone: 'Europe/Moscow' }, access: { opaId: '100' } }) as PolledCabinet,
      random: () => 0.5,
      platform: {
        readAppeal: async () => {
          this.step();
          if (this.readFaults > 0) {
            this.readFaults -= 1;
            throw new Fault('PLATFORM_UNREACHABLE');
          }
          return { status: 'X', history: this.history.map(({ entry }) => entry) };
        },
        postStatus: async (_cabinet, _posId, key, payload) => this.post(key, payload, []),
        postAnswer: async (_cabinet, _posId, key, payload, fileIds) => this.post(key, payload, fileIds),
        uploadFile: async () => {
          this.step();
          if (this.uploadFaults > 0) {
            this.uploadFaults -= 1;
            throw new Fault('PLATFORM_BUSY', { retryAfterMs: 5000 });
          }
          this.uploads += 1;
          const id = `f-${this.uploads}`;
          this.step();
          return id;
        },
        renderStatus: never,
        renderAnswer: never,
        isSameEntry,
      },
    };
  }

  private post(key: string, payload: DeliveryPayload, fileIds: readonly string[]): { id: string } {
    this.checkAlone(key);
    this.step();
    const entry = { key, entry: entryOf(payload, fileIds, this.mode === 'keys' ? key : undefined) };
    const fault = this.postFaults.shift();
    if (fault === 'cut-before' || fault === 'e500') throw new Fault('PLATFORM_OUTCOME_UNKNOWN');
    if (fault === 'busy') throw new Fault('PLATFORM_BUSY', { retryAfterMs: 3000 });
    if (fault === 'rejected') throw new Fault('PLATFORM_REJECTED', { field: 'comment' });
    if (fault === 'illegal') throw new Fault('PLATFORM_ILLEGAL_TRANSITION');
    if (fault === 'late') {
      this.late.push({ at: this.now + SETTLE_AFTER_MS - 1000, entry });
      throw new Fault('PLATFORM_OUTCOME_UNKNOWN');
    }
    this.commit(entry);
    if (fault === 'cut-after') throw new Fault('PLATFORM_OUTCOME_UNKNOWN');
    if (fault === 'defect-after') throw new Error('a bug of the driver');
    this.step();
    return { id: String(this.history.length) };
  }

  private commit(entry: TrueEntry): void {
    if (this.mode === 'keys' && this.history.some((one) => one.key === entry.key)) return;
    this.history.push(entry);
  }

  /** An entry goes out only while no other of the appeal is on its way or in doubt. */
  private checkAlone(key: string): void {
    const others = this.store.tables.deliveries.filter(
      (row) => row.key !== key && (row.state === 'sending' || row.state === 'unknown'),
    );
    if (others.length > 0)
      this.problems.push(`${key} went out beside ${others.map((row) => row.key).join()}`);
  }
}

function never(): never {
  throw new Error('not used by the flow');
}

function entryOf(
  payload: DeliveryPayload,
  fileIds: readonly string[],
  clientKey: string | undefined,
): HistoryEntry {
  const kept = clientKey === undefined ? {} : { clientKey };
  if (payload.kind === 'status') {
    return {
      status: payload.role,
      ...(payload.comment === undefined ? {} : { comment: payload.comment }),
      ...kept,
    };
  }
  const { answerType, comment } = payload;
  return { status: 'answer', answer: { answerType, comment, fileIds }, ...kept };
}

function isSameEntry(entry: HistoryEntry, payload: DeliveryPayload, fileIds: readonly string[]): boolean {
  if (payload.kind === 'status') return entry.answer === undefined && entry.status === payload.role;
  if (entry.answer === undefined) return false;
  if (fileIds.length > 0) return entry.answer.fileIds.join() === fileIds.join();
  return entry.answer.answerType === payload.answerType && entry.answer.comment === payload.comment;
}
