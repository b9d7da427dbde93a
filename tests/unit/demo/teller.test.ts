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

function sight(changed: Partial<TellerSight> = {}): TellerSight {
  const board = { rows: [], unread: 0, incidents: [] };
  return { appeals: platform.appeals(String(opaId)), cards: [], mails: [], board, ...changed };
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
    const board = { unread: 0, incidents: [] };
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
      newLines({ board: { rows: [row('1', code)], unread: 0, incidents: [] } });
    expect(told('SED_REFUSED')).toEqual([
      'посредник прочитал обращение 1',
      `обращению 1 нужно внимание: ${title}. ${remedy}`,
    ]);
    expect(told('SED_REFUSED')).toEqual([]);
    expect(told('SOMETHING_NEW')).toEqual(['обращению 1 нужно внимание: причина не названа']);
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
    const changed = { board: { rows: [], unread: 0, incidents }, mails: [mail] };
    expect(newLines(changed)).toEqual([
      `неполадка (gorod): ${title}. ${remedy}`,
      'письмо администратору: Посредник: неполадка',
    ]);
    expect(newLines(changed)).toEqual([]);
  });
});
