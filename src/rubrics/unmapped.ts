import type { Queryable } from '../store/data-source.ts';
import { normalCode } from './codes.ts';
import { questionCodes } from './coverage.ts';
import type { RubricWorld } from './load.ts';

/** A code without a category, and how much waits for it. */
export interface UnmappedCode {
  readonly code: string;
  /** Undefined for a code that is not in the classifier. */
  readonly name?: string;
  /** Cards of all showcases that wait for this code. */
  readonly cards: number;
  /** Since when the oldest of them waits. */
  readonly since?: Date;
  /** `rule-made`: mapped meanwhile, the cards go with the next build. */
  readonly reason: 'no-rule' | 'category-unknown' | 'rule-made';
}

/**
 * Codes without a category, those with the most waiting cards first. Without `all` only those for which a card waits;
 * with it, after them, every code of the classifier that no rule maps.
 */
export async function listUnmapped(
  db: Queryable,
  world: RubricWorld,
  options: { all?: boolean } = {},
): Promise<readonly UnmappedCode[]> {
  return explainUnmapped(world, await readWaiting(db), options);
}

/** What waits for a code without a category. */
export interface WaitingCode {
  readonly code: string;
  readonly cardfiles: readonly string[];
  readonly cards: number;
  readonly since: Date | null;
}

/** Codes that cards wait for, those with the most of them first: looks at every such record. */
export async function readWaiting(db: Queryable): Promise<readonly WaitingCode[]> {
  return await db.query<WaitingCode>(
    `SELECT otk_code AS code, array_agg(DISTINCT cardfile) AS cardfiles,
            count(DISTINCT (showcase, card_key))::int AS cards, min(since) AS since
     FROM showcase_record WHERE state = 'unmapped'
     GROUP BY otk_code ORDER BY cards DESC, otk_code COLLATE "C"`,
  );
}

/** The same list of what was read before. Pure. */
export function explainUnmapped(
  world: RubricWorld,
  rows: readonly WaitingCode[],
  { all = false }: { all?: boolean } = {},
): readonly UnmappedCode[] {
  const names = new Map(world.rubrics.map(({ code, name }) => [code, name]));
  const waiting = rows.map(({ code, cardfiles, cards, since }) => {
    const results = cardfiles.map((cardfile) => world.mapper.map({ otkCode: code, cardfile }));
    const failed = results.flatMap((result) => ('unmapped' in result ? [result.unmapped] : []));
    const name = names.get(normalCode(code) ?? code);
    return {
      code,
      cards,
      reason: failed[0] ?? ('rule-made' as const),
      ...(name === undefined ? {} : { name }),
      ...(since === null ? {} : { since }),
    };
  });
  if (!all) return waiting;
  const seen = new Set(waiting.map(({ code }) => code));
  const others = questionCodes(world.rubrics).flatMap(({ code, name }) => {
    const result = seen.has(code) ? undefined : world.mapper.map({ otkCode: code });
    return result === undefined || 'subjectId' in result
      ? []
      : [{ code, name, cards: 0, reason: result.unmapped }];
  });
  return [...waiting, ...others];
}
