import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  diffCategories,
  diffRubrics,
  touchedByCategories,
  touchedByRubrics,
} from '../../../src/rubrics/classifier-diff.ts';
import { pathText } from '../../../src/rubrics/names.ts';
import type { Category } from '../../../src/rubrics/types.ts';
import { category, rubric, rule } from './support.ts';

const before = [
  category('Дороги', '1'),
  category('Дороги / Ямы', '1/11'),
  category('Дороги / Знаки', '1/12'),
];

/** The kinds of a diff with the paths in them. */
function told(old: readonly Category[], fresh: readonly Category[]) {
  const { added, removed, renamed, renumbered, identified, same } = diffCategories(old, fresh);
  const change = ({ from, to }: { from: Category; to: Category }) => `${pathText(from)} → ${pathText(to)}`;
  return {
    added: added.map(pathText),
    removed: removed.map(pathText),
    renamed: renamed.map(change),
    renumbered: renumbered.map(({ from, to }) => `${from.key} → ${to.key}`),
    identified: identified.map(({ from, to }) => `${from.key} → ${to.key}`),
    same: same.length,
  };
}

const NOTHING = { added: [], removed: [], renamed: [], renumbered: [], identified: [], same: 3 };

describe('categories', () => {
  it('the same list changes nothing, nor do case and blanks', () => {
    expect(told(before, before)).toEqual(NOTHING);
    const shouted = [
      category('ДОРОГИ', '1'),
      category('ДОРОГИ / Ямы', '1/11'),
      category('дороги /  знаки', '1/12'),
    ];
    expect(told(before, shouted)).toEqual(NOTHING);
  });

  it('added, removed, renamed by the id, given another id', () => {
    const after = [
      category('Дороги', '1'),
      category('Дороги / Ямы и выбоины', '1/11'),
      category('Дороги / Мосты', '1/13'),
    ];
    expect(told(before, after)).toEqual({
      ...NOTHING,
      added: ['Дороги / Мосты'],
      removed: ['Дороги / Знаки'],
      renamed: ['Дороги / Ямы → Дороги / Ямы и выбоины'],
      same: 1,
    });
    expect(
      told(before, [before[0], before[1], category('Дороги / Знаки', '1/99')] as Category[]),
    ).toMatchObject({
      renumbered: ['1/12 → 1/99'],
      added: [],
      removed: [],
    });
  });

  it('a sub-category moved under another category is renamed', () => {
    const after = [...before.slice(0, 2), category('Дворы', '2'), category('Дворы / Знаки', '2/12')];
    expect(told(before, after)).toMatchObject({
      renamed: ['Дороги / Знаки → Дворы / Знаки'],
      added: ['Дворы'],
    });
  });

  it('ids that come to names without any', () => {
    const bare = [category('Дороги'), category('Дороги / Ямы')];
    expect(told(bare, before)).toMatchObject({
      identified: ['дороги → 1', 'дороги / ямы → 1/11'],
      added: ['Дороги / Знаки'],
    });
  });

  it('equal names under several categories are never taken for one another', () => {
    const yards = [category('Дворы', '2'), category('Дворы / Ямы', '2/21')];
    expect(told([...before, ...yards], [...yards, ...before])).toEqual({ ...NOTHING, same: 5 });
    expect(told(before, [...before, ...yards])).toMatchObject({ added: ['Дворы', 'Дворы / Ямы'] });
  });

  it('what was retired counts as new when it is back', () => {
    const old = [category('Дороги', '1', true)];
    expect(told(old, [category('Дороги', '1')])).toMatchObject({ added: ['Дороги'], removed: [] });
  });

  it('every category of both lists is told exactly once', () => {
    const path = fc.constantFrom('Дороги', 'Дворы', 'Дороги / Ямы', 'Дворы / Ямы', 'Дороги / Знаки');
    const ids = fc.constantFrom('', '1', '1/11', '2/11', '2/12', '/12');
    const list = fc.uniqueArray(
      fc.tuple(path, ids).map(([text, id]) => category(text, id)),
      { selector: ({ key }) => key, maxLength: 8 },
    );
    fc.assert(
      fc.property(list, list, (old, fresh) => {
        const diff = diffCategories(old, fresh);
        const pairs = [...diff.renamed, ...diff.renumbered, ...diff.identified, ...diff.same];
        const sorted = (each: readonly Category[]) => each.map(({ key }) => key).sort();
        expect(sorted([...diff.added, ...pairs.map(({ to }) => to)])).toEqual(sorted(fresh));
        expect(sorted([...diff.removed, ...pairs.map(({ from }) => from)])).toEqual(sorted(old));
      }),
    );
  });
});

describe('rules that an import touches', () => {
  const code = '0003.0009.0099.0742';

  it.each([
    ['broken', rule(code, 'Дороги / Знаки'), before.slice(0, 2)],
    ['moved', rule(code, 'Дороги / Знаки'), [...before.slice(0, 2), category('Дороги / Знаки', '1/99')]],
    [
      'renamed',
      rule(code, 'Дороги / Знаки', { subjectId: '1', subsubjectId: '12' }),
      [...before.slice(0, 2), category('Дороги / Дорожные знаки', '1/12')],
    ],
    ['mended', rule(code, 'Дворы'), [...before, category('Дворы', '2')]],
  ])('%s', (effect, each, after) => {
    const touched = touchedByCategories([each, rule('0003.0009.0000.0000', 'Дороги')], before, after);
    expect(touched).toEqual([{ ruleId: code, code, category: pathText(each), effect }]);
  });

  it('a rule by path breaks when the name changes, one by id does not', () => {
    const after = [...before.slice(0, 2), category('Дороги / Дорожные знаки', '1/12')];
    expect(touchedByCategories([rule(code, 'Дороги / Знаки')], before, after)).toMatchObject([
      { effect: 'broken' },
    ]);
  });

  it('none that was broken before, and none that stays', () => {
    expect(touchedByCategories([rule(code, 'Реки'), rule(code, 'Дороги / Ямы')], before, before)).toEqual([]);
  });
});

describe('rubrics', () => {
  const old = [rubric('0001.0001.0001.0001', 'Конституция'), rubric('0001.0001.0001.0002', 'Уставы')];

  it('added, removed, renamed; case and blanks do not count', () => {
    const fresh = [rubric('0001.0001.0001.0001', ' КОНСТИТУЦИЯ'), rubric('0001.0001.0001.0003', 'Гимн')];
    const diff = diffRubrics(old, fresh);
    expect(diff).toMatchObject({ added: [fresh[1]], removed: [old[1]], renamed: [], same: 1 });
    const renamed = diffRubrics(old, [rubric('0001.0001.0001.0001', 'Основной закон')]);
    expect(renamed.renamed.map(({ from, to }) => [from.name, to.name])).toEqual([
      ['Конституция', 'Основной закон'],
    ]);
  });

  it('rules about codes that are gone', () => {
    const rules = [rule('0001.0001.0001.0002', 'Органы'), rule('0001.0001.0001.0001', 'Органы')];
    const gone = diffRubrics(old, old.slice(0, 1));
    expect(touchedByRubrics(rules, gone).map(({ code }) => code)).toEqual(['0001.0001.0001.0002']);
  });
});
