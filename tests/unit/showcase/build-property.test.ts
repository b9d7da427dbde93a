import { hash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ArchiveCard } from '../../../src/sed/port.ts';
import { contentHash } from '../../../src/showcase/files.ts';
import type { LookContext } from '../../../src/showcase/look.ts';
import {
  type CardPlan,
  isExcluded,
  type KnownQuestion,
  planCard,
  type QuestionRow,
} from '../../../src/showcase/plan.ts';
import { questionsOf } from '../../../src/showcase/questions.ts';
import { createTermClock } from '../../../src/showcase/terms.ts';
import { anyCard } from '../../support/arbitrary-cards.ts';
import { MAPPER, shippedTerms } from '../../support/showcase-build.ts';

let context: LookContext;

beforeAll(async () => {
  const clock = createTermClock(await shippedTerms(), '14', '2026-06-15');
  context = { clock, mapper: MAPPER, includePlatformBorn: true };
});

const REQUIRED = [
  'recordId',
  'regNumber',
  'regDate',
  'kind',
  'questionNo',
  'questionsTotal',
  'otkCode',
  'subjectId',
  'state',
];
const KEYS = [
  ...[...REQUIRED.slice(0, 8), 'subsubjectId', 'state', 'dueDate', 'answeredDate', 'overdue', 'repeated'],
  ...['oktmo', 'address', 'latitude', 'longitude', 'channel', 'applicantKind', 'result'],
];

/** What the database would hold after a plan was stored. */
function stored(known: readonly KnownQuestion[], plan: CardPlan): KnownQuestion[] {
  const rows = new Map(known.map((row) => [row.no, row]));
  for (const row of [...plan.added, ...plan.changed]) rows.set(row.no, storedRow(row, rows.get(row.no)));
  for (const no of plan.removed) {
    const row = rows.get(no);
    if (row !== undefined) rows.set(no, { ...row, verdict: 'remove', code: null, field: null, detail: null });
  }
  return [...rows.values()];
}

function storedRow({ no, otkCode, facts, look }: QuestionRow, before?: KnownQuestion): KnownQuestion {
  const empty = { code: null, field: null, detail: null };
  const told =
    look.verdict === 'send'
      ? { ...empty, hash: hash('sha256', look.content) }
      : { code: look.code, field: look.field, detail: look.detail, hash: before?.hash ?? null };
  return { id: no, no, otkCode, verdict: look.verdict, ...facts, ...told };
}

function emptyParts(value: unknown): boolean {
  if (value === null || value === '' || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0 || value.some(emptyParts);
  return typeof value === 'object' && Object.values(value).some(emptyParts);
}

function isOut(card: ArchiveCard): boolean {
  return card.state === 'REMOVED' || isExcluded(card, true);
}

function linesOf(plan: CardPlan): string[] {
  return [...plan.added, ...plan.changed].flatMap(({ look }) =>
    look.verdict === 'send' ? look.content : [],
  );
}

describe('whatever the card', () => {
  it('a line has its required parameters, none that is empty, and one line', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        for (const line of linesOf(planCard(context, card, []))) {
          // The parts of a line in a column and in a file.
          for (const mark of ['\n', '\r', '\u001d', '\u001e']) expect(line.includes(mark)).toBe(false);
          expect(line.isWellFormed()).toBe(true);
          const record = JSON.parse(line) as Record<string, unknown>;
          expect(emptyParts(record)).toBe(false);
          const names = Object.keys(record);
          expect(names).toEqual(KEYS.filter((name) => names.includes(name)));
          expect(REQUIRED.filter((name) => !names.includes(name))).toEqual([]);
          expect(
            Object.values(record).every((value) => typeof value !== 'string' || value === value.trim()),
          ).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('each of its questions is a row, and nothing else is', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const { added, changed, removed, questions } = planCard(context, card, []);
        expect([changed, removed]).toEqual([[], []]);
        if (isOut(card)) {
          expect(added).toEqual([]);
          return;
        }
        const codes = questionsOf(card).map(({ otkCode }) => otkCode);
        expect(new Set(codes).size).toBe(codes.length);
        expect(added.map(({ otkCode }) => otkCode)).toEqual(codes.length === 0 ? [''] : codes);
        expect(added.map(({ no }) => no)).toEqual(
          codes.length === 0 ? [0] : codes.map((_code, at) => at + 1),
        );
        expect(questions).toBe(added.length);
        for (const { look } of added) {
          if (look.verdict === 'send') continue;
          expect(look.code).not.toBe('');
          expect(look.field).not.toBe('');
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('joined again, its lines tell the card’s questions and how many they are', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        const plan = planCard(context, card, []);
        const records = linesOf(plan).map((line) => JSON.parse(line) as Record<string, unknown>);
        for (const record of records) {
          expect(record['questionsTotal']).toBe(questionsOf(card).length);
          expect(record['recordId']).toBe(`${plan.key}#${record['questionNo']}`);
        }
        const sent = plan.added.filter(({ look }) => look.verdict === 'send').map(({ otkCode }) => otkCode);
        expect(records.map((record) => record['otkCode'])).toEqual(sent);
      }),
    );
  });

  it('a second look at it changes nothing, whatever the order of its rubrics', () => {
    fc.assert(
      fc.property(anyCard, fc.infiniteStream(fc.nat()), (card, numbers) => {
        const known = stored([], planCard(context, card, []));
        const rubrics = [...card.rubrics]
          .map((rubric) => ({ rubric, place: numbers.next().value ?? 0 }))
          .sort((a, b) => a.place - b.place)
          .map(({ rubric }) => rubric);
        for (const again of [card, { ...card, rubrics }, { ...card, rubrics: [...rubrics, ...rubrics] }]) {
          // A code that stands there twice under two names keeps the first: with other names the text may differ.
          const plan = planCard(context, again, known);
          expect([plan.added, plan.removed]).toEqual([[], []]);
          expect(plan.changed).toEqual([]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('hashes as the line in the file does', () => {
    fc.assert(
      fc.property(anyCard, (card) => {
        for (const line of linesOf(planCard(context, card, []))) {
          expect(hash('sha256', line)).toBe(contentHash(Buffer.from(line)).toString('hex'));
        }
      }),
    );
  });
});

describe('whatever becomes of a card', () => {
  it('a number stays with its rubric, and what is gone is taken off', () => {
    const lives = fc.array(anyCard, { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(lives, (cards) => {
        let known: KnownQuestion[] = [];
        const numbers = new Map<string, number>();
        for (const life of cards) {
          const card = { ...life, key: '1' };
          known = stored(known, planCard(context, card, known));
          for (const { otkCode, no } of known) {
            expect(numbers.get(otkCode) ?? no).toBe(no);
            numbers.set(otkCode, no);
          }
          expect(new Set(numbers.values()).size).toBe(numbers.size);
          const live = known.filter(({ verdict }) => verdict !== 'remove').map(({ otkCode }) => otkCode);
          const wanted = questionsOf(card).map(({ otkCode }) => otkCode);
          if (isOut(card)) expect(live).toEqual([]);
          else if (card.issues?.some(({ field }) => field === 'rubrics') === true) {
            expect(wanted.filter((code) => !live.includes(code))).toEqual([]);
          } else expect(live.sort()).toEqual(wanted.length === 0 ? [''] : wanted.sort());
        }
      }),
      { numRuns: 500 },
    );
  });
});
