import { readFileSync } from 'node:fs';

export interface RubricEntry {
  readonly code: string;
  readonly level: number;
  readonly name: string;
  /** The archive's own key, a path. */
  readonly due: string;
}

export interface RubricTree {
  readonly all: readonly RubricEntry[];
  /** Those that may be given to a question. */
  readonly questions: readonly RubricEntry[];
  /** Those that may not. */
  readonly upper: readonly RubricEntry[];
  readonly byCode: ReadonlyMap<string, RubricEntry>;
}

const SMALL = [
  ['0003.0000.0000.0000', 1, 'Экономика'],
  ['0003.0009.0000.0000', 2, 'Хозяйственная деятельность'],
  ['0003.0009.0099.0000', 3, 'Транспорт'],
  ['0003.0009.0099.0742', 4, 'Эксплуатация и сохранность автомобильных дорог'],
  ['0003.0009.0099.0742.0110', 5, 'Ремонт'],
  ['0003.0009.0097.0699', 4, 'Благоустройство и ремонт подъездных дорог, в том числе тротуаров'],
  ['0005.0005.0056.1160', 4, 'Обращение с твердыми коммунальными отходами'],
] as const;

/** Rubrics of a TSV (code, level, parent, name), or a handful of our own. */
export function readRubrics(file: string | undefined): RubricTree {
  const rows: (readonly [string, number, string])[] =
    file === undefined
      ? [...SMALL]
      : readFileSync(file, 'utf8')
          .replace(/^\ufeff/, '')
          .split(/\r?\n/)
          .slice(1)
          .filter((line) => line !== '')
          .map((line) => {
            const [code = '', level = '', , name = ''] = line.split('\t');
            return [code, Number(level), name];
          });
  const all = rows.map(([code, level, name], index) => ({
    code,
    level,
    name,
    due: `0.R${index.toString(36).toUpperCase()}.`,
  }));
  return {
    all,
    questions: all.filter(({ level }) => level >= 4),
    upper: all.filter(({ level }) => level < 4),
    byCode: new Map(all.map((rubric) => [rubric.code, rubric])),
  };
}
