import { DateTime } from 'luxon';
import type { NotUploaded } from './not-uploaded.ts';

const HEAD = [
  'Витрина',
  'Карточка',
  'Дата карточки',
  'Вопрос',
  'Рубрика ССТУ',
  'Не выгружена с',
  'Код',
  'Поле',
  'Код платформы',
  'Причина',
  'Что делать',
  'Запись',
] as const;

export interface CsvOptions {
  /** IANA zone of the times. */
  readonly timeZone: string;
  /** With the words of the platform and addresses of cards: for a screen or file of one's own, never for an e-mail. */
  readonly withDetails: boolean;
}

/** The first line, with the mark by which spreadsheets know UTF-8. */
export function csvHead({ withDetails }: CsvOptions): string {
  return `\uFEFF${row([...HEAD, ...(withDetails ? ['Подробности', 'Ссылка'] : [])])}`;
}

/** The non-upload log as a table for spreadsheets: semicolons, as Russian ones expect, and CR LF (RFC 4180). */
export function csvRows(list: readonly NotUploaded[], { timeZone, withDetails }: CsvOptions): string {
  return list
    .map((one) =>
      row([
        one.showcase,
        one.cardNumber,
        one.cardDate ?? '',
        one.questionNo === 0 ? '' : String(one.questionNo),
        one.otkCode,
        DateTime.fromJSDate(one.since, { zone: timeZone }).toFormat('yyyy-MM-dd HH:mm'),
        one.code ?? '',
        one.field ?? '',
        one.platformCode ?? '',
        one.reason,
        one.remedy,
        one.recordId,
        ...(withDetails ? [one.detail ?? '', one.link ?? ''] : []),
      ]),
    )
    .join('');
}

function row(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(';')}\r\n`;
}

/** A cell that begins like a formula would be run by the spreadsheet: an apostrophe makes it text. */
function cellOf(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
