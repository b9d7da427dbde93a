import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { type BackoffSettings, nextDelay } from '../../endpoints/backoff.ts';
import type { Breakers } from '../../endpoints/breaker.ts';
import type { ErrorCode } from '../../model/error-codes.ts';
import { type Fault, toFault } from '../../model/errors.ts';
import { inTransaction, type Queryable } from '../../store/data-source.ts';
import type { Incidents } from '../incidents.ts';
import { writeJournal } from '../journal.ts';
import type { MailAttachment } from './outbox.ts';
import { addressOf, type MailTransport, type OutgoingMail, type RecipientOutcome } from './smtp.ts';

export interface MailDeps {
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly transport: MailTransport;
  /** Sender as the settings have it; its domain is that of Message-ID. */
  readonly from: string;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  readonly retry: BackoffSettings;
  random(): number;
}

/** Longer than a conversation may last; who died in one leaves its mail to others after this, seconds. */
const LEASE_SECONDS = 120;
const BATCH = 20;

/**
 * Sends what the outbox has, oldest first, at most a batch of it; returns how many mails were tried. A mail begun by
 * one daemon is begun by no other before its lease runs out, so it is sent at least once, and twice only by a death
 * between the server's answer and our note of it, then under the same Message-ID.
 * @throws Fault of our own house only (DATABASE_UNREACHABLE, STOPPED)
 */
export async function sendMails(deps: MailDeps, signal: AbortSignal): Promise<number> {
  let tried = 0;
  for (; tried < BATCH && !signal.aborted; tried += 1) {
    if (deps.breakers.waitMs('smtp') > 0) break;
    const mail = await begin(deps);
    if (mail === undefined) break;
    await sendOne(deps, mail, signal);
  }
  return tried;
}

interface BegunMail extends OutgoingMail {
  readonly id: string;
  /** The fence: an outcome counts only while nobody has begun it anew. */
  readonly attempts: number;
  readonly failures: number;
}

interface MailRow {
  readonly id: string;
  readonly key: string;
  readonly attempts: number;
  readonly failures: number;
  readonly subject: string;
  readonly body_text: string;
  readonly body_html: string;
  readonly attachments: readonly MailAttachment[];
  readonly created_at: Date;
}

async function begin({ db, from }: MailDeps): Promise<BegunMail | undefined> {
  const [row] = await db.query<MailRow>(
    `UPDATE mail SET attempts = attempts + 1, next_try_at = now() + make_interval(secs => $1)
     WHERE id = (SELECT id FROM mail WHERE settled_at IS NULL AND next_try_at <= now()
                 ORDER BY next_try_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id::text AS id, key, attempts, failures, subject, body_text, body_html, attachments, created_at`,
    [LEASE_SECONDS],
  );
  if (row === undefined) return undefined;
  const people = await db.query<{ address: string; state: string }>(
    `SELECT address, state FROM mail_recipient WHERE mail_id = $1 ORDER BY address`,
    [row.id],
  );
  const { id, attempts, failures, subject, attachments } = row;
  return {
    id,
    attempts,
    failures,
    subject,
    attachments,
    text: row.body_text,
    html: row.body_html,
    messageId: messageIdOf(row.key, from),
    createdAt: row.created_at,
    to: people.map(({ address }) => address),
    recipients: people.filter(({ state }) => state === 'waiting').map(({ address }) => address),
  };
}

/** The same for the same cause: a mail that did go out twice is one mail to servers and readers. */
export function messageIdOf(key: string, from: string): string {
  const domain = /@([A-Za-z0-9.-]+)$/.exec(addressOf(from))?.[1] ?? 'posrednik.local';
  return `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@${domain}>`;
}

async function sendOne(deps: MailDeps, mail: BegunMail, signal: AbortSignal): Promise<void> {
  let outcomes: readonly RecipientOutcome[];
  try {
    outcomes =
      mail.recipients.length === 0
        ? []
        : await deps.breakers.run('smtp', () => deps.transport.send(mail, signal));
  } catch (error) {
    await putOff(deps, mail, toFault(error));
    return;
  }
  await settle(deps, mail, outcomes);
}

