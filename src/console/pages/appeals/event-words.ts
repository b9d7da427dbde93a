import { stateWord, type Tone, toneOf } from '../../web/state-words.ts';
import type { Language } from '../../web/viewer.ts';
import type { TimelineEntry } from './timeline.ts';

/** Words of the journal's events, of actions and of what we report to the СЭД; a later version's stays as it is. */
const EVENTS: Readonly<Record<string, readonly [ru: string, en: string]>> = {
  'change-stored': ['Изменение сохранено', 'Change stored'],
  'value-unknown': ['Платформа назвала неизвестное значение', 'The platform named an unknown value'],
  'appeal-withdrawn': ['Обращение отозвано до создания РК', 'Withdrawn before a card was made'],
  'card-sent': ['Пакет записан в папку канала', 'Package written to the folder'],
  'card-received': ['СЭД получила пакет', 'The СЭД has received the package'],
  'card-registered': ['РК зарегистрирована', 'Card registered'],
  'card-refused': ['СЭД отказала', 'The СЭД has refused'],
  'card-attention': ['РК требует внимания', 'The card needs attention'],
  'card-resend-asked': ['Человек отправил РК снова', 'A person has sent the card again'],
  'card-mark-refused': ['Отметка в РК не записана', 'The mark in the card was refused'],
  'sed-event-stored': ['Событие СЭД сохранено', 'Event of the СЭД stored'],
  'sed-event-not-sent': [
    'Событие СЭД на платформу не уходит',
    'Event of the СЭД sends nothing to the platform',
  ],
  'failure-outdated': ['Отказ устаревшей попытки', 'Refusal of an attempt that is over'],
  'failure-of-double': ['Отказ на повтор того же пакета', 'Refusal of a doubled package'],
  'delivery-queued': ['Отправка в очереди', 'Delivery queued'],
  'delivery-done': ['Доставлено на платформу', 'Delivered to the platform'],
  'delivery-attention': ['Отправка требует внимания', 'The delivery needs attention'],
  'delivery-cancelled': ['Отправка отменена', 'Delivery cancelled'],
  'delivery-edited': ['Человек исправил ответ', 'A person has edited the answer'],
  'delivery-resend-asked': ['Человек повторил отправку', 'A person has repeated the delivery'],
  'file-stored': ['Файл загружен', 'File fetched'],
  'file-refused': ['Файл не загружен', 'File not fetched'],
  'card-resent': ['РК отправлена снова', 'Card sent again'],
  'delivery-resent': ['Отправка повторена', 'Delivery repeated'],
  'deliveries-resent': ['Повторена группа отправок', 'A group of deliveries repeated'],
  'partner-report-written': ['Отчёт записан в папку СЭД', 'Report written to the folder'],
  'partner-report-failed': ['Отчёт в СЭД не записан', 'Report to the СЭД not written'],
  reception: ['Отчёт в СЭД о получении', 'Report to the СЭД: received'],
  registration: ['Отчёт в СЭД о регистрации', 'Report to the СЭД: registered'],
  failure: ['Отчёт в СЭД об отказе', 'Report to the СЭД: refused'],
};

function eventWord(lang: Language, event: string): string {
  const words = Object.hasOwn(EVENTS, event) ? EVENTS[event] : undefined;
  return words === undefined ? event : lang === 'ru' ? words[0] : words[1];
}

/** What happened, in a few words. */
export function titleOf(lang: Language, { source, what, data }: TimelineEntry): string {
  const text = (name: string) => (data[name] === null || data[name] === undefined ? '' : String(data[name]));
  const isRussian = lang === 'ru';
  switch (source) {
    case 'change':
      return `${isRussian ? 'Платформа' : 'Platform'}: ${stateWord(lang, 'change', what)}`;
    case 'package': {
      const part =
        text('part') === '0'
          ? isRussian
            ? 'РК'
            : 'card'
          : `${isRussian ? 'дополнение' : 'addition'} ${text('part')}`;
      const attempt = `${isRussian ? 'попытка' : 'attempt'} ${text('attempt')}`;
      return `${isRussian ? 'Пакет в СЭД' : 'Package to the СЭД'}: ${part}, ${attempt} — ${stateWord(lang, 'package', what)}`;
    }
    case 'message':
      return `${isRussian ? 'Сообщение СЭД' : 'Message of the СЭД'}: ${what}`;
    case 'event':
      return `${isRussian ? 'СЭД' : 'СЭД'}: ${stateWord(lang, 'event', what)}`;
    case 'delivery': {
      const kind = stateWord(lang, 'kind', text('kind'));
      return `${isRussian ? 'Отправка' : 'Delivery'} ${text('seq')}, ${kind} — ${stateWord(lang, 'delivery', what)}`;
    }
    default:
      return eventWord(lang, what);
  }
}

/** How an entry stands in the timeline. */
export function entryTone({ source, what, code }: TimelineEntry): Tone {
  if (source === 'journal') {
    if (/attention|refused/.test(what)) return 'bad';
    return code === null ? (/registered|done/.test(what) ? 'good' : '') : 'warn';
  }
  return source === 'reply' || source === 'audit' ? '' : toneOf(what);
}
