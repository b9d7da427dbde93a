import { afterEach, describe, expect, it } from '@jest/globals';
import { attribute, child } from '../../simulators/delo/sev/parse.ts';
import { el, textEl } from '../../simulators/delo/sev/xml.ts';
import { id, PERSON, send, sendReport } from './partner.ts';
import { closeSites, notification, openSite, type Reply, repliesIn, type Site } from './site.ts';

afterEach(closeSites);

async function failures(site: Site): Promise<Reply[]> {
  return (await repliesIn(site.in)).filter(({ type }) => type === 'Failure');
}

function failureCode(reply: Reply | undefined): string | undefined {
  return reply && attribute(child(notification(reply), 'Failure'), 'Code');
}

describe('a document that comes again', () => {
  it('with its UID makes no second card, is counted and gets a Failure of group 5', async () => {
    const site = await openSite();
    const first = await send(site.out);
    await site.delo.idle();
    const second = await send(site.out, { uid: first.uid });
    await site.delo.idle();
    const [failure] = await failures(site);
    expect(site.delo.cards()).toHaveLength(1);
    expect(site.delo.doubles).toBe(1);
    expect(site.delo.doubleList).toEqual([
      {
        channel: 'main',
        documentUid: first.uid,
        messageId: second.messageId,
        posId: '374299901',
        why: 'document-uid',
      },
    ]);
    expect(failureCode(failure)).toBe('51');
    expect(failure?.returnId).toBe(second.returnId);
    expect(site.delo.complaints).toEqual([]);
  });

  it('with its MessageID is a double too, byte for byte the same message included', async () => {
    const site = await openSite();
    const first = await send(site.out);
    await site.delo.idle();
    await send(site.out, first);
    await send(site.out, { messageId: first.messageId });
    await site.delo.idle();
    expect(site.delo.cards()).toHaveLength(1);
    expect(site.delo.doubleList.map(({ why }) => why)).toEqual(['message-id', 'message-id']);
    expect((await failures(site)).map(failureCode)).toEqual(['51', '51']);
  });

  it('two at once make one card', async () => {
    const site = await openSite();
    const uid = id();
    await Promise.all(Array.from({ length: 8 }, () => send(site.out, { uid })));
    await site.delo.idle();
    expect(site.delo.cards()).toHaveLength(1);
    expect(site.delo.doubles).toBe(7);
  });

  it('after a refusal, corrected and under a new MessageID, becomes the card', async () => {
    const site = await openSite();
    const refused = await send(site.out, { author: undefined });
    await site.delo.idle();
    await send(site.out, { uid: refused.uid, author: PERSON });
    await site.delo.idle();
    expect(site.delo.cards()).toHaveLength(1);
    expect(site.delo.doubles).toBe(0);
  });
});

describe('additions', () => {
  it('bring files, notes and fields to the card, with Reception and the accumulated report', async () => {
    const site = await openSite();
    const first = await send(site.out);
    await site.delo.idle();
    const addition = await send(site.out, {
      uid: first.uid,
      messageType: 'AddToDoc',
      note: 'Файл дошёл',
      annotation: 'Дополнение',
      files: [{ name: 'Фото.jpg', content: Buffer.from('jpeg') }],
      fields: { 'Статус ПОС': 'Отозвано' },
    });
    await site.delo.idle();
    const [card] = site.delo.cards();
    expect(card?.additions).toEqual([
      expect.objectContaining({
        messageId: addition.messageId,
        note: 'Файл дошёл',
        annotation: 'Дополнение',
        fields: { 'Статус ПОС': 'Отозвано' },
      }),
    ]);
    expect(card?.files).toEqual([
      expect.objectContaining({ name: 'Фото.jpg', size: 4, messageId: addition.messageId }),
    ]);
    expect(card?.annotation).toBe(first.annotation);
    const own = (await repliesIn(site.in)).filter(({ returnId }) => returnId === addition.returnId);
    expect(own.map(({ type }) => type)).toEqual(['Reception', 'Report']);
    expect(site.delo.doubles).toBe(0);
    expect(site.delo.complaints).toEqual([]);
  });

  it('may come without an author, as the card has one', async () => {
    const site = await openSite();
    const first = await send(site.out);
    await site.delo.idle();
    await send(site.out, { uid: first.uid, messageType: 'AddToDoc', author: undefined });
    await site.delo.idle();
    expect(site.delo.cards()[0]?.additions).toHaveLength(1);
    expect(site.delo.complaints).toEqual([]);
  });

  it('to an unknown document get a Failure of group 4', async () => {
    const site = await openSite();
    const sent = await send(site.out, { messageType: 'AddToDoc' });
    await site.delo.idle();
    const [failure] = await failures(site);
    expect(failureCode(failure)).toBe('41');
    expect(failure?.returnId).toBe(sent.returnId);
    expect(site.delo.cards()).toEqual([]);
    expect(site.delo.counters.additions).toBe(0);
  });

  it('that come twice count once', async () => {
    const site = await openSite();
    const first = await send(site.out);
    await site.delo.idle();
    const addition = await send(site.out, { uid: first.uid, messageType: 'AddToDoc' });
    await site.delo.idle();
    await send(site.out, addition);
    await site.delo.idle();
    expect(site.delo.cards()[0]?.additions).toHaveLength(1);
    expect(site.delo.doubles).toBe(1);
    expect((await failures(site)).map(failureCode)).toEqual(['51']);
  });
});

