import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type MappingResult, runMappingBench } from '../../../scripts/bench/mapping.ts';
import { mappingTable } from '../../../scripts/bench/report.ts';
import { readShippedOtk, readStarter } from '../../../src/rubrics/starter.ts';

const MAPPINGS = join(import.meta.dirname, '../../../mappings');
const RESULT: MappingResult = {
  codes: 1876,
  rules: 175,
  lookups: 1_000_000,
  mapped: 929_000,
  conditionalMapped: 929_000,
  readyMs: 60,
  perSecond: 2_500_000,
  conditionalPerSecond: 999_999,
};

describe('bench mapping', () => {
  it('looks up every code as often as it says, and finds what the draft has a rule for', async () => {
    const { rubrics } = await readShippedOtk(MAPPINGS);
    const rules = await readStarter(MAPPINGS);
    const codes = rubrics.filter(({ level }) => level >= 4).map(({ code }) => code);
    // A theme's code ends in empty groups; it stands for all codes under it.
    const tops = rules.map(({ code }) => `${code.replace(/(\.0000)+$/, '')}.`);
    const found = codes.filter((code) => tops.some((top) => `${code}.`.startsWith(top)));
    expect(found.length).toBeGreaterThan(0.9 * codes.length);
    const result = await runMappingBench({ lookups: 2 * codes.length });
    expect(result).toEqual({
      codes: 1876,
      rules: rules.length,
      lookups: 2 * 1876,
      mapped: 2 * found.length,
      conditionalMapped: 2 * found.length,
      readyMs: expect.any(Number),
      perSecond: expect.any(Number),
      conditionalPerSecond: expect.any(Number),
    });
    const speeds = [result.perSecond, result.conditionalPerSecond];
    expect(speeds.filter((speed) => !Number.isSafeInteger(speed) || speed <= 0)).toEqual([]);
    // A part of a turn counts as what it is.
    expect(await runMappingBench({ lookups: 3 })).toMatchObject({ codes: 1876, lookups: 3 });
  });

  it('prints what was measured, and whether each target is met', () => {
    const lines = mappingTable(RESULT).trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/Кодов и правил +1876 и 175/);
    expect(lines[2]).toMatch(/Поиск +2500000 в секунду +цель ≥ 1000000: выполнена/);
    expect(lines[3]).toMatch(/Поиск с условиями +999999 в секунду +цель ≥ 1000000: (?!выполнена)/);
  });
});
