/** The requisites of this archive: API name by title. */
export const REQUISITES: Readonly<Record<string, string>> = {
  'Номер ПОС': 'POS_NUMBER',
  'Выгрузка в витрину ПОС': 'POS_SHOWCASE',
  'Статус ПОС': 'POS_STATUS',
  'Ошибка ПОС': 'POS_ERROR',
  'Дата ответа': 'ANSWER_DATE',
  'Результат рассмотрения': 'RESULT',
  Отозвано: 'WITHDRAWN',
  'Вид обращения': 'APPEAL_KIND',
  'Вид заявителя': 'APPLICANT_KIND',
  'Адрес проблемы': 'ADDRESS',
  ОКТМО: 'OKTMO',
  Широта: 'LATITUDE',
  Долгота: 'LONGITUDE',
};

/** Requisites that the connector fills: free text of at most so many signs. */
export const MOST_SIGNS = 255;

export const GROUPS = [
  { due: '0.2.', name: 'Письма граждан', type: 2, isNode: true },
  { due: '0.2.1.', name: 'Письменные обращения', type: 2, isNode: false },
  { due: '0.2.2.', name: 'Электронные обращения', type: 2, isNode: false },
  { due: '0.2.3.', name: 'Личный приём', type: 2, isNode: false },
  { due: '0.1.', name: 'Входящие документы', type: 1, isNode: false },
] as const;

export const CITIZENS = ['0.2.1.', '0.2.2.', '0.2.3.'] as const;
export const FOREIGN = '0.1.';

/** DUE of the cardfile of this number, from 0. */
export function cardfileDue(number: number): string {
  return `0.YS${80 + Math.floor(number / 50)}.YS${100 + number}.`;
}
