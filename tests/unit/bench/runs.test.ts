import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runFileBench } from '../../../scripts/bench/file.ts';
import { runIntakeBench } from '../../../scripts/bench/intake.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'posrednik-bench-runs-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a small measurement', () => {
  it('of intake gives the agreed numbers, keeps the promises and leaves nothing', async () => {
    const result = await runIntakeBench({ appeals: 60, fileBytes: 3000, dir });
    expect(Object.keys(result).sort()).toEqual(
      ['appeals', 'floorSeconds', 'perSecond', 'ratio', 'rssMb', 'seconds'].sort(),
    );
    expect(result.appeals).toBe(60);
    for (const value of Object.values(result)) expect(value).toBeGreaterThan(0);
    expect(result.perSecond).toBeCloseTo(60 / result.seconds, -1);
    expect(readdirSync(dir)).toEqual([]);
  }, 180_000);

  it('of a file gives its size and what it added to memory', async () => {
    const bytes = 40_000_000;
    const result = await runFileBench({ bytes, dir });
    expect(result.bytes).toBe(bytes);
    expect(result.seconds).toBeGreaterThan(0);
    expect(result.addedMb).toBeGreaterThanOrEqual(0);
    expect(result.addedMb).toBeLessThan(64);
    expect(readdirSync(dir)).toEqual([]);
  }, 120_000);
});
