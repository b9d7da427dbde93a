import type { ConsoleDeps } from '../../deps.ts';
import type { PageRequest, PageRoute } from '../../web/page.ts';
import { acknowledgeAction, closeAction, noteAction, resendAction, snoozeAction } from './actions.ts';
import { checkPage } from './check-page.ts';
import { editAction, editPage } from './edit-page.ts';
import { groupPage } from './group-page.ts';
import { itemPage } from './item-page.ts';
import { listPage } from './list-page.ts';
import { memberAction } from './member-action.ts';
import { readAgainAction } from './read-again.ts';
import { resendPage } from './resend-page.ts';

type Handle = (deps: ConsoleDeps, request: PageRequest) => ReturnType<PageRoute['handle']>;

/** The error log: groups of equal failures, what a person does about them, and the form that mends an answer. */
export function errorRoutes(deps: ConsoleDeps): PageRoute[] {
  const route = (
    method: PageRoute['method'],
    path: string,
    role: PageRoute['role'],
    handle: Handle,
  ): PageRoute => ({
    method,
    path,
    role,
    section: 'errors',
    handle: (request) => handle(deps, request),
  });
  return [
    route('GET', '/errors', 'viewer', listPage),
    route('GET', '/errors/:id', 'viewer', groupPage),
    route('GET', '/errors/:id/resend', 'operator', resendPage),
    route('POST', '/errors/:id/resend', 'operator', resendAction),
    route('POST', '/errors/:id/acknowledge', 'operator', acknowledgeAction),
    route('POST', '/errors/:id/snooze', 'operator', snoozeAction),
    route('POST', '/errors/:id/note', 'operator', noteAction),
    route('POST', '/errors/:id/close', 'operator', closeAction),
    route('POST', '/errors/:id/check', 'operator', checkPage),
    // A reload after a check, or a link kept of it, shows the group.
    route('GET', '/errors/:id/check', 'viewer', async (_deps, { params }) => ({
      goTo: `/errors/${encodeURIComponent(params['id'] ?? '')}`,
    })),
    route('POST', '/errors/:id/read-again', 'operator', readAgainAction),
    route('GET', '/errors/:id/items/:item', 'operator', itemPage),
    route('POST', '/errors/:id/members/:kind/:member', 'operator', memberAction),
    route('GET', '/deliveries/:id/edit', 'operator', editPage),
    { ...route('POST', '/deliveries/:id/edit', 'operator', editAction), takesFiles: true },
  ];
}
