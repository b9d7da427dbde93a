import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Luck, PlanWorld } from './plan-world.ts';

/** What the appeal went through, as far as the promises speak of it. */
interface Story {
  /** Every change in order, with whether any card was begun when it came. */
  readonly changes: { kind: string; identity: string; begunBefore: boolean; openBefore: boolean }[];
}

type Command = fc.Command<Story, PlanWorld>;

function command(
  name: string,
  run: (story: Story, world: PlanWorld) => void,
  check: () => boolean = () => true,
): Command {
  return {
    check,
    run(story, world) {
      run(story, world);
      expectSound(world);
    },
    toString: () => name,
  };
}

const luck = fc.constantFrom<Luck>(
  'good',
  'good',
  'good',
  'transient',
  'refused',
  'crash-before',
  'crash-after',
);

const commands = fc.commands(
  [
    fc
      .array(luck, { maxLength: 6 })
      .map((lucks) => command(`work(${lucks.join(' ')})`, (_, world) => void world.work(lucks))),
    fc
      .constantFrom(1, 61_000, 899_000, 900_001, 86_400_000)
      .map((ms) => command(`pass(${ms})`, (_, world) => world.pass(ms))),
    fc.constantFrom('WITHDRAWN', 'REPEATED', 'AMENDED', 'TERM_MOVED', 'RATED').map((kind) =>
      command(kind, (story, world) => {
        const begunBefore = world.state.cards.length > 0;
        const openBefore = world.state.stage === 'open';
        const { identity } = world.addChange(kind);
        story.changes.push({ kind, identity, begunBefore, openBefore });
      }),
    ),
    fc.constant(command('file', (_, world) => world.addFile())),
    fc.constant(command('lose', (_, world) => world.loseFile())),
    fc.constant(command('resend', (_, world) => world.resend())),
    fc.constant(
      command('pause', (_, world) => {
        world.state.cabinetActive = !world.state.cabinetActive;
      }),
    ),
    report('received', (world, at) => world.receive(at)),
    report('registered', (world, at) => world.register(at)),
    fc
      .constantFrom(11, 21, 39, 41, 51)
      .chain((code) => report(`refused(${code})`, (world, at) => world.refuse(at, code))),
  ],
  { maxCommands: 60, size: '+1' },
);

/** A Report about any package that was ever written: late, doubled, out of order. */
function report(name: string, tell: (world: PlanWorld, at: PlanWorld['written'][number]) => void) {
  return fc.nat(20).map((place) =>
    command(`${name}@${place}`, (_, world) => {
      const at = world.written[place % Math.max(1, world.written.length)];
      if (at !== undefined) tell(world, at);
    }),
  );
}

/** What holds at every moment. Plain checks: it is asked ten thousands of times. */
function expectSound({ state, written }: PlanWorld): void {
  distinct(
    'cards of one repetition',
    state.cards.map((card) => card.repetition),
  );
  distinct(
    'writings of one package',
    written.map((at) => at.package.id),
  );
  for (const card of state.cards) {
    distinct(
      'packages of one key',
      card.packages.map((p) => `${p.part}.${p.attempt}`),
    );
    for (const pkg of card.packages) {
      const before = card.packages.find((p) => p.part === pkg.part && p.attempt === pkg.attempt - 1);
      if (pkg.attempt > 1 && before?.stage !== 'failed' && before?.stage !== 'again') {
        throw new Error(`attempt ${pkg.attempt} after one that is ${before?.stage}`);
      }
    }
    const parts = [...new Map(card.packages.map((p) => [p.part, p])).values()];
    distinct(
      'parts with one file',
      parts.flatMap((p) => p.attachments),
    );
    distinct(
      'additions of one change',
      parts.flatMap((p) => (p.addition === null || p.subject === '' ? [] : [p.subject])),
    );
  }
}

function distinct(what: string, values: readonly string[]): void {
  if (new Set(values).size !== values.length) throw new Error(`two ${what}: ${values.join(' ')}`);
}

