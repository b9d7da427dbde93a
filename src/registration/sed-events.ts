import { type JournalEntry, writeJournal } from '../alerts/journal.ts';
import type { IncomingMessage, SedEvent, SedSink } from '../sed/port.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { outsideId } from '../text/outside-id.ts';
import type { RegistrationDeps } from './deps.ts';

interface KnownCard {
  readonly id: string;
  readonly appeal_id: string;
  readonly opa_id: string;
  readonly pos_id: string;
  readonly document_uid: string;
  /** Part of its package that the message answers; null when none has the message's ReturnID. */
  readonly part: number | null;
  /** When the newest message was written of which something waits to be carried back. */
  readonly newest_waiting: Date | null;
}

/** Facts that concern nobody but registration; the others wait for the flow that carries them back. */
const SETTLED_HERE: ReadonlySet<string> = new Set(['reception', 'failure']);

/** Where the reader of a channel puts what it reads: spool and store. */
export function createSink(deps: RegistrationDeps): SedSink {
  return {
    spool: (path) => deps.spool.putFile(path),
    known: async (channel, messageId) => {
      const rows = await deps.db.query(`SELECT 1 FROM sed_message WHERE channel = $1 AND message_id = $2`, [
        channel,
        messageId,
      ]);
      return rows.length > 0;
    },
    accept: (message) => acceptMessage(deps, message),
    async trouble(channel, messageDir, code, detail) {
      await deps.db.query(
        `INSERT INTO quarantine (channel, message_dir, code, detail) VALUES ($1, $2, $3, $4)
         ON CONFLICT (channel, message_dir, code) WHERE settled_at IS NULL DO UPDATE SET detail = excluded.detail`,
        [channel, messageDir, code, detail],
      );
      await deps.incidents.open(deps.db, code, `channel:${channel}`, detail);
      deps.log.warn(
        { channel, message: outsideId(messageDir), code, detail },
        'message from the СЭД set aside',
      );
    },
  };
}

/**
 * Stores a message and what it tells in one transaction. A fact is known by (our document, kind, subject):
 * told a second time, in whatever message, it changes nothing.
 */
export async function acceptMessage(deps: RegistrationDeps, message: IncomingMessage): Promise<void> {
  await inTransaction(deps.dataSource, async (tx) => {
    const cards = await findCards(tx, message);
    const orphan = message.events.length > 0 && cards.size === 0;
    const messageId = await storeMessage(tx, message, orphan);
    if (orphan) {
      await writeJournal(tx, [
        {
          event: 'sed-message-orphan',
          code: 'SED_MESSAGE_ORPHAN',
          data: { messageId: outsideId(message.messageId), channel: message.channel },
        },
      ]);
      await deps.incidents.open(tx, 'SED_MESSAGE_ORPHAN', `channel:${message.channel}`);
    }
    const fresh = await storeEvents(tx, message, messageId, cards);
    await settleAdditions(tx, message, cards);
    const journal: JournalEntry[] = [];
    const ringing = new Map<string, { appealId: string; opaId: string }>();
    for (const event of fresh) {
      const card = cards.get(event.documentUid);
      if (card === undefined) continue;
      journal.push(...(await applyEvent(deps, tx, event, card, message)));
      // Nothing follows from a Reception.
      if (event.kind === 'reception') continue;
      ringing.set(card.appeal_id, { appealId: card.appeal_id, opaId: card.opa_id });
      if (event.kind === 'registration') {
        for (const waiting of await findWaiting(tx, card)) ringing.set(waiting.appealId, waiting);
      }
    }
    await writeJournal(tx, journal);
    await deps.queue.ringAppeals(tx, [...ringing.values()]);
  });
}

/** Our document is found by its UID first, by the ReturnID of one of its packages second. */
async function findCards(tx: Queryable, message: IncomingMessage): Promise<Map<string, KnownCard>> {
  const uids = [...new Set(message.events.map((event) => event.documentUid))];
  const rows = await tx.query<KnownCard>(
    `SELECT k.id::text AS id, k.appeal_id::text AS appeal_id, a.opa_id, a.pos_id, k.document_uid,
            (SELECT p.part FROM package p WHERE p.card_id = k.id AND p.return_id = $2 LIMIT 1) AS part,
            (SELECT max(m.header_time) FROM sed_event e JOIN sed_message m ON m.id = e.message_id
             WHERE e.card_id = k.id AND e.handled_at IS NULL) AS newest_waiting
     FROM card k JOIN appeal a ON a.id = k.appeal_id
     WHERE k.document_uid = ANY($1) OR k.id IN (SELECT card_id FROM package WHERE return_id = $2)
     ORDER BY k.id FOR UPDATE OF k`,
    [uids, message.returnId],
  );
  const cards = new Map<string, KnownCard>();
  for (const row of rows) if (uids.includes(row.document_uid)) cards.set(row.document_uid, row);
  const byReturnId = rows.find((row) => row.part !== null);
  for (const uid of uids) if (!cards.has(uid) && byReturnId !== undefined) cards.set(uid, byReturnId);
  return cards;
}

