import type { ConsoleDeps } from '../deps.ts';
import type { PageRoute } from '../web/page.ts';
import { accountRoutes } from './account/index.ts';
import { appealRoutes } from './appeals/index.ts';
import { auditRoutes } from './audit/index.ts';
import { cabinetRoutes } from './cabinets/index.ts';
import { errorRoutes } from './errors/index.ts';
import { overviewRoutes } from './overview/index.ts';
import { rubricRoutes } from './rubrics/index.ts';
import { showcaseRoutes } from './showcase/index.ts';
import { usersRoutes } from './users/index.ts';

/** All pages of the console; each folder gives its own. */
export function consoleRoutes(deps: ConsoleDeps): readonly PageRoute[] {
  return [
    ...errorRoutes(deps),
    ...overviewRoutes(deps),
    ...appealRoutes(deps),
    ...cabinetRoutes(deps),
    ...rubricRoutes(deps),
    ...showcaseRoutes(deps),
    ...usersRoutes(deps),
    ...auditRoutes(deps),
    ...accountRoutes(deps),
  ];
}
