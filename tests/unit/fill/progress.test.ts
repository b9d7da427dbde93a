import { describe, expect, it } from '@jest/globals';
import { progressLine, progressView } from '../../../scripts/fill/progress.ts';

describe('the line of progress', () => {
  it('has a bar, counts, speed and what is left', () => {
    const line = progressLine({ seen: 500, written: 480, refused: 5, skipped: 15, total: 2000 }, 10_000);
    expect(line).toBe(
      '[######··················] 25 % · 500 из 2000 · записано 480, отказов 5, пропущено 15 · 50 карточек/с · осталось 00:00:30',
    );
  });

  it('does without a total, at the very start, and past the total', () => {
    expect(progressLine({ seen: 7, written: 7, refused: 0, skipped: 0 }, 1000)).toBe(
      '7 · записано 7 · 7 карточек/с',
    );
    expect(progressLine({ seen: 0, written: 0, refused: 0, skipped: 0, total: 0 }, 0)).toBe(
      '0 · записано 0 · 0 карточек/с',
    );
    expect(progressLine({ seen: 12, written: 12, refused: 0, skipped: 0, total: 10 }, 1000)).toMatch(
      /^\[#{24}\] 100 % · 12 из 10 /,
    );
  });
});

describe('the view', () => {
  const progress = { seen: 1, written: 1, refused: 0, skipped: 0, total: 4 };
  function view(isTTY: boolean) {
    const clock = { now: 0 };
    const out: string[] = [];
    const made = progressView({ isTTY, write: (text) => void out.push(text) }, () => clock.now);
    return { clock, out, ...made };
  }

  it('draws over its line on a terminal, not more often than five times a second', () => {
    const { show, end, out, clock } = view(true);
    show(progress);
    clock.now = 100;
    show(progress);
    clock.now = 200;
    show(progress);
    end(progress);
    expect(out).toHaveLength(3);
    expect(out.every((text) => text.startsWith('\r\u001b[K'))).toBe(true);
    expect(out.map((text) => text.endsWith('\n'))).toEqual([false, false, true]);
  });

  it('writes a line from time to time elsewhere', () => {
    const { show, out, clock } = view(false);
    show(progress);
    clock.now = 9999;
    show(progress);
    clock.now = 10_000;
    show(progress);
    expect(out).toHaveLength(2);
    expect(out.join('')).not.toContain('\r');
  });
});
