import { isMember } from '../../../alerts/incident/members.ts';
import type { Said } from '../../../alerts/incident/note-resent.ts';
import { isResendable } from '../../../alerts/incident/resend.ts';
import { findIncident } from '../../../alerts/incident/rows.ts';
import type { ErrorCode } from '../../../model/error-codes.ts';
import { resendCards } from '../../../registration/commands.ts';
import { dropQuarantined, retryQuarantined, type SetAside } from '../../../registration/quarantine.ts';
import { cancelDelivery, resendDeliveries } from '../../../replies/commands.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak, type Words } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';

const WORDS = {
  ru: {
    resent: 'Отправка повторяется.',
    cancelled: 'Отправка отменена.',
    reading: 'Сообщение возвращено в папку канала и будет прочитано.',
    dropped: 'Сообщения больше не ждут.',
    changed: 'За это время всё изменилось: посмотрите группу снова.',
  },
  en: {
    resent: 'It is sent again.',
    cancelled: 'The delivery is cancelled.',
    reading: 'The message is back in its folder and will be read.',
    dropped: 'The message is waited for no more.',
    changed: 'It has changed meanwhile: look at the group again.',
  },
} satisfies Words<string>;

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
  const known = KINDS.find((one) => one === kind);
  const world = worldOf(deps);
  const isOurs =
    incident !== undefined &&
    incident.closedAt === null &&
    known !== undefined &&
    (known === 'message' || isResendable(incident, world)) &&
    (await isMember(deps.db, incident, world, known, member));
  const said = { who: viewer.login, why };
  const isDone = isOurs && (await CHANGES[known](deps, { id: member, code: incident.code, isCancel }, said));
  if (!isDone) return { goTo, notice: { tone: 'bad', text: say('changed') } };
  const [done, cancelled] =
    known === 'message' ? (['reading', 'dropped'] as const) : (['resent', 'cancelled'] as const);
  return { goTo, notice: { tone: 'good', text: say(isCancel ? cancelled : done) } };
}

interface Wish {
  readonly id: string;
  readonly code: ErrorCode;
  readonly isCancel: boolean;
}

type Change = (deps: ConsoleDeps, wish: Wish, said: Said) => Promise<boolean>;

const KINDS = ['delivery', 'card', 'addition', 'message'] as const;
const CHANGES: Readonly<Record<(typeof KINDS)[number], Change>> = {
  delivery: changeDelivery,
  card: (deps, wish, said) => resendAppeal(deps, wish, said, OF_CARD),
  addition: (deps, wish, said) => resendAppeal(deps, wish, said, OF_ADDITION),
  message: changeMessage,
};

async function changeDelivery(
  { dataSource }: ConsoleDeps,
  { id, isCancel }: Wish,
  said: Said,
): Promise<boolean> {
  if (isCancel) return await cancelDelivery(dataSource, id, said);
  return (await resendDeliveries(dataSource, { id }, said)).length > 0;
}

/** Reads a message of the СЭД again, or waits for it no more. */
async function changeMessage(deps: ConsoleDeps, { id, code, isCancel }: Wish, said: Said): Promise<boolean> {
  const [aside] = await deps.db.query<SetAside>(
    `SELECT channel, message_dir AS message FROM quarantine WHERE id = $1 AND code = $2 AND settled_at IS NULL`,
    [id, code],
  );
  if (aside === undefined) return false;
  if (isCancel) return await dropQuarantined(deps, code, aside, said);
  const { sed } = deps;
  if (sed === undefined || code !== 'SED_MESSAGE_UNREADABLE') return false;
  await retryQuarantined({ ...deps, sed }, aside, said);
  return true;
}

const OF_CARD = `SELECT a.id::text AS id, a.pos_id AS "posId" FROM appeal a JOIN card k ON k.appeal_id = a.id
  WHERE k.id = $1 AND k.stage = 'attention'`;
const OF_ADDITION = `SELECT a.id::text AS id, a.pos_id AS "posId" FROM appeal a JOIN card k ON k.appeal_id = a.id
  JOIN package p ON p.card_id = k.id WHERE p.id = $1 AND p.part > 0 AND p.stage = 'failed'`;

/** The command for a card, or the package of an addition to one, is that of its appeal. */
async function resendAppeal(
  { dataSource, db }: ConsoleDeps,
  { id, isCancel }: Wish,
  said: Said,
  find: string,
): Promise<boolean> {
  const [appeal] = isCancel ? [] : await db.query<{ id: string; posId: string }>(find, [id]);
  if (appeal === undefined) return false;
  const outcomes = await resendCards(dataSource, appeal.posId, { appealId: appeal.id, said });
  return outcomes.some(({ action }) => action !== 'nothing');
}
