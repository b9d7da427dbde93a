import type { DataSource } from 'typeorm';
import { writeAudit } from '../../console/users/audit.ts';
import { Fault } from '../../model/errors.ts';
import { inTransaction, type Queryable } from '../../store/data-source.ts';
import { writeJournal } from '../journal.ts';
import type { IncidentRow } from './rows.ts';

/** Longest note, characters. */
const LONGEST_NOTE = 2000;

/** A person has taken the incident up: who and when is shown, and a mail not yet sent is not sent. @throws Fault COMMAND_INVALID */
export async function acknowledgeIncident(dataSource: DataSource, id: string, who: string): Promise<void> {
  await change(dataSource, id, {
    set: `acknowledged_by = $2, acknowledged_at = now()`,
    value: who,
    who,
    action: 'incident-acknowledged',
  });
}

/**
 * Puts an incident out of sight until a moment; null: shows it again. What waits for its mail waits that long too.
 * @throws Fault COMMAND_INVALID when it is over, or the moment has passed
 */
export async function snoozeIncident(
  dataSource: DataSource,
  id: string,
  until: Date | null,
  who: string,
  why?: string,
): Promise<void> {
  if (until !== null && !(until.getTime() > Date.now())) throw invalid('отложить можно до времени в будущем');
  await change(dataSource, id, {
    set: 'snoozed_until = $2::timestamptz',
    value: until,
    who,
    action: until === null ? 'incident-woken' : 'incident-snoozed',
    ...(why === undefined || why === '' ? {} : { why }),
    ...(until === null ? {} : { data: { until: until.toISOString() } }),
  });
}

/** A note for colleagues beside the incident, also when it is over; '' takes it away. @throws Fault COMMAND_INVALID */
export async function noteIncident(
  dataSource: DataSource,
  id: string,
  note: string,
  who: string,
): Promise<void> {
  if (note.length > LONGEST_NOTE) throw invalid(`заметка длиннее ${LONGEST_NOTE} знаков`);
  const text = note.toWellFormed().replaceAll('\0', '').trim();
  await change(dataSource, id, {
    set: `note = $2, note_by = $3, note_at = now()`,
    value: text === '' ? null : text,
    more: [who],
    who,
    action: 'incident-noted',
    whenClosed: true,
  });
}

/**
 * Ends an incident that nothing ends by itself: its channel left the settings, or a person knows better. Goes the cause
 * on, it opens anew. @throws Fault COMMAND_INVALID when it is over or no reason is given
 */
export async function closeIncident(
  dataSource: DataSource,
  id: string,
  who: string,
  why: string,
): Promise<void> {
  if (why.trim() === '') throw invalid('напишите причину');
  await change(dataSource, id, { set: `closed_at = now()`, who, why, action: 'incident-closed' });
}

interface Change {
  readonly set: string;
  readonly value?: unknown;
  readonly more?: readonly unknown[];
  readonly who: string;
  readonly why?: string;
  readonly action: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly whenClosed?: boolean;
}

async function change(dataSource: DataSource, id: string, change: Change): Promise<void> {
  const { set, value, more = [], who, why, action, data, whenClosed = false } = change;
  if (!/^\d{1,18}$/.test(id)) throw invalid(`инцидента ${id} нет`);
  await inTransaction(dataSource, async (tx) => {
    const [row] = await tx.query<Pick<IncidentRow, 'code' | 'scope'>>(
      `UPDATE incident SET ${set} WHERE id = $1 ${whenClosed ? '' : 'AND closed_at IS NULL'} RETURNING code, scope`,
      [id, ...('value' in change ? [value] : []), ...more],
    );
    if (row === undefined) throw invalid(`инцидента ${id} нет или он уже закрыт`);
    await tellDone(
      tx,
      { id, ...row },
      { who, action, ...(why === undefined ? {} : { why }), ...(data === undefined ? {} : { data }) },
    );
  });
}

/** Writes into audit and journal who did what to an incident. */
export async function tellDone(
  tx: Queryable,
  incident: Pick<IncidentRow, 'id' | 'code' | 'scope'>,
  done: {
    readonly who: string;
    readonly action: string;
    readonly why?: string;
    readonly data?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { who, action, why, data } = done;
  await writeAudit(tx, {
    who,
    action,
    object: `incident:${incident.id}`,
    ...(why === undefined ? {} : { why }),
    data: { code: incident.code, scope: incident.scope, ...data },
  });
  await writeJournal(tx, [
    {
      event: action,
      code: incident.code,
      data: {
        incident: incident.id,
        scope: incident.scope,
        who,
        ...(why === undefined ? {} : { why }),
        ...data,
      },
    },
  ]);
}

function invalid(detail: string): Fault {
  return new Fault('COMMAND_INVALID', { detail });
}
