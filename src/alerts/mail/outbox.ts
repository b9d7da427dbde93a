import type { Queryable } from '../../store/data-source.ts';

/** A file of a mail; text, UTF-8. */
export interface MailAttachment {
  /** ASCII, of our own making. */
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

/** A mail to administrators. No personal data is in it: card number, cabinet, codes and counts only. */
export interface NewMail {
  /** Names the cause (`incident-opened:17`): of one cause one mail is kept, whoever stores it and how often. */
  readonly key: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments?: readonly MailAttachment[];
}

/**
 * Puts a mail into the outbox inside the caller's transaction: it is sent when, and only when, its cause is stored.
 * Returns false when there is nobody to write to or the cause has its mail already.
 */
export async function enqueueMail(tx: Queryable, mail: NewMail): Promise<boolean> {
  const to = [...new Set(mail.to.map((address) => address.trim()).filter((address) => address !== ''))];
  if (to.length === 0) return false;
  const rows = await tx.query<{ id: string }>(
    `WITH m AS (
       INSERT INTO mail (key, subject, body_text, body_html, attachments) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (key) DO NOTHING RETURNING id)
     INSERT INTO mail_recipient (mail_id, address) SELECT m.id, t.address FROM m, unnest($6::text[]) AS t (address)
     RETURNING mail_id::text AS id`,
    [
      mail.key,
      storable(mail.subject.replace(/\s+/gu, ' ')),
      storable(mail.text),
      storable(mail.html),
      JSON.stringify((mail.attachments ?? []).map((file) => ({ ...file, content: storable(file.content) }))),
      to,
    ],
  );
  return rows.length > 0;
}

/** PostgreSQL takes neither U+0000 nor, in jsonb, lone surrogates; one sign must not undo the cause. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Forgets mails whose recipients were all served so long ago. Returns how many. */
export async function sweepMails(db: Queryable, olderThanDays: number): Promise<number> {
  const rows = await db.query(
    `DELETE FROM mail WHERE settled_at < now() - make_interval(days => $1) RETURNING id`,
    [olderThanDays],
  );
  return rows.length;
}
