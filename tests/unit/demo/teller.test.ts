import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTeller, type TellerSight } from '../../../scripts/demo/teller.ts';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import { type AppealInput, type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';

let platform: PlatformSimulator;
let lines: string[];
let tell: (sight: TellerSight) => void;

beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.close());

let opaId = 0;
beforeEach(() => {
  opaId += 1;
  const name = 'Кабинет';
  platform.addCabinet({ opaId: String(opaId), identifier: `i${opaId}`, password: 'p', name });
  lines = [];
  tell = createTeller((line) => lines.push(line));
});

function add(input: AppealInput = {}): string {
  return String(platform.addAppeal(String(opaId), input));
}

const deliveries = { open: 0, attention: 0, unknownSettled: 0 };
const showcase = { records: 0, accepted: 0, refused: 0, unmapped: 0, passes: 0 };

function sight(changed: Partial<TellerSight> = {}): TellerSight {
  const board = { rows: [], unread: 0, incidents: [], deliveries, showcase };
  const appeals = platform.appeals(String(opaId));
  const told = { replies: new Map(), toAnswer: new Set<string>() };
  return { appeals, cards: [], mails: [], board, ...told, ...changed };
}

function row(posId: string, errorCode: string | null = null) {
  const attention = errorCode === null ? {} : { stage: 'attention' };
  return { posId, stage: 'open', cardStage: null, cardNumber: null, errorCode, ...attention };
}

/** What is said at this look and was not before. */
function newLines(changed: Partial<TellerSight> = {}): string[] {
  lines.length = 0;
  tell(sight(changed));
  return [...lines];
}

describe('the teller', () => {
  it('counts what stands there at first, and names what comes later', () => {
    add();
    add();
    expect(newLines()).toEqual(['на платформе ждут обращения: 2 — Кабинет']);
    const category = { subjectName: 'Мусор', subsubjectName: 'Свалка', subjectId: '1', subsubjectId: '2' };
    const posId = add({
      ...category,
      source: 'MOBILE',
      fastTrack: true,
      files: [{ name: 'а.png', content: 'x' }],
    });
    expect(newLines()).toEqual([
      `на платформе новое обращение ${posId}: Мусор / Свалка (мобильное приложение, фаст-трек, файлов: 1)`,
    ]);
    expect(newLines()).toEqual([]);
  });

  it('tells what the daemon read: many by number, one by name', () => {
    const rows = ['1', '2'].map((posId) => row(posId));
    const board = { unread: 0, incidents: [], deliveries, showcase };
    expect(newLines({ board: { ...board, rows } })).toEqual(['посредник прочитал обращения: 2']);
    expect(newLines({ board: { ...board, rows: [...rows, row('3')] } })).toEqual([
      'посредник прочитал обращение 3',
    ]);
  });

  it('tells of a card once, when it has its number, with the files that came', () => {
    const earlier = add();
    const files = [
      { name: 'а.png', content: 'x' },
      { name: 'б.png', content: 'y' },
    ];
    const posId = add({ files, repeatOf: Number(earlier) });
    const sha256 = platform.appeal(String(opaId), Number(posId)).attachments[0]?.sha256 ?? '';
    const card = {
      posId,
      files: [{ name: 'а.png', resource: 'а.png', size: 1, messageId: 'm', sha256 }],
      number: 'ОГ-15/26',
      links: [],
      answers: [],
    };
    newLines();
    expect(newLines({ cards: [{ ...card, state: 'received' }] })).toEqual([]);
    expect(newLines({ cards: [{ ...card, state: 'registered' }] })).toEqual([
      `карточка ОГ-15/26 по обращению ${posId} зарегистрирована, файлов: 1, повторное к ${earlier}`,
    ]);
    expect(newLines({ cards: [{ ...card, state: 'registered' }] })).toEqual([]);
  });

  it('tells what needs attention with what to do, and again when the reason is another', () => {
    const { title, remedy } = ERROR_CODES.SED_REFUSED;
    const told = (code: string | null) =>
      newLines({ board: { rows: [row('1', code)], unread: 0, incidents: [], deliveries, showcase } });
    expect(told('SED_REFUSED')).toEqual([
      'посредник прочитал обращение 1',
      `обращению 1 нужно внимание: ${title}. ${remedy}`,
    ]);
    expect(told('SED_REFUSED')).toEqual([]);
    expect(told('SOMETHING_NEW')).toEqual(['обращению 1 нужно внимание: причина не названа']);
  });

  it('tells of a card for a new consideration with the card that it is linked to', () => {
    const posId = add();
    newLines();
    const links = [{ type: 'Повторно', number: 'ОГ-15/26', date: '2026-01-12' }];
    const card = { posId, files: [], number: 'ОГ-16/26', links, answers: [], state: 'registered' as const };
    expect(newLines({ cards: [card] })).toEqual([
      `карточка ОГ-16/26 по обращению ${posId} зарегистрирована, повторное рассмотрение, связана с ОГ-15/26`,
    ]);
  });

  it('tells of statuses in one line, and of each answer with the seconds that it took', () => {
    const posId = add();
    const entry = (status: string, at: string) => ({ status, at, repetition: 0 });
    const statuses = [
      entry('TAKE_TO_WORK', '2026-01-12T12:00:00.000+03:00'),
      entry('SET_EXECUTOR', '2026-01-12T12:00:01.000+03:00'),
    ];
    newLines();
    const told = (answers: ReturnType<typeof entry>[], given: string[]) => {
      const cards = [
        {
          posId,
          files: [],
          number: 'ОГ-15/26',
          links: [],
          answers: given.map((at) => ({ at })),
          state: 'received' as const,
        },
      ];
      return newLines({ cards: cards as never, replies: new Map([[posId, { statuses, answers }]]) });
    };
    expect(told([], [])).toEqual(['на платформу пришли статусы из ДЕЛО: 2']);
    expect(told([], ['2026-01-12T12:00:02.000'])).toEqual([]);
    const came = entry('SEND_RESPONSE', '2026-01-12T12:00:03.250+03:00');
    expect(told([came], ['2026-01-12T12:00:02.000'])).toEqual([
      `ответ на обращение ${posId} на платформе через 1,3 с`,
    ]);
    expect(told([came], ['2026-01-12T12:00:02.000'])).toEqual([]);
  });

  it('tells of incidents and mails', () => {
    const { title, remedy } = ERROR_CODES.PLATFORM_CREDENTIALS_WRONG;
    const incidents = [{ id: '1', code: 'PLATFORM_CREDENTIALS_WRONG', scope: 'gorod' }];
    const mail = {
      id: 1,
      receivedAt: '',
      from: '',
      to: [],
      subject: 'Посредник: неполадка',
      text: '',
      raw: '',
    };
    const changed = { board: { rows: [], unread: 0, incidents, deliveries, showcase }, mails: [mail] };
    expect(newLines(changed)).toEqual([
      `неполадка (gorod): ${title}. ${remedy}`,
      'письмо администратору: Посредник: неполадка',
    ]);
    expect(newLines(changed)).toEqual([]);
  });
});
