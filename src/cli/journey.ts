import { DateTime } from 'luxon';
import type { Journey } from '../console/journey.ts';
import { isKnownCode } from '../model/code-entry.ts';
import { ERROR_CODES } from '../model/error-codes.ts';
import { russianDay } from '../text/russian-day.ts';
import { wordOf } from './words.ts';

/** A journey as lines for a terminal; times in this IANA zone, which is named. */
export function formatJourney(journey: Journey, timeZone: string): string[] {
  const time = (at: Date | string) =>
    DateTime.fromJSDate(new Date(at), { zone: timeZone }).toFormat('dd.MM.yyyy HH:mm:ss');
  const term = journey.answerAt === null ? '' : `, срок ответа ${time(journey.answerAt)}`;
  const stage = `${wordOf('appeal', journey.stage)}, на платформе ${journey.status}`;
  return [
    `Обращение ${journey.posId}, кабинет ${journey.cabinet}: ${stage}`,
    `  поступило ${time(journey.receivedAt)}${term} (время: ${timeZone})`,
    ...trouble('  ', journey.error?.code ?? null, journey.error?.detail ?? null),
    ...journey.changes.map(
      ({ at, change, identity }) => `  ${time(at)}  ${wordOf('change', change)} (изменение ${identity})`,
    ),
    ...journey.files.map(
      ({ state, code }, index) =>
        `  файл ${index + 1}: ${wordOf('file', state)}${code === null ? '' : `, ${explain(code, null)}`}`,
    ),
    ...journey.cards.flatMap(cardLines),
    ...journey.deliveries.flatMap(deliveryLines),
    ...journey.journal.map(
      ({ at, event, code }) => `  ${time(at)}  ${event}${code === null ? '' : ` ${code}`}`,
    ),
  ];
}

function cardLines(card: Journey['cards'][number]): string[] {
  const day = card.date === null ? '' : ` от ${russianDay(card.date)}`;
  const number = card.number === null ? 'без номера' : `№ ${card.number}${day}`;
  return [
    `  карточка ${number}: ${wordOf('card', card.stage)}, канал ${card.channel}, UID ${card.documentUid}`,
    ...trouble('    ', card.code, card.detail),
    ...card.packages.map(
      ({ part, attempt, stage, messageDir }) =>
        `    пакет ${part}, попытка ${attempt}: ${wordOf('package', stage)}, папка ${messageDir}`,
    ),
  ];
}

function deliveryLines(delivery: Journey['deliveries'][number]): string[] {
  const { id, seq, kind, state, attempts, rule } = delivery;
  const head = `  отправка ${id}, ${wordOf('kind', kind)}, по порядку ${seq}`;
  return [
    `${head}: ${wordOf('delivery', state)}, попыток ${attempts}, правило «${rule}»`,
    ...trouble('    ', delivery.code, delivery.detail),
  ];
}

function trouble(indent: string, code: string | null, detail: string | null): string[] {
  return code === null ? [] : [`${indent}! ${explain(code, detail)}`];
}

/** A code in words; one that this version does not know stays as it is. */
export function explain(code: string, detail: string | null): string {
  const words = isKnownCode(code) ? `${code}: ${ERROR_CODES[code].title}` : code;
  return detail === null || detail === '' ? words : `${words} (${detail})`;
}
