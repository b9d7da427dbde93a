import { type CardLinks, cardLinks } from '../../../showcase/card-links.ts';
import { type PreviewFigures, readFigures } from '../../../showcase/preview/figures.ts';
import type { RecordState } from '../../../showcase/records.ts';
import { readStatus, type ShowcaseStatus } from '../../../showcase/status.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { type CauseLine, countOpenCauses } from './causes.ts';
import { createSlow, type Slow } from './slow.ts';

/** A showcase of the settings, as far as pages need it. */
export interface ShownShowcase {
  readonly id: string;
  readonly region: string;
  readonly schedule: string;
  readonly timeZone: string;
}

/** What the pages of the showcase share: its counts are worked out for all of them together. */
export interface ShowcasePages {
  readonly console: ConsoleDeps;
  readonly showcases: readonly ShownShowcase[];
  readonly linkOf: CardLinks;
  readonly status: Slow<ShowcaseStatus | undefined>;
  readonly causes: Slow<readonly CauseLine[]>;
  readonly figures: Slow<PreviewFigures>;
}

/** A page waits so long for its counts, ms. */
export const PATIENCE_MS = 150;

/** States in which a record waits for a person. */
export const OPEN_STATES = ['refused', 'unmapped'] as const satisfies readonly RecordState[];

export function openShowcasePages(deps: ConsoleDeps): ShowcasePages {
  const { config, cabinets } = deps.loaded;
  return {
    console: deps,
    showcases: config.showcases.map(({ id, region, schedule, cabinet }) => ({
      id,
      region,
      schedule,
      timeZone: cabinets.find((each) => each.id === cabinet)?.timeZone ?? 'Europe/Moscow',
    })),
    linkOf: cardLinks(config),
    status: createSlow(async (id) => (await readStatus(deps.db, [id]))[0]),
    causes: createSlow((id) => countOpenCauses(deps.db, id)),
    figures: createSlow((id) => readFigures(deps.db, id)),
  };
}
