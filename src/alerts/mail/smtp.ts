import { openSmtp, type SmtpConfig, smtpFault } from '../../config/check-smtp.ts';
import { Fault } from '../../model/errors.ts';
import type { MailAttachment } from './outbox.ts';

/** A mail as it goes over the wire. */
export interface OutgoingMail {
  readonly messageId: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly MailAttachment[];
  /** Everybody it is for, as the mail shows it. */
  readonly to: readonly string[];
  /** Those who get it in this conversation. */
  readonly recipients: readonly string[];
  readonly createdAt: Date;
}

/** What the server said of one recipient; `sent` when it took the mail for it. */
export type RecipientOutcome =
  | { readonly address: string; readonly outcome: 'sent' }
  /** 4xx: later; 5xx: never. */
  | { readonly address: string; readonly outcome: 'later' | 'refused'; readonly answer: number };

export interface MailTransport {
  /**
   * One SMTP conversation; resolves with an outcome for each recipient.
   * @throws Fault SMTP_UNREACHABLE or SMTP_REFUSED when the server took nothing for a reason that is no recipient's
   */
  send(mail: OutgoingMail, signal?: AbortSignal): Promise<readonly RecipientOutcome[]>;
}

const STEP_MS = 20_000;
/** A whole conversation: shorter than the lease of a mail, so that nobody else sends it meanwhile. */
const WHOLE_MS = 90_000;

/** Sends by real SMTP with the settings' server; the password is read anew for each conversation. */
export function createMailTransport(
  smtp: SmtpConfig,
  readPassword: () => Promise<string | undefined>,
): MailTransport {
  return {
    async send(mail, signal) {
      const transport = await openSmtp(smtp, readPassword, STEP_MS);
      const limit = AbortSignal.any([
        AbortSignal.timeout(WHOLE_MS),
        ...(signal === undefined ? [] : [signal]),
      ]);
      const gaveUp = Promise.withResolvers<never>();
      const onAbort = () => gaveUp.reject(new Fault(signal?.aborted ? 'STOPPED' : 'SMTP_UNREACHABLE'));
      limit.addEventListener('abort', onAbort, { once: true });
      gaveUp.promise.catch(() => undefined);
      try {
        const info = await Promise.race([transport.sendMail(messageOf(smtp, mail)), gaveUp.promise]);
        return mail.recipients.map((address) => outcomeOf(address, refusalsOf(info)));
      } catch (error) {
        return afterFailure(mail, error);
      } finally {
        limit.removeEventListener('abort', onAbort);
        transport.close();
      }
    },
  };
}

function messageOf(smtp: SmtpConfig, mail: OutgoingMail) {
  return {
    from: smtp.from,
    to: [...mail.to],
    envelope: { from: addressOf(smtp.from), to: mail.recipients.map(addressOf) },
    messageId: mail.messageId,
    date: mail.createdAt,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    // Out-of-office answers to a program help nobody (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    attachments: mail.attachments.map(({ name, type, content }) => ({
      filename: name,
      contentType: type,
      content: Buffer.from(content),
    })),
  };
}

/** The bare address of «Name <address>». */
export function addressOf(from: string): string {
  return /<([^<>]+)>\s*$/.exec(from)?.[1]?.trim() ?? from.trim();
}

type Refusals = ReadonlyMap<string, number>;

/** Answers to RCPT TO (and, over LMTP, to DATA) by address. */
function refusalsOf(said: unknown): Refusals {
  const list = typeof said === 'object' && said !== null ? Reflect.get(said, 'rejectedErrors') : undefined;
  if (!Array.isArray(list)) return new Map();
  return new Map(
    list.flatMap((one: unknown) => {
      if (typeof one !== 'object' || one === null) return [];
      const address: unknown = Reflect.get(one, 'recipient');
      const answer = Number(Reflect.get(one, 'responseCode'));
      return typeof address === 'string' ? [[address.toLowerCase(), answer] as const] : [];
    }),
  );
}

function outcomeOf(address: string, refusals: Refusals): RecipientOutcome {
  const answer = refusals.get(addressOf(address).toLowerCase());
  if (answer === undefined) return { address, outcome: 'sent' };
  // What has no readable answer is tried again rather than given up.
  return { address, outcome: answer >= 500 && answer < 600 ? 'refused' : 'later', answer: answer || 450 };
}

/** All recipients turned away, or the mail itself refused for good: outcomes. All else is the server's trouble. */
function afterFailure(mail: OutgoingMail, error: unknown): readonly RecipientOutcome[] {
  const refusals = refusalsOf(error);
  if (refusals.size > 0) {
    return mail.recipients.map((address) =>
      refusals.has(addressOf(address).toLowerCase())
        ? outcomeOf(address, refusals)
        : { address, outcome: 'later', answer: 450 },
    );
  }
  const field = (name: string): unknown =>
    typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  const answer = Number(field('responseCode'));
  // The text itself is unwanted (size, content): no later try changes that.
  if (field('command') === 'DATA' && answer >= 500 && answer < 600) {
    return mail.recipients.map((address) => ({ address, outcome: 'refused', answer }));
  }
  throw smtpFault(error);
}
