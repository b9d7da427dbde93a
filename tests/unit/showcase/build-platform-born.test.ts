import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FeedItem } from '../../../src/model/appeal.ts';
import { Fault } from '../../../src/model/errors.ts';
import { collectShowcase } from '../../../src/showcase/collect.ts';
import { originalCategories } from '../../../src/showcase/originals.ts';
import { isExcluded } from '../../../src/showcase/plan.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  type BuildStand,
  buildStand,
  CODE_A,
  CODE_B,
  cardOf,
  OPA_ID,
  rowsOf,
  rubricsOf,
  showcaseOf,
  statesOf,
} from '../../support/showcase-build.ts';

let database: TestDatabase;
let stand: BuildStand;
const including = showcaseOf({ includePlatformBorn: true });

beforeAll(async () => {
  database = await createTestDatabase();
  stand = await buildStand(database);
});
beforeEach(async () => {
  await stand.clear();
  await stand.db.query('TRUNCATE appeal CASCADE');
});
afterAll(async () => {
  await stand.remove();
  await database.drop();
});

describe('which cards go', () => {
  it.each([
    [undefined, undefined, false, false],
    [undefined, true, false, false],
    [undefined, false, false, true],
    ['777', undefined, false, true],
    ['777', undefined, true, false],
    ['777', true, false, false],
    ['777', false, true, true],
    [' ', undefined, false, false],
  ])('posId %s, requisite %s, includePlatformBorn %s: left out %s', (posId, showcaseFlag, include, out) => {
    const card = {
      ...(posId === undefined ? {} : { posId }),
      ...(showcaseFlag === undefined ? {} : { showcaseFlag }),
    };
    expect(isExcluded(card, include)).toBe(out);
  });
});

describe('the requisite «Выгрузка в витрину ПОС»', () => {
  const cards = [
    cardOf('1'),
    cardOf('2', { posId: '7' }),
    cardOf('3', { posId: '8', showcaseFlag: true }),
    cardOf('4', { posId: '9', issues: [{ field: 'showcaseFlag', problem: 'это не флаг' }] }),
  ];

  it.each([
    [false, 'false'],
    [true, 'true'],
  ])('is filled where it is unset, with includePlatformBorn %s', async (includePlatformBorn, value) => {
    stand.archive.cardsNow = cards;
    const { flags } = await collectShowcase(stand.deps, showcaseOf({ includePlatformBorn }));
    expect(stand.archive.writes).toEqual([{ isn: '2', values: { showcaseFlag: value } }]);
    expect(flags).toEqual({ written: 1, refused: 0 });
  });

  it('is not written in a dry run', async () => {
    stand.archive.cardsNow = cards;
    await collectShowcase({ ...stand.deps, writeFlags: false }, showcaseOf());
    expect(stand.archive.writes).toEqual([]);
  });

  it('that cannot be written holds nothing, and is tried at the next pass', async () => {
    stand.archive.cardsNow = [...cards, cardOf('5', { posId: '10' })];
    stand.archive.writeFailure = new Fault('SED_ARCHIVE_UNREACHABLE');
    const { flags } = await collectShowcase({ ...stand.deps, batch: 2 }, showcaseOf());
    expect(flags).toEqual({ written: 0, refused: 0 });
    expect(await statesOf(stand.db)).toEqual(['1#1 ready', '3#1 ready']);
    expect((await collectShowcase(stand.deps, showcaseOf())).flags).toEqual({ written: 2, refused: 0 });
  });

  it('counts what the archive refuses', async () => {
    stand.archive.cardsNow = cards;
    const archive = {
      ...stand.archive,
      writeRequisites: async () => [{ ok: false as const, message: 'нет прав' }],
    };
    expect((await collectShowcase({ ...stand.deps, archive }, showcaseOf())).flags).toEqual({
      written: 0,
      refused: 1,
    });
  });
});

