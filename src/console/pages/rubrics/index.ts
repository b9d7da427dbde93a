import { writeRuleBook } from '../../../rubrics/rule-book.ts';
import { listUnmapped, readWaiting } from '../../../rubrics/unmapped.ts';
import type { ConsoleDeps } from '../../deps.ts';
import type { PageAnswer, PageRequest, PageRoute } from '../../web/page.ts';
import { createSlow } from '../showcase/slow.ts';
import { codePage } from './code-page.ts';
import { dropAction, platformAction, takeAction, uploadAction } from './import-actions.ts';
import { importPage } from './import-page.ts';
import { previewPage } from './import-preview.ts';
import { manyPage } from './many-page.ts';
import { mapAction, mapManyAction, pickAction, unmapAction } from './map-actions.ts';
import { rollBackAction } from './roll-back-action.ts';
import { treePage } from './tree-page.ts';
import { unmappedPage } from './unmapped-page.ts';
import { versionPage, versionsPage } from './versions-page.ts';
import { createWorldCache, type RubricView } from './world.ts';

type Handle = (view: RubricView, request: PageRequest) => PageAnswer | Promise<PageAnswer>;

/** The mapping of rubrics to categories: looked at by all, changed by operators. */
export function rubricRoutes(deps: ConsoleDeps): PageRoute[] {
  const { db } = deps;
  const newest = createWorldCache(db);
  const waiting = createSlow(() => readWaiting(db));
  const route = (
    method: PageRoute['method'],
    path: string,
    role: PageRoute['role'],
    handle: Handle,
  ): PageRoute => ({
    method,
    path: `/rubrics${path}`,
    role,
    section: 'rubrics',
    handle: async (request) => await handle(await newest(), request),
  });
  const look = (path: string, handle: Handle) => route('GET', path, 'viewer', handle);
  const change = (path: string, handle: Handle) => route('POST', path, 'operator', handle);
  return [
    look('', treePage),
    look('/unmapped', (view, request) => unmappedPage(waiting, view, request)),
    look('/code/:code', (view, request) => codePage(db, view, request)),
    look('/versions', (_view, request) => versionsPage(db, request)),
    look('/versions/:version', (_view, request) => versionPage(db, request)),
    look('/export', (view) => exportFile(deps, view)),
    route('GET', '/map', 'operator', manyPage),
    change('/pick', (view, request) => pickAction(deps, view, request)),
    change('/map', (_view, request) => mapAction(deps, request)),
    change('/map-many', (_view, request) => mapManyAction(deps, request)),
    change('/unmap', (_view, request) => unmapAction(deps, request)),
    change('/versions/:version/roll-back', (_view, request) => rollBackAction(deps, request)),
    route('GET', '/import', 'operator', (_view, request) => importPage(deps, request)),
    { ...change('/import', (view, request) => uploadAction(deps, view, request)), takesFiles: true },
    change('/import/platform', (_view, request) => platformAction(deps, request)),
    route('GET', '/import/:id', 'operator', (view, request) => previewPage(deps, view, request)),
    change('/import/:id/take', (view, request) => takeAction(deps, view, request)),
    change('/import/:id/drop', (_view, request) => dropAction(deps, request)),
  ];
}

/** Rules, codes without one and categories for those who map in a spreadsheet. */
async function exportFile({ db }: ConsoleDeps, view: RubricView): Promise<PageAnswer> {
  const content = Buffer.from(writeRuleBook(view, await listUnmapped(db, view, { all: true })));
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
  return { download: { name: `rubrics-v${view.version}.xlsx`, type, content } };
}
