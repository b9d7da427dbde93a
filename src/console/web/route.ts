import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { toFault } from '../../model/errors.ts';
import { clientStatus, sendFailure, sendFile, sendPage, sendRefusal } from './answers.ts';
import { readForm } from './form.ts';
import { frame } from './frame.ts';
import { type Notice, takeNotice, withNotice } from './notice.ts';
import type { Form, FormFile, PageAnswer, PageRoute } from './page.ts';
import { headerPath } from './path.ts';
import { isSame } from './same.ts';
import { may } from './viewer.ts';
import type { Who } from './who.ts';

export interface RouteOptions {
  readonly log: Logger;
  readonly isSecure: boolean;
  readonly who: Who;
}

/** Puts one page or form on the server: who asks, what he may, the form's token, then the page itself. */
export function addRoute(app: FastifyInstance, options: RouteOptions, route: PageRoute): void {
  app.route({
    method: route.method,
    url: route.path,
    handler: async (request, reply) => {
      // A page that reads itself anew is no sign of a person: his session goes on growing old.
      const touches = request.headers['x-refresh'] === undefined;
      const viewer = await options.who(request, reply, { touches });
      if (viewer === undefined) return signInFirst(request, reply, route);
      const around = { viewer, section: route.section };
      if (!may(viewer.role, route.role)) return sendRefusal(reply, 'role', around);
      try {
        const form = await formOf(request, route);
        if (route.method === 'POST' && !isSame(form.text('csrf'), viewer.csrf)) {
          return sendRefusal(reply, 'stale', around);
        }
        const answer = await route.handle({
          viewer,
          params: paramsOf(request),
          query: new URL(request.url.replaceAll('%00', ''), 'http://console').searchParams,
          form,
          url: request.url,
        });
        return send(reply, answer, options, () => ({ ...around, ...noticeOf(answer, request, reply) }));
      } catch (error) {
        const fault = toFault(error);
        if (fault.kind === 'defect' && clientStatus(error) === undefined) {
          options.log.error({ code: fault.code, err: error, route: route.path }, 'page failed');
        }
        return sendFailure(request, reply, error, around);
      }
    },
  });
}

/** U+0000 is no text to the database: nobody types it, and whoever sends it means no good. */
function paramsOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const params = request.params as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, value.replaceAll('\0', '')]),
  );
}

function signInFirst(request: FastifyRequest, reply: FastifyReply, route: PageRoute) {
  const back = route.method === 'GET' ? `?back=${encodeURIComponent(request.url)}` : '';
  return reply.redirect(`/sign-in${back}`, 303);
}

type Around = Pick<Parameters<typeof frame>[0], 'viewer' | 'section' | 'notice'>;

function send(reply: FastifyReply, answer: PageAnswer, { isSecure }: RouteOptions, around: () => Around) {
  if ('goTo' in answer) {
    if (answer.notice !== undefined) withNotice(reply, answer.notice, isSecure);
    return reply.redirect(headerPath(answer.goTo), 303);
  }
  if ('download' in answer) return sendFile(reply, answer.download);
  if ('whole' in answer) return sendPage(reply, 200, answer.whole);
  const { title, body } = answer;
  return sendPage(reply, answer.status ?? 200, frame({ ...around(), title, body }));
}

/** What the page says of itself, else what was kept for it; a page's own refresh leaves that to the person. */
function noticeOf(
  answer: PageAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
): { readonly notice?: Notice } {
  const own = 'body' in answer ? answer.notice : undefined;
  const kept = request.headers['x-refresh'] === undefined ? takeNotice(request, reply) : undefined;
  const notice = own ?? kept;
  return notice === undefined ? {} : { notice };
}

/** @throws Error of @fastify/multipart, with a `statusCode`, for what is too large or broken */
async function formOf(request: FastifyRequest, route: PageRoute): Promise<Form> {
  if (route.method === 'GET') return readForm({});
  // A page that takes no files reads no such form: it has no token then, and is refused.
  if (route.takesFiles !== true || !request.isMultipart()) return readForm(request.body);
  const fields = new Map<string, string[]>();
  const uploads = new Map<string, FormFile>();
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      const content = await part.toBuffer();
      // A file field that was left empty comes as a file without a name, whatever its type says.
      if ((part.filename ?? '') !== '') uploads.set(part.fieldname, { name: part.filename, content });
    } else {
      fields.set(part.fieldname, [...(fields.get(part.fieldname) ?? []), String(part.value)]);
    }
  }
  return readForm(Object.fromEntries(fields), uploads);
}
