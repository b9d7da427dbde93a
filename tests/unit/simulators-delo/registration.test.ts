import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { attribute, child, children, hasBom, textAt } from '../../simulators/delo/sev/parse.ts';
import { el, textEl } from '../../simulators/delo/sev/xml.ts';
import { docInfo, documentSpec, put, send, subscribe } from './partner.ts';
import { at, closeSites, notification, openSite, repliesIn, until } from './site.ts';

afterEach(closeSites);

describe('a document becomes a card', () => {
  it('takes the message away, makes a card and keeps every field', async () => {
    const site = await openSite();
    const content = Buffer.from('\uFEFFТекст обращения\r\n', 'utf8');
    const sent = await send(site.out, {
      annotation: 'Первая строка\nвторая & <третья>',
      note: 'Файл не пришёл',
      fields: { 'Номер ПОС': '374299901', 'Фаст-трек': '1' },
      files: [{ name: 'Обращение 374299901.txt', content }],
    });
    await site.delo.idle();
    const [card] = site.delo.cards();
    expect(site.delo.complaints).toEqual([]);
    expect(card).toMatchObject({
      channel: 'main',
      state: 'registered',
      documentUid: sent.uid,
      posId: '374299901',
      posDate: '2026-01-27',
      annotation: 'Первая строка\nвторая & <третья>',
      note: 'Файл не пришёл',
      group: 'Обращения ПОС',
      deadline: '2026-02-26',
      fields: { 'Номер ПОС': '374299901', 'Фаст-трек': '1' },
      rubrics: [{ name: 'Уличное освещение', uid: '0003.0009' }],
      author: {
        kind: 'person',
        name: 'Белова Анна <Петровна>',
        address: 'г. Вологда, ул. Мира, 5',
        contacts: [{ type: 'e', value: 'belova@example.test' }],
      },
    });
    expect(card?.files).toEqual([
      expect.objectContaining({
        name: 'Обращение 374299901.txt',
        size: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      }),
    ]);
    expect(await readdir(site.out)).toEqual([]);
  });

  it('numbers cards in a row, with the year and the day of the organisation', async () => {
    // 22:30 UTC of 31 December is the next year in Moscow.
    const site = await openSite({ now: () => new Date('2025-12-31T22:30:00Z') });
    await send(site.out);
    await site.delo.idle();
    await send(site.out);
    await site.delo.idle();
    expect(site.delo.cards().map(({ number, date }) => [number, date])).toEqual([
      ['ОГ-1/26', '2026-01-01'],
      ['ОГ-2/26', '2026-01-01'],
    ]);
  });

  it('names an organisation that wrote, and links to the earlier document', async () => {
    const site = await openSite();
    const organization = el('Organization', {}, textEl('ShortName', 'ООО «Ромашка»'));
    await send(site.out, {
      author: el('Author', {}, el('Contact', {}, organization)),
      link: { uid: 'aa11', number: '100' },
    });
    await site.delo.idle();
    const [card] = site.delo.cards();
    expect(site.delo.complaints).toEqual([]);
    expect(card?.author).toEqual({ kind: 'organization', name: 'ООО «Ромашка»', contacts: [] });
    expect(card?.links).toEqual([
      { type: 'Повторное', number: '100', date: '2026-01-10', documentUid: 'aa11' },
    ]);
  });

  it('waits for the envelope: a folder without one does not exist yet', async () => {
    const site = await openSite({ pollMs: 20 });
    const spec = documentSpec();
    await mkdir(join(site.out, spec.messageDir));
    await writeFile(join(site.out, spec.messageDir, 'DocInfo.xml'), docInfo(spec));
    await site.delo.idle();
    expect(site.delo.counters.taken).toBe(0);
    await put(site.out, spec.messageDir, []);
    await until('карточка', () => site.delo.cards().length === 1);
    expect(site.delo.complaints).toEqual([]);
  });

  it('finds a message without being asked, by its watch', async () => {
    const site = await openSite({ pollMs: 60_000 });
    await send(site.out);
    await until('карточка', () => site.delo.cards().length === 1);
  });

  it('takes what lay there before it started', async () => {
    const first = await openSite({ behaviour: { silent: true } });
    await send(first.out);
    await first.delo.stop();
    const second = await openSite({ channels: [{ id: 'main', out: first.out, in: first.in }] });
    await until('карточка', () => second.delo.cards().length === 1);
  });
});

