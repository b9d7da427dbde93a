import type { SedSink } from '../port.ts';
import type { Clock } from './clock.ts';
import type { ReadingOptions } from './incoming.ts';

export interface InboxOptions extends ReadingOptions {
  /** The channel's `in` folder. */
  readonly folder: string;
  readonly sink: SedSink;
  readonly signal: AbortSignal;
  readonly sweepMs: number;
  /** How long an unreadable message may stay unchanged before it goes to quarantine. */
  readonly quarantineAfterMs: number;
  readonly onFault: (fault: unknown) => void;
  readonly clock: Clock;
}

/** What the reader remembers between two sweeps; all of it may be lost with the process. */
export interface InboxState {
  /** Unreadable so far, by envelope stem: since when its files have not changed. */
  readonly unreadable: Map<string, { print: string; since: number }>;
  /** Not accepted by the sink, by envelope stem: which documents they are about. */
  readonly held: Map<string, readonly string[]>;
  /** Message folder of each envelope seen. */
  readonly folderOf: Map<string, string>;
  /** Folders without an envelope. */
  readonly leftovers: Map<string, { print: string; since: number; checked: boolean; told: boolean }>;
}

/** An envelope found in the folder. */
export interface Envelope {
  /** File name. */
  readonly name: string;
  /** Without `.env`. */
  readonly stem: string;
  readonly mtimeMs: number;
}

export function newInboxState(): InboxState {
  return { unreadable: new Map(), held: new Map(), folderOf: new Map(), leftovers: new Map() };
}

/** What the sink threw: the message itself is not at fault and stays. */
export class SinkError extends Error {
  constructor(cause: unknown) {
    super('sink', { cause });
    this.name = 'SinkError';
  }
}

/** Calls the sink so that its failures can be told from those of the folder. */
export async function throughSink<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new SinkError(error);
  }
}
