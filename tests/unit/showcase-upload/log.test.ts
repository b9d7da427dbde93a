import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pino } from 'pino';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import { takeAskedRuns } from '../../../src/showcase/asked-runs.ts';
import { type DigestDeps, sendDigest } from '../../../src/showcase/digest.ts';
import { countCauses, listNotUploaded, type NotUploaded } from '../../../src/showcase/not-uploaded.ts';
import { csvHead, csvRows } from '../../../src/showcase/not-uploaded-csv.ts';
import { resendRecords } from '../../../src/showcase/resend.ts';
import { createRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
beforeEach(() => rig.reset({ showcasePolls: 0, showcaseRules: RULES }));
afterAll(() => rig.close());

const RULES = [
  { field: 'channel', equals: 'плохо', effect: 'record', code: 'BAD_CHANNEL', message: 'канал Иванова' },
  { field: 'result', effect: 'record', code: 'BAD_RESULT', message: 'нельзя' },
] as const;

/** Refused by our own validation, or unmapped, as building stores it. */
async function own(no: number, verdict: 'refuse' | 'unmapped', code: string, field: string): Promise<void> {
  await rig.put(no);
  await rig.db.query(
    `UPDATE showcase_record SET verdict = $2, own_code = $3, own_field = $4, own_detail = $5 WHERE card_key = $1`,
    [`card-${no}`, verdict, code, field, `${field}: не заполнено`],
  );
}

/** Five good ones shown, three refused by the platform, one by us, two unmapped, one waiting. */
async function mixed(): Promise<void> {
  for (const no of [1, 2, 3, 4, 5]) await rig.put(no);
  await rig.put(6, { channel: 'плохо' });
  await rig.put(7, { channel: 'плохо' });
  await rig.put(8, { result: 'SUPPORTED' });
  await rig.write();
  await rig.drive();
  await own(9, 'refuse', 'SHOWCASE_FIELD_MISSING', 'regDate');
  await own(10, 'unmapped', 'RUBRIC_NOT_MAPPED', 'otkCode');
  await own(11, 'unmapped', 'RUBRIC_NOT_MAPPED', 'otkCode');
  await rig.put(12);
}

describe('the non-upload log', () => {
  it('has every question that is not in the showcase, with cause, remedy and card', async () => {
    await mixed();
    const list = await listNotUploaded(rig.db, { linkOf: (_showcase, isn) => `http://delo.test/${isn}` });
    expect(list.map(({ recordId, state, code }) => [recordId, state, code])).toEqual([
      ['card-6#1', 'refused', 'SHOWCASE_RECORD_REFUSED'],
      ['card-7#1', 'refused', 'SHOWCASE_RECORD_REFUSED'],
      ['card-8#1', 'refused', 'SHOWCASE_RECORD_REFUSED'],
      ['card-9#1', 'refused', 'SHOWCASE_FIELD_MISSING'],
      ['card-10#1', 'unmapped', 'RUBRIC_NOT_MAPPED'],
      ['card-11#1', 'unmapped', 'RUBRIC_NOT_MAPPED'],
      ['card-12#1', 'ready', undefined],
    ]);
    expect(list[0]).toMatchObject({
      showcase: 'main',
      cardNumber: 'К-6',
      cardDate: '2026-01-15',
      questionNo: 1,
      field: 'channel',
      platformCode: 'BAD_CHANNEL',
      detail: 'BAD_CHANNEL: канал Иванова',
      reason: ERROR_CODES.SHOWCASE_RECORD_REFUSED.title,
      remedy: ERROR_CODES.SHOWCASE_RECORD_REFUSED.remedy,
      link: 'http://delo.test/1',
    });
    expect(list.at(-1)).toMatchObject({
      reason: 'Ждёт ближайшей выгрузки',
      remedy: 'Делать ничего не нужно.',
    });
    expect(list.every(({ since }) => Number.isFinite(since.getTime()))).toBe(true);
  });

  it('can be asked by state, by our code or the platform’s, and page by page', async () => {
    await mixed();
    const ids = async (filter: Parameters<typeof listNotUploaded>[1]) =>
      (await listNotUploaded(rig.db, filter)).map(({ recordId }) => recordId);
    expect(await ids({ states: ['unmapped'] })).toEqual(['card-10#1', 'card-11#1']);
    expect(await ids({ code: 'BAD_CHANNEL' })).toEqual(['card-6#1', 'card-7#1']);
    expect(await ids({ code: 'SHOWCASE_FIELD_MISSING' })).toEqual(['card-9#1']);
    expect(await ids({ showcase: 'other' })).toEqual([]);
    const first = await listNotUploaded(rig.db, { limit: 3 });
    expect(await ids({ limit: 10, afterId: first.at(-1)?.id ?? '' })).toHaveLength(4);
    await rig.db.query(
      `UPDATE showcase_record SET since = now() - interval '9 days' WHERE card_key = 'card-11'`,
    );
    expect((await ids({ sort: 'oldest', limit: 1 }))[0]).toBe('card-11#1');
  });

  it('gives a record that waits for a file that failed whole the file’s reason', async () => {
    rig.simulator.configure({ showcaseHeaderFault: 'region' });
    await rig.put(1);
    await rig.write();
    await rig.drive();
    expect(await listNotUploaded(rig.db)).toMatchObject([
      { state: 'ready', code: 'SHOWCASE_HEADER_REFUSED', field: 'region' },
    ]);
    await rig.write();
    expect(await listNotUploaded(rig.db)).toMatchObject([
      { state: 'sent', reason: 'Отправлена, ждёт отчёта платформы' },
    ]);
  });

  it('accepted, refused and unmapped are all questions', async () => {
    await mixed();
    await rig.write();
    await rig.drive();
    const states = (await rig.records()).map(({ state }) => state);
    const count = (state: string) => states.filter((one) => one === state).length;
    expect([count('accepted'), count('refused'), count('unmapped'), states.length]).toEqual([6, 4, 2, 12]);
    const listed = await listNotUploaded(rig.db);
    expect(listed).toHaveLength(6);
    expect(listed.every(({ code }) => code !== undefined)).toBe(true);
  });

  it('is counted by cause, the most frequent first', async () => {
    await mixed();
    expect(await countCauses(rig.db, 'main')).toEqual([
      { code: 'RUBRIC_NOT_MAPPED', field: 'otkCode', count: 2 },
      { code: 'SHOWCASE_RECORD_REFUSED', field: 'channel', platformCode: 'BAD_CHANNEL', count: 2 },
      { code: 'SHOWCASE_FIELD_MISSING', field: 'regDate', count: 1 },
      { code: 'SHOWCASE_RECORD_REFUSED', field: 'result', platformCode: 'BAD_RESULT', count: 1 },
    ]);
  });
});

describe('as a table', () => {
  const options = { timeZone: 'Asia/Yakutsk', withDetails: true };
  const one: NotUploaded = {
    id: '1',
    showcase: 'main',
    recordId: 'a#1',
    cardNumber: '=HYPERLINK("x")',
    cardIsn: '1',
    questionNo: 1,
    otkCode: '0003.0009.0099.0742',
    state: 'refused',
    since: new Date('2026-01-31T20:00:00Z'),
    code: 'SHOWCASE_RECORD_REFUSED',
    reason: 'а; б',
    remedy: 'сказал "да"\nи ушёл',
    detail: 'x',
  };

  it('opens in Russian spreadsheets: mark, semicolons, quotes, the cabinet’s time', () => {
    const text = csvHead(options) + csvRows([one], options);
    expect(text.startsWith('\uFEFFВитрина;Карточка;')).toBe(true);
    expect(text.split('\r\n')[1]).toContain('2026-02-01 05:00');
    expect(text).toContain('"а; б";"сказал ""да""\nи ушёл"');
    expect(csvHead({ ...options, withDetails: false })).not.toContain('Подробности');
  });

  it('lets no cell be a formula, and loses nothing of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const [cell] = cellsOf(csvRows([{ ...one, showcase: value }], options));
        expect(/^[=+\-@\t\r]/.test(cell ?? '')).toBe(false);
        expect([value, `'${value}`]).toContain(cell);
      }),
    );
  });
});

