import { afterEach, describe, expect, it } from '@jest/globals';
import { send } from './partner.ts';
import { closeSites, openSite, repliesIn, type Site } from './site.ts';

afterEach(closeSites);

async function withCard(
  options: Parameters<typeof openSite>[0] = {},
): Promise<{ site: Site; cardId: string }> {
  const site = await openSite(options);
  await send(site.out, {
    annotation: '<script>alert("я")</script>',
    fields: { 'Категория ПОС': 'Дороги & тротуары' },
    files: [{ name: 'Фото "двор".txt', content: Buffer.from('байты') }],
    link: { uid: 'aa', number: '77' },
  });
  await site.delo.idle();
  return { site, cardId: site.delo.cards()[0]?.id ?? '' };
}

async function page(site: Site, path: string): Promise<string> {
  const response = await fetch(`${site.delo.url}${path}`);
  expect(response.status).toBe(200);
  return response.text();
}

async function control(site: Site, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${site.delo.url}/_control/${path}`, {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

function post(
  site: Site,
  path: string,
  body: URLSearchParams | FormData,
  headers: Record<string, string> = {},
) {
  return fetch(`${site.delo.url}${path}`, { method: 'POST', body, headers, redirect: 'manual' });
}

describe('pages', () => {
  it('the list shows what a clerk looks for, and looks again by itself', async () => {
    const { site, cardId } = await withCard();
    const html = await page(site, '/');
    for (const text of [
      '374299901',
      'Белова Анна &lt;Петровна&gt;',
      '26.02.2026',
      `/cards/${cardId}`,
      'ОГ-1/',
    ]) {
      expect(html).toContain(text);
    }
    expect(html).toContain('http-equiv="refresh"');
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('<form');
    expect(await page(site, '/style.css')).toContain('@media');
  });

  it('the list is searched and leafed through', async () => {
    const site = await openSite();
    for (let number = 1; number <= 51; number += 1) await send(site.out, { posId: `9${number}` });
    await site.delo.idle();
    expect((await page(site, '/')).match(/href="\/cards\//g)).toHaveLength(50);
    expect((await page(site, '/?page=2')).match(/href="\/cards\//g)).toHaveLength(1);
    expect((await page(site, '/?page=%22%3E')).match(/href="\/cards\//g)).toHaveLength(50);
    const found = await page(site, '/?q=951');
    expect(found.match(/href="\/cards\//g)).toHaveLength(1);
    expect(found).not.toContain('http-equiv="refresh"');
    expect(await page(site, '/?q=')).toContain('role="search"');
    expect(await page(site, `/?q=${encodeURIComponent('"><b>')}`)).toContain('Карточек пока нет');
  });

  it('a card shows its fields, files, link and term, escaped', async () => {
    const { site, cardId } = await withCard();
    site.delo.resolve(cardId, {
      executor: 'Соколов С.С.',
      text: '<i>Рассмотреть</i>',
      term: '2026-02-10',
      private: true,
    });
    site.delo.redirect(cardId, { organization: 'Минтранс <1>' });
    site.delo.answer(cardId, { text: 'Готово', files: [{ name: 'a<b>.pdf', content: 'pdf' }] });
    const html = await page(site, `/cards/${cardId}`);
    for (const text of [
      'Категория ПОС',
      'Дороги &amp; тротуары',
      'Фото &quot;двор&quot;.txt',
      'Повторное: № 77',
      '10.02.2026',
      '&lt;i&gt;Рассмотреть&lt;/i&gt;',
      '(личная)',
      'Минтранс &lt;1&gt;',
      'a&lt;b&gt;.pdf',
    ]) {
      expect(html).toContain(text);
    }
    expect(html).not.toContain('<script');
  });

  it('files are saved, never shown', async () => {
    const { site, cardId } = await withCard();
    const response = await fetch(`${site.delo.url}/cards/${cardId}/files/0`);
    expect(await response.text()).toBe('байты');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    site.delo.answer(cardId, { files: [{ name: 'Ответ.pdf', content: 'pdf' }] });
    expect(await page(site, `/cards/${cardId}/answers/0/0`)).toBe('pdf');
  });

  it('forgotten files keep their hash and have no link', async () => {
    const { site, cardId } = await withCard({ keepFiles: false });
    const file = site.delo.card(cardId)?.files[0];
    expect(file).toMatchObject({ size: 10, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(file).not.toHaveProperty('path');
    expect(await page(site, `/cards/${cardId}`)).not.toContain(`/cards/${cardId}/files/0`);
    expect((await fetch(`${site.delo.url}/cards/${cardId}/files/0`)).status).toBe(404);
  });

  it.each(['/cards/1', '/nowhere', '/cards/1/files/0'])('%s is not there, in words', async (path) => {
    const { site } = await withCard();
    const response = await fetch(`${site.delo.url}${path}`);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('Не получилось');
  });
});

describe('forms', () => {
  it('put a resolution, redirect, move the term', async () => {
    const { site, cardId } = await withCard();
    const resolution = {
      executor: 'Соколов С.С.',
      post: 'Начальник',
      text: 'Рассмотреть',
      term: '2026-02-10',
      project: '1',
    };
    const first = await post(site, `/cards/${cardId}/resolve`, new URLSearchParams(resolution));
    expect([first.status, first.headers.get('location')]).toEqual([303, `/cards/${cardId}`]);
    await post(
      site,
      `/cards/${cardId}/redirect`,
      new URLSearchParams({ organization: 'Минтранс', type: 'Почта' }),
    );
    await post(site, `/cards/${cardId}/move-term`, new URLSearchParams({ date: '2026-03-01' }));
    const card = site.delo.card(cardId);
    expect(card?.resolutions[0]).toMatchObject({
      text: 'Рассмотреть',
      term: '2026-02-10',
      project: true,
      private: false,
    });
    expect(card?.redirections[0]).toMatchObject({ organization: 'Минтранс', type: 'Почта' });
    expect(card?.deadline).toBe('2026-03-01');
  });

  it('send an answer with a file, or without', async () => {
    const { site, cardId } = await withCard();
    const bytes = Buffer.from([0, 13, 10, 45, 45, 255]);
    const form = new FormData();
    form.set('text', 'Ответ');
    form.set('signer', 'Никитин Н.Н.');
    form.set('signerPost', '');
    form.set('file', new File([bytes], 'От"вет.pdf'));
    await post(site, `/cards/${cardId}/answer`, form);
    const empty = new FormData();
    empty.set('signer', 'Никитин Н.Н.');
    empty.set('file', new File([], ''));
    await post(site, `/cards/${cardId}/answer`, empty);
    const [first, second] = site.delo.card(cardId)?.answers ?? [];
    expect(first).toMatchObject({
      text: 'Ответ',
      signer: { fio: 'Никитин Н.Н.' },
      files: [{ name: 'От"вет.pdf', content: bytes }],
    });
    expect(second?.files).toEqual([]);
    expect(second).not.toHaveProperty('text');
  });

  it('register and refuse what waits', async () => {
    const { site, cardId } = await withCard({ behaviour: { registration: 'command' } });
    expect(await page(site, `/cards/${cardId}`)).toContain('Зарегистрировать');
    await post(site, `/cards/${cardId}/register`, new URLSearchParams());
    expect(site.delo.card(cardId)?.state).toBe('registered');
    await send(site.out);
    await site.delo.idle();
    const other = site.delo.cards()[1]?.id ?? '';
    const gone = await post(
      site,
      `/cards/${other}/refuse`,
      new URLSearchParams({ code: '33', text: 'Не к нам' }),
    );
    expect(gone.headers.get('location')).toBe('/');
    expect(site.delo.refused).toEqual([expect.objectContaining({ code: 33, text: 'Не к нам' })]);
  });

  it('that make no sense, or come from another site, change nothing', async () => {
    const { site, cardId } = await withCard();
    const wrong = await post(site, `/cards/${cardId}/move-term`, new URLSearchParams({ date: 'завтра' }));
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('Дата пишется так')]);
    const foreign = await post(
      site,
      `/cards/${cardId}/move-term`,
      new URLSearchParams({ date: '2026-03-01' }),
      {
        origin: 'http://evil.example.test',
      },
    );
    expect(foreign.status).toBe(403);
    for (const path of [`/cards/${cardId}/constructor`, '/cards/1/register', '/x']) {
      expect((await post(site, path, new URLSearchParams())).status).toBe(404);
    }
    expect(site.delo.card(cardId)?.deadline).toBe('2026-02-26');
  });
});

describe('the control interface', () => {
  it('tells state, cards and one card', async () => {
    const { site, cardId } = await withCard();
    const state = await control(site, 'idle');
    expect(state.body).toMatchObject({ doubles: 0, complaints: [], counters: { cards: 1, written: 2 } });
    expect((await control(site, 'cards')).body).toEqual([expect.objectContaining({ id: cardId })]);
    const uid = site.delo.card(cardId)?.documentUid ?? '';
    expect((await control(site, `cards/${uid}`)).body).toMatchObject({ id: cardId });
    expect((await control(site, 'cards/1')).status).toBe(404);
    expect((await control(site, 'nothing')).status).toBe(404);
  });

  it('carries out every command', async () => {
    const { site, cardId } = await withCard();
    const { body } = await control(site, `cards/${cardId}/resolve`, {
      executor: { fio: 'А', post: 'Б' },
      text: 'В',
    });
    const { taskId } = body as { taskId: string };
    await control(site, `tasks/${taskId}/report`, { text: 'Сделано' });
    await control(site, `cards/${cardId}/redirect`, { organization: 'Минтранс' });
    await control(site, `cards/${cardId}/move-term`, { date: '2026-03-01' });
    const base64 = Buffer.from('pdf').toString('base64');
    const answered = await control(site, `cards/${cardId}/answer`, {
      text: 'Ответ',
      order: 'report-only',
      files: [{ name: 'a.pdf', base64 }],
    });
    const { documentUid } = answered.body as { documentUid: string };
    await control(site, `answers/${documentUid}`, { what: 'document' });
    await control(site, 'idle');
    const card = site.delo.card(cardId);
    expect(card?.resolutions[0]?.executors[0]?.report?.text).toBe('Сделано');
    expect(card?.redirections).toHaveLength(1);
    expect(card?.deadline).toBe('2026-03-01');
    expect(card?.answers[0]).toMatchObject({ documentUid, documentSent: 1, announced: true });
    expect((await control(site, `cards/${cardId}`)).body).toMatchObject({
      answers: [{ files: [{ name: 'a.pdf', size: 3 }] }],
    });
  });

  it('scripts behaviour and nonsense', async () => {
    const { site } = await withCard();
    await control(site, 'behaviour', { next: 1, behaviour: { refuse: { code: 22 } } });
    await send(site.out);
    await site.delo.idle();
    expect(site.delo.refused).toEqual([expect.objectContaining({ code: 22 })]);
    await control(site, 'behaviour', { channel: 'main', behaviour: { registration: 'command' } });
    await send(site.out);
    await site.delo.idle();
    const waiting = site.delo.cards().find(({ state }) => state === 'received')?.id ?? '';
    await control(site, `cards/${waiting}/register`, {});
    expect(site.delo.card(waiting)?.state).toBe('registered');
    const before = (await repliesIn(site.in)).length;
    await control(site, 'nonsense', { channel: 'main', kind: 'no-envelope' });
    await site.delo.idle();
    await control(site, 'release', {});
    expect((await repliesIn(site.in)).length).toBeGreaterThan(before);
  });

  it.each([
    ['behaviour', { behaviour: { refuse: { code: 'x' } } }, 400],
    ['behaviour', { behaviour: { unknown: 1 } }, 400],
    ['nonsense', { channel: 'other', kind: 'dtd' }, 404],
    ['nonsense', { channel: 'main', kind: 'rude' }, 400],
    ['cards/1/resolve', { executor: 'А', text: 'Б' }, 404],
    ['cards/1/dance', {}, 404],
    ['dance', {}, 404],
  ])('%s %j is refused with %i', async (path, body, status) => {
    const { site } = await withCard();
    const answer = await control(site, path, body);
    expect([answer.status, answer.body]).toEqual([status, { error: expect.any(String) }]);
  });

  it('refuses what is no JSON', async () => {
    const { site } = await withCard();
    const response = await fetch(`${site.delo.url}/_control/behaviour`, { method: 'POST', body: '{' });
    expect(response.status).toBe(400);
  });
});
