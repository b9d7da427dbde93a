import type { DataSource } from 'typeorm';
import type { LoadedConfig } from '../config/index.ts';
import { toFault } from '../model/errors.ts';
import { type BuildParts, withBuild } from '../open-build.ts';
import { loadPlatformMapping } from '../platform/rest/index.ts';
import { seedRubrics } from '../rubrics/seed.ts';
import type { Showcase } from '../showcase/deps.ts';
import { type RunSummary, runShowcase } from '../showcase/run.ts';
import type { Queryable } from '../store/data-source.ts';
import { loadTerms } from '../terms/index.ts';
import { findCabinet } from './find-cabinet.ts';
import { findShowcases } from './find-showcases.ts';
import { explain } from './journey.ts';
import { commandLog, type GlobalOptions, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { mappingFile, openPlatform } from './open-platform.ts';
import type { ShowcaseFlags } from './showcase-commands.ts';
import { keepHeapSmall } from './small-heap.ts';

export interface BuildFlags extends ShowcaseFlags {
  readonly confirmRemovals?: boolean;
}

type Outcome =
  | ({ readonly showcase: string; readonly ok: true } & RunSummary)
  | {
      readonly showcase: string;
      readonly ok: false;
      readonly code: string;
      readonly detail: string | null;
    };

/**
 * `posrednik showcase build`: builds here and now; one showcase that fails does not stop the others, and makes the exit
 * code 1. @throws Fault COMMAND_INVALID
 */
export async function buildCommand(options: GlobalOptions, flags: BuildFlags): Promise<void> {
  keepHeapSmall();
  const loaded = await loadForCommand(options);
  const showcases = findShowcases(loaded, flags.showcase);
  const outcomes = await withTables(loaded, commandLog(), (db, dataSource) =>
    buildAll(loaded, db, dataSource, showcases, flags.confirmRemovals === true),
  );
  printResult(flags.json, { showcases: outcomes }, outcomes.map(lineOf));
  if (outcomes.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function buildAll(
  loaded: LoadedConfig,
  db: Queryable,
  dataSource: DataSource,
  showcases: readonly Showcase[],
  confirmRemovals: boolean,
): Promise<Outcome[]> {
  const platform = openPlatform(loaded, await loadPlatformMapping(mappingFile(loaded, 'platform.yaml')));
  const parts: BuildParts = {
    ...{ loaded, dataSource, db, platform },
    log: commandLog(),
    terms: await loadTerms(loaded.config.mappingsDir),
    isDry: (opaId) => loaded.cabinets.some((cabinet) => cabinet.opaId === opaId && cabinet.mode === 'dry'),
    askOgrn: async ({ cabinet }) => {
      const { access } = findCabinet(loaded, cabinet);
      return (await platform.checkCabinet(access)).organization?.ogrn;
    },
  };
  try {
    await seedRubrics(dataSource, loaded.config.mappingsDir);
    const outcomes: Outcome[] = [];
    for (const showcase of showcases) outcomes.push(await buildOne(parts, showcase, confirmRemovals));
    return outcomes;
  } finally {
    await platform.close();
  }
}

async function buildOne(parts: BuildParts, showcase: Showcase, confirmRemovals: boolean): Promise<Outcome> {
  try {
    const summary = await withBuild(parts, showcase, (deps) =>
      runShowcase({ ...deps, confirmRemovals }, showcase),
    );
    return { showcase: showcase.id, ok: true, ...summary };
  } catch (error) {
    const { code, detail } = toFault(error);
    return { showcase: showcase.id, ok: false, code, detail: detail ?? null };
  }
}

function lineOf(outcome: Outcome): string {
  if (!outcome.ok) return `${outcome.showcase}: не собрана. ${explain(outcome.code, outcome.detail)}`;
  const { collected, files } = outcome;
  const { cards, questions, excluded, changed, removed } = collected;
  const found = `карточек ${cards} (не выгружаются ${excluded}), вопросов ${questions}`;
  return `${outcome.showcase}: ${found}; новых и изменённых ${changed}, снято ${removed}, файлов к выгрузке ${files}.`;
}
