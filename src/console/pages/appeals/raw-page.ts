import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { html, type Markup } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import type { Viewer } from '../../web/viewer.ts';
import { speak, type Words } from '../../web/words.ts';
import { readFacts } from './facts.ts';
import { fitting, LONGEST_SHOWN, pretty } from './pretty.ts';
import { type RawPart, readRaw } from './raw.ts';
import { SOURCES } from './timeline.ts';

const WORDS = {
  ru: {
    title: 'Исходное сообщение: обращение {posId}',
    back: 'К обращению',
    copy: 'Копировать',
    copied: 'Скопировано',
    download: 'Скачать как пришло',
    cut: 'Показано начало: {shown} из {whole} знаков. Целиком — в файле.',
    none: 'Исходного сообщения нет',
    noneHint: 'Оно удалено по сроку хранения, или его больше нельзя собрать по нынешним настройкам.',
    personal: 'Здесь персональные данные. Просмотр записан в «Действия».',
  },
  en: {
    title: 'Raw message: appeal {posId}',
    back: 'To the appeal',
    copy: 'Copy',
    copied: 'Copied',
    download: 'Download as it came',
    cut: 'The beginning is shown: {shown} of {whole} characters. The whole is in the file.',
    none: 'No raw message',
    noneHint: 'Its term of storage is over, or the settings of now cannot make it any more.',
    personal: 'Personal data. That you looked is written to the audit.',
  },
} satisfies Words<string>;

/** `/appeals/:id/raw/:source/:entry`: what stood at the border, pretty; `?part=N` downloads one part as it is. */
export async function rawPage(
  deps: ConsoleDeps,
  { viewer, params, query }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const { id = '', entry = '' } = params;
  const source = SOURCES.find((one) => one === params['source']);
  const isNumber = (text: string) => /^\d{1,18}$/.test(text);
  const facts = isNumber(id) ? await readFacts(deps.db, id) : undefined;
  const back = `/appeals/${isNumber(id) ? id : ''}`;
  const nothing = html`<p class="empty"><b>${say('none')}</b><br>${say('noneHint')}<br><a href="${back}">${say('back')}</a></p>`;
  if (facts === undefined || source === undefined || !isNumber(entry)) {
    return { title: say('none'), body: nothing, status: 404 };
  }
  await writeAudit(deps.db, {
    who: viewer.login,
    action: 'appeal-raw-viewed',
    object: `appeal:${id}`,
    data: { source, entry },
  });
  const parts = await readRaw(deps, id, source, entry);
  const file = partOf(parts, query);
  if (file !== undefined) return file;
  const title = say('title', { posId: facts.posId });
  if (parts.length === 0) return { title, body: nothing, status: 404 };
  const body = html`${rawView(viewer, parts, `${back}/raw/${source}/${entry}`)}
<p class="pager"><a href="${back}#timeline">${say('back')}</a></p>`;
  return { title, body };
}

/** Raw texts, pretty, with buttons to copy and to download them at `here?part=N`. */
export function rawView({ lang }: Viewer, parts: readonly RawPart[], here: string): Markup {
  const say = speak(WORDS, lang);
  const shown = Math.floor(LONGEST_SHOWN / Math.max(1, parts.length));
  return html`<p class="hint">${say('personal')}</p>
${parts.map((part, index) => partView(part, index, here, shown, say))}`;
}

/** The part that an address asks for, as a file. */
export function partOf(parts: readonly RawPart[], query: URLSearchParams): PageAnswer | undefined {
  const wanted = parts[Number(query.get('part') ?? Number.NaN)];
  if (wanted === undefined) return undefined;
  return { download: { name: wanted.name, type: 'application/octet-stream', content: wanted.text } };
}

function partView(
  { name, text }: RawPart,
  index: number,
  here: string,
  most: number,
  say: (key: keyof typeof WORDS.ru, values?: Readonly<Record<string, string | number>>) => string,
): Markup {
  const nice = pretty(text);
  const shown = fitting(nice, most);
  const isCut = shown.length < nice.length;
  return html`<section class="card"><h2 class="mono">${name}</h2>
<p class="row"><button type="button" class="quiet" hidden data-copy="#raw-${index}" data-copied="${say('copied')}">${say('copy')}</button> <a class="button quiet" href="${here}?part=${index}">${say('download')}</a></p>
${isCut && html`<p class="notice warn">${say('cut', { shown: shown.length, whole: nice.length })}</p>`}
<pre id="raw-${index}" tabindex="0">${shown}</pre></section>`;
}
