import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  byPrecedence,
  faultOfRule,
  isSameRule,
  makeRule,
  narrowness,
  ruleId,
} from '../../../src/rubrics/rules.ts';
import { rule } from './support.ts';

const CODE = '0003.0009.0099.0742';
const value = fc.option(fc.constantFrom('а', 'б'), { nil: null });
const anyRule = fc
  .record({ cardfile: value, organization: value, word: value })
  .map((conditions) => rule(CODE, 'Дороги', conditions));

describe('a rule', () => {
  it('has no empty member', () => {
    const made = makeRule({
      code: CODE,
      source: 'person',
      subject: '  Дороги ',
      subsubject: ' ',
      subjectId: null,
      word: '\u00A0',
      note: '\u0000',
    });
    expect(made).toEqual({ code: CODE, source: 'person', subject: 'Дороги' });
  });

  it.each([
    [rule('12', 'Дороги'), /не код рубрики/],
    [rule(CODE, ''), /не названа категория/],
    [rule(CODE, 'Дороги', { word: '…' }), /здесь нет слова/],
    [rule(CODE, 'Дороги', { word: 'яма' }), undefined],
  ])('%j: %s', (each, words) => {
    const fault = faultOfRule(each);
    if (words === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(words);
  });

  it('is named by its code and conditions; case and ё of a word do not make another', () => {
    expect(ruleId(rule(CODE, 'Дороги'))).toBe(CODE);
    expect(ruleId(rule(CODE, 'Дворы', { word: 'ЁЛКА', cardfile: '0.A.' }))).toBe(
      `${CODE}?cardfile=0.A.&word=елка`,
    );
  });

  it('says the same by its category and note', () => {
    const one = rule(CODE, 'Дороги');
    expect(isSameRule(one, rule(CODE, ' ДОРОГИ', { source: 'starter' }))).toBe(true);
    expect(isSameRule(one, rule(CODE, 'Дороги', { subjectId: '1' }))).toBe(false);
    expect(isSameRule(one, rule(CODE, 'Дороги', { note: 'x' }))).toBe(false);
  });
});

describe('precedence', () => {
  it('is a strict order in which the narrower goes first', () => {
    fc.assert(
      fc.property(anyRule, anyRule, anyRule, (a, b, c) => {
        if (narrowness(a) > narrowness(b)) expect(byPrecedence(a, b)).toBeLessThan(0);
        if (ruleId(a) !== ruleId(b))
          expect(Math.sign(byPrecedence(a, b))).toBe(-Math.sign(byPrecedence(b, a)));
        if (byPrecedence(a, b) < 0 && byPrecedence(b, c) < 0) expect(byPrecedence(a, c)).toBeLessThan(0);
      }),
    );
  });
});
