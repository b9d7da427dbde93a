import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addChangeRow,
  addDeliveryRow,
  addEventRow,
  addPackageRow,
} from '../../support/console-rows.ts';
import { type ConsoleSite, openConsoleSite } from '../../support/console-site.ts';
import { skeleton, textOf } from '../../support/markup.ts';

let site: ConsoleSite;
let appealId: string;
let changeId: string;
let incidentId: string;
beforeAll(async () => {
  site = await openConsoleSite();
  const { db } = site;
  for (const { opaId, id } of site.stand.cabinets) await addCabinetRow(db, opaId, id);
  appealId = await addAppealRow(db, {
    opaId: site.stand.cabinets[0]?.opaId ?? '',
    errorCode: 'X',
    errorDetail: 'x',
  });
  changeId = await addChangeRow(db, appealId);
  const cardId = await addCardRow(db, appealId, {
    number: 'x',
    stage: 'attention',
    errorCode: 'X',
    errorDetail: 'x',
  });
  await addPackageRow(db, { cardId, changeId }, { stage: 'failed', failure: 'x' });
  const { eventId } = await addEventRow(db, { cardId });
  await addDeliveryRow(
    db,
    { appealId, cardId, eventId },
    { state: 'attention', errorCode: 'X', errorDetail: 'x' },
  );
  await db.query(`INSERT INTO attachment (appeal_id, file_id, position, name) VALUES ($1, 'f', 0, 'x')`, [
    appealId,
  ]);
  const [incident] = await db.query<{ id: string }>(
    `INSERT INTO incident (code, scope, detail, note, note_by) VALUES ('X', 'x', 'x', 'x', 'x') RETURNING id::text AS id`,
  );
  incidentId = incident?.id ?? '';
  await db.query(`INSERT INTO audit (who, action, object, why) VALUES ('x', 'card-resent', $1, 'x')`, [
    `appeal:${appealId}`,
  ]);
}, 120_000);
afterAll(() => site.close());

/** Puts a text wherever one from outside, or from a person, can stand. */
async function putEverywhere(text: string): Promise<void> {
  const { db } = site;
  const all = [
    `UPDATE appeal SET pos_id = $1, kind = $1, status = $1, stage_reason = $1, error_code = $1, error_detail = $1, repeat_of = $1`,
    `UPDATE appeal_change SET change = $1, raw = $1`,
    `UPDATE card SET number = $1, channel = $1, document_uid = $1, error_code = $1, error_detail = $1, repetition = $1`,
    `UPDATE package SET channel = $1, message_dir = $1, failure_text = $1`,
    `UPDATE sed_message SET message_type = $1, message_dir = $1`,
    `UPDATE sed_event SET kind = $1, data = jsonb_build_object('number', $1::text, 'date', $1::text, 'deadline', $1::text)`,
    `UPDATE delivery SET rule = $1, error_code = $1, error_field = $1, error_detail = $1`,
    `UPDATE attachment SET name = $1, error_code = $1`,
    `UPDATE incident SET code = $1, scope = $1, detail = $1, note = $1, note_by = $1`,
    `UPDATE audit SET who = $1, why = $1 WHERE action = 'card-resent'`,
    `UPDATE journal SET code = $1`,
    `UPDATE cabinet SET state = 'blocked', state_code = $1, state_detail = $1`,
  ];
  for (const statement of all) await db.query(statement, [text]);
}

const PAGES = ['/', '/appeals', '/cabinets', '/cabinets/lko-1', '/errors?state=all'];
const pagesOf = () => [
  ...PAGES,
  `/errors/${incidentId}`,
  `/appeals/${appealId}?all=1`,
  `/appeals/${appealId}/raw/change/${changeId}`,
];

async function skeletons(pages: readonly string[]): Promise<string[][]> {
  const answers = await Promise.all(pages.map((page) => site.as.admin.get(page)));
  for (const [index, { status }] of answers.entries())
    expect([pages[index], status]).toEqual([pages[index], 200]);
  return answers.map(({ text }) => skeleton(text));
}

const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</pre></td></table><h1>',
  '<!-- ',
  ']]>',
  '&lt;script&gt;',
  'javascript:alert(1)',
  '</title><svg/onload=alert(1)>',
];

describe('a text from outside', () => {
  it('never becomes markup, whatever it is and wherever it stands', async () => {
    await putEverywhere('обычный');
    const pages = pagesOf();
    const calm = await skeletons(pages);
    const text = fc
      .oneof(
        fc.constantFrom(...HOSTILE),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        fc
          .array(fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' ', '`', '!', '-', 'a'), {
            minLength: 1,
            maxLength: 20,
          })
          .map((signs) => signs.join('')),
      )
      .map((value) => value.replaceAll('\0', '').toWellFormed())
      .filter((value) => value.trim() !== '');
    await fc.assert(
      fc.asyncProperty(text, async (hostile) => {
        await putEverywhere(hostile);
        expect(await skeletons(pages)).toEqual(calm);
      }),
      { numRuns: 25, examples: HOSTILE.map((one) => [one] as [string]) },
    );
  }, 180_000);

  it('is shown as it came', async () => {
    const hostile = '<b>«Жирный» & "острый"</b>';
    await putEverywhere(hostile);
    const { text } = await site.as.admin.get(`/appeals/${appealId}?all=1`);
    expect(textOf(text)).toContain(hostile);
  });

  it('never becomes markup from the address either', async () => {
    const calm = await skeletons(['/appeals?posId=x&card=x', '/cabinets?q=x']);
    for (const hostile of HOSTILE) {
      const text = encodeURIComponent(hostile);
      expect(await skeletons([`/appeals?posId=${text}&card=${text}`, `/cabinets?q=${text}`])).toEqual(calm);
    }
  });
});