describe('ДЕЛО answers as real traffic looks', () => {
  it('sends Reception, then a Report with Registration, both under our ReturnID', async () => {
    const site = await openSite();
    const sent = await send(site.out);
    await site.delo.idle();
    const [reception, report, ...more] = await repliesIn(site.in);
    if (reception === undefined || report === undefined) throw new Error('нет ответов');
    const [card] = site.delo.cards();
    expect(more).toEqual([]);
    for (const reply of [reception, report]) {
      expect(hasBom(reply.bytes)).toBe(true);
      expect(reply.returnId).toBe(sent.returnId);
      expect(reply.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+03:00$/);
      expect(reply.messageId).toMatch(/^[0-9a-f]{32}$/);
      const initial = child(notification(reply), 'InitialDoc');
      expect(attribute(initial, 'UID')).toBe(sent.uid);
      expect(textAt(initial, 'Number')).toBe('374299901');
      expect(textAt(initial, 'Date')).toBe('2026-01-27');
      expect(textAt(reply.envelope, 'MessageDir')).toBe(reply.dir);
      expect(textAt(reply.envelope, 'Subject')).toBe('Отчет СЭВ');
      expect(textAt(reply.envelope, 'Channel')).toBe('3306590');
      expect(at(reply, 'Header', 'Sender', 'Contact', 'Organization', 'ShortName')).toBe('Администрация');
      expect(at(reply, 'Header', 'Recipient', 'Contact', 'Organization', 'ShortName')).toBe(
        'Платформа «ПОС»',
      );
    }
    expect([reception.type, report.type]).toEqual(['Reception', 'Report']);
    expect(at(reception, 'Notification', 'Reception')).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(child(reception.root, 'DocumentList')).toBeUndefined();
    const registration = child(notification(report), 'Registration');
    expect(attribute(registration, 'DocumentID')).toBe(card?.id);
    const [document] = children(child(report.root, 'DocumentList'), 'Document');
    expect(attribute(document, 'UID')).toBe(sent.uid);
    expect(attribute(document, 'DocumentID')).toBe(card?.id);
    expect(textAt(document, 'RegistrationInfo', 'Number')).toBe(card?.number);
    expect(textAt(document, 'Control', 'Deadline')).toBe('2026-02-26');
  });

  it('sends only what the partner subscribed to', async () => {
    const site = await openSite();
    await send(site.out, { subscriptions: subscribe('Registration') });
    await site.delo.idle();
    const replies = await repliesIn(site.in);
    expect(replies.map(({ type }) => type)).toEqual(['Report']);
    const [card] = site.delo.cards();
    site.delo.redirect(card?.id ?? '', { organization: 'Минтранс' });
    await site.delo.idle();
    expect(await repliesIn(site.in)).toHaveLength(1);
  });

  it('complains of a document without subscriptions, and then stays silent', async () => {
    const site = await openSite();
    await send(site.out, { subscriptions: undefined });
    await site.delo.idle();
    expect(site.delo.complaints.map(({ code }) => code)).toEqual(['subscriptions']);
    expect(await repliesIn(site.in)).toEqual([]);
    expect(site.delo.cards()).toHaveLength(1);
  });

  it('serves many channels apart from each other', async () => {
    const one = await openSite();
    const [first] = one.delo.channels;
    if (first === undefined) throw new Error('нет канала');
    const site = await openSite({
      channels: [
        { id: 'north', out: `${one.dir}/n-out`, in: `${one.dir}/n-in` },
        { id: 'south', out: `${one.dir}/s-out`, in: `${one.dir}/s-in` },
      ],
    });
    await send(`${one.dir}/n-out`, { posId: '1' });
    await send(`${one.dir}/s-out`, { posId: '2' });
    await site.delo.idle();
    expect(
      site.delo
        .cards()
        .map(({ channel, posId }) => `${channel} ${posId}`)
        .sort(),
    ).toEqual(['north 1', 'south 2']);
    expect(await repliesIn(`${one.dir}/n-in`)).toHaveLength(2);
    expect(await repliesIn(`${one.dir}/s-in`)).toHaveLength(2);
  });
});
