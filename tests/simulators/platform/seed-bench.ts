import { addAppeal } from './appeals.ts';
import { addCabinet, type PlatformState } from './state.ts';
import type { CabinetInput } from './types.ts';

export interface BenchOptions {
  /** Appeals in each cabinet. */
  appeals: number;
  /** Default 51,200. */
  fileBytes?: number;
  /** Default 1. */
  cabinets?: number;
  /** Checksums in the items; costs one pass over all bytes. Default false. */
  sha256?: boolean;
}

const FIRST_OPA_ID = 900_001;

/**
 * Adds cabinets 900001, 900002, … («bench-1» / «bench-password-1», …) and fills each with appeals of one
 * file, every file with bytes of its own. Gives the cabinets, to configure a connector with.
 */
export function seedBench(state: PlatformState, options: BenchOptions): CabinetInput[] {
  const cabinets: CabinetInput[] = [];
  for (let k = 1; k <= (options.cabinets ?? 1); k++) {
    const cabinet: CabinetInput = {
      opaId: String(FIRST_OPA_ID + k - 1),
      identifier: `bench-${k}`,
      password: `bench-password-${k}`,
      name: `Администрация района № ${k}`,
    };
    addCabinet(state, cabinet);
    cabinets.push(cabinet);
    for (let i = 0; i < options.appeals; i++) {
      addAppeal(state, cabinet.opaId, {
        files: [
          { name: `Фото ${i + 1}.txt`, size: options.fileBytes ?? 51_200, sha256: options.sha256 ?? false },
        ],
      });
    }
  }
  return cabinets;
}
