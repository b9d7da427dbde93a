/** One line of the thematic classifier («ОТК»): levels 1 to 5; questions carry levels 4 and 5 only. */
export interface Rubric {
  /** As the classifier writes it: four groups of four digits, five at level 5. */
  readonly code: string;
  readonly level: 1 | 2 | 3 | 4 | 5;
  readonly parent?: string;
  readonly name: string;
}

/** A rubric as it is stored. */
export interface StoredRubric extends Rubric {
  /** The edition that brought it last, `2025-10-31`. */
  readonly edition: string;
  /** The newest edition no longer has it; old cards still do. */
  readonly retired: boolean;
}

/** Names a category or, with `subsubject`, a sub-category of the platform. */
export interface CategoryPath {
  readonly subject: string;
  readonly subsubject?: string;
}

/** A path with the platform's ids as far as they are known. */
export interface CategoryRef extends CategoryPath {
  readonly subjectId?: string;
  readonly subsubjectId?: string;
}

/** A category of the platform as it was imported. */
export interface Category extends CategoryRef {
  /** Made of ids where there are any, else of the path: the same name may stand under several categories. */
  readonly key: string;
  /** The newest import no longer has it. */
  readonly retired: boolean;
}

/** What, besides the code, must hold for a rule to apply; all that is given must. */
export interface RuleConditions {
  /** Cardfile (DUE) of the card's registration. */
  readonly cardfile?: string;
  readonly organization?: string;
  /** A word or several, all of which stand in the text in any grammatical form. */
  readonly word?: string;
}

/**
 * Where a rule comes from: `starter` is the shipped draft, `classifier` the platform's own codes, `person` a decision
 * of this site.
 */
export const RULE_SOURCES = ['starter', 'person', 'classifier'] as const;
export type RuleSource = (typeof RULE_SOURCES)[number];

/** From a code, and all codes under it, to a category. */
export interface RubricRule extends CategoryRef, RuleConditions {
  readonly code: string;
  readonly source: RuleSource;
  readonly note?: string;
}
