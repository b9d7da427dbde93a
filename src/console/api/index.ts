import type { ConsoleDeps } from '../deps.ts';
import type { ApiRoute } from './route.ts';
import { appealRoutes } from './routes/appeals.ts';
import { auditApiRoutes } from './routes/audit.ts';
import { cabinetRoutes } from './routes/cabinets.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { incidentApiRoutes } from './routes/incidents.ts';
import { rubricApiRoutes } from './routes/rubrics.ts';
import { showcaseApiRoutes } from './routes/showcase.ts';

/** All addresses of the API, in the order of its documents. */
export function apiRoutes(deps: ConsoleDeps): readonly ApiRoute[] {
  return [
    ...appealRoutes(deps),
    ...deliveryRoutes(deps),
    ...cabinetRoutes(deps),
    ...incidentApiRoutes(deps),
    ...showcaseApiRoutes(deps),
    ...rubricApiRoutes(deps),
    ...auditApiRoutes(deps),
  ];
}