/** The cells of the first row, by RFC 4180 with semicolons. */
function cellsOf(text: string): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = text[at] === '"';
    const pattern = quoted ? /"((?:[^"]|"")*)"/y : /([^;\r\n]*)/y;
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    cells.push((match?.[1] ?? '').replaceAll('""', '"'));
    at += match?.[0].length ?? 0;
    if (text[at] !== ';') return cells;
    at += 1;
  }
}

describe('sending refused records again', () => {
  async function resend(filter: Parameters<typeof resendRecords>[1], known = ['main']) {
    const outcome = await resendRecords(rig.db, filter, known);
    return { ...outcome, asked: await takeAskedRuns(rig.db) };
  }

  it('by the platform’s code, by ours, by record, or all; and asks for a run', async () => {
    await mixed();
    rig.simulator.configure({ showcaseRules: [] });
    expect(await resend({ code: 'BAD_RESULT' })).toEqual({
      records: 1,
      showcases: ['main'],
      asked: ['main'],
    });
    expect(await resend({ recordId: 'card-6#1' })).toEqual({
      records: 1,
      showcases: ['main'],
      asked: ['main'],
    });
    expect(await resend({ code: 'SHOWCASE_RECORD_REFUSED' })).toMatchObject({ records: 1 });
    await rig.write();
    await rig.drive();
    expect((await rig.records()).filter(({ state }) => state === 'accepted')).toHaveLength(9);
    expect(await rig.journal()).toContain('showcase-resend-asked');
  });

  it('asks for a run even when nothing was refused: what waits goes then', async () => {
    expect(await resend({})).toEqual({ records: 0, showcases: ['main'], asked: ['main'] });
    expect(await resend({ code: 'НЕТ' })).toEqual({ records: 0, showcases: [], asked: [] });
    expect(await resend({ recordId: 'нет#1' })).toEqual({ records: 0, showcases: [], asked: [] });
    expect(await resend({ showcase: 'b' }, ['a', 'b'])).toMatchObject({ asked: ['b'] });
  });

  it('leaves what our own checks refuse to the next look at the card', async () => {
    await own(1, 'refuse', 'SHOWCASE_FIELD_MISSING', 'regDate');
    expect(await resend({ code: 'SHOWCASE_FIELD_MISSING' })).toMatchObject({ records: 0 });
    expect((await rig.records())[0]?.state).toBe('refused');
  });
});

