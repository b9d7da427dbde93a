import { describe, expect, it } from '@jest/globals';
import { type EventContext, interpretEvent } from '../../../src/replies/interpret.ts';
import { decideAll } from '../../../src/replies/interpret-step.ts';
import type { CardEvents } from '../../../src/replies/state.ts';
import { context, event, rulesWith } from './interpret-support.ts';

const rules = rulesWith();
const REASON = [{ name: 'Причина продления', type: 'Text', value: ' сложный вопрос ' }];
const FIRST = { day: '2026-04-01', at: Date.parse('2026-03-02T09:00:00Z') };

function moved(deadline: string, more: Partial<EventContext> = {}, fields: readonly object[] = REASON) {
  const told = event('deadline', { deadline, registered: true, fields });
  return interpretEvent(told, rules, context({ earlierDeadlines: [FIRST], ...more }));
}

describe('a term moved', () => {
  it('goes to the platform with the last second of its day and the reason', () => {
    expect(moved('2026-05-15')).toMatchObject({
      make: 'delivery',
      rule: 'Срок',
      payload: { role: 'postpone', postponedTo: '2026-05-15T23:59:59+03:00', reason: 'сложный вопрос' },
    });
  });

  it.each([
    ['Asia/Yakutsk', '2026-05-15T23:59:59+09:00'],
    ['Europe/Kaliningrad', '2026-05-15T23:59:59+02:00'],
    ['Asia/Kamchatka', '2026-05-15T23:59:59+12:00'],
  ])('the day ends where the cabinet lives: %s', (timeZone, postponedTo) => {
    expect(moved('2026-05-15', { timeZone })).toMatchObject({ payload: { postponedTo } });
  });

  it.each<[string, string, Partial<EventContext>, string]>([
    ['the first term of the card', '2026-05-15', { earlierDeadlines: [] }, 'первый срок карточки'],
    ['one that did not rise', '2026-04-01', { answerAt: null }, 'срок не вырос'],
    ['one that fell', '2026-03-20', { answerAt: null }, 'срок не вырос'],
    [
      'one of an older Report',
      '2026-05-15',
      { earlierDeadlines: [FIRST, { day: '2026-06-01', at: Date.parse('2026-03-11T00:00:00Z') }] },
      'отчёт старее уже прочитанного',
    ],
    [
      'one not later than the platform’s own',
      '2026-05-15',
      { answerAt: Date.parse('2026-05-15T20:59:59Z') },
      'не позже срока платформы',
    ],
  ])('%s gives nothing', (_what, deadline, more, why) => {
    expect(moved(deadline, more)).toEqual({ make: 'nothing', rule: `Срок: ${why}` });
  });

  it('the platform’s term is compared in the cabinet’s zone', () => {
    // The end of 15 May in Yakutsk is 14:59:59 UTC, in Moscow 20:59:59.
    const answerAt = Date.parse('2026-05-15T14:59:59Z');
    expect(moved('2026-05-15', { answerAt, timeZone: 'Asia/Yakutsk' })).toMatchObject({ make: 'nothing' });
    expect(moved('2026-05-15', { answerAt, timeZone: 'Europe/Moscow' })).toMatchObject({ make: 'delivery' });
  });

  it('it is measured against the first term, not the last', () => {
    const earlierDeadlines = [FIRST, { day: '2026-06-01', at: FIRST.at + 1 }];
    expect(moved('2026-05-15', { earlierDeadlines })).toMatchObject({ make: 'delivery' });
  });

  it.each([
    ['no such field', []],
    ['an empty field', [{ name: 'Причина продления', value: '  ' }]],
    ['another field', [{ name: 'Причина', value: 'есть' }]],
  ])('with %s a person is asked for the reason', (_what, fields) => {
    expect(moved('2026-05-15', {}, fields)).toMatchObject({
      make: 'attention',
      code: 'POSTPONE_REASON_MISSING',
      detail: expect.stringContaining('Причина продления'),
      payload: { role: 'postpone', postponedTo: '2026-05-15T23:59:59+03:00' },
    });
  });

  it('a term that cannot be read gives nothing', () => {
    const told = event('deadline', { deadline: 20260515 });
    expect(interpretEvent(told, rules, context({ earlierDeadlines: [FIRST] }))).toEqual({
      make: 'nothing',
      rule: 'Срок: срок не прочитан',
    });
  });
});

describe('events read together', () => {
  const limits = context().limits;
  const day = (deadline: string, id: string, at: number) =>
    event('deadline', { deadline, registered: true, fields: REASON }, { id, at, subject: deadline });
  const card = (more: Partial<CardEvents>): CardEvents => ({
    id: '1',
    repetition: '',
    number: null,
    date: null,
    fresh: [],
    deadlines: [],
    deliveries: [],
    ...more,
  });
  const decide = (given: CardEvents) =>
    decideAll({ rules: () => rules, limits }, { answerAt: null }, given, 'Europe/Moscow').map(
      ({ event: { id }, decision }) => [id, decision.make],
    );

  it('the registration is first and the answer last, whatever their clocks say', () => {
    const fresh = [
      event('answer', { linkTypes: [{ name: 'Ответ' }], annotation: 'Текст' }, { id: '1', at: 1 }),
      event('consideration', {}, { id: '2', at: 5 }),
      event('registration', {}, { id: '3', at: 9 }),
      event('redirection', {}, { id: '4', at: 3 }),
    ];
    expect(decide(card({ fresh })).map(([id]) => id)).toEqual(['3', '4', '2', '1']);
  });

  it('of terms that came in the wrong order the oldest is the base', () => {
    const fresh = [day('2026-06-01', '1', 30), day('2026-04-01', '2', 10), day('2026-05-01', '3', 20)];
    expect(decide(card({ fresh }))).toEqual([
      ['2', 'nothing'],
      ['3', 'delivery'],
      ['1', 'delivery'],
    ]);
  });

  it('an overtaken first term is the base of those that come after it', () => {
    const fresh = [day('2026-04-01', '1', 10), day('2026-04-20', '2', 30)];
    expect(decide(card({ fresh, deadlines: [{ day: '2026-05-01', at: 20 }] }))).toEqual([
      ['1', 'nothing'],
      ['2', 'delivery'],
    ]);
  });

  it('a term told before the registration is no base', () => {
    const early = event('deadline', { deadline: '2026-03-01', registered: false }, { id: '1', at: 1 });
    expect(decide(card({ fresh: [early, day('2026-04-01', '2', 10)] }))).toEqual([
      ['1', 'nothing'],
      ['2', 'nothing'],
    ]);
  });
});
