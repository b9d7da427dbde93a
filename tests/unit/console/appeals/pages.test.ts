import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addChangeRow,
  addDeliveryRow,
  addEventRow,
  addPackageRow,
} from '../../../support/console-rows.ts';
import { type ConsoleSite, openConsoleSite } from '../../../support/console-site.ts';
import { textOf } from '../../../support/markup.ts';

let site: ConsoleSite;
beforeAll(async () => {
  site = await openConsoleSite();
  for (const { opaId, id } of site.stand.cabinets) await addCabinetRow(site.db, opaId, id);
}, 120_000);
afterAll(() => site.close());

const opaId = () => site.stand.cabinets[0]?.opaId ?? '';

interface Journey {
  readonly id: string;
  readonly changeId: string;
  readonly cardId: string;
  readonly packageId: string;
  readonly messageId: string;
  readonly deliveryId: string;
}

const SECRET_NAME = 'Паспорт Иванова Петра.jpg';
const RAW = '{"posId":1,"applicant":{"surname":"Иванов"}}';

/** An appeal with everything: a change, a card, a package, a Report, an answer in attention, a file. */
async function makeJourney(
  over: { readonly card?: string; readonly delivery?: string } = {},
): Promise<Journey> {
  const { db } = site;
  const id = await addAppealRow(db, { opaId: opaId(), answerAt: new Date(Date.now() - 3_600_000) });
  const changeId = await addChangeRow(db, id, { raw: RAW });
  const cardId = await addCardRow(db, id, { number: 'ОГ-5', stage: over.card ?? 'registered' });
  const stage = over.card === 'sent' ? 'sent' : 'registered';
  const packageId = await addPackageRow(db, { cardId, changeId }, { stage, failure: 'Нет группы Иванов' });
  const { eventId, messageId } = await addEventRow(
    db,
    { cardId },
    { raw: '<Report><Fio>Сидоров</Fio></Report>' },
  );
  const deliveryId = await addDeliveryRow(
    db,
    { appealId: id, cardId, eventId },
    { state: over.delivery ?? 'attention', errorCode: 'ANSWER_EMPTY', errorDetail: 'пусто' },
  );
  await db.query(
    `INSERT INTO attachment (appeal_id, file_id, position, name, size, state) VALUES ($1, 'f1', 0, $2, 1500000, 'wanted')`,
    [id, SECRET_NAME],
  );
  return { id, changeId, cardId, packageId, messageId, deliveryId };
}

async function audits(object: string): Promise<{ who: string; action: string; why: string | null }[]> {
  return await site.db.query(`SELECT who, action, why FROM audit WHERE object = $1 ORDER BY id`, [object]);
}

describe('the list of appeals', () => {
  it('keeps the filters in the form and in the address of the next page', async () => {
    for (let index = 0; index < 60; index += 1) {
      await addAppealRow(site.db, { opaId: opaId(), posId: `77${index}`, stage: 'withdrawn' });
    }
    const cabinet = site.stand.cabinets[0]?.id ?? '';
    const { text } = await site.as.viewer.get(`/appeals?posId=77&stage=withdrawn&cabinet=${cabinet}`);
    expect(text).toContain('name="posId" value="77"');
    expect(text).toContain('<option value="withdrawn" selected>');
    expect(text.match(/<tr>\s*<th scope="row">/g)).toHaveLength(50);
    const next = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect(next).toContain('posId=77&');
    const second = await site.as.viewer.get(next);
    expect(second.text.match(/<tr>\s*<th scope="row">/g)).toHaveLength(10);
    expect(second.text).not.toContain('rel="next"');
    await site.db.query(`DELETE FROM appeal WHERE pos_id LIKE '77%'`);
  });

  it('says what to do when nothing is found, and what will appear when there is nothing at all', async () => {
    expect(textOf((await site.as.viewer.get('/appeals?posId=zzz')).text)).toContain('Таких обращений нет');
    const unknown = await site.as.viewer.get('/appeals?cabinet=nobody');
    expect(textOf(unknown.text)).toContain('Кабинета «nobody» нет');
    expect(textOf((await site.as.viewer.get('/appeals')).text)).toContain('Обращений ещё нет');
  });

  it('bears any address', async () => {
    for (const query of [
      'after=x',
      'after=2026-99-99 00:00:00+00_1',
      'from=2026-02-31',
      'stage=all',
      'posId=%00',
    ]) {
      expect((await site.as.viewer.get(`/appeals?${query}`)).status).toBe(200);
    }
  });
});

