import type { AuthorisedHandler, Call } from './call.ts';
import { subjectsRoute, subsubjectsRoute } from './classifier-routes.ts';
import type { RouteName } from './faults.ts';
import { appealRoute, feedRoute } from './feed-route.ts';
import { downloadRoute, uploadRoute } from './file-routes.ts';
import type { Reply } from './reply.ts';
import { answerRoute, statusRoute } from './reply-routes.ts';
import { showcaseReportRoute, showcaseUploadRoute } from './showcase-routes.ts';
import { authorise, tokenRoute } from './token-route.ts';

export interface Route {
  readonly name: RouteName;
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  readonly handle: (call: Call) => Reply;
}

function guarded(handler: AuthorisedHandler): (call: Call) => Reply {
  return function handle(call: Call): Reply {
    const who = authorise(call);
    return 'refusal' in who ? who.refusal : handler(call, who.cabinet);
  };
}

const APPEALS = '/appeal-service/sed/appeals';
const STORE = '/inbox-service/filestorage';
const SHOWCASE = '/showcase-service/uploads';

// The busiest first: they are tried in turn.
const TABLE: readonly Route[] = [
  { name: 'file', method: 'GET', path: new RegExp(`^${STORE}/([^/]+)$`), handle: guarded(downloadRoute) },
  { name: 'feed', method: 'GET', path: new RegExp(`^${APPEALS}$`), handle: guarded(feedRoute) },
  { name: 'appeal', method: 'GET', path: new RegExp(`^${APPEALS}/([^/]+)$`), handle: guarded(appealRoute) },
  {
    name: 'statuses',
    method: 'POST',
    path: new RegExp(`^${APPEALS}/([^/]+)/statuses$`),
    handle: guarded(statusRoute),
  },
  {
    name: 'answers',
    method: 'POST',
    path: new RegExp(`^${APPEALS}/([^/]+)/answers$`),
    handle: guarded(answerRoute),
  },
  { name: 'upload', method: 'POST', path: new RegExp(`^${STORE}$`), handle: guarded(uploadRoute) },
  { name: 'token', method: 'POST', path: /^\/auth-service\/oauth\/token$/, handle: tokenRoute },
  { name: 'subjects', method: 'GET', path: /^\/inbox-service\/subjects$/, handle: guarded(subjectsRoute) },
  {
    name: 'subsubjects',
    method: 'GET',
    path: /^\/inbox-service\/subsubjects\/subject\/([^/]+)\/region\/[^/]+$/,
    handle: guarded(subsubjectsRoute),
  },
  {
    name: 'showcase-upload',
    method: 'POST',
    path: new RegExp(`^${SHOWCASE}$`),
    handle: guarded(showcaseUploadRoute),
  },
  {
    name: 'showcase-report',
    method: 'GET',
    path: new RegExp(`^${SHOWCASE}/([^/]+)$`),
    handle: guarded(showcaseReportRoute),
  },
];

/** The route of a request, with the changing parts of its path. */
export function findRoute(method: string, path: string): { route: Route; params: string[] } | undefined {
  for (const route of TABLE) {
    if (route.method !== method) continue;
    const match = route.path.exec(path);
    if (match !== null) return { route, params: match.slice(1).map(safeDecode) };
  }
  return undefined;
}

function safeDecode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
