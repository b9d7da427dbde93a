import type { DataSource } from 'typeorm';
import { queryable } from '../store/data-source.ts';
import { importRubrics } from './import.ts';
import { readShippedOtk, readStarter } from './starter.ts';
import { addVersion } from './versions.ts';

/** Who stands in the history for what came with the program. */
const SHIPPED = 'поставка';

/**
 * Fills an empty database: the shipped edition of the thematic classifier, and the draft of the rules as version 1. What
 * is there already stays; run at each start and before each command, by several processes at a time if need be.
 * @throws Fault CONFIG_INVALID or CLASSIFIER_UNREADABLE when the shipped files are not as they should be
 */
export async function seedRubrics(dataSource: DataSource, mappingsDir: string): Promise<void> {
  const db = queryable(dataSource);
  const [has] = await db.query<{ rubrics: boolean; rules: boolean }>(
    `SELECT EXISTS (SELECT FROM rubric) AS rubrics, EXISTS (SELECT FROM rubric_version) AS rules`,
  );
  if (has?.rubrics !== true) {
    const { rubrics, edition, fileName } = await readShippedOtk(mappingsDir);
    await importRubrics(dataSource, rubrics, { source: fileName, who: SHIPPED, edition });
  }
  if (has?.rules !== true) {
    const rules = await readStarter(mappingsDir);
    const why = 'черновик из поставки, только категории';
    await addVersion(dataSource, 'starter', { who: SHIPPED, why }, (present) =>
      present.version === 0 && rules.length > 0 ? rules : undefined,
    );
  }
}
