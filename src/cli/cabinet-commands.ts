import { createIncidents } from '../alerts/incidents.ts';
import type { Cabinet, LoadedConfig } from '../config/index.ts';
import {
  type CabinetState,
  pauseCabinet,
  recheckCabinet,
  registerCabinets,
  resumeCabinet,
} from '../intake/cabinets.ts';
import { createLog } from '../log.ts';
import { ERROR_CODES } from '../model/error-codes.ts';
import type { Fault } from '../model/errors.ts';
import { loadPlatformMapping } from '../platform/rest/index.ts';
import { findCabinet } from './find-cabinet.ts';
import { explain } from './journey.ts';
import { type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { mappingFile, openPlatform } from './open-platform.ts';
import { requireWhy } from './required.ts';

export interface PauseFlags extends JsonFlag {
  readonly why: string;
}

/** `posrednik cabinets pause`: the cabinet is neither read nor written to until it is resumed, by any daemon. */
export async function pauseCommand(options: GlobalOptions, id: string, flags: PauseFlags): Promise<void> {
  const { loaded, cabinet } = await loadCabinet(options, id);
  requireWhy(flags.why);
  const paused = await withTables(loaded, createLog('warn'), async (db, dataSource) => {
    await registerCabinets(db, [cabinet]);
    return await pauseCabinet(dataSource, cabinet, flags.why);
  });
  printResult(flags.json, { cabinet: id, state: 'paused', changed: paused }, [
    paused
      ? `Кабинет ${id} приостановлен: не читается, и на платформу от него ничего не уходит. Вернуть: cabinets resume ${id}.`
      : `Кабинет ${id} уже приостановлен.`,
  ]);
}

/** `posrednik cabinets resume`: what waited goes on at once. */
export async function resumeCommand(options: GlobalOptions, id: string, flags: JsonFlag): Promise<void> {
  const { loaded, cabinet } = await loadCabinet(options, id);
  const { state, changed } = await withTables(loaded, createLog('warn'), async (db, dataSource) => {
    await registerCabinets(db, [cabinet]);
    return await resumeCabinet(dataSource, cabinet);
  });
  printResult(flags.json, { cabinet: id, state, changed }, [wordsOfResume(id, state, changed)]);
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
  const { loaded, cabinet } = await loadCabinet(options, id);
  const platform = openPlatform(loaded, await loadPlatformMapping(mappingFile(loaded, 'platform.yaml')));
  const log = createLog('silent');
  try {
    const { fault, state } = await withTables(loaded, log, async (db) => {
      await registerCabinets(db, [cabinet]);
      const refused = await recheckCabinet(db, createIncidents(log), platform, cabinet, cabinet.access);
      const [row] = await db.query<{ state: CabinetState }>(`SELECT state FROM cabinet WHERE opa_id = $1`, [
        cabinet.opaId,
      ]);
      return { fault: refused, state: row?.state ?? 'active' };
    });
    const error = fault === undefined ? {} : { code: fault.code, detail: fault.detail ?? null };
    printResult(
      flags.json,
      { cabinet: id, ok: fault === undefined, state, ...error },
      fault === undefined ? wordsOfSuccess(id, state) : wordsOfFault(id, fault),
    );
    if (fault !== undefined) process.exitCode = 1;
  } finally {
    await platform.close();
  }
}

function wordsOfSuccess(id: string, state: CabinetState): string[] {
  const paused = `Он приостановлен человеком; вернуть: cabinets resume ${id}.`;
  return [`Кабинет ${id}: платформа впустила.${state === 'paused' ? ` ${paused}` : ''}`];
}

function wordsOfFault(id: string, fault: Fault): string[] {
  return [`Кабинет ${id}: ${explain(fault.code, fault.detail ?? null)}.`, ERROR_CODES[fault.code].remedy];
}

async function loadCabinet(
  options: GlobalOptions,
  id: string,
): Promise<{ readonly loaded: LoadedConfig; readonly cabinet: Cabinet }> {
  const loaded = await loadForCommand(options);
  return { loaded, cabinet: findCabinet(loaded, id) };
}
