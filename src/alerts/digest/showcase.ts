import { codeEntry } from '../../model/code-entry.ts';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import type { SectionContent } from '../mail/digest.ts';
import type { DigestDeps } from './deps.ts';
import { at, MOST_LINES, paragraph, table } from './words.ts';

/** Files of the last day that failed, and how many records wait for a person; the showcase's own letter names each. */
export async function showcaseSection({ db, loaded, now }: DigestDeps): Promise<SectionContent | undefined> {
  const { timeZone } = loaded.config.alerts;
  const since = new Date(now().getTime() - 86_400_000);
  const uploads = await db.query<{ showcase: string; code: ErrorCode; records: number; at: Date }>(
    `SELECT showcase, error_code AS code, records, coalesce(settled_at, created_at) AS at FROM showcase_upload
     WHERE state = 'failed' AND coalesce(settled_at, created_at) > $1 AND error_code IS NOT NULL ORDER BY id DESC LIMIT 100`,
    [since],
  );
  const waiting = await db.query<{ showcase: string; code: ErrorCode; count: number; since: Date | null }>(
    `SELECT showcase, code, count(*)::int AS count, min(since) AS since FROM showcase_open
     WHERE state = 'refused' AND code IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`,
  );
  if (uploads.length + waiting.length === 0) return undefined;
  return {
    blocks: [
      ...(uploads.length === 0
        ? []
        : [
            paragraph(`За сутки не прошло файлов: ${uploads.length}.`),
            ...table(
              ['Витрина', 'Записей', 'Причина', 'Когда'],
              uploads.map((one) => [
                one.showcase,
                String(one.records),
                `${codeEntry(one.code).title} (${one.code})`,
                at(one.at, timeZone),
              ]),
            ),
          ]),
      ...(waiting.length === 0
        ? []
        : [
            paragraph(`Не в витрине записей: ${waiting.reduce((sum, { count }) => sum + count, 0)}.`),
            ...table(
              ['Витрина', 'Записей', 'Причина', 'С'],
              waiting.map((one) => [
                one.showcase,
                String(one.count),
                `${codeEntry(one.code).title} (${one.code})`,
                at(one.since, timeZone),
              ]),
            ),
          ]),
    ],
  };
}

/** Rubrics without a category of the platform, those for which most cards wait first. */
export async function unmappedSection({ db, loaded }: DigestDeps): Promise<SectionContent | undefined> {
  const rows = await db.query<{
    code: string;
    name: string | null;
    cards: number;
    since: Date | null;
    total: number;
  }>(
    `SELECT r.otk_code AS code, b.name, r.cards, r.since, count(*) OVER ()::int AS total FROM (
       SELECT otk_code, count(DISTINCT (showcase, card_key))::int AS cards, min(since) AS since
       FROM showcase_record WHERE state = 'unmapped' GROUP BY 1) r LEFT JOIN rubric b ON b.code = r.otk_code
     ORDER BY r.cards DESC, r.otk_code LIMIT ${MOST_LINES}`,
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const { timeZone } = loaded.config.alerts;
  return {
    blocks: [
      paragraph(`Рубрик без категории платформы: ${first.total}. ${ERROR_CODES.RUBRIC_NOT_MAPPED.remedy}`),
      ...table(
        ['Рубрика', 'Название', 'Ждёт карточек', 'С'],
        rows.map(({ code, name, cards, since }) => [code, name ?? '', String(cards), at(since, timeZone)]),
        first.total,
      ),
    ],
  };
}
