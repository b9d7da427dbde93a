import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compileTemplate,
  renderLines,
  renderTemplate,
  type Template,
  type VariableType,
} from '../../../src/text/template.ts';

const VARIABLES: ReadonlyMap<string, VariableType> = new Map([
  ['posId', 'text'],
  ['applicant.name', 'text'],
  ['day', 'date'],
]);

function compile(source: string): Template {
  const compiled = compileTemplate(source, VARIABLES);
  if (!compiled.ok) throw new Error(compiled.issue);
  return compiled.template;
}

function issueOf(source: string): string | undefined {
  const compiled = compileTemplate(source, VARIABLES);
  return compiled.ok ? undefined : compiled.issue;
}

function render(source: string, values: Record<string, string> = {}): string {
  return renderTemplate(compile(source), (name) => values[name] ?? '').text;
}

describe('rendering', () => {
  it.each([
    ['без переменных', 'без переменных'],
    ['', ''],
    ['№ {{posId}}!', '№ 12!'],
    ['{{ posId }}{{posId}}', '1212'],
    ['{{applicant.name|upper}}', 'АННА'],
    ['{{day|date}}', '31.01.2025'],
    ['{{day}}', '2025-01-31'],
    ['{{applicant.name | cut:2}}', 'Ан'],
    ['{{applicant.name|upper|cut:2}}', 'АН'],
    ['{ {{posId}} }', '{ 12 }'],
  ])('%j gives %j', (source, expected) => {
    expect(render(source, { posId: '12', 'applicant.name': 'Анна', day: '2025-01-31' })).toBe(expected);
  });

  it('takes the default for an empty value only', () => {
    expect(render('{{posId|default:нет номера}}')).toBe('нет номера');
    expect(render('{{posId|default:нет}}', { posId: '1' })).toBe('1');
    expect(render('{{day|date|default:—}}')).toBe('—');
  });

  it('never reads a value as a template', () => {
    expect(render('{{posId}}', { posId: '{{applicant.name}} $& $1' })).toBe('{{applicant.name}} $& $1');
  });

  it('puts any value in as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, around) => {
        fc.pre(!around.includes('{{') && !around.includes('}}') && !around.endsWith('{'));
        expect(render(`${around}{{posId}}`, { posId: value })).toBe(around + value);
      }),
    );
  });
});

describe('faults found at compiling', () => {
  it.each([
    ['{{posID}}', /неизвестная переменная «posID»; есть: posId, applicant\.name, day/],
    ['{{}}', /неизвестная переменная «»/],
    ['{{constructor}}', /неизвестная переменная/],
    ['{{__proto__}}', /неизвестная переменная/],
    ['{{posId|bold}}', /неизвестный фильтр «bold»; есть: date/],
    ['{{posId|}}', /неизвестный фильтр «»/],
    ['{{posId|date}}', /только для переменных-дат/],
    ['{{day|date:iso}}', /пишется без «:»/],
    ['{{posId|upper:1}}', /пишется без «:»/],
    ['{{posId|cut}}', /напишите длину/],
    ['{{posId|cut:0}}', /напишите длину/],
    ['{{posId|cut:-5}}', /напишите длину/],
    ['{{posId|cut:x}}', /напишите длину/],
    ['{{posId|default}}', /напишите текст/],
    ['{{posId|default:}}', /напишите текст/],
    ['текст {{posId', /нет закрывающих/],
    ['текст posId}}', /лишние/],
    ['{{posId}} }}', /лишние/],
  ])('%j', (source, issue) => {
    expect(issueOf(source)).toMatch(issue);
  });

  it('compiling any text ends with a template or an issue, and a template renders', () => {
    const source = fc.string({
      unit: fc.constantFrom(
        '{',
        '}',
        '{{',
        '}}',
        '|',
        ':',
        'posId',
        'day',
        'date',
        'cut:3',
        'default:x',
        ' ',
        'я',
      ),
      maxLength: 20,
    });
    fc.assert(
      fc.property(source, fc.string(), (text, value) => {
        const compiled = compileTemplate(text, VARIABLES);
        if (compiled.ok) expect(typeof renderTemplate(compiled.template, () => value).text).toBe('string');
        else expect(compiled.issue).not.toBe('');
      }),
      { numRuns: 500 },
    );
  });
});

describe('renderLines', () => {
  it('leaves out a line whose variables are all empty, label and all', () => {
    const lines = ['Имя: {{applicant.name}}', 'Номер: {{posId}} {{applicant.name}}', 'Всегда'].map(compile);
    expect(renderLines(lines, () => '')).toBe('Всегда');
    expect(renderLines(lines, (name) => (name === 'posId' ? '7' : ''))).toBe('Номер: 7 \nВсегда');
  });

  it('counts a default as a value', () => {
    expect(renderLines([compile('Имя: {{applicant.name|default:нет}}')], () => '')).toBe('Имя: нет');
  });

  it('is empty for no lines', () => {
    expect(renderLines([], () => 'x')).toBe('');
  });
});
