import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ConsoleResult, runConsoleBench } from '../../../scripts/bench/console.ts';
import { benchPages } from '../../../scripts/bench/console-pages.ts';
import { seededCabinet, seededPosId } from '../../../scripts/bench/console-seed.ts';
import { consoleTable } from '../../../scripts/bench/report.ts';

let dir: string;
let result: ConsoleResult;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'posrednik-bench-console-'));
  result = await runConsoleBench({ appeals: 3000, attention: 150, cabinets: 120, dir });
}, 240_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a small measurement of the console', () => {
  it('gives every page of the list with its time and weight, and the longest search', () => {
    const known = { appeals: 3000, appealId: '1', changeId: '1', deliveryId: '1', incidentId: '1' };
    const pages = benchPages(known);
    expect(result.pages.map(({ name }) => name)).toEqual(pages.map(({ name }) => name));
    const searches = pages.filter(({ isSearch }) => isSearch === true).map(({ name }) => name);
    const longest = result.pages.filter(({ name }) => searches.includes(name)).map(({ ms }) => ms);
    expect(result.searchMs).toBe(Math.max(...longest));
    for (const page of result.pages) {
      expect(page.ms).toBeGreaterThan(0);
      expect(page.worstMs).toBeGreaterThanOrEqual(page.ms);
    }
  });

  it('finds every page lighter than 100 KB', () => {
    expect(result.pages.filter(({ kb }) => kb >= 100)).toEqual([]);
  });

  it('leaves nothing behind', () => {
    expect(readdirSync(dir)).toEqual([]);
  });

  it('says which page holds to its targets', () => {
    const slow = {
      ...result,
      searchMs: 301,
      pages: [
        { name: 'overview', ms: 12, worstMs: 20, kb: 100.1 },
        { name: 'users', ms: 299, worstMs: 999, kb: 9 },
      ],
    };
    const lines = consoleTable(slow).trimEnd().split('\n');
    expect(lines.find((line) => line.startsWith('overview'))).toContain('НЕ выполнена');
    expect(lines.find((line) => line.startsWith('users'))).toMatch(/цель < 300 мс, < 100 КБ: выполнена$/);
    expect(lines.at(-1)).toMatch(/301 мс.*НЕ выполнена$/);
  });
});

describe('seeded numbers', () => {
  it('are all different, and of one length', () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => seededPosId(index * 50));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(new Set(numbers.map(({ length }) => length))).toEqual(new Set([8]));
    expect(seededCabinet(7)).toEqual({ id: 'lko-7', opaId: '700007' });
  });
});
