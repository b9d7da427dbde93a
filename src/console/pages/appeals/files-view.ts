import { html, type Markup } from '../../web/html.ts';
import { stateMark } from '../../web/state-words.ts';
import type { Language, Viewer } from '../../web/viewer.ts';
import { entryOf } from '../trouble.ts';
import type { AppealFile } from './facts.ts';
import type { ShowWords } from './show-page.ts';

/** Its files; their names, and themselves, only where `showsNames`, for a citizen gave them. */
export function filesView(
  viewer: Viewer,
  appealId: string,
  files: readonly AppealFile[],
  showsNames: boolean,
  say: ShowWords,
): Markup {
  if (files.length === 0) return html`<p class="none">${say('noFiles')}</p>`;
  const rows = files.map((file, index) => {
    const link = html`<a href="/appeals/${appealId}/files/${file.id}" download>${file.name}</a>`;
    const name = !showsNames
      ? say('fileNumber', { number: index + 1 })
      : file.state === 'stored'
        ? link
        : file.name;
    const code =
      file.code === null ? undefined : html`<br><small>${entryOf(file.code)?.title ?? file.code}</small>`;
    return html`<tr><th scope="row" class="name">${name}</th><td class="number" data-label="${say('size')}">${bytes(file.size, viewer.lang)}</td><td data-label="${say('state')}">${stateMark(viewer.lang, 'file', file.state)}${code}</td></tr>`;
  });
  return html`<table class="rows"><thead><tr><th scope="col">${say('file')}</th><th scope="col" class="number">${say('size')}</th><th scope="col">${say('state')}</th></tr></thead><tbody>${rows}</tbody></table>
${!showsNames && html`<p class="hint">${say('namesHidden')}</p>`}`;
}

/** A size as people write it; «—» when it was never told. */
export function bytes(size: number | null, lang: Language): string {
  if (size === null) return '—';
  const units = lang === 'ru' ? ['Б', 'КБ', 'МБ', 'ГБ'] : ['B', 'KB', 'MB', 'GB'];
  const power = size < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(size) / 3));
  const value = size / 1000 ** power;
  const number = value.toLocaleString(lang, { maximumFractionDigits: value < 10 && power > 0 ? 1 : 0 });
  return `${number} ${units[power] ?? ''}`;
}
