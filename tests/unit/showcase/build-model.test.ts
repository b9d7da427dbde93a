import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import type { ArchiveCard } from '../../../src/sed/port.ts';
import { collectShowcase } from '../../../src/showcase/collect.ts';
import { readKnown } from '../../../src/showcase/known-rows.ts';
import { planCard } from '../../../src/showcase/plan.ts';
import { acceptRecords, refuseRecords } from '../../../src/showcase/record-fates.ts';
import { createTermClock } from '../../../src/showcase/terms.ts';
import { writeUploads } from '../../../src/showcase/uploads.ts';
import { inTransaction, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type Death, dyingDataSource } from '../../support/dying-database.ts';
import { eventually } from '../../support/eventually.ts';
import {
  type BuildStand,
  buildStand,
  CODE_5,
  CODE_A,
  CODE_B,
  cardOf,
  readShowcaseFile,
  shippedTerms,
  showcaseOf,
  tableMapper,
} from '../../support/showcase-build.ts';

let database: TestDatabase;
let stand: BuildStand;
/** Small, so that files are written on the way, at the end, and from several batches. */
const showcase = showcaseOf({ maxRecords: 2 });

beforeAll(async () => {
  database = await createTestDatabase({ poolSize: 6 });
  stand = await buildStand(database);
});
afterAll(async () => {
  await stand.remove();
  await database.drop();
});

const RULES = [
  tableMapper({ [CODE_A]: '11', [CODE_B]: '22', [CODE_5]: '33' }),
  tableMapper({ [CODE_A]: '11', [CODE_5]: '33' }),
  tableMapper({ [CODE_A]: '99', [CODE_B]: '22' }),
];

type Step =
  | { readonly do: 'cards'; readonly cards: readonly ArchiveCard[] }
  | { readonly do: 'rules'; readonly rules: number }
  | { readonly do: 'pass'; readonly death?: Death; readonly failAtPage?: number }
  | { readonly do: 'write'; readonly death?: Death }
  | { readonly do: 'report'; readonly refused: readonly boolean[] };

const anyCards = fc
  .uniqueArray(
    fc.record({
      key: fc.constantFrom('1', '2', '3', '4', '5'),
      codes: fc.subarray([CODE_A, CODE_B, CODE_5, '0001.0000.0000.0000'], { minLength: 0 }),
      turn: fc.boolean(),
      over: fc.record(
        {
          state: fc.constantFrom('IN_WORK', 'ANSWERED', 'REMOVED'),
          regNumber: fc.constantFrom('А-1', ''),
          oktmo: fc.constantFrom('98701000', '98702000'),
          showcaseFlag: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
    }),
    { selector: ({ key }) => key, maxLength: 5 },
  )
  .map((cards) =>
    cards.map(({ key, codes, turn, over }) =>
      cardOf(key, {
        rubrics: (turn ? [...codes].reverse() : codes).map((code) => ({ code, name: code })),
        ...over,
      }),
    ),
  );
const anyDeath: fc.Arbitrary<Death> = fc.record({
  at: fc.integer({ min: 1, max: 22 }),
  heard: fc.constantFrom('before', 'after'),
});
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: anyCards.map((cards) => ({ do: 'cards', cards }) as const) },
  { weight: 1, arbitrary: fc.nat({ max: 2 }).map((rules) => ({ do: 'rules', rules }) as const) },
  { weight: 3, arbitrary: fc.constant({ do: 'pass' } as const) },
  { weight: 2, arbitrary: anyDeath.map((death) => ({ do: 'pass', death }) as const) },
  { weight: 1, arbitrary: fc.nat({ max: 2 }).map((failAtPage) => ({ do: 'pass', failAtPage }) as const) },
  { weight: 2, arbitrary: fc.constant({ do: 'write' } as const) },
  { weight: 2, arbitrary: anyDeath.map((death) => ({ do: 'write', death }) as const) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.boolean(), { minLength: 2, maxLength: 2 })
      .map((refused) => ({ do: 'report', refused }) as const),
  },
);

