import { describe, expect, it } from '@jest/globals';
import { withCarriedRules } from '../../../src/rubrics/carried.ts';
import { pathText } from '../../../src/rubrics/names.ts';
import { ruleId } from '../../../src/rubrics/rules.ts';
import { category, rule } from './support.ts';

const [A, B, C] = ['0001.0001.0001.0001', '0001.0001.0001.0002', '0001.0001.0001.0003'] as const;
const roads = category('Дороги / Ямы', '1/11');
const yards = category('Дворы / Ямы', '2/21');

function told(result: ReturnType<typeof withCarriedRules>): Record<string, string> {
  return Object.fromEntries(result.rules.map((each) => [ruleId(each), `${each.source}: ${pathText(each)}`]));
}

describe('codes that the classifier of the platform carries', () => {
  it('become rules with ids', () => {
    const { rules, carried } = withCarriedRules([], [{ code: A, category: roads }]);
    expect(carried).toBe(1);
    expect(rules).toEqual([
      {
        code: A,
        source: 'classifier',
        subject: 'Дороги',
        subsubject: 'Ямы',
        subjectId: '1',
        subsubjectId: '11',
      },
    ]);
  });

  it('take the place of the draft and of an earlier classifier, and leave a person’s rule', () => {
    const present = [
      rule(A, 'Черновик', { source: 'starter' }),
      rule(B, 'Решено'),
      rule(C, 'Было', { source: 'classifier' }),
      rule(A, 'Условие', { cardfile: '0.A.' }),
    ];
    const result = withCarriedRules(present, [
      { code: A, category: roads },
      { code: B, category: roads },
    ]);
    expect(told(result)).toEqual({
      [A]: 'classifier: Дороги / Ямы',
      [B]: 'person: Решено',
      [`${A}?cardfile=0.A.`]: 'person: Условие',
    });
    expect(result.overruled).toEqual([{ code: B, kept: 'Решено', left: 'Дороги / Ямы' }]);
  });

  it('of one code under two categories the first counts, and it is told', () => {
    const result = withCarriedRules(
      [],
      [
        { code: A, category: roads },
        { code: A, category: yards },
        { code: A, category: roads },
      ],
    );
    expect(told(result)).toEqual({ [A]: 'classifier: Дороги / Ямы' });
    expect(result.doubled).toEqual([{ code: A, kept: 'Дороги / Ямы', left: 'Дворы / Ямы' }]);
  });
});
