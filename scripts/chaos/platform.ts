import {
  connectPlatform,
  type FaultKind,
  type RemotePlatform,
  type RouteName,
} from '../../tests/simulators/platform/index.ts';
import { type Child, jsonLine, startChild } from '../bench/child.ts';
import { projectFile } from '../bench/place.ts';
import { type KeyMode, LATEST_COMMIT_MS, SLOW_MS } from './options.ts';

export interface PlatformProcess {
  readonly url: string;
  readonly remote: RemotePlatform;
  readonly child: Child;
}

/** Starts the simulated platform in a process of its own: it lives on when the daemon is killed. */
export async function startPlatformProcess(mode: KeyMode): Promise<PlatformProcess> {
  const child = startChild([projectFile('tests/simulators/platform/main.ts'), '--key-mode', mode]);
  const url = await child.line((line) => {
    const told = jsonLine(line)?.['url'];
    return typeof told === 'string' ? told : undefined;
  });
  return { url, remote: connectPlatform(url), child };
}

interface Trouble {
  readonly kind: FaultKind;
  readonly ms?: number;
}

const LATE = [0.2, 0.6, 1].map(
  (part): Trouble => ({ kind: 'commit-after-cut', ms: part * LATEST_COMMIT_MS }),
);
const WRITES: readonly RouteName[] = ['statuses', 'answers', 'upload'];
const READS: readonly RouteName[] = ['appeal', 'feed', 'file', 'token'];
const WRITE_TROUBLES: readonly (readonly Trouble[])[] = [
  [{ kind: 'cut-before' }],
  [{ kind: 'cut-after' }],
  LATE,
  [{ kind: 'error-500' }],
  [{ kind: 'rate-limit' }],
  [{ kind: 'latency', ms: SLOW_MS }],
];
const READ_TROUBLES: readonly (readonly Trouble[])[] = [
  [{ kind: 'cut-before' }],
  [{ kind: 'truncate' }],
  [{ kind: 'error-500' }],
  [{ kind: 'rate-limit' }],
  [{ kind: 'latency', ms: SLOW_MS }],
];

/** Lets a share of the platform's calls go wrong, every kind of trouble as often as the others. */
export async function addFaults(remote: RemotePlatform, share: number, seed: number): Promise<void> {
  if (share <= 0) return;
  let number = seed * 100;
  for (const [route, troubles] of [
    [WRITES, WRITE_TROUBLES],
    [READS, READ_TROUBLES],
  ] as const) {
    let left = 1;
    for (const kinds of troubles) {
      for (const trouble of kinds) {
        const part = share / troubles.length / kinds.length;
        // Rules are asked in turn: each must hit more often among the calls that those before it left alone.
        await remote.fault({ route, ...trouble, probability: Math.min(1, part / left), seed: ++number });
        if (trouble.kind !== 'latency') left -= part;
      }
    }
  }
}
