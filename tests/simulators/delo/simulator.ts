import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clerk, createClerk } from './clerk/clerk.ts';
import { createAgenda } from './exchange/agenda.ts';
import { createScript } from './exchange/behaviour.ts';
import { openInbox } from './exchange/inbox.ts';
import { createOutbox } from './exchange/outbox.ts';
import { createReception } from './exchange/reception.ts';
import { createRegistry } from './exchange/registry.ts';
import { createStore, snapshot } from './exchange/store.ts';
import { createClock } from './sev/times.ts';
import type {
  Behaviour,
  Card,
  Complaint,
  Counters,
  DeloChannel,
  DeloOptions,
  Double,
  NonsenseKind,
  Refusal,
} from './types.ts';
import { listen } from './web/server.ts';

/** A running ДЕЛО: the exchange, the clerk's commands, and the pages. */
export interface DeloSimulator extends Clerk {
  readonly url: string;
  readonly channels: readonly DeloChannel[];
  /** Copies of all cards, in the order in which they came. */
  cards(): Card[];
  card(cardId: string): Card | undefined;
  /** The card of a partner's document. */
  cardByUid(documentUid: string): Card | undefined;
  /** Offered by the page's form of redirection. */
  readonly organizations: readonly string[];
  /** The day it is now, where the organisation is. */
  today(): string;
  /** How many documents came a second time. Not a fault of the package, but of the one who sent it. */
  readonly doubles: number;
  readonly doubleList: readonly Double[];
  /** Documents that were refused, with code and text. */
  readonly refused: readonly Refusal[];
  /** Everything in what came that breaks the format. */
  readonly complaints: readonly Complaint[];
  readonly counters: Readonly<Counters>;
  /** Standing behaviour, of one channel or of all; only the named sides change. */
  behave(behaviour: Behaviour, channel?: string): void;
  /** Behaviour of the next `count` messages. */
  behaveNext(count: number, behaviour: Behaviour, channel?: string): void;
  sendNonsense(channel: string, kind: NonsenseKind): void;
  /** Writes the envelopes and files that were withheld. */
  release(): void;
  /** Resolves when everything that may be taken is taken, and everything to be written is written. */
  idle(): Promise<void>;
  /** Stops watching and listening; what ДЕЛО took away goes with it unless `takenDir` was given. */
  stop(): Promise<void>;
}

const DEFAULT_POLL_MS = 250;
const DEFAULT_HUGE_BYTES = 30 * 1024 * 1024;
const IDLE_STEP_MS = 10;

function takenFolder(channel: DeloChannel, takenDir: string | undefined): string {
  if (takenDir !== undefined) return join(takenDir, channel.id);
  // Beside `out`, on the same file system: taking a message away is then a rename.
  return join(dirname(channel.out), `.${basename(channel.out)}-taken`);
}

/** What the pages and the control interface work with. */
export type DeloCore = Omit<DeloSimulator, 'url' | 'stop'>;

/** Starts a ДЕЛО on these channels; folders that are not there are made. */
export async function startDelo(options: DeloOptions): Promise<DeloSimulator> {
  const { channels, keepFiles = true, pollMs = DEFAULT_POLL_MS } = options;
  const clock = createClock(options.timeZone ?? 'Europe/Moscow', options.now);
  const store = createStore();
  const agenda = createAgenda();
  const script = createScript(options.seed ?? 1, options.behaviour);
  const outbox = createOutbox({
    folders: new Map(channels.map((channel) => [channel.id, channel.in])),
    script,
    agenda,
    store,
    hugeBytes: options.hugeBytes ?? DEFAULT_HUGE_BYTES,
  });
  const registry = createRegistry(store, outbox, clock);
  const clerk = createClerk({ store, registry, outbox, clock });
  const receive = createReception({ store, registry, outbox, agenda, clock });
  const takenDirs = channels.map((channel) => takenFolder(channel, options.takenDir));
  for (const { out, in: into } of channels) {
    await mkdir(out, { recursive: true });
    await mkdir(into, { recursive: true });
  }
  for (const folder of takenDirs) await mkdir(folder, { recursive: true });
  const inboxes = channels.map((channel, index) =>
    openInbox({ channel, takenDir: takenDirs[index] ?? '', keepFiles, script, agenda, store, receive }),
  );
  let stopped = false;

  async function sweepAll(): Promise<void> {
    await Promise.all(inboxes.map((inbox) => inbox.sweep()));
  }

  async function idle(): Promise<void> {
    for (;;) {
      const before = store.counters.taken;
      await sweepAll();
      const quiet = store.counters.taken === before && outbox.pending === 0 && agenda.size === 0;
      if (stopped || quiet) return;
      await new Promise((resolve) => setTimeout(resolve, IDLE_STEP_MS));
    }
  }

  const poll = setInterval(() => void sweepAll(), pollMs);
  const state = {
    channels,
    organizations: options.organizations ?? [],
    today: () => clock.day(clock.now()),
    cards: () => [...store.cards.values()].map(snapshot),
    card(cardId: string) {
      const record = store.cards.get(cardId);
      return record && snapshot(record);
    },
    cardByUid(documentUid: string) {
      const record = store.byUid.get(documentUid);
      return record && snapshot(record);
    },
    get doubles() {
      return store.doubles.length;
    },
    doubleList: store.doubles,
    refused: store.refused,
    complaints: store.complaints,
    counters: store.counters,
    behave(behaviour: Behaviour, channel?: string) {
      script.always(behaviour, channel);
      void sweepAll();
    },
    behaveNext: (count: number, behaviour: Behaviour, channel?: string) =>
      script.next(count, behaviour, channel),
    sendNonsense: (channel: string, kind: NonsenseKind) => outbox.sendNonsense(channel, kind),
    release: () => outbox.release(),
    idle,
  };
  const core: DeloCore = Object.assign(state, clerk);
  const server = await listen(core, { host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  void sweepAll();
  return Object.assign(core, {
    url: server.url,
    async stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(poll);
      agenda.clear();
      for (const inbox of inboxes) inbox.close();
      await server.close();
      await sweepAll();
      while (outbox.pending > 0) await new Promise((resolve) => setTimeout(resolve, IDLE_STEP_MS));
      if (options.takenDir !== undefined && keepFiles) return;
      for (const folder of takenDirs) await rm(folder, { recursive: true, force: true });
    },
  });
}