/** The server took nothing: the mail waits. Who mends the settings must not wait long, so a refusal is repeated too. */
async function putOff(deps: MailDeps, mail: BegunMail, fault: Fault): Promise<void> {
  const isHeld = fault.code === 'ENDPOINT_PAUSED' || fault.code === 'STOPPED';
  const failures = mail.failures + (isHeld ? 0 : 1);
  const delayMs = isHeld
    ? (fault.retryAfterMs ?? 0)
    : nextDelay(failures, deps.retry, deps.random, fault.retryAfterMs);
  await deps.db.query(
    `UPDATE mail SET failures = $3, error_code = $4, next_try_at = now() + make_interval(secs => $5)
     WHERE id = $1 AND attempts = $2 AND settled_at IS NULL`,
    [mail.id, mail.attempts, failures, fault.code, delayMs / 1000],
  );
  if (isHeld) return;
  deps.log.warn({ mail: mail.id, code: fault.code, detail: fault.detail, failures }, 'mail not sent');
  if (fault.code !== 'SMTP_UNREACHABLE') {
    await deps.incidents.open(deps.db, fault.code, 'smtp', fault.detail);
  }
}

async function settle(deps: MailDeps, mail: BegunMail, outcomes: readonly RecipientOutcome[]): Promise<void> {
  const later = outcomes.filter(({ outcome }) => outcome === 'later');
  const failures = later.length > 0 ? mail.failures + 1 : mail.failures;
  const delayMs = later.length > 0 ? nextDelay(failures, deps.retry, deps.random) : 0;
  await inTransaction(deps.dataSource, async (tx) => {
    const rows = await tx.query(
      `UPDATE mail SET failures = $3, error_code = $4, next_try_at = now() + make_interval(secs => $5),
         settled_at = CASE WHEN $6 THEN now() END
       WHERE id = $1 AND attempts = $2 AND settled_at IS NULL RETURNING id`,
      [
        mail.id,
        mail.attempts,
        failures,
        later.length > 0 ? 'SMTP_UNREACHABLE' : null,
        delayMs / 1000,
        later.length === 0,
      ],
    );
    if (rows.length === 0) return;
    await tx.query(
      `UPDATE mail_recipient r SET answer = t.answer,
         state = CASE t.outcome WHEN 'later' THEN 'waiting' ELSE t.outcome END,
         settled_at = CASE t.outcome WHEN 'later' THEN NULL ELSE now() END
       FROM unnest($2::text[], $3::text[], $4::int[]) AS t (address, outcome, answer)
       WHERE r.mail_id = $1 AND r.address = t.address AND r.state = 'waiting'`,
      [
        mail.id,
        outcomes.map(({ address }) => address),
        outcomes.map(({ outcome }) => outcome),
        outcomes.map((one) => (one.outcome === 'sent' ? null : one.answer)),
      ],
    );
    await writeJournal(
      tx,
      outcomes.flatMap((one) => journalOf(mail, one)),
    );
    if (outcomes.some(({ outcome }) => outcome === 'sent')) await closeRefusals(deps, tx);
  });
}

function journalOf(mail: BegunMail, one: RecipientOutcome) {
  if (one.outcome === 'later') return [];
  const data = { mail: mail.id, to: masked(one.address) };
  if (one.outcome === 'sent') return [{ event: 'mail-sent', data }];
  return [
    { event: 'mail-refused', code: 'SMTP_REFUSED' as const, data: { ...data, answer: String(one.answer) } },
  ];
}

async function closeRefusals({ incidents }: MailDeps, tx: Queryable): Promise<void> {
  const open = await tx.query<{ code: ErrorCode }>(
    `SELECT code FROM incident WHERE scope = 'smtp' AND closed_at IS NULL AND code <> 'ENDPOINT_PAUSED'`,
  );
  for (const { code } of open) await incidents.close(tx, code, 'smtp');
}

/** An address in a journal: enough to find it in the settings, not the whole of it. */
export function masked(address: string): string {
  const bare = addressOf(address);
  const at = bare.lastIndexOf('@');
  return at < 1 ? '…' : `${bare.slice(0, 1)}…${bare.slice(at)}`;
}
