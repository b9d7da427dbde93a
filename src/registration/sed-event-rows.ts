import type { IncomingMessage, SedEvent } from '../sed/port.ts';
import { storeBlobs } from '../store/blobs.ts';
import type { Queryable } from '../store/data-source.ts';

/** A card of ours that a message tells of. */
export interface KnownCard {
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

/** A message with our cards that it tells of, by the UIDs that it calls them. */
export interface TracedMessage {
  readonly message: IncomingMessage;
  readonly cards: ReadonlyMap<string, KnownCard>;
}

/** The same, stored. */
export interface StoredMessage extends TracedMessage {
  /** Of its row. */
  readonly id: string;
}

/** Facts that concern nobody but registration; the others wait for the flow that carries them back. */
const SETTLED_HERE: ReadonlySet<string> = new Set(['reception', 'failure']);

/**
 * Finds and locks the cards that messages tell of: our document is known by its UID first, by the ReturnID of one of
 * its packages second.
 */
export async function traceMessages(
  tx: Queryable,
  messages: readonly IncomingMessage[],
): Promise<TracedMessage[]> {
  const uids = [...new Set(messages.flatMap(uidsOf))];
  const returnIds = [...new Set(messages.map(({ returnId }) => returnId))];
  // Locked against other readers only: who stores a delivery of the card need not wait, nor we in a circle with him.
  const rows = await tx.query<KnownCard & { parts: Record<string, number> | null }>(
    `SELECT k.id::text AS id, k.appeal_id::text AS appeal_id, a.opa_id, a.pos_id, k.document_uid,
            (SELECT json_object_agg(p.return_id, p.part) FROM package p
             WHERE p.card_id = k.id AND p.return_id = ANY($2)) AS parts,
            (SELECT max(m.header_time) FROM sed_event e JOIN sed_message m ON m.id = e.message_id
             WHERE e.card_id = k.id AND e.handled_at IS NULL) AS newest_waiting
     FROM card k JOIN appeal a ON a.id = k.appeal_id
     WHERE k.document_uid = ANY($1) OR k.id = ANY (ARRAY(SELECT card_id FROM package WHERE return_id = ANY($2)))
     ORDER BY k.id FOR NO KEY UPDATE OF k`,
    [uids, returnIds],
  );
  const byUid = new Map(rows.map((row) => [row.document_uid, row]));
  return messages.map((message) => {
    const byReturnId = rows.find((row) => row.parts?.[message.returnId] !== undefined);
    const cards = new Map<string, KnownCard>();
    for (const uid of uidsOf(message)) {
      const row = byUid.get(uid) ?? byReturnId;
      if (row !== undefined) cards.set(uid, { ...row, part: row.parts?.[message.returnId] ?? null });
    }
    return { message, cards };
  });
}

function uidsOf({ events }: IncomingMessage): string[] {
  return [...new Set(events.map((event) => event.documentUid))];
}

/** Whether a message tells of no document of ours. */
export function isOrphan({ message, cards }: TracedMessage): boolean {
  return message.events.length > 0 && cards.size === 0;
}

/** Stores messages as they came, each once, with the files that they brought. No two may have one MessageID. */
export async function storeMessages(
  tx: Queryable,
  traced: readonly TracedMessage[],
): Promise<StoredMessage[]> {
  const messages = traced.map(({ message }) => message);
  const rows = await tx.query<{ id: string; channel: string; message_id: string }>(
    `INSERT INTO sed_message (channel, message_id, message_dir, message_type, return_id, header_time, raw, files, orphan)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                          $8::jsonb[], $9::boolean[])
     ON CONFLICT (channel, message_id) DO UPDATE SET message_dir = excluded.message_dir
     RETURNING id::text AS id, channel, message_id`,
    [
      messages.map(({ channel }) => channel),
      messages.map(({ messageId }) => messageId),
      messages.map(({ messageDir }) => messageDir),
      messages.map(({ messageType }) => messageType),
      messages.map(({ returnId }) => returnId),
      messages.map(({ time }) => time ?? null),
      messages.map(({ raw }) => raw),
      messages.map(({ files }) => JSON.stringify(files)),
      traced.map(isOrphan),
    ],
  );
  await storeBlobs(
    tx,
    messages.flatMap(({ files }) => files),
  );
  const ids = new Map(rows.map((row) => [JSON.stringify([row.channel, row.message_id]), row.id]));
  return traced.map((one) => {
    const { channel, messageId } = one.message;
    return { ...one, id: ids.get(JSON.stringify([channel, messageId])) ?? '' };
  });
}

interface Told {
  readonly event: SedEvent;
  readonly uid: string;
  readonly subject: string;
  /** Of (uid, kind, subject). */
  readonly identity: string;
  readonly card: KnownCard | undefined;
  readonly stored: StoredMessage;
}

/**
 * Stores what messages tell; gives of each message the facts that are news. A fact is known by (our document, kind,
 * subject). Of the messages no two may tell of one document.
 */
export async function storeEvents(
  tx: Queryable,
  messages: readonly StoredMessage[],
): Promise<Map<StoredMessage, SedEvent[]>> {
  const toldByEach = messages.map(toldBy);
  const told = toldByEach.flat();
  const fresh = new Map<StoredMessage, SedEvent[]>(messages.map((stored) => [stored, []]));
  if (told.length === 0) return fresh;
  // What was told of a document that we did not know then counts when we do (a database put back from a copy), and
  // so does a number that comes after its Registration. A reason filled in afterwards belongs to the same moved term:
  // it counts when the delivery that waits for it is sent again; a Report that others overtook does not take it back.
  const rows = await tx.query<{ document_uid: string; kind: string; subject: string }>(
    `INSERT INTO sed_event AS e (document_uid, kind, subject, card_id, message_id, at, data, handled_at)
     SELECT uid, kind, subject, card_id, message_id, at, data, CASE WHEN kind = ANY($8) THEN now() END
     FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::jsonb[])
       AS t (uid, kind, subject, card_id, message_id, at, data)
     ON CONFLICT (document_uid, kind, subject) DO UPDATE
       SET card_id = excluded.card_id, message_id = excluded.message_id, data = excluded.data,
           at = CASE WHEN e.kind = 'deadline' THEN e.at ELSE excluded.at END
       WHERE (e.card_id IS NULL AND excluded.card_id IS NOT NULL)
          OR (e.kind = 'deadline' AND e.data -> 'fields' IS DISTINCT FROM excluded.data -> 'fields'
              AND (SELECT n.header_time >= o.header_time FROM sed_message n, sed_message o
                   WHERE n.id = excluded.message_id AND o.id = e.message_id) IS NOT FALSE)
          OR (e.kind = 'registration' AND e.data ->> 'number' IS NULL AND excluded.data ->> 'number' IS NOT NULL)
     RETURNING document_uid, kind, subject`,
    [
      told.map(({ uid }) => uid),
      told.map(({ event }) => event.kind),
      told.map(({ subject }) => subject),
      told.map(({ card }) => card?.id ?? null),
      told.map(({ stored }) => stored.id),
      told.map(({ event }) => event.at ?? null),
      told.map(({ event }) => JSON.stringify(event.data)),
      [...SETTLED_HERE],
    ],
  );
  const news = new Set(rows.map((row) => identityOf(row.document_uid, row.kind, row.subject)));
  for (const { event, identity, stored } of told) if (news.has(identity)) fresh.get(stored)?.push(event);
  for (const [index, stored] of messages.entries()) {
    await noteEarlierTelling(tx, stored, toldByEach[index] ?? []);
  }
  return fresh;
}

/** By identity: one statement may not touch the same row twice. */
function toldBy(stored: StoredMessage): Told[] {
  const { message, cards } = stored;
  const told = new Map<string, Told>();
  for (const event of message.events) {
    const card = cards.get(event.documentUid);
    const uid = card?.document_uid ?? event.documentUid;
    const subject = subjectOf(event);
    const identity = identityOf(uid, event.kind, subject);
    told.set(identity, { event, uid, subject, identity, card, stored });
  }
  return [...told.values()];
}

function identityOf(uid: string, kind: string, subject: string): string {
  return JSON.stringify([uid, kind, subject]);
}

/**
 * Of a package written twice the СЭД may refuse both copies, each for another reason and in any order: the code belongs
 * to what a Failure tells.
 */
function subjectOf(event: SedEvent): string {
  return event.kind === 'failure' ? `${event.subject}|${event.data['code'] ?? ''}` : event.subject;
}

/**
 * A Report that others overtook shows that what it tells was told before the rest of theirs: that decides the order in
 * which facts go on, as long as none of them has.
 */
async function noteEarlierTelling(
  tx: Queryable,
  stored: StoredMessage,
  told: readonly Told[],
): Promise<void> {
  const { time } = stored.message;
  if (time === undefined || !told.some(({ card }) => (card?.newest_waiting ?? time) > time)) return;
  await tx.query(
    `UPDATE sed_event e SET message_id = $1
     FROM unnest($2::text[], $3::text[], $4::text[]) AS t (uid, kind, subject), sed_message m
     WHERE e.document_uid = t.uid AND e.kind = t.kind AND e.subject = t.subject AND e.handled_at IS NULL
       AND e.kind <> 'answer' AND m.id = e.message_id AND m.header_time > $5`,
    [
      stored.id,
      told.map(({ uid }) => uid),
      told.map(({ event }) => event.kind),
      told.map(({ subject }) => subject),
      time,
    ],
  );
}
