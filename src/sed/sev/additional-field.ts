import { renderTemplate, type Template, type VariableType } from '../../text/template.ts';
import { CARD_VARIABLE_TYPES } from './card-variables.ts';

export type AdditionalFieldType = 'Text' | 'Date' | 'Decimal' | 'Flag';

export interface FlagWords {
  readonly yes: string;
  readonly no: string;
}

const YES = new Set(['true', '1', 'да', 'yes']);
const NO = new Set(['false', '0', 'нет', 'no', '']);

/**
 * A requisite's value as the СЭД reads it: Date `YYYY-MM-DD`, Decimal with a point, Flag in the site's words.
 * '' = leave the requisite out; undefined = the value does not fit the type. A Flag is never left out.
 */
export function additionalFieldValue(
  type: AdditionalFieldType,
  value: string,
  flag: FlagWords,
): string | undefined {
  if (type === 'Flag') {
    const word = value.trim().toLowerCase();
    if (YES.has(word)) return flag.yes;
    return NO.has(word) ? flag.no : undefined;
  }
  if (type === 'Text' || value === '') return value;
  if (type === 'Date') return isDay(value) ? value : undefined;
  const decimal = value.replace(/[\s\u00a0]/g, '').replace(',', '.');
  return /^[+-]?\d+(\.\d+)?$/.test(decimal) ? decimal : undefined;
}

/** What is wrong with a rule of `additionalFields`, tried with sample values; undefined when it is right. */
export function additionalFieldIssue(field: {
  type: AdditionalFieldType;
  value?: Template | undefined;
  customField?: string | undefined;
}): string | undefined {
  if ((field.value === undefined) === (field.customField === undefined)) {
    return 'напишите одно из двух: value или customField';
  }
  if (field.value === undefined) return undefined;
  const { text } = renderTemplate(field.value, (name) => SAMPLE[CARD_VARIABLE_TYPES.get(name) ?? 'text']);
  if (text.includes(SAMPLE.text)) return isOnlyText(field.type);
  const fits = additionalFieldValue(field.type, text, { yes: 'true', no: 'false' }) !== undefined;
  return fits ? undefined : `значение не годится для типа ${field.type}: ${NEEDED[field.type]}`;
}

const SAMPLE: Readonly<Record<VariableType, string>> = {
  text: '\u0001',
  date: '2025-01-31',
  number: '12.5',
  flag: 'true',
};

const NEEDED: Readonly<Record<AdditionalFieldType, string>> = {
  Text: 'текст',
  Date: 'переменная-дата без фильтра date или день ГГГГ-ММ-ДД',
  Decimal: 'число',
  Flag: 'true или false',
};

/** A text variable may hold anything: what is in it shows only with a real appeal. */
function isOnlyText(type: AdditionalFieldType): string | undefined {
  return type === 'Flag' || type === 'Date'
    ? `текстовая переменная не годится для типа ${type}: ${NEEDED[type]}`
    : undefined;
}

function isDay(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || value.startsWith('0000')) return false;
  const date = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
}
