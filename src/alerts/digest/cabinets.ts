import { codeEntry } from '../../model/code-entry.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import { wordOf } from '../../text/state-words.ts';
import type { SectionContent } from '../mail/digest.ts';
import type { DigestDeps } from './deps.ts';
import { at, paragraph, table } from './words.ts';

/** Shorter silence is nothing to write about, ms. */
const LEAST_SILENCE_MS = 15 * 60_000;
/** Readings that may be missed. */
const MISSED = 5;

/** Cabinets that are not read: paused, blocked, or silent for much longer than their interval. */
export async function cabinetsSection(deps: DigestDeps): Promise<SectionContent | undefined> {
  const enabled = deps.cabinets().filter((cabinet) => cabinet.enabled);
  const rows = await deps.db.query<{
    opaId: string;
    state: string;
    code: ErrorCode | null;
    since: Date;
    polledAt: Date | null;
  }>(
    `SELECT opa_id AS "opaId", state, state_code AS code, state_since AS since, polled_at AS "polledAt" FROM cabinet
     WHERE opa_id = ANY($1)`,
    [enabled.map(({ opaId }) => opaId)],
  );
  const now = deps.now().getTime();
  const known = new Map(rows.map((row) => [row.opaId, row]));
  const lines = enabled.flatMap(({ id, name, opaId, timeZone, pollInterval }) => {
    const row = known.get(opaId);
    if (row === undefined) return [[`${name} (${id})`, 'ещё не читался', '', '']];
    const silent =
      now - (row.polledAt ?? row.since).getTime() > Math.max(LEAST_SILENCE_MS, MISSED * pollInterval);
    if (row.state === 'active' && !silent) return [];
    const state = row.state === 'active' ? 'не читается' : wordOf('cabinet', row.state);
    const why = row.code === null ? '' : `${codeEntry(row.code).title} (${row.code})`;
    return [[`${name} (${id})`, state, at(row.polledAt, timeZone), why]];
  });
  if (lines.length === 0) return undefined;
  return {
    blocks: [
      paragraph(`Не читаются: ${lines.length} из ${enabled.length}.`),
      ...table(['Кабинет', 'Состояние', 'Последнее чтение', 'Причина'], lines),
    ],
  };
}
