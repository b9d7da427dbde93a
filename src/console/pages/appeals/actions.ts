import { Fault } from '../../../model/errors.ts';
import { resendCards } from '../../../registration/commands.ts';
import { cancelDelivery, resendDeliveries } from '../../../replies/commands.ts';
import type { ConsoleDeps } from '../../deps.ts';
import type { Form, PageAnswer, PageRequest } from '../../web/page.ts';
import { speak, type Words } from '../../web/words.ts';

const WORDS = {
  ru: {
    again: 'РК отправляется снова: тот же пакет.',
    corrected: 'РК отправляется снова: новая попытка.',
    nothing: 'Отправлять нечего: РК уже зарегистрирована или ещё готовится.',
    resent: 'Отправка повторяется.',
    cancelled: 'Отправка отменена.',
    changed: 'За это время отправка изменилась: посмотрите её состояние.',
    gone: 'Такого обращения нет.',
  },
  en: {
    again: 'The card is sent again: the same package.',
    corrected: 'The card is sent again: a new attempt.',
    nothing: 'Nothing to send: the card is registered already or still being made.',
    resent: 'The delivery is repeated.',
    cancelled: 'The delivery is cancelled.',
    changed: 'The delivery has changed meanwhile: look at its state.',
    gone: 'No such appeal.',
  },
} satisfies Words<string>;

/** The reason of a change. @throws Fault COMMAND_INVALID when there is none */
export function reasonOf(form: Form): string {
  const why = form.text('why').slice(0, 300);
  if (why === '') throw new Fault('COMMAND_INVALID', { detail: 'напишите причину', field: 'why' });
  return why;
}

/** A number of the address. @throws Fault COMMAND_INVALID */
function numberOf(text: string | undefined): string {
  if (text !== undefined && /^\d{1,18}$/.test(text)) return text;
  throw new Fault('COMMAND_INVALID', { detail: 'номер состоит из цифр' });
}

/** Sends the cards of one appeal again, as the command `resend` does. */
export async function resendCardAction(
  { dataSource, db }: ConsoleDeps,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const id = numberOf(params['id']);
  const why = reasonOf(form);
  const [appeal] = await db.query<{ posId: string }>(`SELECT pos_id AS "posId" FROM appeal WHERE id = $1`, [
    id,
  ]);
  if (appeal === undefined) return { goTo: '/appeals', notice: { tone: 'bad', text: say('gone') } };
  const [outcome] = await resendCards(dataSource, appeal.posId, {
    appealId: id,
    said: { who: viewer.login, why },
  });
  const action = outcome?.action ?? 'nothing';
  const tone = action === 'nothing' ? 'bad' : 'good';
  return { goTo: `/appeals/${id}#cards`, notice: { tone, text: say(action) } };
}

/** Repeats or cancels one delivery of an appeal. */
export async function deliveryAction(
  { db, dataSource }: ConsoleDeps,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const id = numberOf(params['id']);
  const delivery = numberOf(params['delivery']);
  const why = reasonOf(form);
  const isCancel = form.text('do') === 'cancel';
  const said = { who: viewer.login, why };
  const own = await db.query('SELECT 1 FROM delivery WHERE id = $1 AND appeal_id = $2', [delivery, id]);
  const done =
    own.length > 0 &&
    (isCancel
      ? await cancelDelivery(dataSource, delivery, said)
      : (await resendDeliveries(dataSource, { id: delivery }, said)).length > 0);
  const text = !done ? say('changed') : say(isCancel ? 'cancelled' : 'resent');
  return { goTo: `/appeals/${id}#deliveries`, notice: { tone: done ? 'good' : 'bad', text } };
}
