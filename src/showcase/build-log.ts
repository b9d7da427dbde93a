import type { Fault } from '../model/errors.ts';
import type { BuildDeps } from './deps.ts';

/** Stores that a pass has begun; gives its number. */
export async function beginBuild(
  { db, mapper }: Pick<BuildDeps, 'db' | 'mapper'>,
  showcase: string,
): Promise<number> {
  const [row] = await db.query<{ id: string }>(
    `INSERT INTO showcase_build (showcase, rules_version) VALUES ($1, $2) RETURNING id`,
    [showcase, mapper.version],
  );
  return Number(row?.id);
}

interface Counts {
  readonly cards: number;
  readonly questions: number;
}

export async function endBuild(
  { db }: Pick<BuildDeps, 'db'>,
  buildId: number,
  { cards, questions }: Counts,
): Promise<void> {
  await db.query(`UPDATE showcase_build SET finished_at = now(), cards = $2, questions = $3 WHERE id = $1`, [
    buildId,
    cards,
    questions,
  ]);
}

export async function failBuild(
  { db }: Pick<BuildDeps, 'db'>,
  buildId: number,
  { cards, questions }: Counts,
  { code }: Fault,
): Promise<void> {
  await db.query(`UPDATE showcase_build SET error_code = $4, cards = $2, questions = $3 WHERE id = $1`, [
    buildId,
    cards,
    questions,
    code,
  ]);
}
