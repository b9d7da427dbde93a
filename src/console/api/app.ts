import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Queryable } from '../../store/data-source.ts';
import { findToken, type Scope } from '../users/tokens.ts';
import { may, type Role } from '../web/viewer.ts';
import type { Who } from '../web/who.ts';
import { docsPage } from './docs-page.ts';
import { openApi } from './openapi.ts';
import { problemOf, Refusal, sendProblem } from './problem.ts';
import type { ApiRoute, Caller } from './route.ts';

export interface ApiOptions {
  readonly db: Queryable;
  readonly log: Logger;
  readonly routes: readonly ApiRoute[];
  readonly publicUrl?: string;
}

const words = z.locales.ru().localeError;

/**
 * `/api/v1`: the addresses of the registry for tokens with role and scope, its OpenAPI file, and `/api/docs` for people.
 * Cookies mean nothing to it, so no other site can use somebody's session for it.
 */
export async function addApi(app: FastifyInstance, options: ApiOptions, who: Who): Promise<void> {
  const { db, log, routes } = options;
  const file = openApi(options);
  await app.register(
    async (api) => {
      // Whatever has been let through to the pages is not known here: bodies are JSON.
      api.removeContentTypeParser(['application/x-www-form-urlencoded', 'multipart/form-data']);
      api.setErrorHandler(async (error, request, reply) => {
        const given = problemOf(error);
        if (given.kind === 'defect') {
          log.error({ code: given.code, err: error, route: request.routeOptions.url }, 'API request failed');
        }
        return sendProblem(reply, given);
      });
      api.setNotFoundHandler(async (_request, reply) =>
        sendProblem(reply, problemOf(new Refusal(404, 'API_NOT_FOUND', 'такого адреса нет'))),
      );
      // Whoever may use anything may read what there is to use; people by their session.
      api.get('/openapi.json', async (request, reply) => {
        if ((await who(request, reply)) === undefined) await callerOf(request, db);
        return reply.send(file);
      });
      for (const route of routes) addApiRoute(api, db, route);
    },
    { prefix: '/api/v1' },
  );
  app.get('/api/docs', async (request, reply) => {
    const viewer = await who(request, reply);
    if (viewer === undefined) return reply.redirect('/sign-in?back=/api/docs', 303);
    return reply.type('text/html; charset=utf-8').send(docsPage(viewer, routes));
  });
}

function addApiRoute(api: FastifyInstance, db: Queryable, route: ApiRoute): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  api.route({
    method: route.method,
    url: route.path,
    ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
    // Before the body is read: a stranger's is not.
    onRequest: async (request) => {
      const caller = await callerOf(request, db);
      requireRight(caller, route.role, route.scope);
      callers.set(request, caller);
    },
    handler: async (request, reply) => {
      const caller = callers.get(request);
      if (caller === undefined) throw new Refusal(401, 'API_UNAUTHORIZED');
      const asked = {
        caller,
        params: checked(route.params, request.params, 'path'),
        query: checked(route.query, request.query, 'query'),
        body: checked(route.body, request.body, 'body'),
      };
      const given = await route.handle(asked);
      // By the schema that is documented: nothing that it does not name gets out.
      const shown = route.answer.parse(JSON.parse(JSON.stringify(given)));
      return reply.header('cache-control', 'no-store').send(shown);
    },
  });
}

/** @throws Refusal when no token that works came with the request */
async function callerOf(request: FastifyRequest, db: Queryable): Promise<Caller> {
  const [, secret] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (secret === undefined)
    throw new Refusal(401, 'API_UNAUTHORIZED', 'нет заголовка «Authorization: Bearer …»');
  const token = await findToken(db, secret);
  if (token === undefined) throw new Refusal(401, 'API_UNAUTHORIZED');
  return { who: `token:${token.name}`, role: token.role, scopes: token.scopes };
}

function requireRight(caller: Caller, role: Role, scope: Scope): void {
  if (!caller.scopes.includes(scope)) {
    throw new Refusal(403, 'API_FORBIDDEN', `у токена нет права ${scope}`);
  }
  if (!may(caller.role, role)) throw new Refusal(403, 'API_FORBIDDEN', `нужна роль ${role}`);
}

function checked(schema: z.ZodObject | undefined, given: unknown, where: string): unknown {
  if (schema === undefined) return {};
  if (JSON.stringify(given ?? {}).includes('\\u0000')) {
    throw new Refusal(400, 'API_REQUEST_INVALID', 'знак U+0000 не принимается');
  }
  const read = schema.safeParse(given ?? {}, { error: words });
  if (read.success) return read.data;
  const errors = read.error.issues.map((issue) => ({
    at: [where, ...issue.path].join('.'),
    detail: issue.message,
  }));
  throw new Refusal(400, 'API_REQUEST_INVALID', undefined, errors);
}
