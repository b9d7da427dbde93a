import type { Incidents } from '../alerts/incidents.ts';
import { type CheckLine, type CheckTask, runChecks } from '../config/check.ts';
import type { Cabinet, LoadedConfig } from '../config/index.ts';
import { recheckCabinet } from '../intake/cabinets.ts';
import type { Platform } from '../platform/port.ts';
import type { Queryable } from '../store/data-source.ts';
import { archiveChecks } from './archives.ts';
import { channelChecks } from './channels.ts';

export const CABINET_STEPS = ['login', 'feed', 'channel', 'archive'] as const;
export type CabinetStep = (typeof CABINET_STEPS)[number];

export interface StepLine {
  readonly step: CabinetStep;
  /** Absent: not tried, for a step before it failed, or there is nothing to try. */
  readonly line?: CheckLine;
}

export interface CabinetCheckDeps {
  readonly db: Queryable;
  readonly incidents: Incidents;
  readonly platform: Platform;
  readonly loaded: LoadedConfig;
}

const STEP_MS = 20_000;

/**
 * Tries all that one cabinet needs, step by step: logs in afresh (a blocked cabinet that gets in works again), reads one
 * item of its feed, tries its channel's folders, its archive. A log-in that is refused is not tried again by the feed.
 * Never rejects for a step's sake: each tells its own outcome.
 */
export async function checkCabinetSteps(
  deps: CabinetCheckDeps,
  cabinet: Cabinet,
  signal?: AbortSignal,
): Promise<readonly StepLine[]> {
  const { db, incidents, platform, loaded } = deps;
  const run = async (area: CheckLine['area'], task: CheckTask | undefined) => {
    if (task === undefined) return undefined;
    const options = { timeoutMs: STEP_MS, ...(signal === undefined ? {} : { signal }) };
    const [line] = await runChecks({ [area]: [task] }, options);
    return line;
  };
  const login = async () =>
    await run('cabinet', {
      name: cabinet.id,
      run: async (bound) => {
        const fault = await recheckCabinet(db, incidents, platform, cabinet, cabinet.access, bound);
        if (fault !== undefined) throw fault;
        return undefined;
      },
    });
  const feed = async () =>
    await run('cabinet', {
      name: cabinet.id,
      run: async (bound) => {
        await platform.readFeed(cabinet.access, { size: 1 }, bound);
        return undefined;
      },
    });
  const ofPlatform = async (): Promise<readonly StepLine[]> => {
    const line = await login();
    const second = line?.ok === true ? await feed() : undefined;
    return [asStep('login', line), asStep('feed', second)];
  };
  const named = (tasks: readonly CheckTask[], name: string | undefined) =>
    tasks.find((task) => task.name === name);
  const ofSed = async (): Promise<readonly StepLine[]> => [
    asStep('channel', await run('channel', named(await channelChecks(loaded), cabinet.channel))),
    asStep('archive', await run('archive', named(await archiveChecks(loaded), cabinet.archive))),
  ];
  const [platformSteps, sedSteps] = await Promise.all([ofPlatform(), ofSed()]);
  return [...platformSteps, ...sedSteps];
}

function asStep(step: CabinetStep, line: CheckLine | undefined): StepLine {
  return line === undefined ? { step } : { step, line };
}
