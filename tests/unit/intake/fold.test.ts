import { describe, expect, it } from '@jest/globals';
import { foldItem, isOlder } from '../../../src/intake/fold.ts';
import { foldAll, itemOf, NOW, reloaded, rulesOf, START, unreadableOf } from './items.ts';

const BEFORE = new Date(START.getTime() - 86_400_000);
const FORCED = rulesOf({ forced: true });

function stageAfter(items: Parameters<typeof foldAll>[0], rules = rulesOf()) {
  const { known, results } = foldAll(items, rules);
  const { stage, newest, stageReason } = known.get('1001') ?? {};
  return { stage, newest, stageReason, rings: results.map((result) => result.ring) };
}

describe('an appeal not known yet', () => {
  it.each(['NEW', 'RATED', 'REPEATED', 'TERM_MOVED', 'AMENDED', 'UNHEARD_OF'])(
    'registers whatever its change: %s',
    (change) => {
      const [result] = foldAll([itemOf({ change })]).results;
      expect(result).toMatchObject({
        ring: true,
        known: { stage: 'open', newest: '1', touched: true },
        // The card itself shows it.
        change: { change, handled: true, readable: true },
      });
    },
  );

  it('gets no card when it is withdrawn', () => {
    expect(stageAfter([itemOf({ change: 'WITHDRAWN' })])).toMatchObject({
      stage: 'withdrawn',
      rings: [false],
    });
  });

  it('is stored and passed over when it is older than the start or answered', () => {
    expect(stageAfter([itemOf({ receivedAt: BEFORE })])).toMatchObject({
      stage: 'skipped',
      stageReason: 'before-start',
      rings: [false],
    });
    expect(stageAfter([itemOf({ status: 'SEND_RESPONSE' })])).toMatchObject({
      stage: 'skipped',
      stageReason: 'final',
    });
  });

  it('keeps the fields its row is made of', () => {
    const { known } = foldAll([
      itemOf({ answerAt: new Date('2026-07-10T00:00:00Z'), repeatOf: '900', kind: 'APPEAL_59FZ' }),
    ]);
    expect(known.get('1001')?.fields).toEqual({
      kind: 'APPEAL_59FZ',
      status: 'MODERATION_ACCEPT',
      subjectId: '12',
      receivedAt: new Date('2026-06-10T09:00:00Z'),
      answerAt: new Date('2026-07-10T00:00:00Z'),
      repeatOf: '900',
    });
  });
});

describe('an appeal that has its card', () => {
  it('a NEW changes nothing, older or newer', () => {
    const { known, results } = foldAll([
      itemOf({ changeIdentity: '5', description: 'верно' }),
      itemOf({ changeIdentity: '3' }),
      itemOf({ changeIdentity: '9', status: 'SEND_RESPONSE' }),
    ]);
    expect(known.get('1001')).toMatchObject({
      stage: 'open',
      newest: '5',
      fields: { status: 'MODERATION_ACCEPT' },
    });
    expect(results.map((result) => result.ring)).toEqual([true, false, false]);
    expect(results.map((result) => result.change?.handled)).toEqual([true, true, true]);
  });

  it.each(['RATED', 'TERM_MOVED', 'AMENDED', 'WITHDRAWN', 'REPEATED'])('%s is work for it', (change) => {
    const [, result] = foldAll([itemOf(), itemOf({ changeIdentity: '2', change })]).results;
    expect(result).toMatchObject({
      ring: true,
      known: { stage: 'open' },
      change: { change, handled: false },
    });
  });

  it('a change of a kind we do not know is kept and needs nothing', () => {
    const [, result] = foldAll([itemOf(), itemOf({ changeIdentity: '2', change: 'UNHEARD_OF' })]).results;
    expect(result).toMatchObject({ ring: false, change: { handled: true }, known: { newest: '2' } });
  });

  it('a settled one is opened by a repetition and by nothing else', () => {
    const { known } = foldAll([itemOf()]);
    const settled = new Map([...known].map(([id, appeal]) => [id, { ...appeal, stage: 'settled' as const }]));
    const rated = foldAll([itemOf({ changeIdentity: '2', change: 'RATED' })], rulesOf(), settled);
    expect(rated.known.get('1001')?.stage).toBe('settled');
    const repeated = foldAll([itemOf({ changeIdentity: '3', change: 'REPEATED' })], rulesOf(), settled);
    expect(repeated.known.get('1001')?.stage).toBe('open');
  });

  it('an older change read late is told too, but the content stays the newest', () => {
    const { known, results } = foldAll([
      itemOf({ changeIdentity: '20', change: 'RATED' }),
      itemOf({ changeIdentity: '15', change: 'AMENDED', status: 'POSTPONE' }),
    ]);
    expect(results[1]).toMatchObject({ ring: true, change: { handled: false } });
    expect(known.get('1001')).toMatchObject({ newest: '20', fields: { status: 'MODERATION_ACCEPT' } });
  });

  it('a withdrawal older than a repetition that is known changes nothing', () => {
    const { results } = foldAll([
      itemOf({ changeIdentity: '20', change: 'REPEATED' }),
      itemOf({ changeIdentity: '15', change: 'WITHDRAWN' }),
    ]);
    expect(results[1]).toMatchObject({ ring: false, change: { handled: true }, known: { stage: 'open' } });
  });

  it('a repetition older than a withdrawal that is known opens nothing', () => {
    const { results } = foldAll([
      itemOf({ changeIdentity: '1' }),
      itemOf({ changeIdentity: '20', change: 'WITHDRAWN' }),
      itemOf({ changeIdentity: '15', change: 'REPEATED' }),
    ]);
    expect(results[2]).toMatchObject({ ring: false, change: { handled: true } });
  });
});

