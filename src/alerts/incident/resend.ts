import type { DataSource } from 'typeorm';
import { Fault } from '../../model/errors.ts';
import { inTransaction, type Queryable } from '../../store/data-source.ts';
import { tellDone } from './commands.ts';
import { countMembers, listMembers, type Member } from './members.ts';
import { startResend } from './note-resent.ts';
import { giveOut } from './resend-steps.ts';
import { findIncident, type IncidentRow } from './rows.ts';
import type { ScopeWorld } from './scope.ts';
import { sourcesOf } from './sources.ts';

/** Counted to this and no further before something is sent again. */
const MOST_COUNTED = 1_000_000;
/** Members that a preview names. */
const PREVIEWED = 20;

export interface ResendPreview {
  readonly count: number;
  readonly first: readonly Member[];
}

/** Whether members of the incident can be sent again by us; else what mends it makes them go, or another command. */
export function isResendable(
  incident: Pick<IncidentRow, 'code' | 'scope' | 'fingerprint'>,
  world: ScopeWorld,
): boolean {
  return sourcesOf(incident, world).some(({ ref }) => ref !== null);
}

/** What would be sent again: how many, and the newest of them. @throws Fault COMMAND_INVALID as `resendIncident` */
export async function previewResend(db: Queryable, id: string, world: ScopeWorld): Promise<ResendPreview> {
  const incident = await resendable(db, id, world);
  const [count, page] = await Promise.all([
    countMembers(db, incident, world, MOST_COUNTED, true),
    listMembers(db, incident, world, { limit: PREVIEWED }),
  ]);
  return { count, first: page.members };
}

export interface StartedResend {
  readonly id: string;
  readonly total: number;
}

/**
 * Sends again all members of an incident, each once: the first at once, the rest by `workResends`, whatever daemon has
 * time, also after a restart. A second wish while one is under way adds nothing. The incident stays open until all of
 * them are settled.
 * @throws Fault COMMAND_INVALID when there is no such incident, it is over or nothing of it can be sent again
 */
export async function resendIncident(
  dataSource: DataSource,
  id: string,
  world: ScopeWorld,
  who: string,
  why: string,
): Promise<StartedResend> {
  if (why.trim() === '') throw invalid('напишите причину');
  const started = await inTransaction(dataSource, async (tx) => {
    const incident = await resendable(tx, id, world);
    await tx.query('SELECT 1 FROM incident WHERE id = $1 FOR UPDATE', [id]);
    const [running] = await tx.query<StartedResend>(
      `SELECT id::text AS id, total FROM incident_resend WHERE incident_id = $1 AND finished_at IS NULL`,
      [id],
    );
    if (running !== undefined) return running;
    const total = await countMembers(tx, incident, world, MOST_COUNTED, true);
    if (total === 0) throw invalid('отправлять снова нечего: в группе никого не осталось');
    const made = await startResend(tx, id, { who, why }, total);
    await tellDone(tx, incident, { who, action: 'incident-resent', why, data: { total } });
    return { id: made, total };
  });
  await giveOut(dataSource, started.id, world);
  return started;
}

export interface ResendProgress {
  readonly id: string;
  readonly who: string;
  readonly why: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly total: number;
  /** Given to the flow so far; of these: still on their way, through, refused again. */
  readonly given: number;
  readonly waiting: number;
  readonly done: number;
  readonly again: number;
}

/** How the newest wish to send the group again stands; undefined when there was none. */
export async function resendProgress(db: Queryable, incidentId: string): Promise<ResendProgress | undefined> {
  const [row] = await db.query<ResendProgress>(
    `SELECT r.id::text AS id, r.who, r.why, r.created_at AS "createdAt", r.finished_at AS "finishedAt",
       greatest(r.total, r.given) AS total, r.given, s.waiting, s.done, s.again
     FROM incident_resend r, LATERAL (SELECT count(*) FILTER (WHERE outcome IS NULL)::int AS waiting,
       count(*) FILTER (WHERE outcome IN ('done', 'gone'))::int AS done,
       count(*) FILTER (WHERE outcome = 'again')::int AS again
       FROM incident_resent WHERE resend_id = r.id) s
     WHERE r.incident_id = $1 ORDER BY r.id DESC LIMIT 1`,
    [incidentId],
  );
  return row;
}

async function resendable(db: Queryable, id: string, world: ScopeWorld): Promise<IncidentRow> {
  const incident = await findIncident(db, id);
  if (incident === undefined || incident.closedAt !== null)
    throw invalid(`инцидента ${id} нет или он уже закрыт`);
  if (!isResendable(incident, world)) throw invalid('эту группу снова не отправляют: прочтите, что делать');
  return incident;
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
