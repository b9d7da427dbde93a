import { isMember } from '../../../alerts/incident/members.ts';
import { noteResent } from '../../../alerts/incident/resend.ts';
import { findIncident } from '../../../alerts/incident/rows.ts';
import { resendCards } from '../../../registration/commands.ts';
import { cancelLocked, resendLocked } from '../../../replies/commands.ts';
import { inTransaction } from '../../../store/data-source.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak, type Words } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { worldOf } from './world.ts';

const WORDS = {
  ru: {
    resent: 'Отправка повторяется.',
    cancelled: 'Отправка отменена.',
    changed: 'За это время всё изменилось: посмотрите группу снова.',
  },
  en: {
    resent: 'It is sent again.',
    cancelled: 'The delivery is cancelled.',
    changed: 'It has changed meanwhile: look at the group again.',
  },
} satisfies Words<string>;

interface Wish {
  readonly incidentId: string;
  readonly member: string;
  readonly who: string;
  readonly why: string;
}

/** `POST /errors/:id/members/:kind/:member`: sends one of a group again, or cancels it. */
export async function memberAction(
  deps: ConsoleDeps,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const { id = '', kind = '', member = '' } = params;
  const why = reasonOf(form);
  const isCancel = form.text('do') === 'cancel';
  const incident = await findIncident(deps.db, id);
  const goTo = incident === undefined ? '/errors' : `/errors/${incident.id}#members`;
  const known = kind === 'delivery' || kind === 'card' ? kind : undefined;
  const isOurs =
    incident !== undefined &&
    incident.closedAt === null &&
    known !== undefined &&
    (await isMember(deps.db, incident, worldOf(deps), known, member));
  const wish: Wish = { incidentId: id, member, who: viewer.login, why };
  const isDone =
    isOurs && (known === 'card' ? await resendCard(deps, wish) : await changeDelivery(deps, wish, isCancel));
  const tone = isDone ? 'good' : 'bad';
  return { goTo, notice: { tone, text: say(!isDone ? 'changed' : isCancel ? 'cancelled' : 'resent') } };
}

async function changeDelivery({ dataSource }: ConsoleDeps, wish: Wish, isCancel: boolean): Promise<boolean> {
  const { incidentId, member, who, why } = wish;
  return await inTransaction(dataSource, async (tx) => {
    await tx.query('SELECT 1 FROM delivery WHERE id = $1 FOR UPDATE', [member]);
    if (isCancel) {
      if (!(await cancelLocked(tx, member, { who, why }))) return false;
    } else {
      const [ref] = await resendLocked(tx, [member], { who, why });
      if (ref === undefined) return false;
      await noteResent(tx, incidentId, ref, { who, why });
    }
    const action = isCancel ? 'delivery-cancelled' : 'delivery-resent';
    await writeAudit(tx, { who, action, object: `delivery:${member}`, why, data: { incident: incidentId } });
    return true;
  });
}

/** A card of the group, or the package of an addition to one: the command is that of its appeal. */
async function resendCard({ dataSource, db }: ConsoleDeps, wish: Wish): Promise<boolean> {
  const { incidentId, member, who, why } = wish;
  const [appeal] = await db.query<{ id: string; posId: string }>(
    `SELECT a.id::text AS id, a.pos_id AS "posId" FROM appeal a JOIN card k ON k.appeal_id = a.id
     WHERE k.id = $1 AND k.stage = 'attention'
     UNION ALL SELECT a.id::text, a.pos_id FROM appeal a JOIN card k ON k.appeal_id = a.id JOIN package p ON p.card_id = k.id
     WHERE p.id = $1 AND p.part > 0 AND p.stage = 'failed' LIMIT 1`,
    [member],
  );
  if (appeal === undefined) return false;
  const outcomes = await resendCards(dataSource, appeal.posId, {
    appealId: appeal.id,
    said: { who, why },
    also: async (tx, action) => {
      await noteResent(tx, incidentId, appeal.id, { who, why });
      await writeAudit(tx, {
        who,
        action: 'card-resent',
        object: `appeal:${appeal.id}`,
        why,
        data: { action, incident: incidentId },
      });
    },
  });
  return outcomes.some(({ action }) => action !== 'nothing');
}