describe('an appeal that waits or was passed over', () => {
  it('opens when its status becomes one with a card', () => {
    expect(
      stageAfter([
        itemOf({ status: 'MODERATION_NEW' }),
        itemOf({ changeIdentity: '2', change: 'AMENDED', status: 'MODERATION_ACCEPT' }),
      ]),
    ).toMatchObject({ stage: 'open', stageReason: undefined, rings: [false, true] });
  });

  it('an answered one that the citizen sends back opens', () => {
    expect(
      stageAfter([
        itemOf({ status: 'SEND_RESPONSE' }),
        itemOf({ changeIdentity: '2', change: 'REPEATED', status: 'MODERATION_ACCEPT' }),
      ]),
    ).toMatchObject({ stage: 'open', rings: [false, true] });
  });

  it('the state that an older item tells does not replace the newer one', () => {
    expect(
      stageAfter([
        itemOf({ changeIdentity: '9', status: 'SEND_RESPONSE' }),
        itemOf({ changeIdentity: '3', status: 'MODERATION_NEW' }),
      ]),
    ).toMatchObject({ stage: 'skipped', stageReason: 'final', newest: '9' });
  });

  it('a NEW lost in a gap opens it, with the newest content', () => {
    const { known } = foldAll([
      itemOf({ changeIdentity: '9', status: 'SEND_RESPONSE', change: 'RATED' }),
      itemOf({ changeIdentity: '3' }),
    ]);
    expect(known.get('1001')).toMatchObject({
      stage: 'open',
      newest: '9',
      fields: { status: 'SEND_RESPONSE' },
    });
  });
});

describe('a withdrawn appeal', () => {
  const withdrawn = itemOf({ changeIdentity: '10', change: 'WITHDRAWN' });

  it.each([
    ['an older NEW', rulesOf(), '3', 'NEW'],
    ['an older NEW, forced', FORCED, '3', 'NEW'],
    ['a newer amendment', rulesOf(), '12', 'AMENDED'],
    ['a newer amendment, forced', FORCED, '12', 'AMENDED'],
    ['a NEW that cannot be put in order', FORCED, 'sha256:ab', 'NEW'],
    ['an older repetition', rulesOf(), '4', 'REPEATED'],
  ])('stays so after %s', (_what, rules, changeIdentity, change) => {
    const after = stageAfter([withdrawn, itemOf({ changeIdentity, change })], rules);
    expect(after).toMatchObject({ stage: 'withdrawn', stageReason: 'withdrawn', rings: [false, false] });
  });

  it('is opened by a later repetition, even when that is not the newest change we know', () => {
    expect(stageAfter([withdrawn, itemOf({ changeIdentity: '12', change: 'REPEATED' })]).stage).toBe('open');
    expect(
      stageAfter([
        withdrawn,
        itemOf({ changeIdentity: '15', change: 'AMENDED' }),
        itemOf({ changeIdentity: '12', change: 'REPEATED' }),
      ]).stage,
    ).toBe('open');
  });
});

