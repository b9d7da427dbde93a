import type { Queryable } from '../store/data-source.ts';
import { completeCategories, toCategory } from './categories.ts';
import type { CategoryDiff, RubricDiff } from './classifier-diff.ts';
import type { Category, Rubric, StoredRubric } from './types.ts';

/** The thematic classifier as it is stored, in the order of its codes; retired codes only when asked. */
export async function readRubrics(
  db: Queryable,
  { withRetired = false }: { withRetired?: boolean } = {},
): Promise<readonly StoredRubric[]> {
  const rows = await db.query<{
    code: string;
    level: 1 | 2 | 3 | 4 | 5;
    parent: string | null;
    name: string;
    edition: string;
    retired: boolean;
  }>(
    `SELECT code, level, parent, name, edition, retired FROM rubric
     WHERE $1 OR NOT retired ORDER BY code COLLATE "C"`,
    [withRetired],
  );
  return rows.map(({ parent, ...rest }) => ({ ...rest, ...(parent === null ? {} : { parent }) }));
}

/**
 * The platform's categories as they were imported, with ids and paths, in the order of their paths: for a mapper, a
 * form, a list. Retired ones only when asked.
 */
export async function readCategories(
  db: Queryable,
  { withRetired = false }: { withRetired?: boolean } = {},
): Promise<readonly Category[]> {
  const rows = await db.query<{
    key: string;
    subject: string;
    subject_id: string | null;
    subsubject: string | null;
    subsubject_id: string | null;
    retired: boolean;
  }>(
    `SELECT key, subject, subject_id, subsubject, subsubject_id, retired FROM category
     WHERE $1 OR NOT retired ORDER BY lower(subject), subject_id, lower(subsubject) NULLS FIRST, key`,
    [withRetired],
  );
  return rows.map((row) => ({
    ...toCategory(
      {
        subject: row.subject,
        ...(row.subject_id === null ? {} : { subjectId: row.subject_id }),
        ...(row.subsubject === null ? {} : { subsubject: row.subsubject }),
        ...(row.subsubject_id === null ? {} : { subsubjectId: row.subsubject_id }),
      },
      row.retired,
    ),
    key: row.key,
  }));
}

/** Where an import comes from. */
export interface ImportOrigin {
  /** Name of a file, or that of the platform and the region. */
  readonly source: string;
  readonly who: string;
  readonly edition?: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256?: string;
}

/** Stores a new edition of the thematic classifier; codes that it lacks are retired. Run in a transaction. */
export async function storeRubrics(
  tx: Queryable,
  rubrics: readonly Rubric[],
  diff: RubricDiff,
  origin: ImportOrigin & { readonly edition: string },
): Promise<void> {
  const id = await storeImport(tx, 'otk', origin, {
    added: diff.added.length,
    removed: diff.removed.length,
    renamed: diff.renamed.length,
    total: rubrics.length,
  });
  await tx.query(
    `INSERT INTO rubric (code, level, parent, name, edition, import_id)
     SELECT r.code, r.level, r.parent, r.name, $2, $3
     FROM jsonb_to_recordset($1::jsonb) AS r (code text, level smallint, parent text, name text)
     ON CONFLICT (code) DO UPDATE
     SET level = excluded.level, parent = excluded.parent, name = excluded.name, edition = excluded.edition,
         import_id = excluded.import_id, retired = false`,
    [JSON.stringify(rubrics), origin.edition, id],
  );
  await tx.query('UPDATE rubric SET retired = true WHERE import_id <> $1', [id]);
}

/** Stores a new list of categories; those that it lacks are retired, not deleted. Run in a transaction. */
export async function storeCategories(
  tx: Queryable,
  categories: readonly Category[],
  diff: CategoryDiff,
  origin: ImportOrigin,
): Promise<void> {
  const id = await storeImport(tx, 'categories', origin, {
    added: diff.added.length,
    removed: diff.removed.length,
    renamed: diff.renamed.length + diff.renumbered.length,
    total: categories.length,
  });
  // A category that got an id, or another one, goes on under its new key.
  const rekeyed = [...diff.renamed, ...diff.renumbered, ...diff.identified, ...diff.same].filter(
    ({ from, to }) => from.key !== to.key,
  );
  const firsts = await tx.query<{ key: string; first_import_id: string }>(
    'DELETE FROM category WHERE key = ANY($1) RETURNING key, first_import_id',
    [rekeyed.map(({ from }) => from.key)],
  );
  const firstByOldKey = new Map(firsts.map((row) => [row.key, row.first_import_id]));
  const firstImport = new Map(rekeyed.map(({ from, to }) => [to.key, firstByOldKey.get(from.key)]));
  const rows = categories.map((category) => ({
    key: category.key,
    subject: category.subject,
    subject_id: category.subjectId,
    subsubject: category.subsubject,
    subsubject_id: category.subsubjectId,
    first_import_id: firstImport.get(category.key),
  }));
  await tx.query(
    `INSERT INTO category (key, subject_id, subject, subsubject_id, subsubject, first_import_id, import_id)
     SELECT c.key, c.subject_id, c.subject, c.subsubject_id, c.subsubject, coalesce(c.first_import_id, $2), $2
     FROM jsonb_to_recordset($1::jsonb) AS c
       (key text, subject_id text, subject text, subsubject_id text, subsubject text, first_import_id bigint)
     ON CONFLICT (key) DO UPDATE
     SET subject_id = excluded.subject_id, subject = excluded.subject, subsubject_id = excluded.subsubject_id,
         subsubject = excluded.subsubject, import_id = excluded.import_id, retired = false`,
    [JSON.stringify(rows), id],
  );
  await tx.query('UPDATE category SET retired = true WHERE import_id <> $1', [id]);
}

/** Makes categories of what the platform itself tells (contracts/platform-rest.md, section 5). */
export function fromPlatform(
  list: readonly { subjectId: string; subject: string; subsubjectId?: string; subsubject?: string }[],
): readonly Category[] {
  return completeCategories(list).categories;
}

async function storeImport(
  tx: Queryable,
  kind: 'otk' | 'categories',
  origin: ImportOrigin,
  counts: { added: number; removed: number; renamed: number; total: number },
): Promise<string> {
  const [row] = await tx.query<{ id: string }>(
    `INSERT INTO classifier_import (kind, source, edition, sha256, who, added, removed, renamed, total)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
    [
      kind,
      origin.source,
      origin.edition ?? null,
      origin.sha256 ?? null,
      origin.who,
      counts.added,
      counts.removed,
      counts.renamed,
      counts.total,
    ],
  );
  if (row === undefined) throw new Error('an import got no number');
  return row.id;
}
