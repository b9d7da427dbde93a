import type { Language } from './viewer.ts';

/** Texts of a page in both languages: the same keys in each, which the type holds. */
export interface Words<K extends string> {
  readonly ru: Readonly<Record<K, string>>;
  readonly en: Readonly<Record<K, string>>;
}

/** Gives the text of a key, `{name}` replaced by the values; a value is not markup. */
export type Say<K extends string> = (key: K, values?: Readonly<Record<string, string | number>>) => string;

/** The texts of one page in the viewer's language. */
export function speak<K extends string>(words: Words<K>, lang: Language): Say<K> {
  return (key, values = {}) =>
    words[lang][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** «1 карточка, 2 карточки, 5 карточек»: the form of a Russian noun for a number. */
export function plural(count: number, one: string, few: string, many: string): string {
  const rule = new Intl.PluralRules('ru').select(count);
  const form = rule === 'one' ? one : rule === 'few' ? few : many;
  return `${count.toLocaleString('ru')} ${form}`;
}
