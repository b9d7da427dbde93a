import { termCondition } from '../../console/terms.ts';
import type { SectionContent } from '../mail/digest.ts';
import type { DigestDeps } from './deps.ts';
import { at, MOST_LINES, paragraph, table } from './words.ts';

/** Counted to this and no further. */
const MOST_COUNTED = 10_000;
/** An appeal is to be registered within so many days (59-ФЗ, article 8, part 2). */
const REGISTERED_WITHIN_DAYS = 3;

interface Line {
  readonly opaId: string;
  readonly posId: string;
  readonly cardNumber: string | null;
  readonly at: Date;
}

interface Risk {
  readonly title: string;
  readonly head: string;
  /** Condition on `appeal a`; $1: statuses after which nobody waits. */
  readonly where: string;
  readonly at: string;
  readonly order: string;
}

/** With a card that the СЭД has not registered, or stuck before it had one: the citizen's term runs in both cases.
 * What the platform still moderates is not the organisation's yet. */
const LATE = `a.answered_at IS NULL AND a.stage IN ('open', 'attention')
  AND a.received_at < now() - interval '${REGISTERED_WITHIN_DAYS} days' AND NOT (a.status = ANY($1::text[]))
  AND NOT EXISTS (SELECT 1 FROM card k WHERE k.appeal_id = a.id AND k.stage = 'registered')`;

const RISKS: readonly Risk[] = [
  {
    title: 'Срок ответа прошёл',
    head: 'Ответить было до',
    where: termCondition('overdue', '$1'),
    at: 'a.answer_at',
    order: 'DESC',
  },
  {
    title: 'Ответ нужен в ближайшие три дня',
    head: 'Ответить до',
    where: termCondition('soon', '$1'),
    at: 'a.answer_at',
    order: '',
  },
  {
    title: 'Нет резолюции три дня после регистрации',
    head: 'Ответить до',
    where: termCondition('unresolved', '$1'),
    at: 'a.answer_at',
    order: '',
  },
  {
    title: `Не зарегистрированы дольше ${REGISTERED_WITHIN_DAYS} дней`,
    head: 'Поступило',
    where: LATE,
    at: 'a.received_at',
    order: '',
  },
];

/** Appeals whose terms are at risk: number, card and cabinet only. */
export async function termsSection(deps: DigestDeps): Promise<SectionContent | undefined> {
  const blocks = [];
  for (const risk of RISKS) blocks.push(...(await riskBlocks(deps, risk)));
  return blocks.length === 0 ? undefined : { blocks };
}

async function riskBlocks(deps: DigestDeps, { title, head, where, at: column, order }: Risk) {
  const finals = [...deps.finalStatuses];
  const [row] = await deps.db.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM (SELECT 1 FROM appeal a WHERE ${where} LIMIT ${MOST_COUNTED + 1}) a`,
    [finals],
  );
  const count = row?.count ?? 0;
  if (count === 0) return [];
  const lines = await deps.db.query<Line>(
    `SELECT a.opa_id AS "opaId", a.pos_id AS "posId", ${column} AS at,
       (SELECT number FROM card k WHERE k.appeal_id = a.id ORDER BY k.id DESC LIMIT 1) AS "cardNumber"
     FROM appeal a WHERE ${where} ORDER BY ${column} ${order}, a.id LIMIT ${MOST_LINES}`,
    [finals],
  );
  const cabinetOf = (opaId: string) => deps.cabinets().find((cabinet) => cabinet.opaId === opaId);
  const rows = lines.map((line) => {
    const cabinet = cabinetOf(line.opaId);
    return [
      line.posId,
      line.cardNumber ?? '',
      cabinet?.id ?? line.opaId,
      at(line.at, cabinet?.timeZone ?? 'Europe/Moscow'),
    ];
  });
  const words = count > MOST_COUNTED ? `больше ${MOST_COUNTED}` : String(count);
  return [
    paragraph(`${title}: ${words}.`),
    ...table(['Обращение', 'РК', 'Кабинет', head], rows, Math.min(count, MOST_COUNTED)),
  ];
}
