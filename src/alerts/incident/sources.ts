import { OTHER_CAUSES } from '../incidents.ts';
import { lateTerms } from './late-terms.ts';
import type { IncidentRow } from './rows.ts';
import { readScope, type ScopeWorld } from './scope.ts';

export type MemberKind =
  | 'delivery'
  | 'card'
  | 'addition'
  | 'appeal'
  | 'package'
  | 'message'
  | 'item'
  | 'record'
  | 'upload';

/**
 * Where members of an incident stand. `from`: FROM and WHERE with parameters from $1 on, the row that is paged by as `m`;
 * `columns`: the rest of `Member`. Derived from the tables of the flows, so it is always what is true now.
 */
export interface MemberSource {
  readonly kind: MemberKind;
  readonly from: string;
  readonly params: readonly unknown[];
  readonly columns: string;
  /** Identifies what is sent again: it outlives the row itself. Null: not to be sent again one by one. */
  readonly ref: string | null;
}

type Facts = Pick<IncidentRow, 'code' | 'scope' | 'fingerprint'>;

/** Codes of records of the showcase, by the state in which they wait (view `showcase_open`). */
export const RECORD_STATE_OF: Readonly<Record<string, 'refused' | 'unmapped'>> = {
  SHOWCASE_NO_QUESTION: 'refused',
  SHOWCASE_FIELD_MISSING: 'refused',
  SHOWCASE_FIELD_INVALID: 'refused',
  SED_CARD_UNREADABLE: 'refused',
  SHOWCASE_RECORD_REFUSED: 'refused',
  RUBRIC_NOT_MAPPED: 'unmapped',
  RUBRIC_CATEGORY_UNKNOWN: 'unmapped',
};

/** The places in which members of an incident are looked for, in this order; none: it has none, it is one thing. */
export function sourcesOf(incident: Facts, world: ScopeWorld): readonly MemberSource[] {
  const { code, fingerprint } = incident;
  const scope = readScope(incident.scope);
  switch (scope.what) {
    case 'opa':
      if (code === 'ANSWER_NOT_ARRIVED') return [announced(scope.opaId)];
      if (code === 'CARD_TERM_TOO_LATE') {
        const cabinet = world.cabinets.find(({ opaId }) => opaId === scope.opaId);
        return [lateCards(scope.opaId, cabinet?.timeZone ?? 'Europe/Moscow')];
      }
      return [deliveries(code, scope.opaId, fingerprint)];
    case 'cabinet': {
      const opaId = world.cabinets.find(({ id }) => id === scope.cabinet)?.opaId;
      return code === 'APPEAL_SHAPE_UNKNOWN' && opaId !== undefined
        ? [unread(opaId), failed(code, opaId)]
        : [];
    }
    case 'registration':
      return [failed(code, null)];
    case 'showcase':
      return RECORD_STATE_OF[code] === undefined
        ? [uploads(code, scope.showcase)]
        : [records(code, scope.showcase, fingerprint)];
    case 'channel':
      return ofChannel(code, scope.channel, scope.part, fingerprint);
    default:
      return [];
  }
}

function ofChannel(code: string, channel: string, part: string, fingerprint: string): MemberSource[] {
  if (part === 'not-taken')
    return [packages(channel, `m.stage = 'sent' AND m.sent_at < now() - interval '10 minutes'`)];
  if (part === 'not-registered') {
    const silent = `m.stage IN ('taken', 'received') AND m.part = 0 AND m.sent_at < now() - interval '12 hours'`;
    return [packages(channel, silent)];
  }
  const refusal = /^code-(-?\d+)$/.exec(part)?.[1];
  if (part === 'cards' || refusal !== undefined)
    return [cards(code, channel, refusal), additions(code, channel, refusal)];
  if (code === 'SED_MESSAGE_ORPHAN') return [orphans(channel)];
  return part === '' && code.startsWith('SED_MESSAGE_') ? [quarantined(code, channel, fingerprint)] : [];
}

