import { describe, expect, it } from '@jest/globals';
import { startFlags } from '../../../scripts/bench/place.ts';
import { showcaseTable } from '../../../scripts/bench/report.ts';
import { runShowcaseBench, type ShowcaseResult } from '../../../scripts/bench/showcase.ts';
import { benchArchive, benchMapper, readRubrics } from '../../../scripts/bench/showcase-archive.ts';
import { questionsOf } from '../../../src/showcase/questions.ts';
import { cardFaults } from '../../../src/showcase/record.ts';

const RESULT: ShowcaseResult = {
  records: 1_000_000,
  files: 100,
  seconds: 25,
  perSecond: 40_000,
  rssMb: 220.5,
  againSeconds: 12,
  floorSeconds: 14,
  ratio: 1.79,
};

describe('bench showcase', () => {
  it('builds every question of the archive, changes nothing the second time, and compares with the floor', async () => {
    const result = await runShowcaseBench({ records: 25_000 });
    expect(result).toMatchObject({ records: 25_000, files: 3 });
    for (const value of [
      result.perSecond,
      result.rssMb,
      result.floorSeconds,
      result.ratio,
      result.againSeconds,
    ]) {
      expect(value).toBeGreaterThan(0);
    }
    expect(result.perSecond).toBeCloseTo(25_000 / result.seconds, -3);
  }, 240_000);

  it('has cards of every kind: one question, two, and left out', async () => {
    const rubrics = await readRubrics();
    const cards = [];
    for await (const page of benchArchive(rubrics, 1000).cards({ cardfiles: [] })) cards.push(...page);
    const going = cards.filter(({ showcaseFlag }) => showcaseFlag !== false);
    const questions = going.map((card) => questionsOf(card).length);
    expect(questions.reduce((sum, count) => sum + count, 0)).toBe(1000);
    expect(new Set(questions)).toEqual(new Set([1, 2]));
    expect(cards.length).toBeGreaterThan(going.length);
    expect(going.filter((card) => cardFaults(card) !== undefined)).toEqual([]);
    const mapper = benchMapper(rubrics);
    const unmapped = going
      .flatMap((card) => questionsOf(card))
      .filter(({ otkCode }) => 'unmapped' in mapper.map({ otkCode }));
    expect(unmapped).toEqual([]);
  });

  it('runs node as npm start does', async () => {
    expect(await startFlags()).toEqual(['--max-semi-space-size=16']);
  });

  it('prints targets beside what was measured', () => {
    const lines = showcaseTable(RESULT).trimEnd().split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[3]).toMatch(/Скорость +40000 в секунду +цель ≥ 20000: выполнена/);
    expect(
      showcaseTable({ ...RESULT, perSecond: 1, rssMb: 300, ratio: 2.01 }).match(/НЕ выполнена/g),
    ).toHaveLength(3);
  });
});