interface World {
  cards: readonly ArchiveCard[];
  rules: number;
  /** What the platform has, by recordId. */
  readonly platform: Map<string, string>;
  /** Whose a recordId is: for ever, whatever was accepted. */
  readonly owners: Map<string, string>;
  readonly numbers: Map<string, number>;
}

interface Row {
  readonly card_key: string;
  readonly question_no: number;
  readonly otk_code: string;
  readonly state: string;
  readonly verdict: string;
  readonly content: string | null;
  readonly sent_hash: string | null;
  readonly upload_id: string | null;
  readonly code: string | null;
  readonly since: Date | null;
}

async function rows(): Promise<Row[]> {
  return await stand.db.query<Row>(
    `SELECT r.card_key, r.question_no, r.otk_code, r.state, r.verdict, r.content, encode(r.sent_hash, 'hex') AS sent_hash,
       r.upload_id, o.code, r.since
     FROM showcase_record r LEFT JOIN showcase_open o USING (id) ORDER BY 1, 2`,
  );
}

async function depsFor(world: World, death?: Death) {
  stand.archive.cardsNow = [...world.cards];
  const dataSource = death === undefined ? database.dataSource : dyingDataSource(database.dataSource, death);
  const mapper = RULES[world.rules] ?? stand.deps.mapper;
  return { ...stand.deps, dataSource, db: queryable(dataSource), mapper, batch: 2 };
}

/** Runs a step of the program; one that dies may fail in any way. */
async function living(death: Death | undefined, work: () => Promise<unknown>): Promise<boolean> {
  return await eventually('the lock of the dead', async () => {
    try {
      await work();
      return { ended: true };
    } catch (error) {
      // The server needs a moment to notice that a connection is gone.
      if (error instanceof Fault && error.code === 'SHOWCASE_BUSY') return undefined;
      if (death === undefined) throw error;
      return { ended: false };
    }
  }).then(({ ended }) => ended);
}

async function takeStep(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case 'cards':
      world.cards = step.cards;
      return;
    case 'rules':
      world.rules = step.rules;
      return;
    case 'pass':
      stand.archive.failAtPage = step.failAtPage;
      if (step.failAtPage === undefined) await pass(world, step.death);
      else await failing(world);
      stand.archive.failAtPage = undefined;
      return;
    case 'write': {
      const deps = await depsFor(world, step.death);
      await living(step.death, () => writeUploads(deps, showcase));
      return;
    }
    case 'report':
      await report(world, step.refused);
  }
}

async function pass(world: World, death?: Death): Promise<void> {
  const deps = await depsFor(world, death);
  const ended = await living(death, () => collectShowcase(deps, showcase));
  if (ended) await checkComplete(world);
}

async function failing(world: World): Promise<void> {
  const deps = await depsFor(world);
  await living({ at: 0, heard: 'before' }, () => collectShowcase(deps, showcase));
}

/** The report of the oldest file that waits: the platform's side and ours. */
async function report(world: World, refused: readonly boolean[]): Promise<boolean> {
  const [upload] = await stand.db.query<{ id: string; file: string; records: number }>(
    `SELECT id, file, records FROM showcase_upload WHERE state = 'ready' ORDER BY id LIMIT 1`,
  );
  if (upload === undefined) return false;
  const [header, ...lines] = await readShowcaseFile(stand.spoolDir, upload.file);
  expect([header?.['records'], lines.length]).toEqual([upload.records, upload.records]);
  expect(lines.length).toBeLessThanOrEqual(showcase.maxRecords);
  const fates = lines.map((line, at) => ({
    recordId: String(line['recordId']),
    line: JSON.stringify(line),
    isRefused: refused[at] === true,
  }));
  for (const { recordId, line, isRefused } of fates) {
    const { otkCode } = JSON.parse(line) as { otkCode: string };
    expect(world.owners.get(recordId) ?? otkCode).toBe(otkCode);
    world.owners.set(recordId, otkCode);
    if (!isRefused) world.platform.set(recordId, line);
  }
  await inTransaction(database.dataSource, async (tx) => {
    const file = { id: upload.id, showcase: showcase.id };
    const taken = fates.filter(({ isRefused }) => !isRefused);
    await acceptRecords(
      tx,
      file,
      taken.map(({ recordId, line }) => ({ recordId, hash: Buffer.from(hash('sha256', line), 'hex') })),
    );
    const bad = fates.filter(({ isRefused }) => isRefused);
    await refuseRecords(
      tx,
      file,
      bad.map(({ recordId }) => ({ recordId, detail: 'не принято' })),
    );
    await tx.query(`UPDATE showcase_upload SET state = 'settled' WHERE id = $1`, [upload.id]);
  });
  return true;
}

