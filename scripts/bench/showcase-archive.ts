import { readFile } from 'node:fs/promises';
import { createMapper, type RubricMapper } from '../../src/rubrics/mapper.ts';
import { makeRule } from '../../src/rubrics/rules.ts';
import type { Category, RubricRule } from '../../src/rubrics/types.ts';
import type { ArchiveCard, SedArchive } from '../../src/sed/port.ts';
import { projectFile } from './place.ts';

interface Rubric {
  readonly code: string;
  readonly name: string;
}

/** The shipped thematic classifier: codes with names. */
export async function readRubrics(): Promise<Rubric[]> {
  const text = await readFile(projectFile('mappings/otk-2025-10-31.tsv'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [code = '', , , name = ''] = line.split('\t');
      return { code, name };
    });
}

/** A rule for each group of the classifier (level 3), to categories with ids: every question finds its category. */
export function benchMapper(rubrics: readonly Rubric[]): RubricMapper {
  const groups = rubrics.filter(({ code }) => /^\d{4}\.\d{4}\.\d{4}\.0000$/.test(code));
  const categories: Category[] = [];
  const rules: RubricRule[] = [];
  for (const { code, name } of groups) {
    const path = { subject: code.slice(0, 9), subsubject: name };
    const ids = { subjectId: String(100 + Number(code.slice(5, 9))), subsubjectId: String(rules.length + 1) };
    categories.push({ key: code, ...path, ...ids, retired: false });
    rules.push(makeRule({ code, source: 'person', ...path, ...ids }));
  }
  return createMapper(rules, categories, rubrics, 1);
}

const PAGE = 500;
const CARDFILES = ['0.YS83.YS85.', '0.YS83.YS86.', '0.YS83.YS87.'];
const STATES = ['NEW', 'IN_WORK', 'ANSWERED', 'ANSWERED', 'ANSWERED', 'POSTPONED', 'FORWARDED'] as const;
const DAYS = Array.from({ length: 300 }, (_day, at) =>
  new Date(Date.UTC(2026, 0, 1 + at)).toISOString().slice(0, 10),
);
const CHANNELS = ['Почта', 'Электронная почта', 'Личный приём', 'Сайт'];

/** An archive in this process: seeded cards in pages, of each ten eight with one question, one with two, one left out. */
export function benchArchive(
  rubrics: readonly Rubric[],
  questions: number,
): Pick<SedArchive, 'cards' | 'writeRequisites'> {
  const codes = rubrics.filter(({ code }) => !code.endsWith('.0000'));
  return {
    async *cards() {
      let left = questions;
      let page: ArchiveCard[] = [];
      for (let index = 0; left > 0; index += 1) {
        const card = benchCard(codes, index, left);
        left -= card.showcaseFlag === false ? 0 : card.rubrics.length;
        page.push(card);
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      yield page;
    },
    writeRequisites: async (writes) => writes.map(() => ({ ok: true })),
  };
}

function benchCard(codes: readonly Rubric[], index: number, left: number): ArchiveCard {
  const pick = <T>(list: readonly T[], salt: number, offset = 0): T =>
    list[(index * salt + offset) % list.length] as T;
  const isOut = index % 10 === 9;
  const isDouble = index % 10 === 4 && left > 1;
  const day = pick(DAYS, 1);
  const state = pick(STATES, 7);
  return {
    key: String(4_000_000 + index),
    isn: String(4_000_000 + index),
    regNumber: `${pick(['А', 'Б', 'В'], 5)}-${index % 100_000}/26`,
    regDate: day,
    cardfile: pick(CARDFILES, 11),
    docGroup: '0.2TY.',
    rubrics: isDouble ? [pick(codes, 13), pick(codes, 13, 1)] : [pick(codes, 19)],
    kind: 'APPEAL_59FZ',
    state,
    repeated: index % 23 === 0,
    ...(state === 'ANSWERED' ? { answeredDate: day, result: 'EXPLAINED' as const } : {}),
    oktmo: String(98_600_000 + (index % 36) * 1000 + 101),
    address: `Республика Саха (Якутия), г. Якутск, ул. Ленина, д. ${index % 240}`,
    latitude: 62 + (index % 1000) / 10_000,
    longitude: 129 + (index % 977) / 10_000,
    channel: pick(CHANNELS, 3),
    applicantKind: 'PERSON',
    ...(isOut ? { posId: String(7_000_000 + index), showcaseFlag: false } : {}),
  };
}
