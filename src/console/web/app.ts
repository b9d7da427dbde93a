import { join } from 'node:path';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import files from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { toFault } from '../../model/errors.ts';
import type { Queryable } from '../../store/data-source.ts';
import { rateKey } from './addresses.ts';
import { clientStatus, sendFailure, sendNotFound, sendRefusal } from './answers.ts';
import { addLive } from './live.ts';
import { isForeign } from './origin.ts';
import type { PageRoute } from './page.ts';
import { addRoute } from './route.ts';
import { addSignIn } from './sign-in.ts';
import { createWho, type HeaderSignIn, type Who } from './who.ts';

export interface WebOptions {
  readonly db: Queryable;
  readonly log: Logger;
  /** The console is reached by TLS: cookies are `Secure`. */
  readonly isSecure: boolean;
  readonly routes: readonly PageRoute[];
  readonly headerSignIn?: HeaderSignIn;
  /** Address under which browsers reach the console, when it is not the one that comes to us. */
  readonly publicUrl?: string;
  /** Largest uploaded file, bytes. */
  readonly maxUpload: number;
  /** More addresses in the same scope, e.g. the API. */
  readonly more?: readonly ((app: FastifyInstance, who: Who) => Promise<void>)[];
  /** Requests a minute from one address, and tries to sign in. */
  readonly limits?: { readonly requests: number; readonly signIns: number };
  /** How often the live counters are read, ms. */
  readonly liveEveryMs?: number;
}

const LIMITS = { requests: 1200, signIns: 20 };

/** Puts pages, sign-in, live events and assets on the console's server. Every page asks for a session but those of signing in. */
export async function addWeb(app: FastifyInstance, options: WebOptions): Promise<void> {
  const { db, log, isSecure, publicUrl, limits = LIMITS } = options;
  const who = createWho(options);
  await app.register(cookie);
  await app.register(formbody);
  await app.register(multipart, {
    limits: { fileSize: options.maxUpload, files: 4, fields: 200, fieldSize: 256 * 1024 },
  });
  await addGuards(app, isSecure, limits.requests);
  app.addHook('onRequest', async (request, reply) => {
    const changes = request.method !== 'GET' && request.method !== 'HEAD';
    // The API knows no cookies, so no other site can use somebody's.
    if (changes && !request.url.startsWith('/api/') && isForeign(request, publicUrl)) {
      return sendRefusal(reply, 'foreign');
    }
  });
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  app.setErrorHandler(async (error, request, reply) => {
    const fault = toFault(error);
    if (fault.kind === 'defect' && clientStatus(error) === undefined) {
      log.error({ code: fault.code, err: error }, 'console request failed');
    }
    return sendFailure(request, reply, error);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const viewer = await who(request, reply, { touches: false });
    return sendNotFound(reply, viewer === undefined ? {} : { viewer });
  });
  await app.register(files, {
    root: join(import.meta.dirname, '../assets'),
    prefix: '/assets/',
    // Pages ask for them by their content's hash.
    maxAge: '30d',
    immutable: true,
  });
  const live = addLive(app, { ...options, who, everyMs: options.liveEveryMs ?? 5000 });
  addSignIn(app, { db, isSecure, who, tries: limits.signIns, signedOut: live.look });
  for (const route of options.routes) addRoute(app, { log, isSecure, who }, route);
  for (const add of options.more ?? []) await add(app, who);
}

/** Headers that keep a page to itself, and a limit of requests for each address. */
async function addGuards(app: FastifyInstance, isSecure: boolean, requests: number): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    hsts: isSecure,
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  await app.register(rateLimit, {
    max: requests,
    timeWindow: '1 minute',
    keyGenerator: (request) => rateKey(request.ip),
  });
}