/** What must hold at any time, after any death. */
async function checkAlways(world: World): Promise<void> {
  const files = new Map(
    (
      await stand.db.query<{ id: string; file: string }>(
        `SELECT id, file FROM showcase_upload WHERE state = 'ready'`,
      )
    ).map(({ id, file }) => [id, file]),
  );
  const inFiles = new Map<string, string>();
  for (const [id, file] of files) {
    for (const line of (await readShowcaseFile(stand.spoolDir, file)).slice(1)) {
      inFiles.set(`${id} ${line['recordId']}`, hash('sha256', JSON.stringify(line)));
    }
  }
  const all = await rows();
  for (const row of all) {
    const question = `${row.card_key} ${row.otk_code}`;
    expect(world.numbers.get(question) ?? row.question_no).toBe(row.question_no);
    world.numbers.set(question, row.question_no);
    const recordId = `${row.card_key}#${row.question_no}`;
    const there = world.platform.get(recordId);
    expect(row.since === null).toBe(row.state === 'accepted' || row.state === 'gone');
    if (row.state === 'accepted') expect(there).toBe(row.content);
    if (row.state === 'gone' && there !== undefined)
      expect(JSON.parse(there)).toMatchObject({ state: 'REMOVED' });
    if (row.state === 'sent') expect(inFiles.get(`${row.upload_id} ${recordId}`)).toBe(row.sent_hash);
    if (row.state === 'refused' || row.state === 'unmapped') expect(row.code).not.toBeNull();
  }
  // What lies in a file is in flight, once.
  expect(all.filter(({ state }) => state === 'sent')).toHaveLength(inFiles.size);
}

/** After a whole pass: our rows say what the cards say, so looking again changes nothing. */
async function checkComplete(world: World): Promise<void> {
  const clock = createTermClock(await shippedTerms(), showcase.region, '2026-06-15');
  const context = { clock, mapper: RULES[world.rules] ?? stand.deps.mapper, includePlatformBorn: false };
  const known = await readKnown(stand.db, showcase.id, ['1', '2', '3', '4', '5']);
  for (const [key, list] of known) {
    const card = world.cards.find((candidate) => candidate.key === key);
    if (card === undefined) expect(list.every(({ verdict }) => verdict === 'remove')).toBe(true);
  }
  for (const card of world.cards) {
    const plan = planCard(context, card, known.get(card.key) ?? []);
    expect([plan.added, plan.changed, plan.removed]).toEqual([[], [], []]);
  }
}

/** With all well from now on, everything gets where it belongs. */
async function checkEnd(world: World): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await pass(world);
    const deps = await depsFor(world);
    await living(undefined, () => writeUploads(deps, showcase));
    while (await report(world, [])) await checkAlways(world);
    // What the platform had refused goes again only on command or when it has changed.
    await stand.db.query(`UPDATE showcase_record SET refused_hash = NULL`);
  }
  for (const row of await rows()) {
    const expected = { send: 'accepted', remove: 'gone', refuse: 'refused', unmapped: 'unmapped' }[
      row.verdict
    ];
    expect(row.state).toBe(expected);
  }
}

describe('passes over an archive that changes, with deaths at any statement', () => {
  it('leave each question in its newest state, on its way, or in the log with a cause', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 4, maxLength: 16 }), async (steps) => {
        await stand.clear();
        const world: World = {
          cards: [cardOf('1'), cardOf('2')],
          rules: 0,
          platform: new Map(),
          owners: new Map(),
          numbers: new Map(),
        };
        for (const step of steps) {
          await takeStep(world, step);
          await checkAlways(world);
        }
        await checkEnd(world);
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 25), endOnFailure: false },
    );
  });
});
