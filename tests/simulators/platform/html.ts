import type { Reply } from './reply.ts';

/** Markup that is safe to put into a page; only `html` and `join` make it. */
export interface Markup {
  readonly markup: string;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

type Piece = Markup | string | number | undefined | readonly Markup[];

function render(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece));
  if ('markup' in piece) return piece.markup;
  return piece.map((part) => part.markup).join('');
}

/** A template whose every value is escaped, but for markup made by this same function. */
export function html(strings: TemplateStringsArray, ...values: Piece[]): Markup {
  let markup = strings[0] ?? '';
  values.forEach((value, i) => {
    markup += render(value) + (strings[i + 1] ?? '');
  });
  return { markup };
}

const HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'",
};

/** A whole page; `refresh`: seconds after which it loads itself again. */
export function pageReply(
  title: string,
  body: Markup,
  options: { status?: number; refresh?: number } = {},
): Reply {
  const refresh =
    options.refresh === undefined
      ? undefined
      : html`<meta http-equiv="refresh" content="${options.refresh}">`;
  const page = html`<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Учебная платформа</title>${refresh}<link rel="stylesheet" href="/style.css"></head>
<body><header class="top"><a class="brand" href="/">Учебная платформа обратной связи</a>
<nav><a href="/">Обращения</a> <a href="/showcase">Витрина</a> <a class="button" href="/new">Новое сообщение</a></nav></header>
<main>${body}</main>
<footer>Имитация платформы для проверки обмена. Все люди и обращения вымышлены.</footer></body></html>`;
  return { status: options.status ?? 200, headers: HEADERS, text: page.markup };
}

export function redirectReply(path: string): Reply {
  return { status: 303, headers: { Location: path } };
}

/** Day, and time when there is one, as written, without conversion: 31.12.2025 10:30. */
export function dayTime(text: string | null | undefined): string {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d:\d\d)|$)/.exec(text ?? '');
  if (match === null) return text ?? '—';
  const day = `${match[3]}.${match[2]}.${match[1]}`;
  return match[4] === undefined ? day : `${day} ${match[4]}`;
}

/** Bytes in words: «1,5 МБ». */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} Б`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${Math.round(kib)} КБ` : `${(kib / 1024).toFixed(1).replace('.', ',')} МБ`;
}
