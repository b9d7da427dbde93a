import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import type { Incidents } from './alerts/incidents.ts';
import { sweepMails } from './alerts/mail/outbox.ts';
import { sendMails } from './alerts/mail/send.ts';
import { createMailTransport } from './alerts/mail/smtp.ts';
import type { LoadedConfig } from './config/index.ts';
import type { BackoffSettings } from './endpoints/backoff.ts';
import type { Breakers } from './endpoints/breaker.ts';
import type { Queryable } from './store/data-source.ts';

export interface MailParts {
  readonly loaded: LoadedConfig;
  readonly dataSource: DataSource;
  readonly db: Queryable;
  readonly breakers: Breakers;
  readonly incidents: Incidents;
  readonly log: Logger;
  readonly retry: BackoffSettings;
  readonly signal: AbortSignal;
  tick(what: string, everyMs: number, action: () => Promise<unknown>): void;
}

const SEND_MS = 2000;
const SWEEP_MS = 3_600_000;
const KEPT_DAYS = 30;

/** Starts sending what the outbox holds; without `smtp` in the settings nothing is sent, and nothing should be stored. */
export function startMail(parts: MailParts): void {
  const { loaded, tick, signal, db } = parts;
  const { smtp } = loaded.config;
  if (smtp === undefined) return;
  const deps = {
    ...parts,
    transport: createMailTransport(smtp, () => loaded.secrets.smtpPassword()),
    from: smtp.from,
    random: Math.random,
  };
  tick('mail', SEND_MS, () => sendMails(deps, signal));
  tick('mail-sweep', SWEEP_MS, () => sweepMails(db, KEPT_DAYS));
}

/** Who is told by e-mail: these, or those of `smtp.to`; nobody when no mail is configured. */
export function recipientsOf({ config }: LoadedConfig, own: readonly string[] = []): readonly string[] {
  if (config.smtp === undefined) return [];
  return own.length > 0 ? own : config.smtp.to;
}
