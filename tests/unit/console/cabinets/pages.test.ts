import { mkdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { registerCabinets } from '../../../../src/intake/cabinets.ts';
import { type PlatformSimulator, startPlatform } from '../../../simulators/platform/index.ts';
import { type ConsoleSite, openConsoleSite } from '../../../support/console-site.ts';
import { textOf } from '../../../support/markup.ts';

let platform: PlatformSimulator;
let site: ConsoleSite;
beforeAll(async () => {
  platform = await startPlatform();
  site = await openConsoleSite({ platformUrl: platform.url, cabinets: 3 });
  for (const cabinet of site.stand.cabinets) platform.addCabinet(cabinet);
}, 120_000);
afterAll(async () => {
  await site.close();
  await platform.close();
});

const cabinet = (index: number) => {
  const found = site.deps.cabinets()[index];
  if (found === undefined) throw new Error('no such cabinet');
  return found;
};
const passwordOf = (index: number) => site.stand.cabinets[index]?.password ?? '';

beforeEach(async () => {
  await site.db.query('TRUNCATE backfill, journal, incident, audit, cabinet CASCADE');
  await registerCabinets(site.db, site.deps.cabinets());
  await site.db.query('UPDATE cabinet SET polled_at = now()');
  for (const { id, password } of site.stand.cabinets) await site.stand.setPassword(id, password);
});

async function stateOf(index: number): Promise<{ state: string; state_code: string | null }> {
  const [row] = await site.db.query<{ state: string; state_code: string | null }>(
    `SELECT state, state_code FROM cabinet WHERE opa_id = $1`,
    [cabinet(index).opaId],
  );
  return row ?? { state: '', state_code: null };
}

const actions = async () =>
  await site.db.query<{ action: string; who: string; why: string | null }>(
    `SELECT action, who, why FROM audit WHERE object LIKE 'cabinet:%' ORDER BY id`,
  );

describe('the list of cabinets', () => {
  it('shows all of the settings, those that need a look first', async () => {
    await site.db.query(`UPDATE cabinet SET state = 'blocked' WHERE opa_id = $1`, [cabinet(2).opaId]);
    const { text } = await site.as.viewer.get('/cabinets');
    const order = [...text.matchAll(/href="\/cabinets\/(lko-\d)"/g)].map(([, id]) => id);
    expect(order).toEqual(['lko-3', 'lko-1', 'lko-2']);
    expect(textOf(text)).toContain('заблокирован');
    expect(textOf(text)).toMatch(/файл, \d+ с/);
  });

  it('finds by any of the names and by state', async () => {
    const count = async (query: string) =>
      [...(await site.as.viewer.get(`/cabinets?${query}`)).text.matchAll(/<th scope="row">/g)].length;
    expect(await count(`q=${cabinet(1).opaId}`)).toBe(1);
    expect(await count(`q=${encodeURIComponent('АДМИНИСТРАЦИЯ')}`)).toBe(3);
    expect(await count('show=paused')).toBe(0);
    expect(await count('q=нет такого')).toBe(0);
    for (const page of ['page=99', 'page=-1', 'page=x', 'page=1.5', 'show=x'])
      expect(await count(page)).toBe(3);
  });
});

describe('one cabinet', () => {
  it('names the files and the settings, never a secret', async () => {
    for (const person of [site.as.viewer, site.as.admin]) {
      const { text } = await person.get(`/cabinets/${cabinet(0).id}`);
      const words = textOf(text);
      expect(words).toContain(cabinet(0).file);
      expect(words).toContain(`файл ${cabinet(0).secretFile}`);
      for (const secret of [passwordOf(0), cabinet(0).identifier]) expect(text).not.toContain(secret);
      expect(text).not.toContain('type="password"');
    }
  });

  it('says that the file of the password is not there', async () => {
    await rm(cabinet(1).secretFile ?? '');
    expect(textOf((await site.as.viewer.get(`/cabinets/${cabinet(1).id}`)).text)).toContain('файла нет');
    expect(textOf((await site.as.viewer.get('/cabinets')).text)).toContain('файла нет');
  });

  it('shows a viewer no button', async () => {
    const { text } = await site.as.viewer.get(`/cabinets/${cabinet(0).id}`);
    expect(text).not.toContain(`action="/cabinets/`);
    for (const action of ['check', 'pause', 'resume', 'backfill']) {
      const answer = await site.as.viewer.post(`/cabinets/${cabinet(0).id}/${action}`, { why: 'x' });
      expect(answer.status).toBe(403);
    }
    expect(await stateOf(0)).toEqual({ state: 'active', state_code: null });
    expect(await actions()).toEqual([]);
  });

  it.each(['nobody', '..%2F..%2Fetc', '%00', '<b>'])('«%s» is no cabinet', async (id) => {
    expect((await site.as.operator.get(`/cabinets/${id}`)).status).toBeGreaterThanOrEqual(400);
    expect(
      (await site.as.operator.post(`/cabinets/${id}/pause`, { why: 'x' })).status,
    ).toBeGreaterThanOrEqual(400);
  });
});

describe('the check of a cabinet', () => {
  const check = async (index: number) => {
    const { text, status } = await site.as.operator.post(`/cabinets/${cabinet(index).id}/check`);
    expect(status).toBe(200);
    const [, table = ''] = /id="check"[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(text) ?? [];
    return table
      .split('</tr>')
      .map(textOf)
      .filter((line) => line.trim() !== '');
  };

  it('tells the outcome of each step', async () => {
    const [login, feed, channel, archive] = await check(0);
    expect(login).toMatch(/Вход на платформу в порядке/);
    expect(feed).toMatch(/Чтение ленты в порядке/);
    expect(channel).toMatch(/Папки канала в порядке/);
    expect(archive).toMatch(/Архив СЭД не проверялось архив у кабинета не назван/);
    expect(await actions()).toEqual([{ who: 'operator-1', action: 'cabinet-checked', why: null }]);
  });

  it('blocks a cabinet whose password is wrong, tries it once, and lets it go on when it is mended', async () => {
    await site.stand.setPassword(cabinet(1).id, 'неверный-пароль');
    const tries = () => platform.counters().logins[cabinet(1).opaId]?.failed ?? 0;
    const before = tries();
    const [login, feed] = await check(1);
    expect(login).toMatch(/ошибка PLATFORM_CREDENTIALS_WRONG/);
    expect(feed).toMatch(/не проверялось предыдущий шаг не удался/);
    expect(await stateOf(1)).toEqual({ state: 'blocked', state_code: 'PLATFORM_CREDENTIALS_WRONG' });
    expect(tries() - before).toBe(1);
    await site.stand.setPassword(cabinet(1).id, passwordOf(1));
    expect((await check(1))[0]).toMatch(/в порядке/);
    expect(await stateOf(1)).toEqual({ state: 'active', state_code: null });
    const [incident] = await site.db.query(`SELECT closed_at IS NOT NULL AS closed FROM incident`);
    expect(incident).toEqual({ closed: true });
  });

  it('tells of a folder that is not there, whatever the platform says', async () => {
    const folder = site.stand.channels[0]?.in ?? '';
    await rm(folder, { recursive: true });
    const [login, , channel] = await check(0);
    expect(login).toMatch(/в порядке/);
    expect(channel).toMatch(/ошибка SED_FOLDER_UNAVAILABLE/);
    await mkdir(folder);
  });

  it('shows the cabinet to who reloads its address', async () => {
    const answer = await site.as.operator.get(`/cabinets/${cabinet(0).id}/check`);
    expect(answer.location).toBe(`/cabinets/${cabinet(0).id}`);
  });
});

describe('pause, resume and back-fill', () => {
  const at = (action: string) => `/cabinets/${cabinet(0).id}/${action}`;

  it('pauses and resumes with a reason', async () => {
    expect((await site.as.operator.post(at('pause'), { why: 'обновление ДЕЛО' })).status).toBe(303);
    expect((await stateOf(0)).state).toBe('paused');
    const { text } = await site.as.operator.get(`/cabinets/${cabinet(0).id}`);
    expect(textOf(text)).toContain('обновление ДЕЛО (operator-1)');
    expect(textOf(text)).toContain('Кабинет приостановлен.');
    expect(text).toContain(`action="${at('resume')}"`);
    await site.as.operator.post(at('resume'), { why: 'готово' });
    expect((await stateOf(0)).state).toBe('active');
    expect(await actions()).toEqual([
      { who: 'operator-1', action: 'cabinet-paused', why: 'обновление ДЕЛО' },
      { who: 'operator-1', action: 'cabinet-resumed', why: 'готово' },
    ]);
  });

  it('says that a pause over a block ends in the block', async () => {
    await site.db.query(
      `UPDATE cabinet SET state = 'paused', state_code = 'PLATFORM_CREDENTIALS_WRONG' WHERE opa_id = $1`,
      [cabinet(0).opaId],
    );
    await site.as.operator.post(at('resume'), { why: 'x' });
    expect((await stateOf(0)).state).toBe('blocked');
    expect(textOf((await site.as.operator.get(`/cabinets/${cabinet(0).id}`)).text)).toContain(
      'Пауза снята, но кабинет заблокирован',
    );
  });

  it('does nothing twice', async () => {
    await site.as.operator.post(at('pause'), { why: 'раз' });
    await site.as.operator.post(at('pause'), { why: 'два' });
    expect(await actions()).toHaveLength(1);
    const { text } = await site.as.operator.get(`/cabinets/${cabinet(0).id}`);
    expect(textOf(text)).toContain('раз (operator-1)');
  });

  it('asks for a back-fill of whole days in the cabinet’s zone', async () => {
    const form = { from: '2026-01-05', to: '2026-01-07', withCards: '1', why: 'пропали' };
    expect((await site.as.operator.post(at('backfill'), form)).status).toBe(303);
    const [fill] = await site.db.query(
      `SELECT changed_from AS "from", changed_to AS "to", force_cards AS cards FROM backfill WHERE opa_id = $1`,
      [cabinet(0).opaId],
    );
    expect(fill).toEqual({
      from: new Date('2026-01-04T21:00:00Z'),
      to: new Date('2026-01-07T21:00:00Z'),
      cards: true,
    });
    expect(await actions()).toEqual([{ who: 'operator-1', action: 'backfill-asked', why: 'пропали' }]);
    expect(textOf((await site.as.operator.get(`/cabinets/${cabinet(0).id}`)).text)).toContain(
      '05.01.2026 – 07.01.2026',
    );
  });

  it.each([
    [{ from: '2026-01-07', to: '2026-01-05', why: 'x' }, 'последний день раньше первого'],
    [{ from: '2026-02-31', to: '2026-03-01', why: 'x' }, 'напишите день как'],
    [{ from: '', to: '', why: 'x' }, 'напишите день как'],
    [{ from: '2026-01-01', to: '2026-01-02', why: '' }, 'напишите причину'],
  ])('refuses %j', async (form, words) => {
    const answer = await site.as.operator.post(at('backfill'), form);
    expect(answer.status).toBe(422);
    expect(textOf(answer.text)).toContain(words);
    expect(await site.db.query('SELECT 1 FROM backfill')).toEqual([]);
  });
});
