import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { APPEAL_STAGES, judge, receivedAt } from '../../../src/intake/eligibility.ts';
import { appealOf, CARD_STATUSES, FINAL_STATUSES, NOW, rulesOf, START } from './items.ts';

const BEFORE = new Date(START.getTime() - 1);

describe('which items become cards', () => {
  it.each([...CARD_STATUSES])('an appeal received after the start in %s becomes one', (status) => {
    expect(judge(appealOf({ status }), rulesOf(), NOW)).toEqual({ stage: 'open' });
  });

  it.each([...FINAL_STATUSES])('one that is in %s already does not', (status) => {
    expect(judge(appealOf({ status }), rulesOf(), NOW)).toEqual({ stage: 'skipped', reason: 'final' });
  });

  it('the first moment of the start counts, the one before does not', () => {
    expect(judge(appealOf({ receivedAt: START }), rulesOf(), NOW).stage).toBe('open');
    expect(judge(appealOf({ receivedAt: BEFORE }), rulesOf(), NOW)).toEqual({
      stage: 'skipped',
      reason: 'before-start',
    });
  });

  it.each(['MODERATION_NEW', 'SOMETHING_ELSE', ''])('one in %j waits for a status with a card', (status) => {
    expect(judge(appealOf({ status }), rulesOf(), NOW)).toEqual({ stage: 'awaiting', reason: 'status' });
  });

  it.each(['NEW', 'RATED', 'REPEATED', 'TERM_MOVED', 'AMENDED', 'UNHEARD_OF'])(
    'whatever the change (%s), an unknown appeal is judged by its status',
    (change) => {
      expect(judge(appealOf({ change }), rulesOf(), NOW).stage).toBe('open');
    },
  );

  it('a withdrawn one needs no card, forced or not', () => {
    for (const forced of [false, true]) {
      const verdict = judge(appealOf({ change: 'WITHDRAWN' }), rulesOf({ forced }), NOW);
      expect(verdict).toEqual({ stage: 'withdrawn', reason: 'withdrawn' });
    }
  });

  it('a back-fill on command opens what the start or an answer kept away, and nothing else', () => {
    const forced = rulesOf({ forced: true });
    expect(judge(appealOf({ receivedAt: BEFORE }), forced, NOW).stage).toBe('open');
    expect(judge(appealOf({ status: 'SEND_RESPONSE', receivedAt: BEFORE }), forced, NOW).stage).toBe('open');
    expect(judge(appealOf({ status: 'MODERATION_NEW' }), forced, NOW).stage).toBe('awaiting');
  });

  it('the receipt is the platform’s word, else the creation, else now', () => {
    const { receivedAt: received, ...bare } = appealOf();
    const createdAt = new Date('2026-06-02T00:00:00Z');
    expect(receivedAt(appealOf({ createdAt }), NOW)).toEqual(received);
    expect(receivedAt({ ...bare, createdAt }, NOW)).toBe(createdAt);
    expect(receivedAt(bare, NOW)).toBe(NOW);
    expect(judge({ ...bare, createdAt: BEFORE }, rulesOf(), NOW).stage).toBe('skipped');
    expect(judge(bare, rulesOf(), NOW).stage).toBe('open');
  });

  it('every item gets a stage of the closed set, and forcing never takes a card away', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('NEW', 'RATED', 'WITHDRAWN', 'REPEATED'),
        fc.constantFrom(...CARD_STATUSES, ...FINAL_STATUSES, 'MODERATION_NEW'),
        fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
        (change, status, received) => {
          const appeal = appealOf({ change, status, receivedAt: received });
          const plain = judge(appeal, rulesOf(), NOW);
          const forced = judge(appeal, rulesOf({ forced: true }), NOW);
          expect(APPEAL_STAGES).toContain(plain.stage);
          if (plain.stage === 'open') expect(forced.stage).toBe('open');
          if (change === 'WITHDRAWN') expect(forced.stage).toBe('withdrawn');
        },
      ),
    );
  });
});
