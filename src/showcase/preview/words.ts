const MONTHS = [
  ...['январь', 'февраль', 'март', 'апрель', 'май', 'июнь'],
  ...['июль', 'август', 'сентябрь', 'октябрь', 'ноябрь', 'декабрь'],
];

/** `2026-03` as «март 2026»; anything else as it is. */
export function monthName(period: string): string {
  const [, year, month] = /^(\d{4})-(\d\d)$/.exec(period) ?? [];
  const name = MONTHS[Number(month) - 1];
  return year === undefined || name === undefined ? period : `${name} ${year}`;
}

/** A number as Russians write it, groups parted by a narrow blank that does not break. */
export function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A municipality as the page names it: its code, for there is no directory of names. */
export function placeName(oktmo: string): string {
  return oktmo === '' ? 'не указан' : oktmo;
}
