import { describe, expect, it } from '@jest/globals';
import { jsonLine, parsePeakMb, peakRssMb } from '../../../scripts/bench/child.ts';
import { daemonArguments, projectFile } from '../../../scripts/bench/place.ts';
import { fileTable, intakeTable } from '../../../scripts/bench/report.ts';

describe('parsePeakMb', () => {
  it('reads the highest mark in MB of a million bytes', () => {
    expect(parsePeakMb('Name:\tnode\nVmPeak:\t 9999999 kB\nVmHWM:\t  200000 kB\nVmRSS:\t 1 kB\n')).toBe(
      204.8,
    );
  });

  it('says so where the system tells nothing', () => {
    expect(() => parsePeakMb('Name:\tnode\n')).toThrow(/Linux/);
  });

  it('measures this process', async () => {
    expect(await peakRssMb('self')).toBeGreaterThan(process.memoryUsage().rss / 1e6 / 4);
  });
});

describe('jsonLine', () => {
  it.each([
    ['{"url":"http://127.0.0.1:1"}', { url: 'http://127.0.0.1:1' }],
    ['plain words', undefined],
    ['{broken', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(jsonLine(line)).toEqual(expected);
  });
});

describe('daemonArguments', () => {
  it('takes node’s flags over and names the program by its whole path', () => {
    expect(daemonArguments('node --max-semi-space-size=16 --x src/main.ts run', '/c.yaml')).toEqual([
      '--max-semi-space-size=16',
      '--x',
      projectFile('src/main.ts'),
      'run',
      '-c',
      '/c.yaml',
    ]);
    expect(daemonArguments('node src/main.ts run', '/c.yaml')).toEqual([
      projectFile('src/main.ts'),
      'run',
      '-c',
      '/c.yaml',
    ]);
  });

  it.each(['npm start', 'node src/main.ts demo', 'node --flag src/main.ts'])('refuses «%s»', (script) => {
    expect(() => daemonArguments(script, '/c.yaml')).toThrow(script);
  });
});

describe('the tables', () => {
  const result = { appeals: 5000, seconds: 20, perSecond: 250, rssMb: 200, floorSeconds: 12.5, ratio: 1.6 };

  it('set the result of intake beside its targets', () => {
    const lines = intakeTable(result).trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]).toMatch(/^Скорость +250 в секунду +цель ≥ 200: выполнена$/);
    expect(lines[3]).toMatch(/200 МБ +цель < 250 МБ: выполнена$/);
    expect(lines[5]).toMatch(/1\.6 +цель ≤ 2: выполнена$/);
  });

  it.each([
    [{ perSecond: 199.9 }, '≥ 200'],
    [{ rssMb: 250 }, '< 250 МБ'],
    [{ ratio: 2.01 }, '≤ 2'],
  ])('say which target is missed: %j', (over, target) => {
    const missed = intakeTable({ ...result, ...over }).split('\n');
    expect(missed.filter((line) => line.includes('НЕ выполнена'))).toHaveLength(1);
    expect(missed.find((line) => line.includes('НЕ выполнена'))).toContain(target);
  });

  it('tell of the large file', () => {
    expect(fileTable({ bytes: 1024 ** 3, seconds: 4, addedMb: 12.5 })).toContain('1074 МБ');
    expect(fileTable({ bytes: 1, seconds: 4, addedMb: 64 })).toContain('НЕ выполнена');
  });
});