describe('what the partner tells about our answer', () => {
  async function answered() {
    const site = await openSite();
    await send(site.out);
    await site.delo.idle();
    const cardId = site.delo.cards()[0]?.id ?? '';
    const uid = site.delo.answer(cardId, { text: 'Фонари починили' });
    await site.delo.idle();
    const answer = site.delo.card(cardId)?.answers[0];
    if (answer === undefined) throw new Error('ответа нет');
    return { site, cardId, uid, returnId: answer.returnId };
  }

  it('is kept on the answer: Reception, Registration with number and date, Failure with code', async () => {
    const { site, cardId, uid, returnId } = await answered();
    await sendReport(site.out, {
      uid,
      returnId,
      type: 'Reception',
      body: textEl('Reception', '2026-02-01T10:00:00'),
    });
    await site.delo.idle();
    const registration = el(
      'RegistrationInfo',
      {},
      textEl('Number', '374299901'),
      textEl('Date', '2026-02-01'),
    );
    const document = el(
      'Document',
      { UID: uid, DocumentID: '5', Type: 'Incoming', MainDocument: false },
      registration,
    );
    await sendReport(site.out, {
      uid,
      returnId,
      type: 'Report',
      body: el('Registration', { DocumentID: '5' }),
      after: el('DocumentList', {}, document),
    });
    await site.delo.idle();
    await sendReport(site.out, {
      uid,
      returnId,
      type: 'Failure',
      body: textEl('Failure', 'пустой ответ', { Code: 31 }),
    });
    await site.delo.idle();
    expect(site.delo.complaints).toEqual([]);
    expect(site.delo.card(cardId)?.answers[0]?.partner).toEqual([
      expect.objectContaining({ type: 'Reception' }),
      expect.objectContaining({ type: 'Registration', number: '374299901', date: '2026-02-01' }),
      expect.objectContaining({ type: 'Failure', code: 31, text: 'пустой ответ' }),
    ]);
    expect(site.delo.counters.partnerReports).toBe(3);
  });

  it('is complained of when the document or the ReturnID is unknown, or it comes twice', async () => {
    const { site, uid, returnId } = await answered();
    const body = textEl('Reception', '2026-02-01T10:00:00');
    await sendReport(site.out, { uid: id(), returnId, type: 'Reception', body });
    await sendReport(site.out, { uid, returnId: id(), type: 'Reception', body });
    const messageId = id();
    await sendReport(site.out, { uid, returnId, type: 'Reception', body, messageId });
    await site.delo.idle();
    await sendReport(site.out, { uid, returnId, type: 'Reception', body, messageId });
    await site.delo.idle();
    expect(site.delo.complaints.map(({ code }) => code).sort()).toEqual([
      'report-repeated',
      'report-return-id',
      'report-unknown',
    ]);
  });

  it('is checked like every message', async () => {
    const { site, uid, returnId } = await answered();
    await sendReport(site.out, { uid, returnId, type: 'Reception', body: textEl('Reception', 'вчера') });
    await site.delo.idle();
    expect(site.delo.complaints.map(({ code }) => code)).toEqual(['xsd']);
  });
});