/** Of the gathering incident: the causes that no other open one of the same code and scope stands for. */
function causeIs(column: string, fingerprint: string, codeAt: string, scope: string): string {
  if (fingerprint !== OTHER_CAUSES) return `coalesce(${column}, '') = $3`;
  return `coalesce(${column}, '') <> $3 AND NOT EXISTS (SELECT 1 FROM incident o
    WHERE o.code = ${codeAt} AND o.scope = ${scope} AND o.closed_at IS NULL AND o.fingerprint = coalesce(${column}, ''))`;
}

const OF_APPEAL = `a.id::text AS "appealId", a.opa_id AS "opaId", a.pos_id AS "posId"`;

function deliveries(code: string, opaId: string, fingerprint: string): MemberSource {
  return {
    kind: 'delivery',
    ref: 'm.event_id',
    // By LEFT JOINs, which a count does not even look at: the index alone tells it.
    from: `FROM delivery m LEFT JOIN appeal a ON a.id = m.appeal_id LEFT JOIN card k ON k.id = m.card_id
      WHERE m.state = 'attention' AND m.error_code = $1 AND m.cabinet_opa_id = $2
        AND ${causeIs('m.cause', fingerprint, '$1', `'opa:' || $2`)}`,
    params: [code, opaId, fingerprint],
    columns: `${OF_APPEAL}, k.number AS "cardNumber", m.kind AS what, m.error_detail AS detail,
      coalesce(m.ended_at, m.created_at) AS since`,
  };
}

function announced(opaId: string): MemberSource {
  return {
    kind: 'card',
    ref: null,
    from: `FROM card m JOIN appeal a ON a.id = m.appeal_id
      WHERE a.opa_id = $1 AND a.stage = 'open' AND m.id IN (SELECT e.card_id FROM sed_event e
        WHERE e.kind = 'answer-announced' AND e.stored_at < now() - interval '24 hours'
          AND NOT EXISTS (SELECT 1 FROM sed_event d WHERE d.card_id = e.card_id AND d.kind = 'answer'
                          AND (d.subject = e.subject OR d.stored_at > e.stored_at)))`,
    params: [opaId],
    columns: `${OF_APPEAL}, m.number AS "cardNumber", '' AS what, NULL AS detail,
      (SELECT min(e.stored_at) FROM sed_event e WHERE e.card_id = m.id AND e.kind = 'answer-announced') AS since`,
  };
}

function lateCards(opaId: string, zone: string): MemberSource {
  const { join, where } = lateTerms('m', '$2');
  return {
    kind: 'card',
    ref: null,
    from: `FROM card m JOIN appeal a ON a.id = m.appeal_id ${join} WHERE a.opa_id = $1 AND ${where}`,
    params: [opaId, zone],
    columns: `${OF_APPEAL}, m.number AS "cardNumber", '' AS what, first.day AS detail, m.registered_at AS since`,
  };
}

function cards(code: string, channel: string, refusal: string | undefined): MemberSource {
  return {
    kind: 'card',
    ref: 'm.appeal_id',
    from: `FROM card m JOIN appeal a ON a.id = m.appeal_id
      WHERE m.stage = 'attention' AND m.channel = $1 AND m.error_code = $2 AND ($3::int IS NULL OR EXISTS (
        SELECT 1 FROM package p WHERE p.card_id = m.id AND p.part = 0 AND p.failure_code = $3 AND NOT EXISTS (
          SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = 0 AND n.attempt > p.attempt)))`,
    params: [channel, code, refusal ?? null],
    columns: `${OF_APPEAL}, m.number AS "cardNumber", '' AS what, m.error_detail AS detail, m.created_at AS since`,
  };
}

/** Additions to a card that is registered: refused, or not to be written. */
function additions(code: string, channel: string, refusal: string | undefined): MemberSource {
  return {
    kind: 'addition',
    ref: 'k.appeal_id',
    from: `FROM package m JOIN card k ON k.id = m.card_id JOIN appeal a ON a.id = k.appeal_id
      WHERE m.stage = 'failed' AND m.part > 0 AND m.channel = $1
        AND CASE WHEN m.failure_code IS NULL THEN split_part(m.failure_text, ':', 1) ELSE 'SED_REFUSED' END = $2
        AND ($3::int IS NULL OR m.failure_code = $3)
        AND NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = m.card_id AND n.part = m.part AND n.attempt > m.attempt)`,
    params: [channel, code, refusal ?? null],
    columns: `${OF_APPEAL}, k.number AS "cardNumber", '' AS what, m.failure_text AS detail, m.begun_at AS since`,
  };
}

