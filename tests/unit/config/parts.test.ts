import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { createBell } from '../../../src/config/bell.ts';
import { applyEnvironment } from '../../../src/config/env.ts';
import { ConfigError, formatProblem, pathText } from '../../../src/config/problems.ts';
import { didYouMean, editDistance, suggest } from '../../../src/config/suggest.ts';
import { parseYaml } from '../../../src/config/yaml-file.ts';
import { Fault } from '../../../src/model/errors.ts';

describe('suggest', () => {
  const known = ['baseUrl', 'timeout', 'passwordFile', 'in', 'out'];

  it.each([
    ['baseurl', 'baseUrl'],
    ['base_url', 'baseUrl'],
    ['BASE-URL', 'baseUrl'],
    ['timeuot', 'timeout'],
    ['pasword_file', 'passwordFile'],
    ['otu', 'out'],
  ])('%s → %s', (word, expected) => {
    expect(suggest(word, known)).toBe(expected);
    expect(didYouMean(word, known)).toBe(`; возможно, вы имели в виду «${expected}»`);
  });

  it('says nothing when nothing is near', () => {
    expect(suggest('retries', known)).toBeUndefined();
    expect(didYouMean('retries', known)).toBe('');
    expect(suggest('x', [])).toBeUndefined();
  });

  it('a distance is symmetric, nothing only between equals, and at most the longer word', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe('problems', () => {
  it('are one fault with all of them in its words', () => {
    const problems = [
      { path: 'a', message: 'раз', line: 3 },
      { path: 'b', message: 'два' },
    ];
    const error = new ConfigError(problems, ['/x']);
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', kind: 'rejected', problems, files: ['/x'] });
    expect(error.detail).toBe('a (строка 3): раз\nb: два');
    expect(formatProblem({ path: 'b', message: 'два' })).toBe('b: два');
  });

  it('name a path as it is written', () => {
    expect(pathText(['cabinets', 0, 'opaId'])).toBe('cabinets[0].opaId');
    expect(pathText([0, 'a'])).toBe('[0].a');
    expect(pathText([])).toBe('');
  });
});

describe('parseYaml', () => {
  it('never throws and never repeats the text', () => {
    const junk = fc.string({
      unit: fc.constantFrom('a', ':', ' ', '\n', '[', '{', '"', "'", '&', '*', '-', '\t', '#', '|', '%', '!'),
    });
    fc.assert(
      fc.property(junk, (text) => {
        const { faults, data } = parseYaml(`${text}\nMARK: [*nothing "MARK`);
        expect(data === undefined).toBe(faults.length > 0);
        expect(JSON.stringify(faults)).not.toContain('MARK');
      }),
      { numRuns: 300 },
    );
  });

  it('refuses a bomb of references', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [index, name] of ['b', 'c', 'd', 'e', 'f', 'g', 'h'].entries()) {
      const before = String.fromCharCode(97 + index);
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
    }
    const { faults, data } = parseYaml(bomb.join('\n'));
    expect(data).toBeUndefined();
    expect(faults[0]).toMatchObject({ message: expect.stringContaining('слишком много раз'), line: 2 });
  });

  it('knows the line of a path, or of what there is of it', () => {
    const { lineOf } = parseYaml('a: 1\nlist:\n  - x: 1\n  - x: 2\n    y: 3\n');
    expect(lineOf(['list', 1, 'y'])).toBe(5);
    expect(lineOf(['list', 1, 'nothing'])).toBe(4);
    expect(lineOf(['nothing'])).toBeUndefined();
    expect(lineOf([])).toBeUndefined();
  });
});

describe('applyEnvironment', () => {
  it('leaves what it was given as it was', () => {
    const given = { console: { port: 1 }, channels: [{ id: 'a' }] };
    const { data, origins } = applyEnvironment(given, {
      POSREDNIK_CONSOLE__PORT: '2',
      POSREDNIK_CHANNELS__0__ID: 'b',
    });
    expect(data).toEqual({ console: { port: 2 }, channels: [{ id: 'b' }] });
    expect(given).toEqual({ console: { port: 1 }, channels: [{ id: 'a' }] });
    expect([...origins]).toEqual([
      ['channels[0].id', 'POSREDNIK_CHANNELS__0__ID'],
      ['console.port', 'POSREDNIK_CONSOLE__PORT'],
    ]);
  });

  it('takes whole sections and lists, and adds to the end of a list only', () => {
    const env = {
      POSREDNIK_RETRY: '{base: 5s}',
      POSREDNIK_CABINETS__0__ID: 'a',
      POSREDNIK_CABINETS__1__ID: 'b',
      POSREDNIK_CABINETS__5__ID: 'c',
    };
    const { data, problems } = applyEnvironment(undefined, env);
    expect(data).toEqual({ retry: { base: '5s' }, cabinets: [{ id: 'a' }, { id: 'b' }] });
    expect(problems.map((problem) => problem.path)).toEqual(['POSREDNIK_CABINETS__5__ID']);
  });

  it('does not reach past the settings', () => {
    const env = {
      POSREDNIK___PROTO____X: '1',
      POSREDNIK_CONSOLE__CONSTRUCTOR: '1',
      POSREDNIK_CONSOLE__PORT__X: '1',
    };
    const { data, problems } = applyEnvironment({}, env);
    expect(data).toEqual({});
    expect(problems).toHaveLength(3);
    expect(Reflect.get({}, 'X')).toBeUndefined();
    expect(applyEnvironment({ console: 5 }, { POSREDNIK_CONSOLE__PORT: '1' }).problems[0]?.message).toContain(
      'не раздел',
    );
    expect(applyEnvironment([1], { POSREDNIK_CONSOLE__PORT: '1' }).data).toEqual([1]);
  });
});

describe('createBell', () => {
  it('keeps a ring, wakes a waiter, and sleeps no longer than told', async () => {
    jest.useFakeTimers();
    try {
      const abort = new AbortController();
      const bell = createBell(abort.signal);
      bell.ring();
      bell.ring();
      expect(await bell.wait(1_000)).toBe(true);
      const slept = bell.wait(1_000);
      await jest.advanceTimersByTimeAsync(1_000);
      expect(await slept).toBe(false);
      const woken = bell.wait(1_000_000);
      bell.ring();
      expect(await woken).toBe(true);
      const stopped = bell.wait(1_000_000);
      abort.abort();
      expect(await stopped).toBe(false);
      expect(await bell.wait(1_000_000)).toBe(false);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('waits for quiet, but not for ever', async () => {
    jest.useFakeTimers();
    try {
      const bell = createBell(new AbortController().signal);
      let quiet = false;
      const done = bell.quiet(100).then(() => {
        quiet = true;
      });
      for (let round = 0; round < 9; round += 1) {
        await jest.advanceTimersByTimeAsync(50);
        bell.ring();
        await jest.advanceTimersByTimeAsync(0);
      }
      expect(quiet).toBe(false);
      await jest.advanceTimersByTimeAsync(100);
      await done;
      expect(quiet).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });
});
