import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dayTime, escapeHtml, html, sizeText } from '../../simulators/platform/html.ts';
import type { PlatformSimulator } from '../../simulators/platform/index.ts';
import { access, jsonOf, OPA, OTHER, platformWithCabinets, postAnswer, readFeed, upload } from './client.ts';

describe('pages', () => {
  let platform: PlatformSimulator;
  beforeEach(async () => {
    platform = await platformWithCabinets();
  });
  afterEach(() => platform.close());

  async function page(path: string): Promise<string> {
    const response = await fetch(platform.url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    return response.text();
  }

  function press(path: string, fields: Record<string, string>): Promise<Response> {
    return fetch(platform.url + path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    });
  }

  async function send(
    fields: Record<string, string>,
    file?: { name: string; content: string },
  ): Promise<Response> {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append('file', new Blob([file?.content ?? '']), file?.name ?? '');
    return fetch(`${platform.url}/new`, { method: 'POST', body, redirect: 'manual' });
  }

  it('lists the appeals of every cabinet with status, term, channel and badge', async () => {
    const fast = platform.addAppeal(OPA, {
      fastTrack: true,
      source: 'MOBILE',
      answerAt: '2026-02-03T12:00:00+03:00',
    });
    const other = platform.addAppeal(OTHER, { kind: 'APPEAL_59FZ' });
    const text = await page('/');
    for (const part of [
      `№ ${fast}`,
      `№ ${other}`,
      'Фаст-трек',
      '59-ФЗ',
      'Мобильное приложение',
      '03.02.2026 12:00',
      'На рассмотрении',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toContain('http-equiv="refresh"');
    expect(text).not.toContain('<script');
  });

  it('names a category alone where there is no sub-category', async () => {
    const only = { subjectId: '9', subjectName: 'Связь', subsubjectId: null, subsubjectName: null };
    const posId = platform.addAppeal(OPA, only);
    platform.addAppeal(OPA, { subjectId: '9', subjectName: 'Вода', subsubjectName: 'Напор' });
    const list = await page('/');
    expect(list).toContain('>Связь</span>');
    expect(list).toContain('>Вода / Напор</span>');
    expect(await page(`/appeals/${OPA}/${posId}`)).toContain('<dd>Связь</dd>');
  });

  it('turns the pages of a long list', async () => {
    for (let i = 0; i < 60; i++) platform.addAppeal(OPA);
    expect((await page('/')).match(/class="item"/g)).toHaveLength(50);
    expect((await page(`/?cabinet=${OPA}&page=1`)).match(/class="item"/g)).toHaveLength(10);
    expect(await page('/?cabinet=none&page=x')).toContain(`Кабинет ${OTHER}`);
  });

  it('escapes everything that comes from outside', async () => {
    const evil = '<img src=x onerror="alert(1)">&\'';
    platform.addCabinet({ opaId: '3', identifier: 'id-3', password: 'p', name: evil });
    const posId = platform.addAppeal('3', {
      description: evil,
      subjectName: evil,
      statusText: evil,
      source: evil,
      location: { address: evil },
      answerAt: evil,
      applicant: { kind: 'LEGAL', surname: evil, organization: { name: evil } },
      files: [{ name: evil, content: 'x' }],
    });
    platform.change('3', posId, 'AMENDED', { withdrawnReason: evil });
    for (const path of ['/', `/appeals/3/${posId}`, `/appeals/3/${posId}/edit`, '/new']) {
      const text = await page(path);
      expect(text).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;');
      expect(text).not.toContain('<img');
    }
  });

  it('makes an appeal of the form and shows it, file and all', async () => {
    const made = await send(
      {
        cabinet: OPA,
        category: '10101',
        text: 'Яма\r\nу дома',
        address: 'ул. Новая, 3',
        surname: 'Лугова',
        name: 'Ия',
        fastTrack: '1',
      },
      { name: 'фото ямы.txt', content: 'вид' },
    );
    expect(made.status).toBe(303);
    const path = made.headers.get('location') ?? '';
    const text = await page(path);
    for (const part of [
      'Яма\nу дома',
      'ул. Новая, 3',
      'Лугова Ия',
      'Дороги / Ямы на проезжей части',
      'фото ямы.txt',
      'Сайт организации',
    ]) {
      expect(text).toContain(part);
    }
    const { content } = await readFeed(platform, await access(platform));
    expect(content).toMatchObject([
      { change: 'NEW', description: 'Яма\nу дома', source: 'SITE', fastTrack: true, subsubjectId: '10101' },
    ]);
    const link = /href="(\/files\/[^"]+)"/.exec(text)?.[1] ?? '';
    const file = await fetch(platform.url + link);
    expect(await file.text()).toBe('вид');
    expect(file.headers.get('content-disposition')).toBe(
      `attachment; filename*=UTF-8''${encodeURIComponent('фото ямы.txt')}`,
    );
  });

  it('takes a form without file or name, and shows a wrong one again', async () => {
    expect((await send({ cabinet: OPA, category: '10101', text: 'Без имени' })).status).toBe(303);
    expect(platform.appeals(OPA)[0]).toMatchObject({
      attachments: [],
      applicant: { kind: 'PERSON', epguId: expect.any(String) },
    });
    for (const [fields, words] of [
      [{ cabinet: '?', category: '10101', text: 'т' }, 'Выберите организацию'],
      [{ cabinet: OPA, category: '?', text: 'т' }, 'Выберите категорию'],
      [{ cabinet: OPA, category: '10101', text: ' ' }, 'от 1 до 4000'],
      [{ cabinet: OPA, category: '10101', text: 'ы'.repeat(4001) }, 'от 1 до 4000'],
    ] as const) {
      const refused = await send(fields);
      expect(refused.status).toBe(422);
      expect(await refused.text()).toContain(words);
    }
    expect((await press('/new', { cabinet: OPA })).status).toBe(422);
    expect(platform.appeals()).toHaveLength(1);
  });

  it('shows an answer with its files and takes a mark', async () => {
    const posId = platform.addAppeal(OPA);
    const self = `/appeals/${OPA}/${posId}`;
    expect(await page(self)).not.toContain('Оцените ответ');
    expect((await press(`${self}/rate`, { mark: '5' })).status).toBe(303);
    expect(platform.appeal(OPA, posId).rating).toBeUndefined();
    const headers = await access(platform);
    const file = await jsonOf(await upload(platform, headers, 'решение.pdf', 'pdf'));
    await postAnswer(platform, headers, posId, { fileIds: [file['id']] });
    const text = await page(self);
    for (const part of [
      'Вопрос решён',
      'Яма заделана.',
      'решение.pdf',
      'Ответ № 12-А',
      'Лесная Юлия',
      'Оцените ответ',
    ]) {
      expect(text).toContain(part);
    }
    await press(`${self}/rate`, { mark: '1' });
    expect((await readFeed(platform, headers)).content.map((item) => item['change'])).toEqual([
      'NEW',
      'RATED',
      'REPEATED',
    ]);
    expect(await page(self)).toContain('Направлено на повторное рассмотрение');
    expect(await page('/')).toContain('Повторно');
  });

  it('amends, moves the term and withdraws, and does nothing after that', async () => {
    const posId = platform.addAppeal(OPA);
    const self = `/appeals/${OPA}/${posId}`;
    expect(await page(`${self}/edit`)).toContain('Перенести срок');
    await press(`${self}/amend`, { text: 'Уточняю адрес' });
    await press(`${self}/amend`, { text: ' ' });
    await press(`${self}/term`, { day: '2026-05-06' });
    await press(`${self}/term`, { day: 'завтра' });
    await press(`${self}/withdraw`, { reason: '' });
    await press(`${self}/amend`, { text: 'поздно' });
    const { content } = await readFeed(platform, await access(platform));
    expect(content.map((item) => item['change'])).toEqual(['NEW', 'AMENDED', 'TERM_MOVED', 'WITHDRAWN']);
    expect(content[3]).toMatchObject({
      description: 'Уточняю адрес',
      answerAt: '2026-05-06T23:59:59+03:00',
      withdrawnReason: 'Вопрос больше не актуален',
    });
    expect(await page(self)).toContain('Отозвано заявителем');
  });

  it('answers 404 in words for people and in JSON for programs', async () => {
    for (const path of ['/appeals/1/2', `/appeals/${OPA}/1/edit`, `/files/${OPA}/f-0`]) {
      const response = await fetch(platform.url + path);
      expect([response.status, (await response.text()).includes('Не найдено')]).toEqual([404, true]);
    }
    const posId = platform.addAppeal(OPA);
    expect((await press(`/appeals/${OPA}/${posId}/edit`, {})).status).toBe(404);
    expect((await fetch(`${platform.url}/appeals/${OPA}/${posId}/rate`)).status).toBe(404);
    const html = await fetch(`${platform.url}/nowhere`, { headers: { Accept: 'text/html' } });
    expect([html.status, (await html.text()).includes('Не найдено')]).toEqual([404, true]);
    expect(await (await fetch(`${platform.url}/nowhere`)).json()).toEqual({ error: 'not_found' });
    const style = await fetch(`${platform.url}/style.css`);
    expect(style.headers.get('content-type')).toContain('text/css');
    expect(await style.text()).toContain('@media');
  });

  it('shows a forward, an executor, a card and a repeated appeal', async () => {
    const first = platform.addAppeal(OPA, {
      applicant: { kind: 'LEGAL', organization: { name: 'ООО «Сосна»' } },
    });
    const second = platform.addAppeal(OPA, {
      repeatOf: first,
      location: 'двор',
      applicant: { kind: 'PERSON', epguId: '1' },
    });
    const headers = await access(platform);
    const at = '2026-01-15T10:00:00+03:00';
    const executor = { surname: 'Лесная', name: 'Юлия' };
    for (const body of [
      { status: 'TAKE_TO_WORK', at, card: { number: '77-К', date: '2026-01-15' } },
      { status: 'SET_EXECUTOR', at, executor },
      { status: 'FORWARD_TO_SUBORDINATE', at, forwardTo: { name: 'Управа' }, comment: 'по ведению' },
    ]) {
      const url = `${platform.url}/appeal-service/sed/appeals/${second}/statuses`;
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      expect(response.status).toBe(201);
    }
    const text = await page(`/appeals/${OPA}/${second}`);
    for (const part of [
      'РК № 77-К от 15.01.2026',
      'Исполнитель: Лесная Юлия',
      'Передано: Управа',
      'по ведению',
      `№ ${first}`,
      'двор',
      'Без указания имени',
    ]) {
      expect(text).toContain(part);
    }
    expect(await page(`/appeals/${OPA}/${first}`)).toContain('ООО «Сосна»');
  });

  it('templates escape any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(html`<b>${text}</b>`.markup.slice(3, -4)).not.toMatch(/[<>"']/);
        expect(html`${html`<i>${text}</i>`}`.markup).toBe(`<i>${escapeHtml(text)}</i>`);
      }),
    );
    expect(html`${undefined}${5}${[html`<p>`, html`<q>`]}`.markup).toBe('5<p><q>');
    expect([dayTime(undefined), dayTime('странное'), dayTime('2026-01-02T03:04:05Z')]).toEqual([
      '—',
      'странное',
      '02.01.2026 03:04',
    ]);
    expect([sizeText(5), sizeText(51_200), sizeText(1_572_864)]).toEqual(['5 Б', '50 КБ', '1,5 МБ']);
  });
});
