import { FIRST_ISN } from './generate.ts';
import { type ArchiveState, cardOf, emptyCounters, isnAt, places, requisitesOf } from './state.ts';
import type { ArchiveCounters, ArchiveFault, ArchiveTruth } from './types.ts';

/** Everything a test, the demo or a bench may do to the archive. */
export interface ArchiveControl {
  /** DUEs of its cardfiles. */
  readonly cardfiles: readonly string[];
  /** The card as it is; throws when there is none. */
  card(isn: number): ArchiveTruth;
  /** All cards in the order of ISN, made one by one. */
  cards(): Iterable<ArchiveTruth>;
  /** Changes a card; its ISN stays. */
  change(isn: number, patch: Partial<Omit<ArchiveTruth, 'isn'>>): void;
  /** Adds a card like an existing one, with a new ISN, which is given back. */
  add(patch?: Partial<Omit<ArchiveTruth, 'isn'>>): number;
  /** The clerk deletes it for good. */
  remove(isn: number): void;
  addRubric(isn: number, code: string): void;
  dropRubric(isn: number, code: string): void;
  /** The citizen took it back: the clerk marks the card. */
  withdraw(isn: number): void;
  /** Filled requisites of a card, by title. */
  requisites(isn: number): Readonly<Record<string, string>>;
  setRequisite(isn: number, title: string, value: string): void;
  /** Takes a requisite away from the archive, as at a site that never made it. */
  dropRequisite(title: string): void;
  /** Gives this record for a card, whatever it holds. */
  setRaw(isn: number, record: Record<string, unknown>): void;
  /** Writing into this card is a business refusal from now on; without words it no longer is. */
  refuse(isn: number, words?: string): void;
  fault(fault: ArchiveFault): void;
  clearFaults(): void;
  /** All sessions are lost. */
  loseSessions(): void;
  setPassword(password: string): void;
  counters(): ArchiveCounters;
  resetCounters(): void;
}

export function controlOf(state: ArchiveState): ArchiveControl {
  function existing(isn: number): ArchiveTruth {
    const card = cardOf(state, isn);
    if (card === undefined) throw new Error(`no card ${isn}`);
    return card;
  }
  function put(card: ArchiveTruth): void {
    state.touched.set(card.isn, card);
    state.version += 1;
  }
  const change: ArchiveControl['change'] = (isn, patch) => put({ ...existing(isn), ...patch });
  return {
    cardfiles: state.cardfiles.map(({ due }) => due),
    card: (isn) => structuredClone(existing(isn)),
    *cards() {
      for (let place = 0; place < places(state); place += 1) {
        const card = cardOf(state, isnAt(state, place));
        if (card !== undefined) yield card;
      }
    },
    change,
    add(patch = {}) {
      const isn = isnAt(state, places(state) - 1) + 1;
      put({ ...existing(FIRST_ISN), regNumber: `ОГ-н${isn}`, posId: '', ...patch, isn });
      state.added.push(isn);
      return isn;
    },
    remove(isn) {
      existing(isn);
      state.removed.add(isn);
      state.version += 1;
    },
    addRubric: (isn, code) => change(isn, { rubrics: [...existing(isn).rubrics, code] }),
    dropRubric: (isn, code) =>
      change(isn, { rubrics: existing(isn).rubrics.filter((each) => each !== code) }),
    withdraw: (isn) => change(isn, { state: 'REMOVED' }),
    requisites: (isn) => requisitesOf(state, existing(isn)),
    setRequisite(isn, title, value) {
      existing(isn);
      writeRequisite(state, isn, title, value);
    },
    dropRequisite(title) {
      state.missingRequisites.add(title);
      state.version += 1;
    },
    setRaw(isn, record) {
      existing(isn);
      state.raw.set(isn, record);
    },
    refuse(isn, words) {
      if (words === undefined) state.refusing.delete(isn);
      else state.refusing.set(isn, words);
    },
    fault: (fault) => void state.faults.push({ ...fault, seen: 0, fired: 0 }),
    clearFaults: () => {
      state.faults = [];
    },
    loseSessions: () => state.sessions.clear(),
    setPassword: (password) => {
      state.password = password;
    },
    counters: () => structuredClone(state.counters),
    resetCounters: () => {
      state.counters = emptyCounters();
    },
  };
}

export function writeRequisite(state: ArchiveState, isn: number, title: string, value: string): void {
  const values = state.requisites.get(isn) ?? new Map<string, string>();
  values.set(title, value);
  state.requisites.set(isn, values);
  state.version += 1;
}
