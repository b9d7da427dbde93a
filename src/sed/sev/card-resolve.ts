import {
  type AdditionalFieldRule,
  type CardOverride,
  type CardSettings,
  categoryKey,
  type RubricRule,
} from './card-schema.ts';

type Plain = Omit<CardSettings, 'overrides' | 'rubrics' | 'additionalFields'>;

/** The card's settings for one kind of appeal of one cabinet. */
export interface ResolvedCard extends Plain {
  readonly additionalFields: readonly AdditionalFieldRule[];
  /** Paths of the overrides that were applied, `overrides[1]`, in order. */
  readonly applied: readonly string[];
  rubricFor(category: string | undefined, subcategory: string | undefined): RubricChoice | undefined;
}

export interface RubricChoice {
  readonly name: string;
  readonly uid?: string;
  /** Path of the rule that gave it: `rubrics[3]`, `overrides[0].rubrics[1]`, `defaultRubric`. */
  readonly rule: string;
}

interface When {
  readonly opaId: string;
  readonly region?: string;
  readonly kind: string;
}

/** Kinds are an open set, so the cache is bounded. */
const CACHE_LIMIT = 1000;

/** All overrides whose `when` fits are laid over the common settings, the later ones on top. */
export function createResolver(settings: CardSettings): (when: When) => ResolvedCard {
  const cache = new Map<string, ResolvedCard>();
  return (when) => {
    const key = JSON.stringify([when.opaId, when.region ?? '', when.kind]);
    const known = cache.get(key);
    if (known !== undefined) return known;
    if (cache.size >= CACHE_LIMIT) cache.clear();
    const made = resolve(settings, when);
    cache.set(key, made);
    return made;
  };
}

function resolve(settings: CardSettings, when: When): ResolvedCard {
  const { overrides, rubrics, additionalFields, ...plain } = settings;
  const fitting = overrides
    .map((override, index) => ({ override, path: `overrides[${index}]` }))
    .filter(({ override }) => fits(override.when, when));
  const index = new Map<string, RubricChoice>();
  addRules(index, rubrics, 'rubrics');
  let card: Plain = plain;
  let fields = additionalFields;
  let fallback = 'defaultRubric';
  for (const { override, path } of fitting) {
    const { when: _, rubrics: ownRubrics = [], additionalFields: ownFields = [], ...rest } = override;
    card = overlay(card, rest);
    if (rest.defaultRubric !== undefined) fallback = `${path}.defaultRubric`;
    fields = mergeFields(fields, ownFields);
    addRules(index, ownRubrics, `${path}.rubrics`);
  }
  return {
    ...card,
    additionalFields: fields,
    applied: fitting.map(({ path }) => path),
    rubricFor: (category, subcategory) =>
      find(index, category, subcategory) ??
      (card.defaultRubric === undefined ? undefined : choice(card.defaultRubric, fallback)),
  };
}

/** Later rules of the same path replace earlier ones, so an override wins over the common list. */
function addRules(index: Map<string, RubricChoice>, rules: readonly RubricRule[], path: string): void {
  rules.forEach((rule, position) => {
    const made = choice({ name: rule.rubric, uid: rule.uid }, `${path}[${position}]`);
    index.set(categoryKey(rule.category, rule.subcategory), made);
  });
}

/** The rule for the subcategory wins over the one for its whole category. */
function find(
  index: ReadonlyMap<string, RubricChoice>,
  category: string | undefined,
  subcategory: string | undefined,
): RubricChoice | undefined {
  if (category === undefined) return undefined;
  return index.get(categoryKey(category, subcategory)) ?? index.get(categoryKey(category));
}

/** Only what the override really names is laid over; an absent key keeps the common setting. */
function overlay(card: Plain, own: Omit<CardOverride, 'when' | 'rubrics' | 'additionalFields'>): Plain {
  const named = Object.entries(own).filter(([, value]) => value !== undefined);
  return { ...card, ...(Object.fromEntries(named) as Partial<Plain>) };
}

function choice(value: { name: string; uid?: string | undefined }, rule: string): RubricChoice {
  return { name: value.name, ...(value.uid === undefined ? {} : { uid: value.uid }), rule };
}

function mergeFields(
  common: readonly AdditionalFieldRule[],
  own: readonly AdditionalFieldRule[],
): AdditionalFieldRule[] {
  const names = new Map(own.map((field) => [field.name.toLowerCase(), field]));
  const merged = common.map((field) => names.get(field.name.toLowerCase()) ?? field);
  const known = new Set(common.map((field) => field.name.toLowerCase()));
  return [...merged, ...own.filter((field) => !known.has(field.name.toLowerCase()))];
}

function fits(when: CardOverride['when'], actual: When): boolean {
  return (
    (when.opaId?.includes(actual.opaId) ?? true) &&
    (when.region?.includes(actual.region ?? '') ?? true) &&
    (when.kind?.includes(actual.kind) ?? true)
  );
}
