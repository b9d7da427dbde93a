import { DateTime } from 'luxon';
import { alertRules, digestRecipients } from '../incident/mail-rules.ts';
import { type Digest, type DigestSection, renderDigest } from '../mail/digest.ts';
import { enqueueMail } from '../mail/outbox.ts';
import { cabinetsSection } from './cabinets.ts';
import { credentialsSection } from './credentials.ts';
import { deliveriesSection } from './deliveries.ts';
import type { DigestDeps } from './deps.ts';
import { houseSection } from './house.ts';
import { incidentsSection } from './incidents.ts';
import { showcaseSection, unmappedSection } from './showcase.ts';
import { termsSection } from './terms.ts';
import { paragraph } from './words.ts';

export type { DigestDeps } from './deps.ts';

/** Parts of the administrators' digest, each on its own: one that fails says so, and the rest goes. */
export function digestSections(deps: DigestDeps): DigestSection[] {
  const { publicUrl } = deps.loaded.config.console;
  const link: DigestSection[] =
    publicUrl === undefined
      ? []
      : [{ title: 'Консоль', render: async () => ({ blocks: [paragraph(`${publicUrl}/errors`)] }) }];
  return [
    { title: 'Кабинеты, которые не читаются', render: () => cabinetsSection(deps) },
    { title: 'Неполадки', render: () => incidentsSection(deps) },
    { title: 'Сроки под угрозой', render: () => termsSection(deps) },
    { title: 'Ждут человека', render: () => deliveriesSection(deps) },
    { title: 'Витрина', render: () => showcaseSection(deps) },
    { title: 'Рубрики без категории', render: () => unmappedSection(deps) },
    { title: 'Сертификаты и пароли', render: () => credentialsSection(deps) },
    { title: 'Диск и очередь', render: () => houseSection(deps) },
    ...link,
  ];
}

/** The digest of now, rendered. Never rejects for a section's sake. */
export async function makeDigest(deps: DigestDeps): Promise<Digest> {
  return await renderDigest(
    deps.log,
    `Посредник: сводка на ${dayOf(deps).toFormat('dd.MM.yyyy')}`,
    digestSections(deps),
  );
}

/**
 * Puts the day's digest into the outbox: one a day in the whole cluster, however often it is asked for. `again`: one more
 * that a person asked for. Returns whether there is one more mail.
 * @throws Fault DATABASE_UNREACHABLE when it cannot be stored
 */
export async function sendAdminDigest(deps: DigestDeps, { again = false } = {}): Promise<boolean> {
  const to = digestRecipients(alertRules(deps.loaded.config));
  if (to.length === 0) return false;
  const { text, html, attachments } = await makeDigest(deps);
  const day = dayOf(deps);
  return await enqueueMail(deps.db, {
    key: `digest:admin:${again ? deps.now().toISOString() : (day.toISODate() ?? '')}`,
    to,
    subject: `Посредник: сводка на ${day.toFormat('dd.MM.yyyy')}`,
    text,
    html,
    attachments,
  });
}

function dayOf({ loaded, now }: DigestDeps): DateTime {
  return DateTime.fromJSDate(now(), { zone: loaded.config.alerts.timeZone });
}
