import type { Language } from './viewer.ts';

const UNITS = {
  ru: { s: 'с', m: 'мин', h: 'ч', d: 'дн' },
  en: { s: 's', m: 'min', h: 'h', d: 'd' },
} as const;

/** A length of time in its largest unit, rounded: «45 с», «12 мин», «3 ч», «2 дн»; «—» when there is none. */
export function lengthOf(seconds: number | null, lang: Language): string {
  if (seconds === null) return '—';
  const units = UNITS[lang];
  if (seconds < 90) return `${Math.round(seconds)} ${units.s}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} ${units.m}`;
  return seconds < 129_600
    ? `${Math.round(seconds / 3600)} ${units.h}`
    : `${Math.round(seconds / 86_400)} ${units.d}`;
}
