import { Fault } from '../model/errors.ts';

/** The number of a delivery as `deliveries list` shows it. @throws Fault COMMAND_INVALID */
export function requireDelivery(text: string): string {
  if (/^\d{1,18}$/.test(text)) return text;
  throw new Fault('COMMAND_INVALID', { detail: `«${text}»: номер отправки состоит из цифр` });
}

/** A reason for the journal. @throws Fault COMMAND_INVALID when it says nothing */
export function requireWhy(why: string): void {
  if (why.trim() !== '') return;
  throw new Fault('COMMAND_INVALID', { detail: '--why: напишите причину', field: '--why' });
}
