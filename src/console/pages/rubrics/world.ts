import { lineage } from '../../../rubrics/codes.ts';
import {
  type CodeState,
  codeStates,
  findConflicts,
  findProblems,
  type Share,
  shareOf,
} from '../../../rubrics/coverage.ts';
import { loadWorld, type RubricWorld } from '../../../rubrics/load.ts';
import { createSuggester, type Suggestion } from '../../../rubrics/suggest.ts';
import type { StoredRubric } from '../../../rubrics/types.ts';
import type { Queryable } from '../../../store/data-source.ts';

/** Both classifiers and the newest rules, with what the pages ask of them worked out once. */
export interface RubricView extends RubricWorld {
  /** Changes with every version of the rules and every import. */
  readonly mark: string;
  readonly byCode: ReadonlyMap<string, StoredRubric>;
  /** Living rubrics under a rubric, in the order of their codes; under undefined the sections. */
  children(code: string | undefined): readonly StoredRubric[];
  /** Of codes that a question can have. */
  readonly states: ReadonlyMap<string, CodeState>;
  /** Of the codes that a question can have: how many under this rubric, itself included, are mapped. */
  shareOf(code: string): Share;
  /** Rules that cannot do what they say, and those that contradict each other. */
  remarks(): { readonly problems: number; readonly conflicts: number };
  /** The likeliest categories, ten at most; remembered. */
  suggest(code: string): readonly Suggestion[];
}

/** Names what the rules and the classifiers are now: one look at two indexes. */
export async function readMark(db: Queryable): Promise<string> {
  const [row] = await db.query<{ mark: string }>(
    `SELECT concat_ws(':', coalesce((SELECT max(version) FROM rubric_version), 0),
                           coalesce((SELECT max(id) FROM classifier_import), 0)) AS mark`,
  );
  return row?.mark ?? '';
}

/** Gives the newest view, read again only when a version or an import was added, by whichever daemon or command. */
export function createWorldCache(db: Queryable): () => Promise<RubricView> {
  let held: { readonly mark: string; readonly view: Promise<RubricView> } | undefined;
  return async () => {
    const mark = await readMark(db);
    if (held?.mark === mark) return await held.view;
    // What is loaded may be newer than its mark: then it is loaded once more, never kept too long.
    const entry = { mark, view: loadWorld(db).then((world) => viewOf(world, mark)) };
    held = entry;
    entry.view.catch(() => {
      if (held === entry) held = undefined;
    });
    return await entry.view;
  };
}

function viewOf(world: RubricWorld, mark: string): RubricView {
  const living = world.rubrics.filter(({ retired }) => !retired);
  const under = Map.groupBy(living, ({ parent }) => parent);
  const states = codeStates(world.mapper, world.rules, world.rubrics);
  const shares = sharesOf(states);
  let suggester: ReturnType<typeof createSuggester> | undefined;
  let remarks: ReturnType<RubricView['remarks']> | undefined;
  const known = new Map<string, readonly Suggestion[]>();
  return {
    ...world,
    mark,
    byCode: new Map(world.rubrics.map((rubric) => [rubric.code, rubric])),
    children: (code) => under.get(code) ?? [],
    states: new Map(states.map(({ code, state }) => [code, state])),
    shareOf: (code) => shares.get(code) ?? shareOf([]),
    remarks() {
      remarks ??= {
        problems: findProblems(world.rules, world.categories, world.rubrics).length,
        conflicts: findConflicts(world.rules, world.categories).length,
      };
      return remarks;
    },
    suggest(code) {
      suggester ??= createSuggester(world.rubrics, world.categories, world.rules);
      const found = known.get(code) ?? suggester.suggest(code, 10);
      known.set(code, found);
      return found;
    },
  };
}

/** Each code counts for itself and for all above it. */
function sharesOf(
  states: readonly { readonly code: string; readonly state: CodeState }[],
): ReadonlyMap<string, Share> {
  const under = new Map<string, CodeState[]>();
  for (const { code, state } of states) {
    for (const at of lineage(code)) {
      const list = under.get(at);
      if (list === undefined) under.set(at, [state]);
      else list.push(state);
    }
  }
  return new Map([...under].map(([code, list]) => [code, shareOf(list)]));
}
