import type { Transporter } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport';
import { Fault } from '../model/errors.ts';
import type { Config } from './schema.ts';

export type SmtpConfig = NonNullable<Config['smtp']>;

const STEP_MS = 10_000;

/**
 * The settings' server, not connected yet. `stepMs`: the longest silence at any step. The library is read when there is
 * a mail: most daemons wait hours for their first.
 * @param readPassword read only when `smtp.user` is set.
 * @throws what `readPassword` throws.
 */
export async function openSmtp(
  smtp: SmtpConfig,
  readPassword: () => Promise<string | undefined>,
  stepMs: number,
): Promise<Transporter<SMTPTransport.SentMessageInfo>> {
  const pass = smtp.user === undefined ? undefined : await readPassword();
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host: smtp.host,
    port: smtp.port,
    secure: smtp.secure,
    requireTLS: smtp.requireTls,
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(smtp.user === undefined || pass === undefined ? {} : { auth: { user: smtp.user, pass } }),
  });
}

/**
 * Connects, greets, starts TLS where set and logs in; sends nothing.
 * @param readPassword read only when `smtp.user` is set.
 * @throws {Fault} SMTP_UNREACHABLE, SMTP_REFUSED, or what `readPassword` throws.
 */
export async function checkSmtp(
  smtp: SmtpConfig,
  readPassword: () => Promise<string | undefined>,
  signal?: AbortSignal,
): Promise<void> {
  const transport = await openSmtp(smtp, readPassword, STEP_MS);
  const close = () => transport.close();
  signal?.addEventListener('abort', close, { once: true });
  try {
    await transport.verify();
  } catch (error) {
    throw smtpFault(error);
  } finally {
    signal?.removeEventListener('abort', close);
    transport.close();
  }
}

const UNREACHABLE = new Set([
  'ECONNECTION',
  'ETIMEDOUT',
  'ESOCKET',
  'EDNS',
  'EPROXY',
  'ECONNREFUSED',
  'ECONNRESET',
]);
const TLS_WORDS = /certificate|self.signed|ssl|tls/i;

/**
 * Names what nodemailer threw. A 4xx answer and trouble on the way are worth a repeat (SMTP_UNREACHABLE); a 5xx
 * answer, a refused log-in and TLS that cannot be agreed on are not (SMTP_REFUSED). The server's own words stay
 * out: they may repeat an address or a name.
 */
export function smtpFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = textField(error, 'code');
  const answer = textField(error, 'responseCode');
  const detail = [code, answer === '' ? '' : `ответ ${answer}`].filter((part) => part !== '').join(', ');
  const options = detail === '' ? {} : { detail };
  if (code === 'ETLS' || (code === 'ESOCKET' && TLS_WORDS.test(textField(error, 'message')))) {
    return new Fault('SMTP_REFUSED', {
      detail: `${detail}: защищённое соединение не установлено, проверьте secure, requireTls и сертификат сервера`,
    });
  }
  if (answer.startsWith('4')) return new Fault('SMTP_UNREACHABLE', options);
  if (answer.startsWith('5') || code === 'EAUTH' || code === 'ENOAUTH')
    return new Fault('SMTP_REFUSED', options);
  if (UNREACHABLE.has(code)) return new Fault('SMTP_UNREACHABLE', options);
  return new Fault(code === '' ? 'SMTP_UNREACHABLE' : 'SMTP_REFUSED', options);
}

function textField(error: unknown, name: string): string {
  const value = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