/** From now on everything goes well, and a person sends again whatever asks for it. */
function settle(world: PlanWorld): void {
  world.state.cabinetActive = true;
  for (let round = 0; round < 60; round += 1) {
    while (world.work([]) === 'wait') world.pass(900_001);
    for (const at of world.written) {
      const { stage } = at.package;
      if (['sent', 'taken', 'received'].includes(stage)) world.register(at);
    }
    const stuck = world.state.cards.some(
      (card) =>
        card.stage === 'attention' ||
        card.packages.some(
          (p) =>
            p.part > 0 &&
            p.stage === 'failed' &&
            !card.packages.some((other) => other.part === p.part && other.attempt > p.attempt),
        ),
    );
    if (stuck) world.resend();
    if (world.next().do === 'rest' && !stuck) return;
  }
  throw new Error('does not settle');
}

/** Considerations that must have a card: each that was opened and not withdrawn before its card was begun. */
function expectPromises(world: PlanWorld, story: Story): void {
  const { state } = world;
  expect(state.pending).toEqual([]);
  for (const card of state.cards) {
    expect(card.stage).toBe('registered');
    expect(card.packages.filter((p) => p.part === 0 && p.stage === 'registered').length).toBeLessThanOrEqual(
      1,
    );
  }
  const withdrawals = story.changes.filter(({ kind }) => kind === 'WITHDRAWN');
  if (withdrawals.length === 0) {
    expect(state.stage).toBe('open');
    const repeated = story.changes.filter(({ kind }) => kind === 'REPEATED').map(({ identity }) => identity);
    expect(state.cards.map((card) => card.repetition)).toEqual(['', ...repeated]);
  }
  if (state.stage === 'withdrawn') expect(state.cards).toEqual([]);
  const additions = state.cards.flatMap((card) => card.packages).filter((p) => p.addition === 'withdrawn');
  for (const { identity } of withdrawals) {
    const parts = new Set(additions.filter((p) => p.subject === identity).map((p) => p.part));
    expect(parts.size).toBeLessThanOrEqual(1);
  }
  // The last word, said after a card was begun: the clerk must hear it, once.
  const last = story.changes.filter(({ kind }) => kind === 'WITHDRAWN' || kind === 'REPEATED').at(-1);
  if (last?.kind === 'WITHDRAWN' && last.begunBefore && last.openBefore) {
    expect(additions.filter((p) => p.subject === last.identity && p.stage === 'registered')).toHaveLength(1);
  }
  // Sent back after the last withdrawal, if any: each has its card.
  const after = story.changes.slice(story.changes.findLastIndex(({ kind }) => kind === 'WITHDRAWN') + 1);
  for (const { kind, identity, openBefore } of after) {
    if (kind === 'REPEATED' && openBefore) {
      expect(state.cards.filter((card) => card.repetition === identity)).toHaveLength(1);
    }
  }
  const newest = state.cards.at(-1);
  if (newest === undefined) return;
  const inNewest = new Map(newest.packages.map((p) => [p.part, p]));
  const carried = [...inNewest.values()].flatMap((p) => p.attachments);
  for (const known of state.attachments.filter((candidate) => candidate.state === 'stored')) {
    expect(carried.filter((id) => id === known.id)).toHaveLength(1);
  }
}

describe('nextStep, whatever happens in whatever order', () => {
  it('keeps its promises', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        const story: Story = { changes: [] };
        const world = new PlanWorld();
        fc.modelRun(() => ({ model: story, real: world }), sequence);
        settle(world);
        expectSound(world);
        expectPromises(world, story);
      }),
      { numRuns: 2000 },
    );
  });

  it('is the same question with the same answer', () => {
    fc.assert(
      fc.property(commands, (sequence) => {
        const world = new PlanWorld();
        fc.modelRun(() => ({ model: { changes: [] }, real: world }), sequence);
        const copy = structuredClone(world.state);
        expect(world.next()).toEqual(world.next());
        // Asking changes nothing.
        expect(world.state).toEqual(copy);
      }),
      { numRuns: 200 },
    );
  });
});
