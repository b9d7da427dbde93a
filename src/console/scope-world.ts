import type { ScopeWorld } from '../alerts/incident/scope.ts';
import type { ConsoleDeps } from './deps.ts';

/** What the settings in force say of cabinets, channels and showcases. */
export function worldOf(deps: ConsoleDeps): ScopeWorld {
  return { cabinets: deps.cabinets(), showcases: deps.loaded.config.showcases };
}
