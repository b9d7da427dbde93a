import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toFault } from '../../../src/model/errors.ts';
import { askedBy, takeAskedRuns } from '../../../src/showcase/asked-runs.ts';
import { contentHash } from '../../../src/showcase/files.ts';
import { removeOrphans } from '../../../src/showcase/orphans.ts';
import { carryUploads } from '../../../src/showcase/upload.ts';
import type { UploadDeps } from '../../../src/showcase/upload-deps.ts';
import { writeUploads } from '../../../src/showcase/uploads.ts';
import { removeEndedFiles } from '../../../src/showcase/watch-uploads.ts';
import { queryable } from '../../../src/store/data-source.ts';
import { ModelPlatform, UPLOAD_FAULTS, type UploadFault } from './model-platform.ts';
import { createRig, line, type Rig } from './rig.ts';

/*
 * Random lives of a showcase: the real flow on a real database and disk, with a platform in memory; the process dies at
 * any statement or call. Held: promise 3 of the design (newest state, or in the log with its reason), nothing accepted
 * twice with different content, nothing older after newer, none forgotten; and what changes while its file is on its way
 * goes without another run.
 */

const CARDS = 6;
const KINDS = ['good', 'bad-record', 'bad-file'] as const;
type Kind = (typeof KINDS)[number];

type Command =
  | { readonly do: 'put'; readonly no: number; readonly kind: Kind }
  | { readonly do: 'remove'; readonly no: number }
  | { readonly do: 'write' | 'carry' | 'parse' }
  | { readonly do: 'faults'; readonly kinds: readonly UploadFault[] }
  | { readonly do: 'slow'; readonly polls: number; readonly reads: number }
  | { readonly do: 'whim'; readonly atOnce: boolean; readonly named: boolean }
  | { readonly do: 'die'; readonly steps: number; readonly at: 'carry' | 'write' };