describe('the daily digest', () => {
  const digestDeps = (more: Partial<DigestDeps> = {}): DigestDeps => ({
    db: rig.db,
    log: pino({ level: 'silent' }),
    recipients: () => ['admin@example.org'],
    now: () => Date.parse('2026-02-03T22:00:00Z'),
    ...more,
  });
  const showcase = { id: 'main', timeZone: 'Asia/Yakutsk' };

  it('tells causes with counts, the ten oldest, and has the whole list attached; no words of the platform', async () => {
    await mixed();
    await rig.db.query(
      `UPDATE showcase_record SET since = '2026-01-20T20:00:00Z' WHERE card_key = 'card-11' AND since IS NOT NULL`,
    );
    expect(await sendDigest(digestDeps(), showcase)).toBe(true);
    const [mail] = await rig.mails();
    // It is the fourth in Yakutsk already.
    expect(mail?.subject).toBe('Посредник: витрина «main», что не выгружено на 04.02.2026');
    expect(mail?.body_text).toContain('Не выгружено вопросов: 6, причин: 4.');
    expect(mail?.body_text).toContain('* Вопросов: 2\n  Причина: Платформа не приняла запись витрины');
    expect(mail?.body_text).toContain('SHOWCASE_RECORD_REFUSED / BAD_CHANNEL');
    expect(mail?.body_text).toMatch(
      /Ждут дольше всех\n-+\n\n\* Карточка: К-11\n {2}Вопрос: 1\n {2}С: 21\.01\.2026/,
    );
    const [row] = await rig.db.query<{ attachments: { name: string; content: string }[] }>(
      `SELECT attachments FROM mail`,
    );
    expect(row?.attachments[0]?.name).toBe('showcase-main.csv');
    expect(row?.attachments[0]?.content.trimEnd().split('\r\n')).toHaveLength(7);
    const everything = JSON.stringify([mail, row]);
    expect(everything).not.toContain('Иванова');
    expect(everything).toContain('К-9');
  });

  it('comes once a day, whoever asks for it; the next day again', async () => {
    await mixed();
    expect(await sendDigest(digestDeps(), showcase)).toBe(true);
    expect(await sendDigest(digestDeps(), showcase)).toBe(false);
    const tomorrow = digestDeps({ now: () => Date.parse('2026-02-04T22:00:00Z') });
    expect(await sendDigest(tomorrow, showcase)).toBe(true);
    expect(await rig.mails()).toHaveLength(2);
  });

  it('is not sent when all is in the showcase, nor to nobody', async () => {
    await rig.put(1);
    await rig.write();
    await rig.drive();
    expect(await sendDigest(digestDeps(), showcase)).toBe(false);
    await own(2, 'unmapped', 'RUBRIC_NOT_MAPPED', 'otkCode');
    expect(await sendDigest(digestDeps({ recipients: () => [] }), showcase)).toBe(false);
    expect(await rig.mails()).toEqual([]);
  });

  it('goes though one of its parts fails', async () => {
    await mixed();
    const db: DigestDeps['db'] = {
      query: async (sql, params) => {
        if (sql.includes('GROUP BY 1, 2, 3')) throw new Error('сломалось');
        return await rig.db.query(sql, params);
      },
    };
    expect(await sendDigest(digestDeps({ db }), showcase)).toBe(true);
    const [mail] = await rig.mails();
    expect(mail?.body_text).toContain('Этот раздел подготовить не удалось');
    expect(mail?.body_text).toContain('Ждут дольше всех');
  });
});
