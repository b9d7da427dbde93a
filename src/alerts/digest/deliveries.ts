import { codeEntry } from '../../model/code-entry.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import type { SectionContent } from '../mail/digest.ts';
import type { DigestDeps } from './deps.ts';
import { at, paragraph, table } from './words.ts';

/** Those of one cabinet and cause. */
interface Waiting {
  readonly opaId: string;
  readonly code: ErrorCode;
  readonly kind: string;
  readonly count: number;
  readonly since: Date;
}

/** Statuses and answers that wait for a person, and cards that the СЭД did not take. */
export async function deliveriesSection(deps: DigestDeps): Promise<SectionContent | undefined> {
  const deliveries = await deps.db.query<Waiting>(
    `SELECT a.opa_id AS "opaId", d.error_code AS code, d.kind, count(*)::int AS count,
       min(coalesce(d.ended_at, d.created_at)) AS since
     FROM delivery d JOIN appeal a ON a.id = d.appeal_id WHERE d.state = 'attention' AND d.error_code IS NOT NULL
     GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3`,
  );
  const cards = await deps.db.query<Waiting>(
    `SELECT a.opa_id AS "opaId", k.error_code AS code, 'card' AS kind, count(*)::int AS count, min(k.created_at) AS since
     FROM card k JOIN appeal a ON a.id = k.appeal_id WHERE k.stage = 'attention' AND k.error_code IS NOT NULL
     GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2`,
  );
  const all = [...deliveries, ...cards];
  if (all.length === 0) return undefined;
  const { timeZone } = deps.loaded.config.alerts;
  const total = all.reduce((sum, { count }) => sum + count, 0);
  const lines = all.map(({ opaId, code, kind, count, since }) => [
    String(count),
    KINDS[kind] ?? kind,
    deps.cabinets().find((cabinet) => cabinet.opaId === opaId)?.id ?? opaId,
    `${codeEntry(code).title} (${code})`,
    at(since, timeZone),
    codeEntry(code).remedy,
  ]);
  return {
    blocks: [
      paragraph(`Ждут человека: ${total}.`),
      ...table(['Сколько', 'Что', 'Кабинет', 'Причина', 'С', 'Что делать'], lines),
    ],
  };
}

const KINDS: Readonly<Record<string, string>> = { status: 'статусы', answer: 'ответы', card: 'карточки' };
