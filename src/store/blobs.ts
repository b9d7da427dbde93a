import type { Queryable } from './data-source.ts';

/** A file of the spool as the database knows it. */
export interface Blob {
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Enters files that lie in the spool, known ones and doubled ones too; in one order, so that two writers never wait in a circle. */
export async function storeBlobs(tx: Queryable, blobs: readonly Blob[]): Promise<void> {
  if (blobs.length === 0) return;
  await tx.query(
    `INSERT INTO blob (sha256, size) SELECT * FROM unnest($1::text[], $2::bigint[]) ORDER BY 1
     ON CONFLICT (sha256) DO NOTHING`,
    [blobs.map(({ sha256 }) => sha256), blobs.map(({ size }) => size)],
  );
}
