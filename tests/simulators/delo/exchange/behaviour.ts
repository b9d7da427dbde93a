import { type Behaviour, NONSENSE_KINDS, type NonsenseKind } from '../types.ts';

/** A seeded generator (mulberry32): the same seed gives the same misbehaviour. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What to do with one message that came. */
export interface IncomingPlan {
  readonly takeDelayMs: number;
  readonly registerDelayMs: number;
  readonly onCommand: boolean;
  readonly refuse?: { readonly code: number; readonly text: string };
}

/** What to do with one message that goes. */
export interface OutgoingPlan {
  readonly twice: boolean;
  readonly hold: boolean;
  readonly noEnvelope: boolean;
  readonly missingFile: boolean;
  readonly nonsense?: NonsenseKind;
}

export interface Script {
  /** Changes the standing behaviour of a channel, or of all. */
  always(behaviour: Behaviour, channel?: string): void;
  /** Adds a behaviour for the next `count` messages: of those that come, and of those that go. */
  next(count: number, behaviour: Behaviour, channel?: string): void;
  isSilent(channel: string): boolean;
  incoming(channel: string): IncomingPlan;
  outgoing(channel: string): OutgoingPlan;
}

interface Limited {
  readonly channel: string | undefined;
  readonly behaviour: Behaviour;
  incoming: number;
  outgoing: number;
}

const INCOMING_KEYS = ['refuse', 'takeDelayMs', 'registerDelayMs', 'registration'] as const;
const OUTGOING_KEYS = ['twice', 'reorder', 'nonsense', 'noEnvelope', 'missingFile'] as const;

function touches(behaviour: Behaviour, keys: readonly (keyof Behaviour)[]): boolean {
  return keys.some((key) => behaviour[key] !== undefined);
}

/** The scripted behaviour: standing for all, standing for a channel, then what the next messages get. */
export function createScript(seed: number, initial: Behaviour = {}): Script {
  const random = createRandom(seed);
  let everywhere: Behaviour = { ...initial };
  const byChannel = new Map<string, Behaviour>();
  const limited: Limited[] = [];

  function effective(channel: string, direction: 'incoming' | 'outgoing'): Behaviour {
    let behaviour: Behaviour = { ...everywhere, ...byChannel.get(channel) };
    const next = limited.find(
      (item) => item[direction] > 0 && (item.channel === undefined || item.channel === channel),
    );
    if (next !== undefined) {
      next[direction] -= 1;
      behaviour = { ...behaviour, ...next.behaviour };
      if (next.incoming + next.outgoing === 0) limited.splice(limited.indexOf(next), 1);
    }
    return behaviour;
  }

  function hit(share: number | undefined): boolean {
    return share !== undefined && share > 0 && random() < share;
  }

  return {
    always(behaviour, channel) {
      if (channel === undefined) everywhere = { ...everywhere, ...behaviour };
      else byChannel.set(channel, { ...byChannel.get(channel), ...behaviour });
    },
    next(count, behaviour, channel) {
      const incoming = touches(behaviour, INCOMING_KEYS) ? count : 0;
      const outgoing = touches(behaviour, OUTGOING_KEYS) ? count : 0;
      if (incoming + outgoing > 0) limited.push({ channel, behaviour, incoming, outgoing });
    },
    isSilent: (channel) => (byChannel.get(channel)?.silent ?? everywhere.silent) === true,
    incoming(channel) {
      const behaviour = effective(channel, 'incoming');
      const { refuse } = behaviour;
      const refused = refuse !== undefined && refuse !== false && hit(refuse.share ?? 1) ? refuse : undefined;
      return {
        takeDelayMs: behaviour.takeDelayMs ?? 0,
        registerDelayMs: behaviour.registerDelayMs ?? 0,
        onCommand: behaviour.registration === 'command',
        ...(refused && {
          refuse: { code: refused.code ?? 39, text: refused.text ?? 'Не указан автор документа' },
        }),
      };
    },
    outgoing(channel) {
      const behaviour = effective(channel, 'outgoing');
      const kinds = behaviour.nonsenseKinds ?? NONSENSE_KINDS;
      const nonsense = hit(behaviour.nonsense) ? kinds[Math.floor(random() * kinds.length)] : undefined;
      return {
        twice: hit(behaviour.twice),
        hold: hit(behaviour.reorder),
        noEnvelope: behaviour.noEnvelope === true,
        missingFile: behaviour.missingFile === true,
        ...(nonsense && { nonsense }),
      };
    },
  };
}
