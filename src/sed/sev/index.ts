import { Fault } from '../../model/errors.ts';
import type { SedChannel, SedExchange } from '../port.ts';
import type { CardMapping } from './card-mapping.ts';
import { type Clock, systemClock } from './clock.ts';
import { readInbox } from './inbox.ts';
import { restoreFromQuarantine } from './quarantine.ts';
import { createSevWriter } from './writer.ts';

export interface SevExchangeOptions {
  readonly channels: readonly SedChannel[];
  readonly mapping: CardMapping;
  /** How long an unreadable message may stay unchanged before it goes to quarantine; 10 min unless told. */
  readonly quarantineAfterMs?: number;
  /** Limit of one XML, bytes; 20 MiB unless told. */
  readonly maxMessageBytes?: number;
  /** How often the `in` folder is swept when `read` is not told; 5 s. */
  readonly sweepMs?: number;
  /** IANA zone in which the СЭД of a channel writes times without an offset; Europe/Moscow unless told. */
  readonly zoneOf?: (channel: string) => string;
  readonly clock?: Clock;
  /** Whether the showcase counts cards of this cabinet (opaId) that came from the platform; no unless told. */
  readonly showsPlatformBorn?: (opaId: string) => boolean;
}

const DEFAULTS = {
  quarantineAfterMs: 600_000,
  maxMessageBytes: 20 * 1024 * 1024,
  sweepMs: 5_000,
};

/** The exchange half of the СЭВ driver (contracts/sev.md, section 1): messages as folders of files. */
export function createSevExchange(options: SevExchangeOptions): SedExchange {
  const { channels, mapping, showsPlatformBorn } = options;
  const writer = createSevWriter({
    channels: [...channels],
    mapping,
    ...(showsPlatformBorn === undefined ? {} : { showsPlatformBorn }),
  });
  const clock = options.clock ?? systemClock;

  function inFolder(channel: string): string {
    const found = channels.find((entry) => entry.id === channel);
    if (found !== undefined) return found.in;
    throw new Fault('CONFIG_INVALID', { detail: `нет канала СЭД «${channel}»`, field: 'channels' });
  }

  return {
    ...writer,
    async read(channel, sink, { signal, sweepMs, onFault }) {
      await readInbox({
        channel,
        folder: inFolder(channel),
        sink,
        signal,
        sweepMs: sweepMs ?? options.sweepMs ?? DEFAULTS.sweepMs,
        quarantineAfterMs: options.quarantineAfterMs ?? DEFAULTS.quarantineAfterMs,
        maxMessageBytes: options.maxMessageBytes ?? DEFAULTS.maxMessageBytes,
        zone: options.zoneOf?.(channel) ?? 'Europe/Moscow',
        onFault,
        clock,
      });
    },
    async retryQuarantined(channel, messageDir) {
      await restoreFromQuarantine(inFolder(channel), messageDir);
    },
  };
}