describe('a back-fill on command', () => {
  it('opens what was passed over, though its items are known', () => {
    for (const item of [itemOf({ receivedAt: BEFORE }), itemOf({ status: 'SEND_RESPONSE' })]) {
      const before = foldAll([item]);
      expect(before.known.get('1001')?.stage).toBe('skipped');
      const after = foldAll([item, item], FORCED, reloaded(before.known));
      expect(after.known.get('1001')?.stage).toBe('open');
      expect(after.results.map((result) => result.ring)).toEqual([true, false]);
    }
  });

  it('leaves one that has its card alone', () => {
    const before = foldAll([itemOf()]);
    const [result] = foldAll([itemOf()], FORCED, reloaded(before.known)).results;
    expect(result).toEqual({ known: reloaded(before.known).get('1001'), ring: false });
  });

  it('does not open what still waits for moderation', () => {
    expect(stageAfter([itemOf({ status: 'MODERATION_NEW' })], FORCED).stage).toBe('awaiting');
  });
});

describe('an item of unknown shape', () => {
  it('puts an unknown appeal before the administrator, with no work for it', () => {
    const [result] = foldAll([unreadableOf()]).results;
    expect(result).toMatchObject({
      ring: false,
      known: {
        stage: 'attention',
        error: { code: 'APPEAL_SHAPE_UNKNOWN', detail: 'status: ожидалась строка' },
      },
      change: { readable: false, handled: true, raw: '{"posId":1001}' },
    });
  });

  it('leaves a known one in its stage, with the error shown', () => {
    const { known } = foldAll([itemOf(), unreadableOf({ changeIdentity: '2' })]);
    expect(known.get('1001')).toMatchObject({ stage: 'open', newest: '1', error: expect.anything() });
  });

  it.each([
    ['in the same page', false],
    ['in a later page', true],
  ])('is mended by a newer readable item %s', (_when, reload) => {
    for (const first of [[], [itemOf({ changeIdentity: '1' })]]) {
      const bad = foldAll([...first, unreadableOf({ changeIdentity: '2' })]);
      const start = reload ? reloaded(bad.known) : bad.known;
      const good = foldAll([itemOf({ changeIdentity: '3', change: 'AMENDED' })], rulesOf(), start);
      expect(good.known.get('1001')).toMatchObject({ stage: 'open', newest: '3' });
      expect(good.known.get('1001')).not.toHaveProperty('error');
      expect(good.results[0]?.ring).toBe(true);
    }
  });

  it('is mended by the same change read again and understood', () => {
    const bad = foldAll([unreadableOf({ changeIdentity: '7' })]);
    const good = foldAll([itemOf({ changeIdentity: '7' })], rulesOf(), reloaded(bad.known));
    expect(good.known.get('1001')).toMatchObject({ stage: 'open' });
    expect(good.known.get('1001')).not.toHaveProperty('error');
    expect(good.results[0]?.change).toMatchObject({ readable: true, identity: '7' });
  });

  it('an amendment understood only now is work for its card', () => {
    const bad = foldAll([itemOf(), unreadableOf({ changeIdentity: '7' })]);
    const good = foldAll(
      [itemOf({ changeIdentity: '7', change: 'AMENDED' })],
      rulesOf(),
      reloaded(bad.known),
    );
    expect(good.results[0]).toMatchObject({ ring: true, change: { handled: false } });
  });

  it('an older readable item gives the card, but the newer unread one stays in front', () => {
    const { known } = foldAll([unreadableOf({ changeIdentity: '9' }), itemOf({ changeIdentity: '4' })]);
    expect(known.get('1001')).toMatchObject({
      stage: 'open',
      newest: '4',
      error: { code: 'APPEAL_SHAPE_UNKNOWN' },
    });
  });

  it('one older than what is known is kept and troubles nobody', () => {
    const { known, results } = foldAll([
      itemOf({ changeIdentity: '9' }),
      unreadableOf({ changeIdentity: '4' }),
    ]);
    expect(results[1]?.change).toMatchObject({ readable: false });
    expect(known.get('1001')).not.toHaveProperty('error');
  });

  it('read again unreadable, it changes nothing, forced or not', () => {
    const bad = reloaded(foldAll([unreadableOf()]).known);
    for (const rules of [rulesOf(), FORCED]) {
      expect(foldItem(bad.get('1001'), unreadableOf(), '1001', rules, NOW)).toEqual({
        known: bad.get('1001'),
        ring: false,
      });
    }
  });
});

describe('the order of changes', () => {
  it.each([
    ['2', '10', true],
    ['10', '2', false],
    ['000000000009', '10', true],
    ['7', '7', false],
    ['9007199254740993', '9007199254740994', true],
    ['sha256:a', '5', false],
    ['5', 'sha256:a', false],
    ['-1', '5', false],
    ['', '5', false],
  ])('%j came before %j: %s', (a, b, expected) => {
    expect(isOlder(a, b)).toBe(expected);
  });
});
