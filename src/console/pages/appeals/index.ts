import type { ConsoleDeps } from '../../deps.ts';
import type { PageRoute } from '../../web/page.ts';
import { deliveryAction, resendCardAction } from './actions.ts';
import { filePage } from './file-page.ts';
import { listPage } from './list-page.ts';
import { rawPage } from './raw-page.ts';
import { showPage } from './show-page.ts';

/** Search, one appeal's journey, its raw messages, and what a person does to it. */
export function appealRoutes(deps: ConsoleDeps): PageRoute[] {
  const section = 'appeals';
  return [
    {
      method: 'GET',
      path: '/appeals',
      role: 'viewer',
      section,
      handle: (request) => listPage(deps, request),
    },
    {
      method: 'GET',
      path: '/appeals/:id',
      role: 'viewer',
      section,
      handle: (request) => showPage(deps, request),
    },
    {
      method: 'GET',
      path: '/appeals/:id/raw/:source/:entry',
      role: 'operator',
      section,
      handle: (request) => rawPage(deps, request),
    },
    {
      method: 'GET',
      path: '/appeals/:id/files/:file',
      role: 'operator',
      section,
      handle: (request) => filePage(deps, request),
    },
    {
      method: 'POST',
      path: '/appeals/:id/resend-card',
      role: 'operator',
      section,
      handle: (request) => resendCardAction(deps, request),
    },
    {
      method: 'POST',
      path: '/appeals/:id/deliveries/:delivery',
      role: 'operator',
      section,
      handle: (request) => deliveryAction(deps, request),
    },
  ];
}