describe('one appeal', () => {
  let journey: Journey;
  beforeEach(async () => {
    journey = await makeJourney();
  });

  it('shows everything of both sides, and writes that it was looked at', async () => {
    const { text, status } = await site.as.operator.get(`/appeals/${journey.id}?all=1`);
    expect(status).toBe(200);
    const read = textOf(text);
    for (const words of [
      'ОГ-5',
      'требует внимания',
      'Пустой ответ',
      'Платформа: поступило',
      'СЭД: Регистрация',
      SECRET_NAME,
      '1,5 МБ',
      'срок прошёл',
    ]) {
      expect(read).toContain(words);
    }
    expect(await audits(`appeal:${journey.id}`)).toEqual([
      { who: 'operator-1', action: 'appeal-viewed', why: null },
    ]);
  });

  it('names the status of the platform in words, and an unknown one as it is', async () => {
    const status = async (name: string) => {
      await site.db.query(`UPDATE appeal SET status = $2 WHERE id = $1`, [journey.id, name]);
      return textOf((await site.as.operator.get(`/appeals/${journey.id}`)).text);
    };
    expect(await status('MODERATION_ACCEPT')).toMatch(/На рассмотрении\s+MODERATION_ACCEPT/);
    expect(await status('constructor')).toMatch(/Статус на платформе\s+constructor/);
  });

  it('puts an event of which only the day is known where we learned of it', async () => {
    await site.db.query(
      `UPDATE sed_event SET at = '2020-01-01T00:00:00Z' WHERE card_id = $1 AND kind = 'registration'`,
      [journey.cardId],
    );
    const { text } = await site.as.operator.get(`/appeals/${journey.id}?order=oldest`);
    const read = textOf(text);
    expect(read).not.toContain('01.01.2020');
    expect(read.indexOf('СЭД: Регистрация')).toBeGreaterThan(read.indexOf('Платформа: поступило'));
  });

  it('is read by pages, and printed whole', async () => {
    await site.db.query(
      `INSERT INTO journal (appeal_id, opa_id, event, at)
       SELECT $1, $2, 'note-' || g, now() + g * interval '1 second' FROM generate_series(1, 130) g`,
      [journey.id, opaId()],
    );
    const entries = (text: string) => text.match(/note-\d+/g)?.length ?? 0;
    const page = await site.as.operator.get(`/appeals/${journey.id}?order=oldest`);
    expect(page.text).toContain('rel="next"');
    expect(entries(page.text)).toBeLessThan(100);
    const [, link = ''] = /href="([^"]+)">Печать</.exec(page.text) ?? [];
    const printed = await site.as.operator.get(link.replaceAll('&amp;', '&').replace('#timeline', ''));
    expect(printed.text).not.toContain('rel="next"');
    expect(entries(printed.text)).toBe(130);
    expect(printed.text.indexOf('note-1<')).toBeLessThan(printed.text.indexOf('note-130<'));
  });

  it('hides personal data and buttons from a viewer, and lets him neither see raw messages nor do anything', async () => {
    const page = `/appeals/${journey.id}`;
    const { text } = await site.as.viewer.get(page);
    expect(text).not.toContain(SECRET_NAME);
    expect(text).not.toContain('Иванов');
    expect(text).not.toContain('/raw/');
    expect(text).not.toContain('<form method="post" action="/appeals');
    expect((await site.as.viewer.get(`${page}/raw/change/${journey.changeId}`)).status).toBe(403);
    for (const action of ['resend-card', `deliveries/${journey.deliveryId}`]) {
      expect((await site.as.viewer.post(`${page}/${action}`, { why: 'x', do: 'cancel' })).status).toBe(403);
    }
    const [delivery] = await site.db.query(`SELECT state FROM delivery WHERE id = $1`, [journey.deliveryId]);
    expect(delivery).toEqual({ state: 'attention' });
  });

  it.each(['0', '999999999', 'x', '1%20OR%201', '99999999999999999999'])('«%s» is no appeal', async (id) => {
    const { status, text } = await site.as.operator.get(`/appeals/${id}`);
    expect(status).toBe(404);
    expect(textOf(text)).toContain('Такого обращения нет');
  });

  it('gives an operator a file as it came, writes that he took it, and gives a viewer none', async () => {
    const { db, deps, as } = site;
    const content = Buffer.from('<script>не страница</script>');
    const stream = () => Promise.resolve({ stream: Readable.from([content]), offset: 0 });
    const blob = await deps.spool.put({ key: 'test-file', maxBytes: 1000, openAt: stream });
    await db.query('INSERT INTO blob (sha256, size) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      blob.sha256,
      blob.size,
    ]);
    const [row] = await db.query<{ id: string }>(
      `UPDATE attachment SET state = 'stored', sha256 = $2 WHERE appeal_id = $1 RETURNING id::text AS id`,
      [journey.id, blob.sha256],
    );
    const path = `/appeals/${journey.id}/files/${row?.id}`;
    expect((await as.operator.get(`/appeals/${journey.id}`)).text).toContain(`href="${path}"`);
    expect((await as.viewer.get(`/appeals/${journey.id}`)).text).not.toContain('/files/');
    expect((await as.viewer.get(path)).status).toBe(403);
    const file = await as.operator.get(path);
    expect([file.status, file.text]).toEqual([200, content.toString()]);
    expect(file.headers.get('content-type')).toBe('application/octet-stream');
    expect(file.headers.get('content-disposition')).toBe(
      `attachment; filename*=UTF-8''${encodeURIComponent(SECRET_NAME)}`,
    );
    const taken = await db.query(`SELECT who, object, data FROM audit WHERE action = 'appeal-file-taken'`);
    expect(taken).toEqual([{ who: 'operator-1', object: `appeal:${journey.id}`, data: { file: row?.id } }]);
    await rm(deps.spool.pathOf(blob.sha256));
    for (const other of [path, `/appeals/${journey.id}/files/x`, `/appeals/1/files/${row?.id}9`]) {
      expect((await as.operator.get(other)).status).toBe(404);
    }
  });

  it('shows raw messages pretty, whole for download, and writes each look', async () => {
    const at = (source: string, id: string) => `/appeals/${journey.id}/raw/${source}/${id}`;
    const change = await site.as.operator.get(at('change', journey.changeId));
    expect(textOf(change.text)).toContain('"surname": "Иванов"');
    const report = await site.as.operator.get(at('message', journey.messageId));
    expect(report.text).toContain('  &lt;Fio&gt;Сидоров&lt;/Fio&gt;');
    expect(report.text).toContain('data-copy="#raw-0"');
    const call = await site.as.operator.get(at('delivery', journey.deliveryId));
    expect(textOf(call.text)).toContain('Разъяснено');
    const file = await site.as.operator.get(`${at('change', journey.changeId)}?part=0`);
    expect(file.text).toBe(RAW);
    expect(file.headers.get('content-disposition')).toContain('attachment');
    const looks = await site.db.query<{ data: unknown }>(
      `SELECT data FROM audit WHERE action = 'appeal-raw-viewed' AND object = $1 ORDER BY id`,
      [`appeal:${journey.id}`],
    );
    expect(looks.map(({ data }) => data)).toEqual([
      { source: 'change', entry: journey.changeId },
      { source: 'message', entry: journey.messageId },
      { source: 'delivery', entry: journey.deliveryId },
      { source: 'change', entry: journey.changeId },
    ]);
  });

  it('shows no raw message by the address of another appeal', async () => {
    const other = await makeJourney();
    for (const [source, id] of Object.entries({
      change: other.changeId,
      message: other.messageId,
      delivery: other.deliveryId,
      package: other.packageId,
    })) {
      const answer = await site.as.operator.get(`/appeals/${journey.id}/raw/${source}/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain('Иванов');
    }
  });

  it('cuts a message that is too large for a page and says so', async () => {
    const huge = await addChangeRow(site.db, journey.id, {
      raw: JSON.stringify({ text: 'я'.repeat(300_000) }),
    });
    const { text } = await site.as.operator.get(`/appeals/${journey.id}/raw/change/${huge}`);
    expect(Buffer.byteLength(text)).toBeLessThan(100_000);
    expect(textOf(text)).toContain('Показано начало');
  });

  it('shows the package as it was written, and says so where it cannot be made', async () => {
    const at = `/appeals/${journey.id}/raw/package/${journey.packageId}`;
    await site.db.query(`UPDATE appeal_change SET raw = '[]' WHERE id = $1`, [journey.changeId]);
    expect((await site.as.operator.get(at)).status).toBe(404);
    const raw = JSON.stringify({
      posId: 5,
      changeId: 'c',
      kind: 'MESSAGE',
      change: 'NEW',
      status: 'NEW',
      receivedAt: '2026-01-02T10:00:00+03:00',
      answerAt: '2026-02-02T10:00:00+03:00',
      description: 'Яма <на> дороге',
      applicant: { kind: 'PERSON', surname: 'Петров', name: 'Пётр' },
    });
    await site.db.query(`UPDATE appeal_change SET raw = $2 WHERE id = $1`, [journey.changeId, raw]);
    const { status, text } = await site.as.operator.get(at);
    expect(status).toBe(200);
    const read = textOf(text);
    for (const words of ['DocInfo.xml', 'Петров', 'envelope.env']) expect(read).toContain(words);
  });
});

describe('what a person does to an appeal', () => {
  it('sends a silent card again, with who and why', async () => {
    const journey = await makeJourney({ card: 'sent' });
    const answer = await site.as.operator.post(`/appeals/${journey.id}/resend-card`, { why: 'ДЕЛО молчит' });
    expect(answer.status).toBe(303);
    expect(answer.location).toBe(`/appeals/${journey.id}#cards`);
    const [card] = await site.db.query(`SELECT stage FROM card WHERE id = $1`, [journey.cardId]);
    expect(card).toEqual({ stage: 'planned' });
    expect(await audits(`appeal:${journey.id}`)).toContainEqual({
      who: 'operator-1',
      action: 'card-resent',
      why: 'ДЕЛО молчит',
    });
    const { text } = await site.as.operator.get(`/appeals/${journey.id}`);
    expect(textOf(text)).toContain('РК отправляется снова');
    expect(textOf(text)).toContain('Кто: operator-1. Причина: ДЕЛО молчит');
  });

  it('sends the card of this appeal alone, though another cabinet has the same number', async () => {
    const journey = await makeJourney({ card: 'sent' });
    const [{ posId } = { posId: '' }] = await site.db.query<{ posId: string }>(
      `SELECT pos_id AS "posId" FROM appeal WHERE id = $1`,
      [journey.id],
    );
    const other = await addAppealRow(site.db, { opaId: site.stand.cabinets[1]?.opaId ?? '', posId });
    const otherCard = await addCardRow(site.db, other, { stage: 'attention' });
    await site.as.operator.post(`/appeals/${journey.id}/resend-card`, { why: 'x' });
    const [card] = await site.db.query(`SELECT stage FROM card WHERE id = $1`, [otherCard]);
    expect(card).toEqual({ stage: 'attention' });
  });

  it('leaves a registered card alone and says so', async () => {
    const journey = await makeJourney();
    await site.as.operator.post(`/appeals/${journey.id}/resend-card`, { why: 'x' });
    expect(textOf((await site.as.operator.get(`/appeals/${journey.id}`)).text)).toContain(
      'Отправлять нечего',
    );
    expect((await audits(`appeal:${journey.id}`)).map(({ action }) => action)).not.toContain('card-resent');
  });

  it('repeats a delivery: the event is read anew', async () => {
    const journey = await makeJourney();
    const path = `/appeals/${journey.id}/deliveries/${journey.deliveryId}`;
    expect((await site.as.operator.post(path, { why: 'исправлено', do: 'resend' })).status).toBe(303);
    const [delivery] = await site.db.query(
      `SELECT d.state, e.handled_at FROM delivery d JOIN sed_event e ON e.id = d.event_id WHERE d.id = $1`,
      [journey.deliveryId],
    );
    expect(delivery).toEqual({ state: 'cancelled', handled_at: null });
    expect(await audits(`delivery:${journey.deliveryId}`)).toEqual([
      { who: 'operator-1', action: 'delivery-resent', why: 'исправлено' },
    ]);
  });

  it('cancels a queued delivery, once', async () => {
    const journey = await makeJourney({ delivery: 'queued' });
    const path = `/appeals/${journey.id}/deliveries/${journey.deliveryId}`;
    await site.as.operator.post(path, { why: 'не нужно', do: 'cancel' });
    await site.as.operator.post(path, { why: 'не нужно', do: 'cancel' });
    expect(textOf((await site.as.operator.get(`/appeals/${journey.id}`)).text)).toContain(
      'За это время отправка изменилась',
    );
    expect(await audits(`delivery:${journey.deliveryId}`)).toHaveLength(1);
    const [journal] = await site.db.query(
      `SELECT data FROM journal WHERE appeal_id = $1 AND event = 'delivery-cancelled'`,
      [journey.id],
    );
    expect(journal).toEqual({
      data: { deliveryId: journey.deliveryId, why: 'не нужно', who: 'operator-1' },
    });
  });

  it('does nothing to a delivery by the address of another appeal', async () => {
    const [journey, other] = [await makeJourney(), await makeJourney()];
    await site.as.operator.post(`/appeals/${journey.id}/deliveries/${other.deliveryId}`, {
      why: 'x',
      do: 'cancel',
    });
    const [delivery] = await site.db.query(`SELECT state FROM delivery WHERE id = $1`, [other.deliveryId]);
    expect(delivery).toEqual({ state: 'attention' });
  });

  it.each(['', '   '])('asks for a reason («%s»)', async (why) => {
    const journey = await makeJourney();
    const answer = await site.as.operator.post(`/appeals/${journey.id}/deliveries/${journey.deliveryId}`, {
      why,
      do: 'cancel',
    });
    expect(answer.status).toBe(422);
    expect(textOf(answer.text)).toContain('напишите причину');
  });

  it('takes no form without its token', async () => {
    const journey = await makeJourney();
    const path = `/appeals/${journey.id}/deliveries/${journey.deliveryId}`;
    const answer = await site.as.operator.post(path, { csrf: 'чужой', why: 'x', do: 'cancel' });
    expect(answer.status).toBe(403);
    const [delivery] = await site.db.query(`SELECT state FROM delivery WHERE id = $1`, [journey.deliveryId]);
    expect(delivery).toEqual({ state: 'attention' });
  });

  it('offers only the buttons that fit', async () => {
    const at = async (state: string, card = 'registered') => {
      const { id } = await makeJourney({ delivery: state, card });
      return (await site.as.operator.get(`/appeals/${id}`)).text;
    };
    expect(await at('attention')).toMatch(/value="resend"[\s\S]*\/edit"[\s\S]*value="cancel"/);
    const queued = await at('queued');
    expect(queued).not.toContain('value="resend"');
    expect(queued).toContain('value="cancel"');
    const done = await at('done', 'sent');
    expect(done).not.toContain('value="cancel"');
    expect(done).toContain('/resend-card"');
    expect(await at('sending')).not.toContain('value="cancel"');
    expect(await at('done')).not.toContain('/resend-card"');
  });
});
