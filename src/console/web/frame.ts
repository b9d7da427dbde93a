import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { html, type Markup, type Piece } from './html.ts';
import { type Language, may, type Role, type Viewer } from './viewer.ts';
import { speak, type Words } from './words.ts';

const WORDS = {
  ru: {
    brand: 'Посредник',
    skip: 'К содержанию',
    sections: 'Разделы',
    overview: 'Обзор',
    appeals: 'Обращения',
    errors: 'Журнал ошибок',
    showcase: 'Витрина',
    rubrics: 'Рубрики',
    cabinets: 'Кабинеты',
    users: 'Пользователи',
    audit: 'Действия',
    account: 'Учётная запись',
    signOut: 'Выйти',
    zone: 'Время: {zone}',
  },
  en: {
    brand: 'Posrednik',
    skip: 'To the content',
    sections: 'Sections',
    overview: 'Overview',
    appeals: 'Appeals',
    errors: 'Error log',
    showcase: 'Showcase',
    rubrics: 'Rubrics',
    cabinets: 'Cabinets',
    users: 'Users',
    audit: 'Audit',
    account: 'Account',
    signOut: 'Sign out',
    zone: 'Times: {zone}',
  },
} satisfies Words<string>;

export type Section =
  | 'overview'
  | 'appeals'
  | 'errors'
  | 'showcase'
  | 'rubrics'
  | 'cabinets'
  | 'users'
  | 'audit'
  /** One's own settings: behind the name, in no list of sections. */
  | 'account';

const SECTIONS: readonly { readonly id: Section; readonly path: string; readonly role: Role }[] = [
  { id: 'overview', path: '/', role: 'viewer' },
  { id: 'appeals', path: '/appeals', role: 'viewer' },
  { id: 'errors', path: '/errors', role: 'viewer' },
  { id: 'showcase', path: '/showcase', role: 'viewer' },
  { id: 'rubrics', path: '/rubrics', role: 'viewer' },
  { id: 'cabinets', path: '/cabinets', role: 'viewer' },
  { id: 'users', path: '/users', role: 'admin' },
  { id: 'audit', path: '/audit', role: 'admin' },
];

export interface FrameOptions {
  readonly title: string;
  readonly body: Piece;
  readonly viewer?: Viewer;
  readonly section?: Section;
  /** Of a page that nobody has signed in to see; else the viewer's. */
  readonly lang?: Language;
  /** Told above the content after something was done. */
  readonly notice?: { readonly tone: 'good' | 'bad'; readonly text: string };
}

/** Changes with the assets, so that browsers may keep them and still never use those of an older program. */
const VERSION = ['console.css', 'console.js']
  .reduce(
    (sum, name) => sum.update(readFileSync(join(import.meta.dirname, '../assets', name))),
    createHash('sha256'),
  )
  .digest('hex')
  .slice(0, 12);

/** A whole page in the console's frame: skip link, sections, content, the zone in which its times are given. */
export function frame({ title, body, viewer, section, notice, lang: asked = 'ru' }: FrameOptions): string {
  const lang = viewer?.lang ?? asked;
  const say = speak(WORDS, lang);
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · ${say('brand')}</title>
<link rel="stylesheet" href="/assets/console.css?v=${VERSION}">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/console.js?v=${VERSION}" defer></script>
</head>
<body>
<a class="skip" href="#content">${say('skip')}</a>
${viewer === undefined ? undefined : header(viewer, section, say)}
<main id="content" tabindex="-1" ${viewer === undefined ? html`class="alone"` : undefined}>
${viewer === undefined ? html`<p class="brand">${say('brand')}</p>` : undefined}
<h1>${title}</h1>
${notice === undefined ? undefined : html`<p class="notice ${notice.tone}" role="status">${notice.text}</p>`}
${body}
</main>
${viewer === undefined ? undefined : html`<footer>${say('zone', { zone: viewer.timeZone })}</footer>`}
</body>
</html>`.markup;
}

function header(
  viewer: Viewer,
  section: Section | undefined,
  say: (key: keyof typeof WORDS.ru) => string,
): Markup {
  const links = SECTIONS.filter(({ role }) => may(viewer.role, role)).map(
    ({ id, path }) =>
      html`<li><a href="${path}" ${id === section ? html`aria-current="page"` : undefined} data-live="${id}">${say(id)}</a></li>`,
  );
  return html`<header class="top">
<a class="brand" href="/">${say('brand')}</a>
<nav aria-label="${say('sections')}"><ul>${links}</ul></nav>
<div class="me"><a href="/account" ${section === 'account' ? html`aria-current="page"` : undefined} aria-label="${say('account')}: ${viewer.name}">${viewer.name}</a>
<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${viewer.csrf}"><button class="quiet">${say('signOut')}</button></form></div>
</header>`;
}
