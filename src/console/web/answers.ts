import type { FastifyReply, FastifyRequest } from 'fastify';
import { ERROR_CODES } from '../../model/error-codes.ts';
import { type Fault, toFault } from '../../model/errors.ts';
import { type FrameOptions, frame } from './frame.ts';
import { html, type Markup } from './html.ts';
import type { Download } from './page.ts';
import { safePath } from './path.ts';
import { speak, type Words } from './words.ts';

const WORDS = {
  ru: {
    back: 'Вернуться',
    notFound: 'Такой страницы нет',
    notFoundHelp: 'Проверьте адрес или начните с первой страницы.',
    forbidden: 'Нельзя',
    role: 'На это у вашей роли нет права.',
    stale: 'Форма устарела. Вернитесь, обновите страницу и повторите.',
    foreign:
      'Форма пришла не с этой страницы. Если консоль стоит за обратным прокси, укажите её адрес в console.publicUrl.',
    invalid: 'Так сделать нельзя',
    busy: 'Слишком много запросов',
    busyHelp: 'Подождите минуту и повторите.',
    large: 'Слишком большой запрос',
    largeHelp: 'Файл или форма больше разрешённого.',
    wrong: 'Запрос не разобран',
    wrongHelp: 'Вернитесь и повторите.',
  },
  en: {
    back: 'Back',
    notFound: 'There is no such page',
    notFoundHelp: 'Check the address or begin with the first page.',
    forbidden: 'Not allowed',
    role: 'Your role may not do this.',
    stale: 'The form is out of date. Go back, reload the page and try again.',
    foreign:
      'The form came from elsewhere. If the console stands behind a reverse proxy, name its address in console.publicUrl.',
    invalid: 'This cannot be done so',
    busy: 'Too many requests',
    busyHelp: 'Wait a minute and try again.',
    large: 'The request is too large',
    largeHelp: 'The file or form is larger than allowed.',
    wrong: 'The request was not understood',
    wrongHelp: 'Go back and try again.',
  },
} satisfies Words<string>;

type Around = Pick<FrameOptions, 'viewer' | 'section' | 'notice'>;

/** Sends markup as a page that no cache keeps. */
export function sendPage(reply: FastifyReply, status: number, markup: string) {
  return reply.code(status).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(markup);
}

/** Sends a file to be saved under its name. */
export function sendFile(reply: FastifyReply, file: Download) {
  // RFC 8187: quotes and parentheses are percent-encoded too.
  const name = encodeURIComponent(file.name.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  );
  return reply
    .type(file.type)
    .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
    .header('cache-control', 'no-store')
    .send(file.content);
}

/** Why a person is refused: his role, an old form, or a form of another site. */
export function sendRefusal(reply: FastifyReply, why: 'role' | 'stale' | 'foreign', around: Around = {}) {
  const say = speak(WORDS, around.viewer?.lang ?? 'ru');
  return sendPage(reply, 403, frame({ ...around, title: say('forbidden'), body: html`<p>${say(why)}</p>` }));
}

/** An address that is none of ours. */
export function sendNotFound(reply: FastifyReply, around: Around = {}) {
  const say = speak(WORDS, around.viewer?.lang ?? 'ru');
  const body = html`<p>${say('notFoundHelp')}</p><p><a href="/">${say('back')}</a></p>`;
  return sendPage(reply, 404, frame({ ...around, title: say('notFound'), body }));
}

/** A page that failed: of a fault its text and what to do, of a defect no word of its inside. */
export function sendFailure(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  around: Around = {},
) {
  const say = speak(WORDS, around.viewer?.lang ?? 'ru');
  const back = html`<p><a href="${backOf(request)}">${say('back')}</a></p>`;
  const show = (status: number, title: string, body: Markup) =>
    sendPage(reply, status, frame({ ...around, title, body: html`${body}${back}` }));
  const refused = clientStatus(error);
  if (refused === 404) return sendNotFound(reply, around);
  if (refused === 429) return show(429, say('busy'), html`<p>${say('busyHelp')}</p>`);
  if (refused === 413) return show(413, say('large'), html`<p>${say('largeHelp')}</p>`);
  if (refused !== undefined) return show(refused, say('wrong'), html`<p>${say('wrongHelp')}</p>`);
  const fault = toFault(error);
  // Its text speaks of the command line; its detail says what is wrong with the form as well.
  if (fault.code === 'COMMAND_INVALID') return show(422, say('invalid'), html`<p>${fault.detail}</p>`);
  const { title, remedy } = ERROR_CODES[fault.code];
  const detail = fault.kind === 'defect' ? undefined : html`<p>${fault.detail}</p>`;
  return show(statusOf(fault), title, html`${detail}<p>${remedy}</p>`);
}

/** Status of a request that Fastify or a plugin of it refuses (a broken body, a file too large, too many), else undefined. */
export function clientStatus(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}

/** HTTP status of a fault: who asked may mend it, we are to blame, or it passes. */
export function statusOf(fault: Fault): number {
  if (fault.kind === 'rejected' || fault.kind === 'credentials') return 422;
  return fault.kind === 'defect' ? 500 : 503;
}

/** The page from which a form was sent, when it is ours. */
function backOf(request: FastifyRequest): string {
  const { referer } = request.headers;
  if (request.method !== 'POST' || referer === undefined || !URL.canParse(referer)) return '/';
  const { host, pathname, search } = new URL(referer);
  return host === request.host ? safePath(`${pathname}${search}`) : '/';
}