function packages(channel: string, waiting: string): MemberSource {
  return {
    kind: 'package',
    ref: null,
    from: `FROM package m JOIN card k ON k.id = m.card_id JOIN appeal a ON a.id = k.appeal_id
      WHERE m.channel = $1 AND ${waiting}`,
    params: [channel],
    columns: `${OF_APPEAL}, k.number AS "cardNumber", m.stage AS what, m.message_dir AS detail, m.sent_at AS since`,
  };
}

/** Appeals themselves that a step could not be done for. */
function failed(code: string, opaId: string | null): MemberSource {
  return {
    kind: 'appeal',
    ref: opaId === null ? 'm.id' : null,
    from: `FROM appeal m WHERE m.error_code = $1 AND ($2::text IS NULL OR m.opa_id = $2)`,
    params: [code, opaId],
    columns: `m.id::text AS "appealId", m.opa_id AS "opaId", m.pos_id AS "posId", NULL AS "cardNumber", m.stage AS what,
      m.error_detail AS detail, m.changed_at AS since`,
  };
}

const OF_NOBODY = `NULL AS "appealId", NULL AS "opaId", NULL AS "posId", NULL AS "cardNumber"`;

function unread(opaId: string): MemberSource {
  return {
    kind: 'item',
    ref: null,
    from: 'FROM unread_item m WHERE m.opa_id = $1 AND m.settled_at IS NULL',
    params: [opaId],
    columns: `NULL AS "appealId", m.opa_id AS "opaId", NULL AS "posId", NULL AS "cardNumber", '' AS what,
      m.issues AS detail, m.seen_at AS since`,
  };
}

function quarantined(code: string, channel: string, fingerprint: string): MemberSource {
  return {
    kind: 'message',
    ref: null,
    from: `FROM quarantine m WHERE m.settled_at IS NULL AND m.channel = $1 AND m.code = $2
      AND ${causeIs('m.cause', fingerprint, '$2', `'channel:' || $1`)}`,
    params: [channel, code, fingerprint],
    columns: `${OF_NOBODY}, m.message_dir AS what, m.detail, m.at AS since`,
  };
}

function orphans(channel: string): MemberSource {
  return {
    kind: 'message',
    ref: null,
    from: 'FROM sed_message m WHERE m.orphan AND m.channel = $1',
    params: [channel],
    columns: `${OF_NOBODY}, m.message_dir AS what, m.message_type AS detail, m.read_at AS since`,
  };
}

function records(code: string, showcase: string, field: string): MemberSource {
  const byPlatform = code === 'SHOWCASE_RECORD_REFUSED';
  return {
    kind: 'record',
    ref: byPlatform ? 'm.id' : null,
    from: `FROM showcase_open m WHERE m.showcase = $1 AND m.state = $2 AND m.code = $3 AND coalesce(m.field, '') = $4`,
    params: [showcase, RECORD_STATE_OF[code] ?? 'refused', code, field],
    columns: `NULL AS "appealId", NULL AS "opaId", NULL AS "posId", m.reg_number AS "cardNumber", m.otk_code AS what,
      m.detail, m.since`,
  };
}

function uploads(code: string, showcase: string): MemberSource {
  return {
    kind: 'upload',
    ref: null,
    from: `FROM showcase_upload m WHERE m.showcase = $1 AND m.error_code = $2 AND m.created_at > now() - interval '90 days'`,
    params: [showcase, code],
    columns: `NULL AS "appealId", m.opa_id AS "opaId", NULL AS "posId", NULL AS "cardNumber", m.records::text AS what,
      m.error_detail AS detail, coalesce(m.settled_at, m.created_at) AS since`,
  };
}