async function storeMessage(tx: Queryable, message: IncomingMessage, orphan: boolean): Promise<string> {
  const rows = await tx.query<{ id: string }>(
    `INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, header_time, raw, files, orphan)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (channel, message_id) DO UPDATE SET message_dir = excluded.message_dir
     RETURNING id::text AS id`,
    [
      message.channel,
      message.messageId,
      message.messageDir,
      message.messageType,
      message.returnId,
      message.time ?? null,
      message.raw,
      JSON.stringify(message.files),
      orphan,
    ],
  );
  if (message.files.length > 0) {
    await tx.query(
      `INSERT INTO blob (sha256, size) SELECT * FROM unnest($1::text[], $2::bigint[]) ORDER BY 1 ON CONFLICT (sha256) DO NOTHING`,
      [message.files.map(({ sha256 }) => sha256), message.files.map(({ size }) => size)],
    );
  }
  return rows[0]?.id ?? '';
}

async function storeEvents(
  tx: Queryable,
  message: IncomingMessage,
  messageId: string,
  cards: ReadonlyMap<string, KnownCard>,
): Promise<SedEvent[]> {
  if (message.events.length === 0) return [];
  // By identity: one statement may not touch the same row twice.
  const told = new Map(message.events.map((event) => [identityOf(event, cards), event]));
  const events = [...told.values()];
  const known = events.map((event) => cards.get(event.documentUid));
  // What was told of a document that we did not know then counts when we do (a database put back from a copy), and
  // so does a number that comes after its Registration. A reason filled in afterwards belongs to the same moved term:
  // it counts when the delivery that waits for it is sent again.
  const rows = await tx.query<{ document_uid: string; kind: string; subject: string }>(
    `INSERT INTO sed_event AS e (document_uid, kind, subject, card_id, message_id, at, data, handled_at)
     SELECT uid, kind, subject, card_id, $1, at, data, CASE WHEN kind = ANY($8) THEN now() END
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::jsonb[])
       AS t (uid, kind, subject, card_id, at, data)
     ON CONFLICT (document_uid, kind, subject) DO UPDATE
       SET card_id = excluded.card_id, message_id = excluded.message_id, data = excluded.data,
           at = CASE WHEN e.kind = 'deadline' THEN e.at ELSE excluded.at END
       WHERE (e.card_id IS NULL AND excluded.card_id IS NOT NULL)
          OR (e.kind = 'deadline' AND e.data -> 'fields' IS DISTINCT FROM excluded.data -> 'fields')
          OR (e.kind = 'registration' AND e.data ->> 'number' IS NULL AND excluded.data ->> 'number' IS NOT NULL)
     RETURNING document_uid, kind, subject`,
    [
      messageId,
      events.map((event, index) => known[index]?.document_uid ?? event.documentUid),
      events.map((event) => event.kind),
      events.map(subjectOf),
      known.map((card) => card?.id ?? null),
      events.map((event) => event.at ?? null),
      events.map((event) => JSON.stringify(event.data)),
      [...SETTLED_HERE],
    ],
  );
  const fresh = new Set(rows.map((row) => JSON.stringify([row.document_uid, row.kind, row.subject])));
  const { time } = message;
  const isOvertaken = known.some((card) => time !== undefined && (card?.newest_waiting ?? time) > time);
  if (isOvertaken) await noteEarlierTelling(tx, time, messageId, events, known);
  return [...told].flatMap(([identity, event]) => (fresh.has(identity) ? [event] : []));
}

/**
 * A Report that others overtook shows that what it tells was told before the rest of theirs: that decides the order in
 * which facts go on, as long as none of them has.
 */
