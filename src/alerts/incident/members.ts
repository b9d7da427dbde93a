import type { Queryable } from '../../store/data-source.ts';
import type { IncidentRow } from './rows.ts';
import type { ScopeWorld } from './scope.ts';
import { type MemberKind, type MemberSource, sourcesOf } from './sources.ts';

/** One failure of a group. */
export interface Member {
  readonly kind: MemberKind;
  /** Number of the delivery, card, message …: with `kind` it names the member. */
  readonly id: string;
  readonly appealId: string | null;
  readonly opaId: string | null;
  readonly posId: string | null;
  readonly cardNumber: string | null;
  /** Kind of a delivery, folder of a message, rubric of a record …. */
  readonly what: string;
  /** As the flow stored it: may name files, so it is for those who may see personal data. */
  readonly detail: string | null;
  readonly since: Date | null;
}

export interface MemberPage {
  readonly members: readonly Member[];
  /** Mark of the next page; undefined when this is the last one. */
  readonly next?: string;
}

/** Members of an incident, newest first, a page of them. A mark that is none of ours begins at the beginning. */
export async function listMembers(
  db: Queryable,
  incident: IncidentRow,
  world: ScopeWorld,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<MemberPage> {
  const sources = sourcesOf(incident, world);
  const [, at = '0', before] = /^(\d):(\d{1,18})$/.exec(after ?? '') ?? [];
  const members: { readonly member: Member; readonly mark: string }[] = [];
  for (const [index, source] of sources.entries()) {
    if (index < Number(at) || members.length > limit) continue;
    const from = index === Number(at) ? (before ?? null) : null;
    const rows = await readSource(db, source, from, limit + 1 - members.length);
    members.push(...rows.map((member) => ({ member, mark: `${index}:${member.id}` })));
  }
  const shown = members.slice(0, limit);
  const last = shown.at(-1);
  return {
    members: shown.map(({ member }) => member),
    ...(members.length > limit && last !== undefined ? { next: last.mark } : {}),
  };
}

async function readSource(
  db: Queryable,
  { kind, from, params, columns }: MemberSource,
  before: string | null,
  limit: number,
): Promise<Member[]> {
  const last = params.length;
  return await db.query<Member>(
    `SELECT '${kind}' AS kind, m.id::text AS id, ${columns} ${from}
       AND ($${last + 1}::bigint IS NULL OR m.id < $${last + 1}) ORDER BY m.id DESC LIMIT $${last + 2}`,
    [...params, before, limit],
  );
}

/** How many members there are now, counted to `most` and no further: a page must not wait for more. */
export async function countMembers(
  db: Queryable,
  incident: Pick<IncidentRow, 'code' | 'scope' | 'fingerprint'>,
  world: ScopeWorld,
  most: number,
  resendable = false,
): Promise<number> {
  let count = 0;
  for (const { from, params, ref } of sourcesOf(incident, world)) {
    if (count >= most || (resendable && ref === null)) continue;
    const [row] = await db.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM (SELECT 1 ${from} LIMIT $${params.length + 1}) m`,
      [...params, most - count],
    );
    count += row?.count ?? 0;
  }
  return count;
}

/** Whether the member is one of the incident now: what a page names must not reach beyond it. */
export async function isMember(
  db: Queryable,
  incident: Pick<IncidentRow, 'code' | 'scope' | 'fingerprint'>,
  world: ScopeWorld,
  kind: MemberKind,
  id: string,
): Promise<boolean> {
  if (!/^\d{1,18}$/.test(id)) return false;
  for (const { from, params, ...source } of sourcesOf(incident, world)) {
    if (source.kind !== kind) continue;
    const rows = await db.query(`SELECT 1 ${from} AND m.id = $${params.length + 1}`, [...params, id]);
    if (rows.length > 0) return true;
  }
  return false;
}
