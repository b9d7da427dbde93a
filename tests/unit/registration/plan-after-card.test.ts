import { describe, expect, it } from '@jest/globals';
import { nextStep, type Step } from '../../../src/registration/plan.ts';
import type { AppealState } from '../../../src/registration/state.ts';
import {
  appealState,
  card,
  change,
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

function plan(over: Partial<AppealState>, now = NOW): Step {
  return nextStep(appealState(over), SETTINGS, now);
}

describe('a change after the card', () => {
  it.each([
    ['WITHDRAWN', 'withdrawn'],
    ['AMENDED', 'amended'],
    ['TERM_MOVED', 'term-moved'],
  ] as const)('%s becomes an addition to the registered card', (kind, addition) => {
    const told = change('11', kind);
    const registered = registeredCard();
    expect(plan({ cards: [registered], pending: [told] })).toEqual({
      do: 'begin',
      card: registered,
      repetition: '',
      part: 1,
      attempt: 1,
      addition,
      change: told,
      attachments: [],
      missing: [],
      earlier: undefined,
    });
  });

  it('a term that we moved ourselves comes back as our own echo and goes no further', () => {
    const echo = change('11', 'TERM_MOVED', { isEcho: true });
    const news = change('12', 'TERM_MOVED', { isEcho: false });
    expect(plan({ cards: [registeredCard()], pending: [echo, news] })).toEqual({ do: 'note', change: echo });
    expect(plan({ cards: [card()], pending: [echo] })).toEqual({ do: 'note', change: echo });
    const step = plan({ cards: [registeredCard()], pending: [news] });
    expect(step).toMatchObject({ do: 'begin', addition: 'term-moved', change: news });
  });

  it.each(['sent', 'taken', 'received'] as const)('waits while the card is only «%s»', (stage) => {
    const cards = [card({ stage, packages: [pack({ stage })] })];
    expect(plan({ cards, pending: [change('11', 'WITHDRAWN')] })).toEqual({ do: 'rest' });
    expect(plan({ cards, pending: [change('11', 'AMENDED')] })).toEqual({ do: 'rest' });
  });

  it('waits while the card is refused', () => {
    expect(plan({ cards: [refusedCard()], pending: [change('11', 'WITHDRAWN')] })).toEqual({ do: 'rest' });
  });

  it.each(['RATED', 'NEW', 'SOMETHING_NEW'])('%s makes no document', (kind) => {
    const told = change('11', kind);
    expect(plan({ cards: [registeredCard()], pending: [told] })).toEqual({ do: 'note', change: told });
    expect(plan({ cards: [card()], pending: [told] })).toEqual({ do: 'note', change: told });
  });

  it('goes in the order in which the changes came, each as a part of its own', () => {
    const pending = [change('11', 'AMENDED'), change('12', 'WITHDRAWN')];
    expect(plan({ cards: [registeredCard()], pending })).toMatchObject({ part: 1, change: pending[0] });
    const packages = [pack({ stage: 'registered' }), pack({ part: 1, stage: 'sent' })];
    const step = plan({ cards: [registeredCard({ packages })], pending: pending.slice(1) });
    expect(step).toMatchObject({ part: 2, attempt: 1, addition: 'withdrawn' });
  });

  it('does not wait for the addition before it', () => {
    const packages = [pack({ stage: 'registered' }), pack({ part: 1, stage: 'failed' })];
    const step = plan({ cards: [registeredCard({ packages })], pending: [change('12', 'TERM_MOVED')] });
    expect(step).toMatchObject({ do: 'begin', part: 2 });
  });
});

describe('a repeated consideration', () => {
  it('opens a new document, linked to the registered one', () => {
    const told = change('11', 'REPEATED');
    expect(plan({ cards: [registeredCard()], pending: [told], attachments: [storedFile('a')] })).toEqual({
      do: 'begin',
      card: undefined,
      repetition: 'c11',
      part: 0,
      attempt: 1,
      addition: null,
      change: told,
      attachments: [storedFile('a')],
      missing: [],
      earlier: { documentUid: 'uid', number: 'ОГ-1/26', date: '2026-11-22' },
    });
  });

  it('waits a while for the number of the card before it, from its own coming on', () => {
    const told = change('11', 'REPEATED', { at: NOW - 1000 });
    const until = NOW - 1000 + SETTINGS.waitForFilesMs;
    expect(plan({ cards: [card()], pending: [told] })).toEqual({ do: 'wait', until });
    expect(plan({ cards: [card()], pending: [told] }, until)).toMatchObject({
      do: 'begin',
      repetition: 'c11',
    });
  });

  it('does not wait for a refused card', () => {
    const step = plan({ cards: [refusedCard()], pending: [change('11', 'REPEATED')] });
    expect(step).toMatchObject({ do: 'begin', repetition: 'c11', earlier: undefined });
  });

  it('takes along what was to be added to a card that was never registered', () => {
    const pending = [change('11', 'AMENDED'), change('12', 'REPEATED')];
    expect(plan({ cards: [refusedCard()], pending })).toMatchObject({ do: 'begin', repetition: 'c12' });
    expect(plan({ cards: [registeredCard()], pending })).toMatchObject({ do: 'begin', addition: 'amended' });
  });

  it('is not opened when the appeal was withdrawn after it', () => {
    const repeated = change('11', 'REPEATED');
    const pending = [repeated, change('12', 'WITHDRAWN')];
    expect(plan({ cards: [registeredCard()], pending })).toEqual({ do: 'note', change: repeated });
    expect(plan({ cards: [card()], pending })).toEqual({ do: 'note', change: repeated });
  });

  it('is opened when the withdrawal came before it', () => {
    const pending = [change('11', 'WITHDRAWN'), change('12', 'REPEATED', { at: SEEN })];
    // The registered card learns of the withdrawal first.
    expect(plan({ cards: [registeredCard()], pending })).toMatchObject({
      do: 'begin',
      addition: 'withdrawn',
    });
    // One that is not registered never does: its withdrawal is over.
    expect(plan({ cards: [refusedCard()], pending })).toMatchObject({
      do: 'begin',
      repetition: 'c12',
      part: 0,
    });
  });

  it('opens one document for each', () => {
    const pending = [change('11', 'REPEATED'), change('12', 'REPEATED')];
    expect(plan({ cards: [registeredCard()], pending })).toMatchObject({ repetition: 'c11' });
    const second = registeredCard({ repetition: 'c11' });
    expect(plan({ cards: [registeredCard(), second], pending: pending.slice(1) })).toMatchObject({
      repetition: 'c12',
      earlier: { documentUid: 'uidc11' },
    });
  });

  it('gets the additions from then on', () => {
    const cards = [registeredCard(), registeredCard({ repetition: 'c11' })];
    const step = plan({ cards, pending: [change('12', 'AMENDED')] });
    expect(step).toMatchObject({ do: 'begin', repetition: 'c11', part: 1 });
  });

  it('waits for its new files like any card', () => {
    const slow = file('new', { nextTryAt: NOW + 5000, seenAt: NOW - 1000 });
    const step = plan({
      cards: [registeredCard()],
      pending: [change('11', 'REPEATED')],
      attachments: [slow],
    });
    expect(step).toEqual({ do: 'wait', until: NOW + 5000 });
  });
});

describe('a late file', () => {
  const sentWithout = registeredCard({ packages: [pack({ stage: 'registered', attachments: ['a'] })] });

  it('goes as an addition once it is there and the card is registered', () => {
    const attachments = [storedFile('a'), storedFile('b')];
    expect(plan({ cards: [sentWithout], attachments })).toMatchObject({
      do: 'begin',
      part: 1,
      addition: 'late-file',
      change: undefined,
      attachments: [{ id: 'b' }],
    });
    const waiting = card({ packages: [pack({ attachments: ['a'] })] });
    expect(plan({ cards: [waiting], attachments })).toEqual({ do: 'rest' });
  });

  it('all that are there go together', () => {
    const attachments = [storedFile('a'), storedFile('b'), storedFile('c'), refusedFile('d')];
    const step = plan({ cards: [sentWithout], attachments });
    expect(step).toMatchObject({ attachments: [{ id: 'b' }, { id: 'c' }] });
  });

  it('is asked for again and again, at its times', () => {
    const attachments = [storedFile('a'), file('b', { nextTryAt: NOW })];
    expect(plan({ cards: [sentWithout], attachments })).toEqual({
      do: 'fetch',
      attachments: [attachments[1]],
    });
    const later = [storedFile('a'), file('b', { nextTryAt: NOW + 9000 })];
    expect(plan({ cards: [sentWithout], attachments: later })).toEqual({ do: 'wait', until: NOW + 9000 });
  });

  it('of a paused cabinet is looked at after a while', () => {
    const step = plan({ cards: [sentWithout], attachments: [file('b')], cabinetActive: false });
    expect(step).toEqual({ do: 'wait', until: NOW + 900_000 });
  });

  it('is not sent a second time, whatever became of its package', () => {
    for (const stage of ['sent', 'taken', 'received', 'registered', 'failed'] as const) {
      const packages = [
        pack({ stage: 'registered', attachments: ['a'] }),
        pack({ part: 1, addition: 'late-file', stage, attachments: ['b'] }),
      ];
      const step = plan({ cards: [registeredCard({ packages })], attachments: [storedFile('b')] });
      expect(step).toEqual({ do: 'rest' });
    }
  });

  it('that only a refused attempt carried is sent after the card', () => {
    const packages = [
      pack({ stage: 'failed', attachments: ['a'] }),
      pack({ attempt: 2, stage: 'registered', missing: [{ name: 'a.pdf', reason: 'ещё не загружен' }] }),
    ];
    const step = plan({ cards: [registeredCard({ packages })], attachments: [storedFile('a')] });
    expect(step).toMatchObject({ do: 'begin', part: 1, addition: 'late-file', attachments: [{ id: 'a' }] });
  });

  it('that its card lacked goes with the newest consideration', () => {
    const second = registeredCard({ repetition: 'c11', packages: [pack({ stage: 'registered' })] });
    const step = plan({ cards: [sentWithout, second], attachments: [storedFile('a')] });
    expect(step).toMatchObject({ repetition: 'c11', addition: 'late-file' });
  });

  it('lets the changes go first', () => {
    const attachments = [storedFile('b')];
    const step = plan({ cards: [sentWithout], attachments, pending: [change('11', 'AMENDED')] });
    expect(step).toMatchObject({ addition: 'amended', attachments: [] });
  });

  it('is fetched also while the card waits for its Registration or for a person', () => {
    for (const known of [card(), refusedCard()]) {
      expect(plan({ cards: [known], attachments: [file('b', { nextTryAt: NOW })] }).do).toBe('fetch');
    }
  });
});

describe('an addition sent again', () => {
  const refused = pack({
    part: 1,
    addition: 'amended',
    stage: 'again',
    subject: 'c11',
    changeId: '11',
    attachments: ['a'],
  });

  it('is a new attempt with the same content', () => {
    const known = registeredCard({ packages: [pack({ stage: 'registered' }), refused] });
    expect(plan({ cards: [known] })).toEqual({
      do: 'begin',
      card: known,
      repetition: '',
      part: 1,
      attempt: 2,
      addition: 'amended',
      change: undefined,
      attachments: [],
      missing: [],
      earlier: undefined,
      copyOf: refused,
    });
  });

  it('is begun once', () => {
    const second = pack({ part: 1, attempt: 2, stage: 'sent', attachments: ['a'] });
    const known = registeredCard({ packages: [pack({ stage: 'registered' }), refused, second] });
    expect(plan({ cards: [known] })).toEqual({ do: 'rest' });
  });

  it('of an earlier consideration goes to its own card', () => {
    const first = registeredCard({ packages: [pack({ stage: 'registered' }), refused] });
    const step = plan({ cards: [first, registeredCard({ repetition: 'c12' })] });
    expect(step).toMatchObject({ do: 'begin', repetition: '', part: 1, attempt: 2 });
  });

  it('goes before new changes', () => {
    const known = registeredCard({ packages: [pack({ stage: 'registered' }), refused] });
    expect(plan({ cards: [known], pending: [change('12', 'WITHDRAWN')] })).toMatchObject({ attempt: 2 });
  });
});
