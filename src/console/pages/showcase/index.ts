import type { ConsoleDeps } from '../../deps.ts';
import type { PageAnswer, PageRequest, PageRoute } from '../../web/page.ts';
import { resendAction, runAction } from './actions.ts';
import { openShowcasePages } from './deps.ts';
import { failedCsv } from './failed-csv.ts';
import { failedPage } from './failed-page.ts';
import { showcasePage } from './page.ts';
import { heatMapPage, previewStyle } from './preview.ts';
import { uploadsPage } from './uploads-view.ts';

/** The showcase: how it stands, its files, what is not in it and why, the heat map; operators run and repeat it. */
export function showcaseRoutes(deps: ConsoleDeps): PageRoute[] {
  const pages = openShowcasePages(deps);
  const known = pages.showcases.map(({ id }) => id);
  const route = (
    method: PageRoute['method'],
    path: string,
    role: PageRoute['role'],
    handle: (request: PageRequest) => Promise<PageAnswer>,
  ): PageRoute => ({ method, path: `/showcase${path}`, role, section: 'showcase', handle });
  return [
    route('GET', '', 'viewer', (request) => showcasePage(pages, request)),
    route('GET', '/uploads', 'viewer', (request) => uploadsPage(deps.db, known, request)),
    route('GET', '/failed', 'viewer', (request) => failedPage(pages, request)),
    route('GET', '/failed.csv', 'viewer', (request) => failedCsv(pages, request)),
    route('GET', '/preview/:id', 'viewer', (request) => heatMapPage(pages, request)),
    route('GET', '/preview.css', 'viewer', async () => previewStyle()),
    route('POST', '/run', 'operator', (request) => runAction(pages, request)),
    route('POST', '/resend', 'operator', (request) => resendAction(pages, request)),
  ];
}
