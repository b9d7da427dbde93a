import { seededCabinet, seededPosId } from './console-seed.ts';

export interface BenchPage {
  readonly name: string;
  readonly path: string;
  /** Counts for `searchMs`. */
  readonly isSearch?: boolean;
}

/** Rows of the seeded database that the addresses name. */
export interface Known {
  readonly appeals: number;
  /** Id of an appeal with a card, a Report and deliveries. */
  readonly appealId: string;
  readonly changeId: string;
  readonly deliveryId: string;
  readonly incidentId: string;
}

/** Every page of the console, and every kind of search: an engineer who adds a page adds a line. */
export function benchPages({
  appeals,
  appealId,
  changeId,
  deliveryId,
  incidentId,
}: Known): readonly BenchPage[] {
  const search = (name: string, query: string): BenchPage => ({
    name: `search: ${name}`,
    path: `/appeals?${query}`,
    isSearch: true,
  });
  const middle = Math.ceil(appeals / 2);
  const big = seededCabinet(1).id;
  return [
    { name: 'overview', path: '/' },
    { name: 'appeals', path: '/appeals', isSearch: true },
    search('number', `posId=${seededPosId(middle)}`),
    search('beginning of a number', `posId=${seededPosId(middle).slice(0, 4)}`),
    search('card', `card=${encodeURIComponent(`ог-${middle}`)}`),
    search('cabinet', `cabinet=${seededCabinet(5).id}`),
    search('large cabinet and stage', `cabinet=${big}&stage=attention`),
    search('stage', 'stage=settled'),
    search('deliveries in attention', 'delivery=attention'),
    search('deliveries in attention of a cabinet', `delivery=attention&cabinet=${big}`),
    search('deliveries that there are none of', 'delivery=cancelled'),
    search('overdue', 'term=overdue'),
    search('without a resolution', 'term=unresolved'),
    search('days of receipt', 'from=2025-01-01&to=2026-12-31&stage=withdrawn'),
    search('everything at once', `posId=1&stage=settled&delivery=done&cabinet=${big}`),
    { name: 'appeal', path: `/appeals/${appealId}` },
    { name: 'appeal, service entries', path: `/appeals/${appealId}?all=1&order=oldest` },
    { name: 'raw message', path: `/appeals/${appealId}/raw/change/${changeId}` },
    { name: 'cabinets', path: '/cabinets' },
    { name: 'cabinets, last page', path: '/cabinets?page=99' },
    { name: 'cabinet', path: `/cabinets/${big}` },
    { name: 'errors', path: '/errors' },
    { name: 'error group', path: `/errors/${incidentId}` },
    { name: 'error group, resend', path: `/errors/${incidentId}/resend` },
    { name: 'answer, edit', path: `/deliveries/${deliveryId}/edit` },
    { name: 'showcase', path: '/showcase' },
    { name: 'showcase, uploads', path: '/showcase/uploads' },
    { name: 'showcase, failed', path: '/showcase/failed' },
    { name: 'rubrics', path: '/rubrics' },
    { name: 'rubrics, unmapped', path: '/rubrics/unmapped' },
    { name: 'rubrics, versions', path: '/rubrics/versions' },
    { name: 'rubrics, import', path: '/rubrics/import' },
    { name: 'showcase, heat map', path: '/showcase/preview/region' },
    { name: 'users', path: '/users' },
    { name: 'users, tokens', path: '/users/tokens' },
    { name: 'audit', path: '/audit' },
    { name: 'account', path: '/account' },
  ];
}
