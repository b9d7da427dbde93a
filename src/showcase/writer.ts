import { inTransaction } from '../store/data-source.ts';
import type { BuildDeps, Showcase } from './deps.ts';
import { type PackedRows, rangeOf } from './packed-rows.ts';
import type { CardPlan } from './plan.ts';
import { createRowStack, type RowStack } from './row-stack.ts';
import { insertRows, removeRows, updateRows } from './rows.ts';
import { fileName, insertUpload, nextUploadId } from './uploads.ts';
import { type WrittenFile, writeShowcaseFile } from './write-file.ts';

/** Stores what a pass has found, in sets, while the next cards are being read. */
export interface RowWriter {
  /** Whether something of this card is on its way into the database, so that reading it now would miss it. */
  holds(key: string): boolean;
  /** Takes a card's plan; waits when there is enough in hand. @throws what storing earlier ones threw */
  add(plan: CardPlan): Promise<void>;
  /** Stores all that is in hand. */
  drain(): Promise<void>;
  /** After a failure: forgets what is in hand and waits for what is under way. Never throws. */
  abandon(): Promise<void>;
  /** Files written at once, without a second look at their records. */
  files(): number;
}

/** What may be in hand at most; a file larger than this is written from the database. */
const MOST_ROWS = 10_000;

/** Rows on their way into the database, in chunks. */
interface Hand {
  /** New questions with a line to send. */
  readonly lines: RowStack;
  /** New questions without. */
  readonly others: RowStack;
  readonly changed: RowStack;
  readonly changedOthers: RowStack;
  readonly removed: { readonly key: string; readonly no: number }[];
  readonly keys: Set<string>;
}

/**
 * New questions go into a file at once when there are enough for a full one: they are written once instead of twice. What
 * has changed, and what is left over, is stored as ready and goes into files at the pass's end.
 *
 * @param direct ОГРН and most records of a file; absent: all is stored as ready
 */
export function createRowWriter(
  deps: Pick<BuildDeps, 'dataSource' | 'db' | 'spoolDir'>,
  showcase: Showcase,
  buildId: number,
  direct: { readonly ogrn: string; readonly limit: number } | undefined,
): RowWriter {
  const limit = direct === undefined || direct.limit > MOST_ROWS ? MOST_ROWS : direct.limit;
  let hand = emptyHand();
  let storing: { readonly keys: ReadonlySet<string>; readonly done: Promise<void> } | undefined;
  let files = 0;

  async function store(batch: Hand, upload: DirectUpload | undefined): Promise<void> {
    await inTransaction(deps.dataSource, async (tx) => {
      if (upload !== undefined)
        await insertUpload(tx, showcase, upload.id, upload.written, batch.lines.size());
      for (const chunk of batch.lines.packed()) await insertRows(tx, showcase.id, buildId, chunk, upload?.id);
      for (const chunk of batch.others.packed()) await insertRows(tx, showcase.id, buildId, chunk);
      for (const chunk of batch.changed.packed()) await updateRows(tx, showcase.id, buildId, chunk);
      for (const chunk of batch.changedOthers.packed()) await updateRows(tx, showcase.id, buildId, chunk);
      await removeRows(tx, showcase.id, buildId, batch.removed);
    });
    if (upload !== undefined) files += 1;
  }

  async function writeDirect(
    id: number,
    chunks: readonly PackedRows[],
    { ogrn, limit: records }: DirectFiles,
  ): Promise<DirectUpload> {
    const days = rangeOf(
      chunks.flatMap(({ from }) => from ?? []),
      chunks.flatMap(({ to }) => to ?? []),
    );
    const header = { region: showcase.region, ogrn, records, ...days };
    const written = await writeShowcaseFile(deps.spoolDir, header, withEnds(chunks), (sha256) =>
      fileName(showcase.id, id, sha256),
    );
    return { id, written };
  }

  async function settle(): Promise<void> {
    const current = storing;
    storing = undefined;
    await current?.done;
  }

  /** The file is written while the earlier rows are still being stored. */
  async function flush(): Promise<void> {
    const batch = hand;
    hand = emptyHand();
    const isFile = direct !== undefined && batch.lines.size() === direct.limit;
    // Numbered in their order, though two may be written at once.
    const upload = isFile
      ? writeDirect(await nextUploadId(deps.db), batch.lines.packed(), direct)
      : Promise.resolve(undefined);
    // Both are awaited later; unheard until then, they would end the process.
    upload.catch(() => undefined);
    await settle();
    const done = upload.then((written) => store(batch, written));
    done.catch(() => undefined);
    storing = { keys: batch.keys, done };
  }

  return {
    holds: (key) => hand.keys.has(key) || storing?.keys.has(key) === true,
    async add({ key, added, changed, removed }) {
      for (const row of added) {
        (row.look.verdict === 'send' ? hand.lines : hand.others).push(row);
        hand.keys.add(key);
        if (hand.lines.size() >= limit) await flush();
      }
      for (const row of changed) (row.look.verdict === 'send' ? hand.changed : hand.changedOthers).push(row);
      for (const no of removed) hand.removed.push({ key, no });
      if (changed.length + removed.length > 0) hand.keys.add(key);
      const { others, changed: again, changedOthers } = hand;
      if (others.size() + again.size() + changedOthers.size() + hand.removed.length >= MOST_ROWS)
        await flush();
    },
    async drain() {
      await flush();
      await settle();
    },
    async abandon() {
      hand = emptyHand();
      await settle().catch(() => undefined);
    },
    files: () => files,
  };
}

interface DirectUpload {
  readonly id: number;
  readonly written: WrittenFile;
}

interface DirectFiles {
  readonly ogrn: string;
  readonly limit: number;
}

function emptyHand(): Hand {
  return {
    lines: createRowStack(),
    others: createRowStack(),
    changed: createRowStack(),
    changedOthers: createRowStack(),
    removed: [],
    keys: new Set(),
  };
}

/** All lines in one piece: each piece costs turns of the loop that looks at cards meanwhile. */
function withEnds(chunks: readonly PackedRows[]): readonly Buffer[] {
  return [Buffer.concat(chunks.flatMap(({ lines }) => [lines, LINE_END]))];
}

const LINE_END = Buffer.from('\n');
