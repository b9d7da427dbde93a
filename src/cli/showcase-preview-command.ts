import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DateTime } from 'luxon';
import { Fault } from '../model/errors.ts';
import { readCategories } from '../rubrics/classifier-store.ts';
import type { Showcase } from '../showcase/deps.ts';
import { readFigures } from '../showcase/preview/figures.ts';
import { previewPage } from '../showcase/preview/page.ts';
import type { Queryable } from '../store/data-source.ts';
import { thrown } from '../store/thrown.ts';
import { findShowcases } from './find-showcases.ts';
import { commandLog, type GlobalOptions, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import type { ShowcaseFlags } from './showcase-commands.ts';

export interface PreviewFlags extends ShowcaseFlags {
  readonly out: string;
}

/** `posrednik showcase preview`: the heat map of what was built, as one page. @throws Fault COMMAND_INVALID */
export async function previewCommand(options: GlobalOptions, flags: PreviewFlags): Promise<void> {
  const loaded = await loadForCommand(options);
  const [showcase, ...others] = findShowcases(loaded, flags.showcase);
  if (others.length > 0) {
    const known = [showcase, ...others].map(({ id }) => id).join(', ');
    throw new Fault('COMMAND_INVALID', {
      detail: `назовите витрину: --showcase, одна из ${known}`,
      field: '--showcase',
    });
  }
  const path = resolve(flags.out);
  const questions = await withTables(loaded, commandLog(), (db) => writePreview(db, showcase, path));
  printResult(flags.json, { showcase: showcase.id, questions, out: path }, [
    `Страница записана: ${path}. Вопросов в ней: ${questions}.`,
  ]);
}

async function writePreview(db: Queryable, showcase: Showcase, path: string): Promise<number> {
  const figures = await readFigures(db, showcase.id);
  const names = new Map(
    (await readCategories(db, { withRetired: true })).map(({ subjectId, subject }) => [subjectId, subject]),
  );
  const text = previewPage({
    showcase: showcase.id,
    region: showcase.region,
    at: DateTime.now().setZone(showcase.timeZone).toFormat('dd.MM.yyyy HH:mm'),
    figures,
    categoryName: (subjectId) => names.get(subjectId),
  });
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new Fault('COMMAND_INVALID', {
      detail: `--out: файл не записать (${thrown(error).code})`,
      field: '--out',
      cause: error,
    });
  }
  return figures.total.total;
}
