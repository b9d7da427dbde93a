import { createHash, randomBytes } from 'node:crypto';
import type { Queryable } from '../../../store/data-source.ts';

export type KeptKind = 'otk' | 'categories' | 'rules' | 'platform';

/** An uploaded file between its preview and its taking. */
export interface KeptFile {
  readonly id: string;
  readonly who: string;
  readonly name: string;
  readonly kind: KeptKind;
  readonly edition: string | null;
  /** Columns as a person told them, `category=A,sub=B`. */
  readonly columns: string | null;
  readonly content: Buffer;
  readonly sha256: string;
  readonly expiresAt: Date;
}

export type NewFile = Omit<KeptFile, 'id' | 'sha256' | 'expiresAt'>;

/** Files that one person may have waiting; the oldest goes. */
const MOST_OF_ONE = 5;

/** Keeps a file for a day and gives its number; whatever has expired goes. */
export async function keepFile(db: Queryable, file: NewFile): Promise<string> {
  await db.query(
    `DELETE FROM rubric_upload WHERE expires_at < now() OR id IN
      (SELECT id FROM rubric_upload WHERE who = $1 ORDER BY created_at DESC OFFSET ${MOST_OF_ONE - 1})`,
    [file.who],
  );
  const id = randomBytes(16).toString('hex');
  const sha256 = createHash('sha256').update(file.content).digest('hex');
  await db.query(
    `INSERT INTO rubric_upload (id, who, name, kind, edition, columns, content, sha256, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + interval '1 day')`,
    [id, file.who, file.name, file.kind, file.edition, file.columns, file.content, sha256],
  );
  return id;
}

/** The file of a number, of this person; undefined when it is taken, dropped, expired or another's. */
export async function findFile(db: Queryable, id: string, who: string): Promise<KeptFile | undefined> {
  if (!/^[0-9a-f]{32}$/.test(id)) return undefined;
  const [row] = await db.query<KeptFile>(
    `SELECT id, who, name, kind, edition, columns, content, sha256, expires_at AS "expiresAt" FROM rubric_upload
     WHERE id = $1 AND who = $2 AND expires_at > now()`,
    [id, who],
  );
  return row;
}

export async function dropFile(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM rubric_upload WHERE id = $1', [id]);
}
