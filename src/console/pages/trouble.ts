import { isKnownCode } from '../../model/code-entry.ts';
import { ERROR_CODES, type ErrorEntry } from '../../model/error-codes.ts';
import { html, type Markup } from '../web/html.ts';
import type { Language } from '../web/viewer.ts';

/** A code's title and remedy; undefined for a code that this version does not know. */
export function entryOf(code: string): ErrorEntry | undefined {
  return isKnownCode(code) ? ERROR_CODES[code] : undefined;
}

/** What is wrong, in words, and what to do; nothing when nothing is. Codes and remedies are Russian in both languages. */
export function trouble(lang: Language, code: string | null, detail: string | null): Markup | undefined {
  if (code === null) return undefined;
  const entry = entryOf(code);
  return html`<div class="notice bad" lang="ru"><b>${entry?.title ?? code}</b> <code>${code}</code>
${detail !== null && detail !== '' && html`<br>${detail}`}
${entry !== undefined && html`<br><small>${lang === 'ru' ? 'Что делать' : 'What to do'}: ${entry.remedy}</small>`}</div>`;
}