describe('the original category', () => {
  const original = { subjectId: '500', subsubjectId: '501', rubric: { name: 'Дороги', code: CODE_A } };
  const subjects = async () =>
    (await rowsOf(stand.db)).map(({ content }) => {
      const { subjectId, subsubjectId } = JSON.parse(content ?? '{}') as Record<string, string>;
      return [subjectId, subsubjectId];
    });

  it('is used for the rubric that the clerk kept, the rules for the others', async () => {
    stand.archive.cardsNow = [
      cardOf('1', { posId: '7', rubrics: rubricsOf(CODE_A, CODE_B) }),
      cardOf('2', { posId: '8', rubrics: rubricsOf(CODE_A) }),
    ];
    const asked: string[][] = [];
    const originals = async (posIds: readonly string[]) => {
      asked.push([...posIds]);
      return new Map([['7', original]]);
    };
    await collectShowcase({ ...stand.deps, originals }, including);
    expect(asked).toEqual([['7', '8']]);
    expect(await subjects()).toEqual([
      ['500', '501'],
      ['22', undefined],
      ['11', undefined],
    ]);
  });

  it('knows the kept rubric by its name where it has no code', async () => {
    stand.archive.cardsNow = [
      cardOf('1', { posId: '7', rubrics: [{ code: CODE_A, name: '  Ремонт  дорог, тропинок и ЁЛОК ' }] }),
    ];
    const rubric = { name: 'ремонт дорог, тропинок и елок' };
    const originals = async () => new Map([['7', { ...original, rubric }]]);
    await collectShowcase({ ...stand.deps, originals }, including);
    expect(await subjects()).toEqual([['500', '501']]);
  });

  it('is not asked for while platform-born cards stay out', async () => {
    stand.archive.cardsNow = [cardOf('1', { posId: '7' })];
    const originals = () => Promise.reject(new Error('asked'));
    await collectShowcase({ ...stand.deps, originals }, showcaseOf());
    expect(await statesOf(stand.db)).toEqual([]);
  });

  it('is read of the newest item of an appeal of ours', async () => {
    const items = new Map<string, FeedItem>();
    const put = async (posId: string, raws: readonly (string | null)[]) => {
      const [row] = await stand.db.query<{ id: string }>(
        `INSERT INTO appeal (opa_id, pos_id, stage, kind, status, received_at) VALUES ($1, $2, 'open', 'MESSAGE', 'NEW', now())
         RETURNING id`,
        [OPA_ID, posId],
      );
      for (const [at, raw] of raws.entries()) {
        await stand.db.query(
          `INSERT INTO appeal_change (appeal_id, identity, change, raw) VALUES ($1, $2, 'NEW', $3)`,
          [row?.id, String(at), raw],
        );
      }
    };
    const appeal = (category: object, subcategory: object) =>
      ({ ok: true, raw: '', appeal: { kind: 'MESSAGE', category, subcategory } }) as unknown as FeedItem;
    items.set('old', appeal({ id: '1', name: 'Дороги' }, {}));
    items.set('new', appeal({ id: '2', name: 'Мусор' }, { id: '21', name: 'Вывоз' }));
    items.set('no id', appeal({ name: 'Мусор' }, {}));
    items.set('no rubric', appeal({ id: '3', name: 'Прочее' }, {}));
    items.set('unread', { ok: false, changeIdentity: '1', raw: '', issues: [] });
    await put('1', ['old', 'new']);
    await put('2', ['old', null]);
    await put('3', ['no id']);
    await put('4', ['no rubric']);
    await put('5', ['unread']);
    await put('6', [null]);
    const found = await originalCategories(
      {
        db: stand.db,
        platform: {
          parseItem: (raw) => items.get(raw) ?? { ok: false, changeIdentity: '', raw, issues: [] },
        },
        rubricOf: (_opaId, { category }) =>
          category.name === 'Прочее' ? undefined : { name: `Рубрика «${category.name}»`, uid: 'не код' },
      },
      showcaseOf(),
      ['1', '2', '3', '4', '5', '6', '7'],
    );
    expect([...found]).toEqual([
      ['1', { subjectId: '2', subsubjectId: '21', rubric: { name: 'Рубрика «Мусор»' } }],
      ['2', { subjectId: '1', rubric: { name: 'Рубрика «Дороги»' } }],
    ]);
  });
});
