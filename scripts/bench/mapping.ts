import { join } from 'node:path';
import { toCategory } from '../../src/rubrics/categories.ts';
import { createMapper, type MappedQuestion } from '../../src/rubrics/mapper.ts';
import { makeRule } from '../../src/rubrics/rules.ts';
import { readShippedOtk, readStarter } from '../../src/rubrics/starter.ts';
import type { RubricRule } from '../../src/rubrics/types.ts';

export interface MappingResult {
  readonly codes: number;
  readonly rules: number;
  readonly lookups: number;
  /** How many look-ups found a category: without conditions, and with. */
  readonly mapped: number;
  readonly conditionalMapped: number;
  /** Making the mapper ready, ms. */
  readonly readyMs: number;
  readonly perSecond: number;
  /** The same when every code has rules by cardfile, of which one applies. */
  readonly conditionalPerSecond: number;
}

const MAPPINGS = join(import.meta.dirname, '../../mappings');

/** How fast the rules are looked up: the shipped classifier, the shipped draft, each code in turn. */
export async function runMappingBench({ lookups }: { lookups: number }): Promise<MappingResult> {
  const { rubrics } = await readShippedOtk(MAPPINGS);
  const rules = await readStarter(MAPPINGS);
  const names = [...new Set(rules.map(({ subject }) => subject))];
  const categories = names.map((subject, at) => toCategory({ subject, subjectId: String(at + 1) }));
  const codes = rubrics.filter(({ level }) => level >= 4).map(({ code }) => code);
  const narrowed: RubricRule[] = rules.flatMap((rule) =>
    ['0.A.', '0.B.'].map((cardfile) => makeRule({ ...rule, cardfile })),
  );

  const before = performance.now();
  const mapper = createMapper(rules, categories, rubrics, 1);
  const readyMs = performance.now() - before;
  const conditional = createMapper([...rules, ...narrowed], categories, rubrics, 1);
  const questions = codes.map((otkCode) => ({ otkCode }));
  const inCardfile = codes.map((otkCode) => ({ otkCode, cardfile: '0.B.' }));
  const plain = measure(mapper.map, questions, lookups);
  const narrow = measure(conditional.map, inCardfile, lookups);
  return {
    codes: codes.length,
    rules: rules.length,
    lookups,
    mapped: plain.mapped,
    conditionalMapped: narrow.mapped,
    readyMs: Math.round(readyMs),
    perSecond: plain.perSecond,
    conditionalPerSecond: narrow.perSecond,
  };
}

/** Look-ups a second; the results are counted, so that none can be left out. */
function measure(
  map: (question: MappedQuestion) => object,
  questions: readonly MappedQuestion[],
  lookups: number,
): { readonly mapped: number; readonly perSecond: number } {
  let mapped = 0;
  const started = performance.now();
  for (let done = 0; done < lookups; ) {
    for (const question of questions) {
      if ('subjectId' in map(question)) mapped += 1;
      done += 1;
      if (done === lookups) break;
    }
  }
  const seconds = (performance.now() - started) / 1000;
  if (mapped === 0) throw new Error('ни один код не сопоставлен');
  return { mapped, perSecond: Math.round(lookups / seconds) };
}
