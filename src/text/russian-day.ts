/** `2025-03-01` as a Russian reader writes it, `01.03.2025`; anything else comes back as it is. */
export function russianDay(day: string): string {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  return year === undefined ? day : `${date}.${month}.${year}`;
}
