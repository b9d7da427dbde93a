import { describe, expect, it } from '@jest/globals';
import { additionalFieldIssue, additionalFieldValue } from '../../../src/sed/sev/additional-field.ts';
import { CARD_VARIABLE_TYPES } from '../../../src/sed/sev/card-variables.ts';
import { compileTemplate } from '../../../src/text/template.ts';

const FLAG = { yes: 'Да', no: 'Нет' };

function issue(type: 'Text' | 'Date' | 'Decimal' | 'Flag', source: string): string | undefined {
  const compiled = compileTemplate(source, CARD_VARIABLE_TYPES);
  if (!compiled.ok) throw new Error(compiled.issue);
  return additionalFieldIssue({ type, value: compiled.template });
}

describe('additionalFieldValue', () => {
  it.each([
    ['Text', ' как есть ', ' как есть '],
    ['Text', '', ''],
    ['Date', '2024-02-29', '2024-02-29'],
    ['Date', '2025-02-29', undefined],
    ['Date', '2025-13-01', undefined],
    ['Date', '31.01.2025', undefined],
    ['Date', '0000-01-01', undefined],
    ['Date', '', ''],
    ['Decimal', '12', '12'],
    ['Decimal', '-12,50', '-12.50'],
    ['Decimal', '1 000 000,5', '1000000.5'],
    ['Decimal', '1\u00a0000', '1000'],
    ['Decimal', '1e5', undefined],
    ['Decimal', '12 руб.', undefined],
    ['Decimal', '.', undefined],
    ['Decimal', '', ''],
    ['Flag', 'true', 'Да'],
    ['Flag', ' ДА ', 'Да'],
    ['Flag', '1', 'Да'],
    ['Flag', 'false', 'Нет'],
    ['Flag', '', 'Нет'],
    ['Flag', 'может быть', undefined],
  ] as const)('%s %j is written as %j', (type, value, expected) => {
    expect(additionalFieldValue(type, value, FLAG)).toBe(expected);
  });
});

describe('additionalFieldIssue', () => {
  it.each([
    ['Text', '{{posId}} {{answerDate|date}}'],
    ['Date', '{{answerDate}}'],
    ['Date', '2025-01-01'],
    ['Decimal', '{{rating}}'],
    ['Decimal', '{{location.latitude}}'],
    ['Decimal', '12,5'],
    // A text variable may hold a number: what is in it only a real appeal shows.
    ['Decimal', '{{location.oktmo}}'],
    ['Flag', '{{fastTrack}}'],
    ['Flag', 'true'],
    ['Flag', 'нет'],
  ] as const)('%s takes %j', (type, source) => {
    expect(issue(type, source)).toBeUndefined();
  });

  it.each([
    ['Date', '{{answerDate|date}}', /тип.* Date/],
    ['Date', 'от {{answerDate}}', /тип.* Date/],
    ['Date', '{{text}}', /текстовая переменная/],
    ['Date', '{{rating}}', /тип.* Date/],
    ['Decimal', 'много', /тип.* Decimal/],
    ['Decimal', '{{fastTrack}}', /тип.* Decimal/],
    ['Flag', '{{category}}', /текстовая переменная/],
    ['Flag', 'возможно', /тип.* Flag/],
  ] as const)('%s refuses %j', (type, source, expected) => {
    expect(issue(type, source)).toMatch(expected);
  });

  it('wants exactly one of value and customField', () => {
    const compiled = compileTemplate('x', CARD_VARIABLE_TYPES);
    const value = compiled.ok ? compiled.template : undefined;
    expect(additionalFieldIssue({ type: 'Text' })).toMatch(/одно из двух/);
    expect(additionalFieldIssue({ type: 'Text', value, customField: 'Этаж' })).toMatch(/одно из двух/);
    expect(additionalFieldIssue({ type: 'Date', customField: 'Когда' })).toBeUndefined();
  });
});
