import { ERROR_CODES, type ErrorCode } from '../../src/model/error-codes.ts';
import type { Card } from '../../tests/simulators/delo/index.ts';
import type { WireAppeal } from '../../tests/simulators/platform/index.ts';
import type { CaughtMail } from '../../tests/simulators/smtp/index.ts';
import type { BoardRow } from './board.ts';
import { answerSeconds } from './replies.ts';
import { countArrived, needsAttention, type Sight } from './verdict.ts';

export interface TellerSight extends Sight {
  readonly appeals: readonly WireAppeal[];
  readonly mails: readonly CaughtMail[];
  readonly cards: readonly (Sight['cards'][number] & Pick<Card, 'answers' | 'links'>)[];
}

const SOURCES: Readonly<Record<string, string>> = {
  EPGU: 'Госуслуги',
  SITE: 'сайт',
  MOBILE: 'мобильное приложение',
};

/** Tells in words what is new since the look before; the first look tells of everything that is there. */
export function createTeller(say: (line: string) => void): (sight: TellerSight) => void {
  const told = new Set<string>();
  let first = true;

  function once(key: string, line: () => string): void {
    if (told.has(key)) return;
    told.add(key);
    say(line());
  }

  /** All that stand there at the start in one line a cabinet, later ones one by one. */
  function tellAppeals(appeals: readonly WireAppeal[]): void {
    const fresh = appeals.filter(({ posId }) => !told.has(`appeal ${posId}`));
    for (const { posId } of fresh) told.add(`appeal ${posId}`);
    if (!first) {
      for (const appeal of fresh) say(`на платформе новое обращение ${appeal.posId}: ${describe(appeal)}`);
      return;
    }
    for (const [name, own] of Map.groupBy(fresh, (appeal) => appeal.organizationInfo['name'] ?? '')) {
      say(`на платформе ждут обращения: ${own.length} — ${name}`);
    }
  }

  function tellRead(rows: readonly BoardRow[]): void {
    const fresh = rows.filter(({ posId }) => !told.has(`read ${posId}`));
    for (const { posId } of fresh) told.add(`read ${posId}`);
    if (fresh.length === 1) say(`посредник прочитал обращение ${fresh[0]?.posId}`);
    else if (fresh.length > 1) say(`посредник прочитал обращения: ${fresh.length}`);
  }

  /** Many that came at once in one line. */
  function tellStatuses(replies: Sight['replies']): void {
    let fresh = 0;
    for (const [posId, { statuses }] of replies) {
      statuses.forEach((_entry, index) => {
        const key = `status ${posId} ${index}`;
        if (!told.has(key)) fresh += 1;
        told.add(key);
      });
    }
    if (fresh > 0) say(`на платформу пришли статусы из ДЕЛО: ${fresh}`);
  }

  function tellAnswers({ cards, replies }: TellerSight): void {
    const cardsOf = Map.groupBy(cards, (card) => card.posId);
    for (const [posId, came] of replies) {
      answerSeconds(cardsOf.get(posId) ?? [], came).forEach((seconds, index) => {
        const after = seconds.toFixed(1).replace('.', ',');
        once(`answer ${posId} ${index}`, () => `ответ на обращение ${posId} на платформе через ${after} с`);
      });
    }
  }

  return (sight) => {
    const { appeals, cards, board, mails, replies } = sight;
    tellAppeals(appeals);
    tellRead(board.rows);
    const byPosId = new Map(appeals.map((appeal) => [String(appeal.posId), appeal]));
    for (const card of cards) {
      if (card.state !== 'registered') continue;
      once(`card ${card.number}`, () => describeCard(card, byPosId.get(card.posId)));
    }
    tellStatuses(replies);
    tellAnswers(sight);
    for (const row of board.rows) {
      if (!needsAttention(row)) continue;
      once(
        `attention ${row.posId} ${row.errorCode}`,
        () => `обращению ${row.posId} нужно внимание: ${remedyOf(row.errorCode)}`,
      );
    }
    for (const { id, code, scope } of board.incidents) {
      once(`incident ${id}`, () => `неполадка (${scope}): ${remedyOf(code)}`);
    }
    for (const mail of mails) once(`mail ${mail.id}`, () => `письмо администратору: ${mail.subject}`);
    first = false;
  };
}

function describe(appeal: WireAppeal): string {
  const category = [appeal.subjectName, appeal.subsubjectName].filter(Boolean).join(' / ');
  const notes = [
    SOURCES[appeal.source] ?? appeal.source,
    ...(appeal.fastTrack ? ['фаст-трек'] : []),
    ...(appeal.attachments.length > 0 ? [`файлов: ${appeal.attachments.length}`] : []),
  ];
  return `${category} (${notes.join(', ')})`;
}

function describeCard(card: TellerSight['cards'][number], appeal: WireAppeal | undefined): string {
  const files = appeal === undefined ? 0 : countArrived(appeal.attachments, [card]);
  const notes = [...(files > 0 ? [`файлов: ${files}`] : []), ...linksOf(card, appeal)];
  return [`карточка ${card.number} по обращению ${card.posId} зарегистрирована`, ...notes].join(', ');
}

/** Another appeal of the same citizen, or this one sent back. */
function linksOf(card: TellerSight['cards'][number], appeal: WireAppeal | undefined): string[] {
  if (appeal?.repeatOf) return [`повторное к ${appeal.repeatOf}`];
  return card.links.map(({ number }) => `повторное рассмотрение, связана с ${number}`);
}

function remedyOf(code: string | null): string {
  const known = code === null ? undefined : ERROR_CODES[code as ErrorCode];
  return known === undefined ? 'причина не названа' : `${known.title}. ${known.remedy}`;
}