const no = fc.integer({ min: 1, max: CARDS });
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('put' as const), no, kind: fc.constantFrom(...KINDS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), no }) },
  { weight: 4, arbitrary: fc.constant({ do: 'write' as const }) },
  { weight: 8, arbitrary: fc.constant({ do: 'carry' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'parse' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('faults' as const),
      kinds: fc.array(fc.constantFrom(...UPLOAD_FAULTS), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('slow' as const),
      polls: fc.nat({ max: 3 }),
      reads: fc.nat({ max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('whim' as const), atOnce: fc.boolean(), named: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      steps: fc.integer({ min: 1, max: 25 }),
      at: fc.constantFrom('carry' as const, 'write' as const),
    }),
  },
);

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

class World {
  readonly platform: ModelPlatform;
  readonly wanted = new Map<number, { kind: Kind | 'removed'; content: string }>();
  readonly deps: UploadDeps;
  /** Jobs of the queue, which outlives the process. */
  readonly asked = new Set<string>();
  version = 0;
  #fuse = Number.POSITIVE_INFINITY;

  constructor(keepsKeys: boolean) {
    const tick = () => {
      this.#fuse -= 1;
      if (this.#fuse <= 0) throw new Error('dead');
    };
    this.platform = new ModelPlatform(keepsKeys, tick);
    const dataSource = new Proxy(rig.dataSource, {
      get(target, name, receiver) {
        if (name === 'createQueryRunner') tick();
        const value: unknown = Reflect.get(target, name, receiver);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    this.deps = { ...rig.deps, dataSource, db: queryable(dataSource), platform: this.platform };
  }

  async put(card: number, kind: Kind | 'removed'): Promise<void> {
    // Two of the cards may spoil a whole file; more of them would look like one cause for all.
    const real = kind === 'bad-file' && card > 2 ? 'bad-record' : kind;
    this.version += 1;
    const change = {
      recordId: `card-${card}#1`,
      regNumber: String(this.version),
      ...(real === 'removed' ? { state: 'REMOVED' } : { channel: real }),
    };
    const content = line(card, change);
    if (real === 'removed' && !this.wanted.has(card)) return;
    const hash = contentHash(content);
    await rig.db.query(
      `INSERT INTO showcase_record AS r (showcase, card_key, question_no, otk_code, card_isn, reg_number, cardfile, verdict,
         content, hash, since, build_id)
       VALUES ('main', $1, 1, 'x', '1', 'x', 'x', $2, $3, $4, now(), 1)
       ON CONFLICT (showcase, card_key, question_no) DO UPDATE SET verdict = $2, content = $3, hash = $4,
         since = coalesce(r.since, now())`,
      [`card-${card}`, real === 'removed' ? 'remove' : 'send', content, hash],
    );
    this.wanted.set(card, { kind: real, content });
  }

  async write(): Promise<void> {
    const { dataSource, db, log, spoolDir } = this.deps;
    await writeUploads({ dataSource, db, log, spoolDir }, rig.showcase);
  }

  async carry(): Promise<void> {
    await rig.hurry();
    await carryUploads(this.deps, new AbortController().signal);
    for (const key of await takeAskedRuns(rig.db)) this.asked.add(key);
    for (const key of this.asked) {
      expect(askedBy(key)).toEqual({ showcase: 'main', filesOnly: true });
      await this.write();
      this.asked.delete(key);
    }
  }

  /** Does it, and dies after so many statements and calls. */
  async dieIn(work: () => Promise<void>, steps: number): Promise<void> {
    this.#fuse = steps;
    await work().catch((error: unknown) => {
      if (toFault(error).code !== 'DEFECT') throw error;
    });
    this.#fuse = Number.POSITIVE_INFINITY;
  }

  /** No more trouble: everything that can be settled is. */
  async rest(): Promise<boolean> {
    this.platform.faults.length = 0;
    this.platform.readFaults = 0;
    this.platform.pollsNeeded = 0;
    for (let runs = 0; runs < 10; runs += 1) {
      await this.write();
      if (!(await this.carryAll())) return false;
      const ready = await rig.db.query<{ upload: string | null }>(
        `SELECT u.state AS upload FROM showcase_record r LEFT JOIN showcase_upload u ON u.id = r.upload_id
         WHERE r.state = 'ready'`,
      );
      if (ready.length === 0) return true;
      // Only a file that the platform did not settle leaves something for the next run.
      if (ready.some(({ upload }) => upload !== 'failed' && upload !== 'split')) return false;
    }
    return false;
  }

  /** Until no file is open; no run is begun meanwhile. */
  async carryAll(): Promise<boolean> {
    for (let round = 0; round < 120; round += 1) {
      await this.carry();
      const open = await rig.db.query(
        `SELECT 1 FROM showcase_upload WHERE state IN ('ready', 'sending', 'polling')`,
      );
      if (open.length === 0 && this.asked.size === 0) return true;
    }
    return false;
  }

  async apply(step: Command): Promise<void> {
    switch (step.do) {
      case 'put':
        return await this.put(step.no, step.kind);
      case 'remove':
        return await this.put(step.no, 'removed');
      case 'write':
        return await this.write();
      case 'carry':
        return await this.carry();
      case 'parse':
        return this.platform.parseAll();
      case 'faults':
        this.platform.faults.push(...step.kinds);
        return;
      case 'slow':
        this.platform.pollsNeeded = step.polls;
        this.platform.readFaults = step.reads;
        return;
      case 'whim':
        this.platform.refusesAtOnce = step.atOnce;
        this.platform.namesBad = step.named;
        return;
      case 'die':
        return await this.dieIn(() => (step.at === 'carry' ? this.carry() : this.write()), step.steps);
    }
  }
}

/** What does not hold at rest. */
async function violations(world: World): Promise<string[]> {
  const found: string[] = [];
  const rows = new Map((await rig.records()).map((row) => [row.no, row]));
  for (const [card, { kind, content }] of world.wanted) {
    const row = rows.get(card);
    const shown = world.platform.shown.get(`card-${card}#1`);
    const is = `card ${card} (${kind}) is ${row?.state}`;
    if (kind === 'removed' && (row?.state !== 'gone' || shown !== undefined)) found.push(is);
    if (kind === 'good' && (row?.state !== 'accepted' || shown !== content || row.since !== null))
      found.push(is);
    const isBad = kind === 'bad-record' || kind === 'bad-file';
    if (isBad && (row?.state !== 'refused' || row.code !== 'SHOWCASE_RECORD_REFUSED' || row.since === null))
      found.push(is);
    if (isBad && row?.detail?.startsWith('BAD') !== true) found.push(`${is} without a reason`);
  }
  const newest = new Map<string, number>();
  for (const { recordId, version } of world.platform.log) {
    if (version < (newest.get(recordId) ?? 0)) found.push(`${recordId}: ${version} after a newer one`);
    newest.set(recordId, version);
  }
  if ((await rig.files()).length > 0) found.push('a file is left');
  return found;
}

describe.each([true, false])('a showcase through random lives; the platform keeps keys: %s', (keepsKeys) => {
  it('every question is shown in its newest state, or refused with its reason', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 30 }), async (commands) => {
        await rig.db.query(
          `TRUNCATE showcase_error, showcase_upload, showcase_record, mail, mail_recipient, incident, journal CASCADE`,
        );
        await takeAskedRuns(rig.db);
        const world = new World(keepsKeys);
        for (const step of commands) await world.apply(step);
        expect(await world.rest()).toBe(true);
        // What deaths have left on the disk, as the daemon tidies it away.
        await removeEndedFiles(rig.db, rig.spoolDir);
        await removeOrphans(rig.db, rig.spoolDir, Date.now() + 3 * 86_400_000);
        expect(await violations(world)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  }, 300_000);
});
