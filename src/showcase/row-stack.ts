import { joinRows, type PackedRows, packRows } from './packed-rows.ts';
import type { QuestionRow } from './plan.ts';

/** Rows packed together: few, so that their objects go while they are young. */
const PACK = 250;
/** Packs of one statement. */
const PACKS = 10;

/** Rows that are packed as they come. */
export interface RowStack {
  push(row: QuestionRow): void;
  size(): number;
  /** What was pushed, in pieces of one statement; nothing is pushed afterwards. */
  packed(): readonly PackedRows[];
}

export function createRowStack(): RowStack {
  const packs: PackedRows[] = [];
  let rows: QuestionRow[] = [];
  let size = 0;
  let joined: readonly PackedRows[] | undefined;
  const close = () => {
    if (rows.length > 0) packs.push(packRows(rows));
    rows = [];
  };
  return {
    push(row) {
      rows.push(row);
      size += 1;
      if (rows.length === PACK) close();
    },
    size: () => size,
    packed() {
      if (joined !== undefined) return joined;
      close();
      joined = Array.from({ length: Math.ceil(packs.length / PACKS) }, (_piece, at) =>
        joinRows(packs.slice(at * PACKS, (at + 1) * PACKS)),
      );
      return joined;
    },
  };
}