async function noteEarlierTelling(
  tx: Queryable,
  time: Date | undefined,
  messageId: string,
  events: readonly SedEvent[],
  known: readonly (KnownCard | undefined)[],
): Promise<void> {
  if (time === undefined) return;
  await tx.query(
    `UPDATE sed_event e SET message_id = $1
     FROM unnest($2::text[], $3::text[], $4::text[]) AS t (uid, kind, subject), sed_message m
     WHERE e.document_uid = t.uid AND e.kind = t.kind AND e.subject = t.subject AND e.handled_at IS NULL
       AND e.kind <> 'answer' AND m.id = e.message_id AND m.header_time > $5`,
    [
      messageId,
      known.map((card) => card?.document_uid ?? ''),
      events.map((event) => event.kind),
      events.map(subjectOf),
      time,
    ],
  );
}

function identityOf(event: SedEvent, cards: ReadonlyMap<string, KnownCard>): string {
  const uid = cards.get(event.documentUid)?.document_uid ?? event.documentUid;
  return JSON.stringify([uid, event.kind, subjectOf(event)]);
}

/**
 * Of a package written twice the СЭД may refuse both copies, each for another reason and in any order: the code belongs
 * to what a Failure tells.
 */
function subjectOf(event: SedEvent): string {
  return event.kind === 'failure' ? `${event.subject}|${event.data['code'] ?? ''}` : event.subject;
}

async function applyEvent(
  deps: RegistrationDeps,
  tx: Queryable,
  event: SedEvent,
  card: KnownCard,
  message: IncomingMessage,
): Promise<JournalEntry[]> {
  const about = { opaId: card.opa_id, appealId: card.appeal_id };
  if (event.kind === 'reception') {
    const pkg = await findPackage(tx, card, message.returnId);
    // Of an older attempt it tells nothing about the one that counts now.
    await tx.query(
      `WITH p AS (
         UPDATE package SET stage = 'received', received_at = now(), taken_at = coalesce(taken_at, now())
         WHERE id = $2 AND stage IN ('sent', 'taken', 'writing') RETURNING part)
       UPDATE card SET stage = 'received' WHERE id = $1 AND stage IN ('planned', 'sent', 'taken')
         AND EXISTS (SELECT 1 FROM p WHERE part = 0)`,
      [card.id, pkg?.newest ? pkg.id : null],
    );
    return [{ ...about, event: 'card-received' }];
  }
  if (event.kind === 'registration') return await applyRegistration(tx, event, card, about);
  if (event.kind === 'failure') return await applyFailure(deps, tx, event, card, message, about);
  return [{ ...about, event: 'sed-event-stored', data: { kind: event.kind } }];
}

async function applyRegistration(
  tx: Queryable,
  event: SedEvent,
  card: KnownCard,
  about: { opaId: string; appealId: string },
): Promise<JournalEntry[]> {
  const number = typeof event.data['number'] === 'string' ? event.data['number'] : null;
  const date = readDay(event.data['date']);
  const documentId = typeof event.data['documentId'] === 'string' ? event.data['documentId'] : null;
  await tx.query(
    `UPDATE card SET stage = 'registered', number = coalesce($2, number), date = coalesce($3::date, date),
       sed_document_id = coalesce($4, sed_document_id), registered_at = coalesce(registered_at, now()),
       error_code = NULL, error_detail = NULL WHERE id = $1`,
    [card.id, number, date, documentId],
  );
  // The registered document is the card itself, whatever package brought the news; an addition has its own.
  await tx.query(
    `UPDATE package SET stage = 'registered', taken_at = coalesce(taken_at, now()), received_at = coalesce(received_at, now())
     WHERE card_id = $1 AND stage <> 'failed' AND part = 0`,
    [card.id],
  );
  return [{ ...about, event: 'card-registered' }];
}

/**
 * An addition is in the card when a Report with its own ReturnID repeats the Registration; as a fact that is not news
 * (Reports are accumulated), so it is no event.
 */
async function settleAdditions(
  tx: Queryable,
  message: IncomingMessage,
  cards: ReadonlyMap<string, KnownCard>,
): Promise<void> {
  const registered = message.events.filter((event) => event.kind === 'registration');
  const ids = registered.flatMap((event) => {
    const card = cards.get(event.documentUid);
    return card === undefined || card.part === null || card.part === 0 ? [] : [card.id];
  });
  if (ids.length === 0) return;
  await tx.query(
    `UPDATE package SET stage = 'registered', taken_at = coalesce(taken_at, now()), received_at = coalesce(received_at, now())
     WHERE card_id = ANY($1::bigint[]) AND return_id = $2 AND part > 0 AND stage NOT IN ('failed', 'again', 'registered')`,
    [ids, message.returnId],
  );
}

