import { codeEntry } from '../../model/code-entry.ts';
import { listIncidents } from '../incident/rows.ts';
import { scopeWords } from '../incident/scope-words.ts';
import type { SectionContent } from '../mail/digest.ts';
import type { DigestDeps } from './deps.ts';
import { at, MOST_LINES, paragraph, table } from './words.ts';

/** What is open, the largest first, and what the last day brought. */
export async function incidentsSection(deps: DigestDeps): Promise<SectionContent | undefined> {
  const { db, loaded } = deps;
  const since = new Date(deps.now().getTime() - 86_400_000);
  const [row] = await db.query<{ open: number; opened: number; closed: number }>(
    `SELECT count(*) FILTER (WHERE closed_at IS NULL)::int AS open,
       count(*) FILTER (WHERE opened_at > $1)::int AS opened, count(*) FILTER (WHERE closed_at > $1)::int AS closed
     FROM incident WHERE closed_at IS NULL OR closed_at > $1`,
    [since],
  );
  const { open = 0, opened = 0, closed = 0 } = row ?? {};
  if (open + opened + closed === 0) return undefined;
  const { timeZone } = loaded.config.alerts;
  const world = { cabinets: deps.cabinets(), showcases: loaded.config.showcases };
  const list = await listIncidents(db, { state: 'open', order: 'large', limit: MOST_LINES });
  const lines = list.map((one) => [
    scopeWords(one.scope, world),
    codeEntry(one.code).title,
    one.code,
    String(one.count),
    at(one.openedAt, timeZone),
    one.acknowledgedBy ?? '',
  ]);
  return {
    blocks: [
      paragraph(`Открыто: ${open}. За сутки открылось: ${opened}, закрылось: ${closed}.`),
      ...(lines.length === 0
        ? []
        : table(
            ['Где', 'Что случилось', 'Код', 'Отказов', 'С', 'Взял в работу'],
            lines,
            Math.max(open, lines.length),
          )),
    ],
  };
}
