import { describe, expect, it } from '@jest/globals';
import { BAD } from '../../scripts/chaos/judge.ts';
import { runChaos } from '../../scripts/chaos/run.ts';

const APPEALS = 20;
const KILLS = 2;
/** Equal scripts in every run; what the processes make of them differs all the same. */
const SEED = 20_261_122;

describe('statuses and answers with the platform failing and the daemon killed with kill -9', () => {
  it.each(['keys', 'nokeys'] as const)(
    'each once and in order on a platform with mode %s',
    async (mode) => {
      const { report, complaints } = await runChaos({
        appeals: APPEALS,
        kills: KILLS,
        fault: 0.2,
        mode,
        seed: SEED,
      });
      expect(complaints).toEqual([]);
      expect(BAD.map((name) => [name, report[name]])).toEqual(BAD.map((name) => [name, 0]));
      expect(report).toMatchObject({ appeals: APPEALS, cards: APPEALS, answers: APPEALS, kills: KILLS });
      // Each script gives five statuses; what an answer let fall is not on the platform.
      expect(report.statuses + report.cancelledByAnswer).toBe(5 * APPEALS);
      expect(report.statuses).toBeGreaterThan(4 * APPEALS);
    },
    600_000,
  );
});
