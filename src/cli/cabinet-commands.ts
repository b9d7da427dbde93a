import { createIncidents } from '../alerts/incidents.ts';
import type { Cabinet, LoadedConfig } from '../config/index.ts';
import { writeAudit } from '../console/users/audit.ts';
import {
  type CabinetState,
  pauseCabinet,
  recheckCabinet,
  registerCabinets,
  resumeCabinet,
  stateOf,
} from '../intake/cabinets.ts';
import { createLog } from '../log.ts';
import { codeEntry } from '../model/code-entry.ts';
import { loadPlatformMapping } from '../platform/rest/index.ts';
import { findCabinet } from './find-cabinet.ts';
import { explain } from './journey.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { mappingFile, openPlatform } from './open-platform.ts';
import {
  type ChangedState,
  type Checked,
  remoteCheck,
  remotePause,
  remoteResume,
} from './remote-cabinets.ts';
import { requireWhy } from './required.ts';
import { WHO } from './words.ts';

export interface PauseFlags extends JsonFlag {
  readonly why: string;
}

/** `posrednik cabinets pause`: the cabinet is neither read nor written to until it is resumed, by any daemon. */
export async function pauseCommand(options: GlobalOptions, id: string, flags: PauseFlags): Promise<void> {
  requireWhy(flags.why);
  const { changed } =
    options.api === undefined
      ? await pauseHere(options, id, flags.why)
      : await remotePause(options.api, id, flags.why);
  printResult(flags.json, { cabinet: id, state: 'paused', changed }, [
    changed
      ? `Кабинет ${id} приостановлен: не читается, и на платформу от него ничего не уходит. Вернуть: cabinets resume ${id}.`
      : `Кабинет ${id} уже приостановлен.`,
  ]);
}

async function pauseHere(options: GlobalOptions, id: string, why: string): Promise<ChangedState> {
  const { loaded, cabinet } = await loadCabinet(options, id);
  const changed = await withTables(loaded, createLog('warn'), async (db, dataSource) => {
    await registerCabinets(db, [cabinet]);
    const done = await pauseCabinet(dataSource, cabinet, why);
    if (done) await writeAudit(db, { who: WHO, action: 'cabinet-paused', object: `cabinet:${id}`, why });
    return done;
  });
  return { state: 'paused', changed };
}

/** `posrednik cabinets resume`: what waited goes on at once. */
export async function resumeCommand(options: GlobalOptions, id: string, flags: JsonFlag): Promise<void> {
  const { state, changed } =
    options.api === undefined ? await resumeHere(options, id) : await remoteResume(options.api, id);
  printResult(flags.json, { cabinet: id, state, changed }, [wordsOfResume(id, state, changed)]);
}

async function resumeHere(options: GlobalOptions, id: string): Promise<ChangedState> {
  const { loaded, cabinet } = await loadCabinet(options, id);
  return await withTables(loaded, createLog('warn'), async (db, dataSource) => {
    await registerCabinets(db, [cabinet]);
    const done = await resumeCabinet(dataSource, cabinet);
    if (done.changed) await writeAudit(db, { who: WHO, action: 'cabinet-resumed', object: `cabinet:${id}` });
    return done;
  });
}

function wordsOfResume(id: string, state: CabinetState, changed: boolean): string {
  if (state === 'blocked') {
    return `Кабинет ${id} заблокирован: платформа не приняла его вход. Исправьте причину и выполните cabinets check ${id}.`;
  }
  return changed ? `Кабинет ${id} снова работает.` : `Кабинет ${id} не был приостановлен.`;
}

/**
 * `posrednik cabinets check`: logs the cabinet in afresh; one that was blocked and gets in works again at once. Exit
 * code 1 when the platform does not let it in.
 */
export async function checkCabinetCommand(
  options: GlobalOptions,
  id: string,
  flags: JsonFlag,
): Promise<void> {
  const { fault, state } =
    options.api === undefined ? await checkHere(options, id) : await remoteCheck(options.api, id);
  const error = fault === undefined ? {} : { code: fault.code, detail: fault.detail ?? null };
  printResult(
    flags.json,
    { cabinet: id, ok: fault === undefined, state, ...error },
    fault === undefined ? wordsOfSuccess(id, state) : wordsOfFault(id, fault),
  );
  if (fault !== undefined) process.exitCode = 1;
}

async function checkHere(options: GlobalOptions, id: string): Promise<Checked> {
  const { loaded, cabinet } = await loadCabinet(options, id);
  const platform = openPlatform(loaded, await loadPlatformMapping(mappingFile(loaded, 'platform.yaml')));
  const log = createLog('silent');
  try {
    return await withTables(loaded, log, async (db) => {
      await registerCabinets(db, [cabinet]);
      const fault = await recheckCabinet(db, createIncidents(log), platform, cabinet, cabinet.access);
      const state = await stateOf(db, cabinet.opaId);
      return fault === undefined ? { state } : { state, fault };
    });
  } finally {
    await platform.close();
  }
}

function wordsOfSuccess(id: string, state: CabinetState): string[] {
  const paused = `Он приостановлен человеком; вернуть: cabinets resume ${id}.`;
  return [`Кабинет ${id}: платформа впустила.${state === 'paused' ? ` ${paused}` : ''}`];
}

function wordsOfFault(id: string, { code, detail }: NonNullable<Checked['fault']>): string[] {
  return [`Кабинет ${id}: ${explain(code, detail ?? null)}.`, codeEntry(code).remedy];
}

async function loadCabinet(
  options: GlobalOptions,
  id: string,
): Promise<{ readonly loaded: LoadedConfig; readonly cabinet: Cabinet }> {
  const loaded = await loadForCommand(options);
  return { loaded, cabinet: findCabinet(loaded, id) };
}
