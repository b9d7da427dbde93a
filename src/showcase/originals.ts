import type { Appeal } from '../model/appeal.ts';
import type { Platform } from '../platform/port.ts';
import { normalCode } from '../rubrics/codes.ts';
import type { Queryable } from '../store/data-source.ts';
import type { Showcase } from './deps.ts';
import type { OriginalCategory } from './look.ts';

export interface OriginalsDeps {
  readonly db: Queryable;
  readonly platform: Pick<Platform, 'parseItem'>;
  /** The rubric that a card of this appeal got at its registration (mappings/card.yaml); undefined for none. */
  rubricOf(opaId: string, appeal: Appeal): { readonly name: string; readonly uid?: string } | undefined;
}

interface StoredItem {
  readonly pos_id: string;
  readonly opa_id: string;
  readonly raw: string;
}

/**
 * The categories that the platform itself gave to these appeals, with the rubric that we put in their place into the card.
 * An appeal that is not ours, has no category, got no rubric, or whose item is no longer kept, is not among them: its card
 * is mapped by the rules.
 */
export async function originalCategories(
  { db, platform, rubricOf }: OriginalsDeps,
  { timeZone }: Pick<Showcase, 'timeZone'>,
  posIds: readonly string[],
): Promise<ReadonlyMap<string, OriginalCategory>> {
  const items = await db.query<StoredItem>(
    `SELECT DISTINCT ON (a.pos_id) a.pos_id, a.opa_id, c.raw FROM appeal a JOIN appeal_change c ON c.appeal_id = a.id
     WHERE a.pos_id = ANY($1) AND c.readable AND c.raw IS NOT NULL ORDER BY a.pos_id, c.id DESC`,
    [posIds],
  );
  const originals = new Map<string, OriginalCategory>();
  for (const { pos_id, opa_id, raw } of items) {
    const item = platform.parseItem(raw, timeZone);
    if (!item.ok) continue;
    const { category, subcategory } = item.appeal;
    const rubric = rubricOf(opa_id, item.appeal);
    if (category.id === undefined || rubric === undefined) continue;
    const code = rubric.uid === undefined ? undefined : normalCode(rubric.uid);
    originals.set(pos_id, {
      subjectId: category.id,
      ...(subcategory.id === undefined ? {} : { subsubjectId: subcategory.id }),
      rubric: { name: rubric.name, ...(code === undefined ? {} : { code }) },
    });
  }
  return originals;
}
