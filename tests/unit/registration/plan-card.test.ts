import { describe, expect, it } from '@jest/globals';
import { nextStep, type Step } from '../../../src/registration/plan.ts';
import type { AppealState } from '../../../src/registration/state.ts';
import {
  appealState,
  card,
  change,
  DEADLINE,
  file,
  NOW,
  pack,
  refusedCard,
  refusedFile,
  registeredCard,
  SEEN,
  SETTINGS,
  storedFile,
} from './states.ts';

type Begin = Extract<Step, { do: 'begin' }>;

function plan(over: Partial<AppealState>, now = NOW): Step {
  return nextStep(appealState(over), SETTINGS, now);
}

function begun(over: Partial<AppealState>, now = NOW): Begin {
  const step = plan(over, now);
  if (step.do !== 'begin') throw new Error(`the step is ${step.do}`);
  return step;
}

describe('an appeal without a card', () => {
  it.each(['awaiting', 'skipped', 'attention', 'withdrawn', 'settled'] as const)(
    'rests while it is «%s», whatever else it has',
    (stage) => {
      expect(plan({ stage, attachments: [file('a')], pending: [change('11', 'REPEATED')] })).toEqual({
        do: 'rest',
      });
    },
  );

  it('without files becomes the first part of the first attempt at once', () => {
    expect(plan({})).toEqual({
      do: 'begin',
      card: undefined,
      repetition: '',
      part: 0,
      attempt: 1,
      addition: null,
      change: undefined,
      attachments: [],
      missing: [],
      earlier: undefined,
    });
  });

  it('fetches the files that are due, and only those', () => {
    const due = file('a', { nextTryAt: NOW });
    const later = file('b', { nextTryAt: NOW + 1 });
    expect(plan({ attachments: [due, later, storedFile('c'), refusedFile('d')] })).toEqual({
      do: 'fetch',
      attachments: [due],
    });
  });

  it('waits for the next try of a file', () => {
    expect(plan({ attachments: [file('a', { nextTryAt: NOW + 5000 })] })).toEqual({
      do: 'wait',
      until: NOW + 5000,
    });
  });

  it('waits for a file no longer than the setting says', () => {
    const slow = file('a', { nextTryAt: DEADLINE + 3_600_000 });
    expect(plan({ attachments: [slow] })).toEqual({ do: 'wait', until: DEADLINE });
    expect(plan({ attachments: [slow] }, DEADLINE - 1).do).toBe('wait');
    expect(begun({ attachments: [slow, storedFile('b')] }, DEADLINE)).toMatchObject({
      attachments: [{ id: 'b' }],
      missing: [{ id: 'a' }],
    });
  });

  it('counts the wait from the file that was seen last', () => {
    const slow = { nextTryAt: DEADLINE + 3_600_000 };
    const attachments = [file('a', slow), file('b', { ...slow, seenAt: SEEN + 100_000 })];
    expect(plan({ attachments }, DEADLINE)).toEqual({ do: 'wait', until: DEADLINE + 100_000 });
  });

  it('still tries a due file after the wait is over, before the card goes', () => {
    expect(plan({ attachments: [file('a', { nextTryAt: DEADLINE })] }, DEADLINE).do).toBe('fetch');
  });

  it('goes at once with a note when the only files are refused', () => {
    expect(begun({ attachments: [refusedFile('a')] })).toMatchObject({
      attachments: [],
      missing: [{ id: 'a' }],
    });
  });

  it('asks for no file of a paused cabinet, yet does not wait for ever', () => {
    const attachments = [file('a', { nextTryAt: SEEN })];
    expect(plan({ attachments, cabinetActive: false })).toEqual({ do: 'wait', until: DEADLINE });
    expect(begun({ attachments, cabinetActive: false }, DEADLINE).missing).toHaveLength(1);
  });
});

describe('a withdrawal before the card', () => {
  it('cancels the appeal, files or not', () => {
    const withdrawn = change('11', 'WITHDRAWN');
    const expected = { do: 'cancel', change: withdrawn };
    expect(plan({ pending: [withdrawn] })).toEqual(expected);
    expect(plan({ pending: [withdrawn], attachments: [file('a')] })).toEqual(expected);
    expect(plan({ pending: [change('10', 'AMENDED'), withdrawn] })).toEqual(expected);
    expect(plan({ pending: [change('10', 'REPEATED'), withdrawn] })).toEqual(expected);
  });

  it('is over when the appeal was sent back after it: only that consideration gets a card', () => {
    const again = change('12', 'REPEATED');
    expect(plan({ pending: [change('11', 'WITHDRAWN'), again] })).toMatchObject({
      do: 'begin',
      repetition: 'c12',
      part: 0,
      attempt: 1,
      change: again,
    });
  });

  it('cancels when it came last', () => {
    const last = change('13', 'WITHDRAWN');
    expect(plan({ pending: [change('11', 'WITHDRAWN'), change('12', 'REPEATED'), last] })).toEqual({
      do: 'cancel',
      change: last,
    });
  });
});

