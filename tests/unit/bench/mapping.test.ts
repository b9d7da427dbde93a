import { describe, expect, it } from '@jest/globals';
import { runMappingBench } from '../../../scripts/bench/mapping.ts';
import { mappingTable } from '../../../scripts/bench/report.ts';

describe('bench mapping', () => {
  it('finds at least a million categories a second', async () => {
    const result = await runMappingBench({ lookups: 500_000 });
    expect(result).toMatchObject({ codes: 1876, lookups: 500_000 });
    expect(result.perSecond).toBeGreaterThanOrEqual(1_000_000);
    expect(mappingTable(result)).toMatch(/Поиск +\d+ в секунду +цель ≥ 1000000: выполнена/);
  });

  it('tells a target that was missed', () => {
    const slow = { codes: 1, rules: 1, lookups: 1, readyMs: 1, perSecond: 999_999, conditionalPerSecond: 1 };
    expect(mappingTable(slow)).not.toMatch(/: выполнена/);
  });
});