interface AnsweredPackage {
  readonly id: string;
  readonly part: number;
  readonly begun: number;
  readonly stage: string;
  readonly newest: boolean;
  readonly card_stage: string;
}

/**
 * The package that a Reception or Failure answers: that of its ReturnID; when the СЭД did not repeat ours («unknown»
 * occurs), the only one that is under way.
 */
async function findPackage(
  tx: Queryable,
  card: KnownCard,
  returnId: string,
): Promise<AnsweredPackage | undefined> {
  const rows = await tx.query<AnsweredPackage & { return_id: string }>(
    `SELECT p.id::text AS id, p.part, p.begun, p.stage, p.return_id, k.stage AS card_stage,
            NOT EXISTS (SELECT 1 FROM package n WHERE n.card_id = p.card_id AND n.part = p.part AND n.attempt > p.attempt) AS newest
     FROM package p JOIN card k ON k.id = p.card_id WHERE p.card_id = $1`,
    [card.id],
  );
  const named = rows.find((row) => row.return_id === returnId);
  if (named !== undefined) return named;
  const underWay = rows.filter((row) => ['writing', 'sent', 'taken', 'received'].includes(row.stage));
  return underWay.length === 1 ? underWay[0] : undefined;
}

/** Group 5 of the failure codes: the document or message is a repeated one (contracts/sev.md). */
const REPEATED_GROUP = 5;
const SETTLED_STAGES: ReadonlySet<string> = new Set(['registered', 'failed', 'again']);

async function applyFailure(
  deps: RegistrationDeps,
  tx: Queryable,
  event: SedEvent,
  card: KnownCard,
  message: IncomingMessage,
  about: { opaId: string; appealId: string },
): Promise<JournalEntry[]> {
  const code = readCode(event.data['code']);
  const text = String(event.data['text'] ?? '');
  const pkg = await findPackage(tx, card, message.returnId);
  const told = { failureCode: code, part: pkg?.part ?? null };
  // A Failure of an older attempt, of what is registered by now, or of what a person has dealt with, is history.
  const registered = pkg?.part === 0 && pkg.card_stage === 'registered';
  if (pkg === undefined || !pkg.newest || registered || SETTLED_STAGES.has(pkg.stage)) {
    return [{ ...about, event: 'failure-outdated', data: told }];
  }
  // Begun more than once it may lie there twice: «repeated» then only says that the first one arrived.
  if (Math.floor(code / 10) === REPEATED_GROUP && pkg.begun > 1) {
    return [{ ...about, event: 'failure-of-double', data: told }];
  }
  await tx.query(`UPDATE package SET stage = 'failed', failure_code = $2, failure_text = $3 WHERE id = $1`, [
    pkg.id,
    code,
    text,
  ]);
  if (pkg.part === 0) {
    await tx.query(
      `UPDATE card SET stage = 'attention', error_code = 'SED_REFUSED', error_detail = $2 WHERE id = $1 AND stage <> 'registered'`,
      [card.id, `${code}: ${text}`],
    );
  }
  await deps.incidents.open(tx, 'SED_REFUSED', `channel:${message.channel}:code-${code}`);
  return [{ ...about, event: 'card-refused', code: 'SED_REFUSED', data: told }];
}

/** A day that the database takes: there the year 0 is none. */
function readDay(date: unknown): string | null {
  return typeof date === 'string' && /^(?!0000)\d{4}-\d\d-\d\d$/.test(date) ? date : null;
}

/** A number that the database takes; a code that is none is 0 and keeps its text. */
function readCode(code: unknown): number {
  const number = Number(code ?? 0);
  return Number.isInteger(number) && Math.abs(number) < 1_000_000 ? number : 0;
}

/** Appeals that wait to link to this card. */
async function findWaiting(tx: Queryable, card: KnownCard): Promise<{ appealId: string; opaId: string }[]> {
  const rows = await tx.query<{ id: string }>(
    `SELECT id::text AS id FROM appeal WHERE opa_id = $1 AND repeat_of = $2 AND due_at IS NOT NULL`,
    [card.opa_id, card.pos_id],
  );
  return rows.map((row) => ({ appealId: row.id, opaId: card.opa_id }));
}
