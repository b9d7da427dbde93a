import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Action, isNewest, RandomWorld, type WriteLuck } from './random-world.ts';
import { type Rig, startRig } from './rig.ts';
import { cardsOf, filesOf, incidentsOf, type PackageRow, packagesOf } from './rows.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ withoutDelo: true, withoutReaders: true });
});
afterAll(async () => {
  await rig.stop();
});

const luck = fc.array(
  fc.constantFrom<WriteLuck>('good', 'good', 'good', 'transient', 'invalid', 'dies-before', 'dies-after'),
  { maxLength: 3 },
);
const place = fc.nat(12);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: luck.map((lucks) => ({ do: 'work', luck: lucks }) as const) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom('WITHDRAWN', 'REPEATED', 'AMENDED', 'TERM_MOVED', 'RATED')
      .map((kind) => ({ do: 'change', kind }) as const),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'file' } as const) },
  { weight: 1, arbitrary: fc.boolean().map((on) => ({ do: 'files-fail', on }) as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(61_000, 900_001, 86_400_000).map((ms) => ({ do: 'age', ms }) as const),
  },
  { weight: 1, arbitrary: fc.boolean().map((on) => ({ do: 'pause', on }) as const) },
  { weight: 2, arbitrary: fc.constant({ do: 'resend' } as const) },
  {
    weight: 4,
    arbitrary: fc
      .record({ kind: fc.constantFrom('reception', 'registration'), at: place })
      .map((told) => ({ do: 'report', ...told }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ code: fc.constantFrom(11, 22, 39, 44, 51), at: place })
      .map((told) => ({ do: 'failure', ...told }) as const),
  },
);

function distinct(values: readonly string[]): void {
  expect(values.filter((value, index) => values.indexOf(value) !== index)).toEqual([]);
}

async function expectSound(posId: string): Promise<void> {
  const cards = await cardsOf(rig.db, posId);
  distinct(cards.map((card) => card.document_uid));
  const packages = await packagesOf(rig.db, posId);
  distinct(packages.map((pkg) => pkg.message_id));
  for (const pkg of packages.filter(({ attempt }) => attempt > 1)) {
    const before = packages.find(
      (other) =>
        other.card_id === pkg.card_id && other.part === pkg.part && other.attempt === pkg.attempt - 1,
    );
    expect(['failed', 'again']).toContain(before?.stage);
  }
  for (const card of cards) {
    const newest = packages.filter((pkg) => pkg.card_id === card.id && isNewest(pkg, packages));
    distinct(newest.flatMap((pkg) => pkg.attachments));
    distinct(newest.flatMap((pkg) => (pkg.part > 0 && pkg.subject !== '' ? [pkg.subject] : [])));
  }
}

async function expectSettled(world: RandomWorld): Promise<void> {
  const { posId } = world;
  const cards = await cardsOf(rig.db, posId);
  const packages = await packagesOf(rig.db, posId);
  const { id, stage, error_code } = await world.appeal();
  expect(error_code).toBeNull();
  expect(cards.map((card) => card.stage)).toEqual(cards.map(() => 'registered'));
  const pending = await rig.db.query<{ change: string }>(
    'SELECT change FROM appeal_change WHERE appeal_id = $1 AND handled_at IS NULL',
    [id],
  );
  expect(pending).toEqual([]);
  if (!world.changes.includes('WITHDRAWN')) {
    const repeated = world.changes.filter((kind) => kind === 'REPEATED').length;
    expect([stage, cards.length]).toEqual(['open', repeated + 1]);
  }
  if (cards.length === 0) expect(stage).toBe('withdrawn');
  const last = cards.at(-1);
  const carried: string[] = newestOf(last?.id, packages).flatMap((pkg) => pkg.attachments);
  if (last === undefined) return;
  for (const file of (await filesOf(rig.db, posId)).filter(({ state }) => state === 'stored')) {
    expect(carried.filter((known) => known === file.id)).toHaveLength(1);
  }
}

function newestOf(cardId: string | undefined, packages: readonly PackageRow[]): PackageRow[] {
  return packages.filter((pkg) => pkg.card_id === cardId && isNewest(pkg, packages));
}

describe('the whole of registration, whatever happens in whatever order', () => {
  it('keeps its promises on a real database', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25, size: 'max' }), async (actions) => {
        const world = new RandomWorld(rig, await rig.appeal());
        for (const one of actions) {
          await world.run(one);
          await expectSound(world.posId);
        }
        await world.settle();
        await expectSound(world.posId);
        await expectSettled(world);
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect(await incidentsOf(rig.db, 'DEFECT')).toEqual([]);
  }, 300_000);
});
