import type { Cabinet, LoadedConfig } from '../config/index.ts';
import { Fault } from '../model/errors.ts';

/** The cabinet of this id. @throws Fault COMMAND_INVALID naming those that are in the settings */
export function findCabinet(loaded: LoadedConfig, id: string): Cabinet {
  const cabinet = loaded.cabinets.find((candidate) => candidate.id === id);
  if (cabinet !== undefined) return cabinet;
  const known = loaded.cabinets.map((candidate) => candidate.id).join(', ');
  throw new Fault('COMMAND_INVALID', { detail: `нет кабинета «${id}»; есть: ${known}`, field: 'cabinet' });
}