describe('a card that was begun', () => {
  const writing = card({ stage: 'planned', packages: [pack({ stage: 'writing', attachments: ['a'] })] });

  it('is written before anything else', () => {
    const pending = [change('11', 'WITHDRAWN'), change('12', 'REPEATED')];
    const step = plan({ cards: [writing], pending, attachments: [storedFile('a'), file('b')] });
    expect(step).toEqual({ do: 'write', card: writing, package: writing.packages[0] });
  });

  it('is written even when its cabinet is paused', () => {
    expect(plan({ cards: [writing], attachments: [storedFile('a')], cabinetActive: false }).do).toBe('write');
  });

  it('first gets back a file that the spool has lost', () => {
    const lost = file('a', { nextTryAt: NOW });
    expect(plan({ cards: [writing], attachments: [lost, file('b', { nextTryAt: SEEN })] })).toEqual({
      do: 'fetch',
      attachments: [lost],
    });
    const later = file('a', { nextTryAt: NOW + 7000 });
    expect(plan({ cards: [writing], attachments: [later] })).toEqual({ do: 'wait', until: NOW + 7000 });
  });

  it('goes without a lost file that the platform has no more', () => {
    expect(plan({ cards: [writing], attachments: [refusedFile('a')] }).do).toBe('write');
  });

  it('looks again at a lost file of a paused cabinet after a while', () => {
    const step = plan({ cards: [writing], attachments: [file('a')], cabinetActive: false });
    expect(step).toEqual({ do: 'wait', until: NOW + 900_000 });
  });

  it('waits for a person when it is in attention, though its package is begun', () => {
    const stuck = card({ stage: 'attention', packages: [pack({ stage: 'writing' })] });
    expect(plan({ cards: [stuck] })).toEqual({ do: 'rest' });
  });

  it.each(['sent', 'taken', 'received'] as const)('rests while it is «%s»', (stage) => {
    expect(plan({ cards: [card({ stage, packages: [pack({ stage })] })] })).toEqual({ do: 'rest' });
  });
});

describe('a refused card', () => {
  it('rests in front of the administrator', () => {
    expect(plan({ cards: [refusedCard()] })).toEqual({ do: 'rest' });
  });

  it('becomes a second attempt when a person sends it again', () => {
    const again = refusedCard({ stage: 'planned' });
    expect(begun({ cards: [again], attachments: [storedFile('a')] })).toMatchObject({
      card: again,
      repetition: '',
      part: 0,
      attempt: 2,
      attachments: [{ id: 'a' }],
    });
  });

  it('counts attempts from the newest, in whatever order they are listed', () => {
    const packages = [pack({ attempt: 2, stage: 'failed' }), pack({ attempt: 1, stage: 'failed' })];
    expect(begun({ cards: [refusedCard({ stage: 'planned', packages })] }).attempt).toBe(3);
  });

  it('is not begun again while its new attempt is on its way', () => {
    const packages = [pack({ stage: 'failed' }), pack({ attempt: 2, stage: 'sent' })];
    expect(plan({ cards: [card({ stage: 'sent', packages })] })).toEqual({ do: 'rest' });
  });

  it('waits for a file no longer than a new one', () => {
    const again = refusedCard({ stage: 'planned' });
    const slow = file('a', { nextTryAt: DEADLINE + 1_000_000 });
    expect(plan({ cards: [again], attachments: [slow] })).toEqual({ do: 'wait', until: DEADLINE });
    expect(begun({ cards: [again], attachments: [slow] }, DEADLINE).attempt).toBe(2);
  });

  it('of an earlier consideration goes again with its own content', () => {
    const packages = [
      pack({ stage: 'failed', changeId: '3', attachments: ['a'], missing: [{ name: 'b', reason: 'нет' }] }),
    ];
    const first = refusedCard({ stage: 'planned', packages });
    const second = registeredCard({ repetition: 'c11' });
    const step = begun({ cards: [first, second], attachments: [storedFile('a'), storedFile('z')] });
    expect(step).toMatchObject({ card: first, repetition: '', part: 0, attempt: 2, copyOf: packages[0] });
    expect(step.earlier).toBeUndefined();
  });

  it('of an earlier consideration keeps the link it had', () => {
    const earlier = { documentUid: 'u', number: '5', date: '2026-01-02' };
    const packages = [pack({ stage: 'failed', earlier })];
    const refused = refusedCard({ repetition: 'c11', stage: 'planned', packages });
    const cards = [registeredCard(), refused, registeredCard({ repetition: 'c12' })];
    expect(begun({ cards })).toMatchObject({ repetition: 'c11', earlier });
  });
});

describe('a link to an earlier card', () => {
  const known = { documentUid: 'other', number: 'ОГ-7/26', date: '2026-11-01' };

  it('is made at once when the earlier card has its number', () => {
    expect(begun({ repeatOf: { stage: 'registered', card: known } }).earlier).toEqual(known);
  });

  it.each(['planned', 'sent', 'taken', 'received'] as const)(
    'is worth a wait while the earlier card is «%s», as long as for files',
    (stage) => {
      const repeatOf = { stage, card: null };
      expect(plan({ repeatOf })).toEqual({ do: 'wait', until: DEADLINE });
      expect(plan({ repeatOf }, DEADLINE - 1).do).toBe('wait');
      expect(begun({ repeatOf }, DEADLINE).earlier).toBeUndefined();
    },
  );

  it.each(['attention', 'cancelled', 'unknown'] as const)(
    'is not waited for when the earlier card is «%s»',
    (stage) => {
      expect(begun({ repeatOf: { stage, card: null } }).earlier).toBeUndefined();
    },
  );

  it('comes after the files', () => {
    const repeatOf = { stage: 'sent', card: null } as const;
    expect(plan({ repeatOf, attachments: [file('a', { nextTryAt: NOW })] }).do).toBe('fetch');
  });
});
