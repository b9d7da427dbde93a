import { utimes, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { seeCertificate, tlsPlaces } from '../../../../src/alerts/digest/certificates.ts';
import {
  type DigestDeps,
  digestSections,
  makeDigest,
  sendAdminDigest,
} from '../../../../src/alerts/digest/index.ts';
import { table } from '../../../../src/alerts/digest/words.ts';
import { type LoadedConfig, loadConfig } from '../../../../src/config/index.ts';
import type { Queryable } from '../../../../src/store/data-source.ts';
import { selfSigned } from '../../../support/self-signed.ts';
import { dropFolder, mainYaml, makeFolder } from '../../config/helpers.ts';
import { log, startWorld, type World } from '../incident/world.ts';

const LONG = 120_000;
const SMTP = 'smtp: {host: 127.0.0.1, from: p@a.test, to: [admin@a.test]}\n';
let world: World;
let folder: string;
beforeAll(async () => {
  world = await startWorld();
  folder = await makeFolder({ 'secrets/adm': 'тайна\n', 'state/spool/.keep': '' });
}, LONG);
afterAll(async () => {
  await world.stop();
  await dropFolder(folder);
});
beforeEach(async () => {
  await world.clear();
  await world.db.query(`UPDATE cabinet SET state = 'active', state_code = NULL, polled_at = now()`);
  await world.db.query('TRUNCATE api_token, showcase_upload CASCADE');
});

async function settings(more = SMTP): Promise<LoadedConfig> {
  await writeFile(join(folder, 'posrednik.yaml'), mainYaml(more));
  return await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
}

async function deps(more: Partial<DigestDeps> = {}, yaml = SMTP): Promise<DigestDeps> {
  const loaded = await settings(yaml);
  return {
    db: world.db,
    log,
    loaded,
    cabinets: () => loaded.cabinets,
    finalStatuses: new Set(['ANSWERED']),
    now: () => new Date(),
    ...more,
  };
}

/** The text of one section; undefined when it has nothing to say. */
async function section(title: string, parts?: DigestDeps): Promise<string | undefined> {
  const given = parts ?? (await deps());
  const found = digestSections(given).find((one) => one.title === title);
  const content = await found?.render();
  return content === undefined ? undefined : JSON.stringify(content.blocks);
}

describe('the sections', () => {
  it('have nothing to say while all is well, but for disk and queue', async () => {
    const digest = await makeDigest(await deps());
    expect(digest).toMatchObject({ filled: 1, failed: 0 });
    expect(digest.text).toContain('Диск и очередь');
    expect(digest.text).toMatch(/База данных: [\d,]+ ГБ/);
    expect(digest.text).toContain('обращений 0');
  });

  it('tell cabinets that are not read, and why', async () => {
    const title = 'Кабинеты, которые не читаются';
    expect(await section(title)).toBeUndefined();
    await world.db.query(`UPDATE cabinet SET polled_at = now() - interval '2 hours' WHERE opa_id = '100'`);
    expect(await section(title)).toContain('не читается');
    await world.db.query(
      `UPDATE cabinet SET state = 'blocked', state_code = 'PLATFORM_CREDENTIALS_WRONG' WHERE opa_id = '100'`,
    );
    const words = await section(title);
    expect(words).toContain('Администрация (adm)');
    expect(words).toContain('PLATFORM_CREDENTIALS_WRONG');
    const parts = await deps();
    const [cabinet] = parts.cabinets();
    if (cabinet === undefined) throw new Error('no cabinet');
    expect(await section(title, { ...parts, cabinets: () => [{ ...cabinet, opaId: '999' }] })).toContain(
      'ещё не читался',
    );
    expect(
      await section(title, { ...parts, cabinets: () => [{ ...cabinet, enabled: false }] }),
    ).toBeUndefined();
  });

  it('tell what is open, the largest first, and what the day brought', async () => {
    await world.incidents.openCounted(world.db, 'SED_SILENT', 'channel:delo:not-taken', 3);
    await world.incidents.openCounted(world.db, 'PLATFORM_REJECTED', 'opa:100', 70);
    await world.incidents.open(world.db, 'DEFECT', 'registration');
    await world.incidents.close(world.db, 'DEFECT', 'registration');
    await world.db.query(
      `UPDATE incident SET opened_at = now() - interval '3 days' WHERE code = 'SED_SILENT'`,
    );
    const words = (await section('Неполадки')) ?? '';
    expect(words).toContain('Открыто: 2. За сутки открылось: 2, закрылось: 1.');
    expect(words.indexOf('PLATFORM_REJECTED')).toBeLessThan(words.indexOf('SED_SILENT'));
    expect(words).toContain('Кабинет Администрация (adm)');
  });

  it('tell terms at risk: overdue, soon, without a resolution, registered late; numbers only', async () => {
    await world.deliveries({ count: 9, state: 'done', code: null });
    await world.db.query(`DELETE FROM delivery`);
    await world.db.query(`UPDATE sed_event SET kind = 'registration'`);
    const ids = (
      await world.db.query<{ id: string }>('SELECT id::text AS id FROM appeal ORDER BY appeal.id')
    ).map(({ id }) => id);
    const set = (n: number, sql: string) =>
      world.db.query(`UPDATE appeal SET ${sql} WHERE id = $1`, [ids[n]]);
    await set(0, `answer_at = now() - interval '2 days'`);
    await set(1, `answer_at = now() + interval '2 days'`);
    await set(2, `answer_at = now() + interval '20 days'`);
    await set(3, `answer_at = now() - interval '2 days', status = 'ANSWERED'`);
    await set(4, `answer_at = now() - interval '2 days', answered_at = now()`);
    await set(5, `received_at = now() - interval '4 days'`);
    await world.db.query(`UPDATE card SET registered_at = now() - interval '4 days' WHERE appeal_id = $1`, [
      ids[2],
    ]);
    await world.db.query(`UPDATE card SET stage = 'sent', number = NULL WHERE appeal_id = $1`, [ids[5]]);
    await set(6, `received_at = now() - interval '4 days', stage = 'attention'`);
    await set(8, `received_at = now() - interval '4 days', stage = 'skipped'`);
    await world.db.query(
      `DELETE FROM sed_event WHERE card_id IN (SELECT id FROM card WHERE appeal_id = ANY($1))`,
      [ids.slice(6)],
    );
    await world.db.query(`DELETE FROM card WHERE appeal_id = ANY($1)`, [ids.slice(6)]);
    const posIdOf = async (id: string | undefined) =>
      (await world.db.query<{ pos_id: string }>(`SELECT pos_id FROM appeal WHERE id = $1`, [id]))[0]?.pos_id;
    const words = (await section('Сроки под угрозой')) ?? '';
    expect(words).toContain('Срок ответа прошёл: 1.');
    expect(words).toContain('Ответ нужен в ближайшие три дня: 1.');
    expect(words).toContain('Нет резолюции три дня после регистрации: 1.');
    // One whose card the СЭД has not registered, one that has no card yet; not the one just come.
    expect(words).toContain('Не зарегистрированы дольше 3 дней: 2.');
    expect(words).toContain(await posIdOf(ids[6]));
    expect(words).not.toContain(await posIdOf(ids[7]));
    expect(words).not.toContain(await posIdOf(ids[8]));
    expect(words).toContain('ОГ-');
  });

  it('tell what waits for a person, by cabinet and cause', async () => {
    await world.deliveries({ count: 4, detail: 'Ответ Петрову.pdf: велик' });
    await world.deliveries({ count: 2, kind: 'answer', code: 'ANSWER_EMPTY' });
    await world.db.query(
      `UPDATE card SET stage = 'attention', error_code = 'SED_REFUSED' WHERE id = (SELECT min(id) FROM card)`,
    );
    const words = (await section('Ждут человека')) ?? '';
    expect(words).toContain('Ждут человека: 7.');
    expect(words).toContain('PLATFORM_REJECTED');
    expect(words).toContain('ANSWER_EMPTY');
    expect(words).toContain('карточки');
    expect(words).not.toContain('Петрову');
  });

  it('tell what is not in the showcase, and rubrics without a category', async () => {
    expect(await section('Витрина')).toBeUndefined();
    await world.db.query(
      `INSERT INTO showcase_upload (showcase, opa_id, key, state, file, size, sha256, records, error_code, settled_at)
       VALUES ('region', '100', 'k', 'failed', 'f', 1, 'x', 12, 'SHOWCASE_FILE_REFUSED', now()),
         ('region', '100', 'old', 'failed', 'f', 1, 'x', 99, 'SHOWCASE_FILE_REFUSED', now() - interval '3 days')`,
    );
    const put = (no: number, verdict: string, code: string) =>
      world.db.query(
        `INSERT INTO showcase_record (showcase, card_key, question_no, otk_code, card_isn, reg_number, cardfile, verdict,
           own_code, since, build_id) VALUES ('region', 'k', $1, '0003.0001', '1', 'ОГ-1', '0.', $2, $3, now(), 1)`,
        [no, verdict, code],
      );
    await put(1, 'refuse', 'SHOWCASE_FIELD_MISSING');
    await put(2, 'unmapped', 'RUBRIC_NOT_MAPPED');
    const words = (await section('Витрина')) ?? '';
    expect(words).toContain('За сутки не прошло файлов: 1.');
    expect(words).toContain('Не в витрине записей: 1.');
    expect(await section('Рубрики без категории')).toContain('Рубрик без категории платформы: 1.');
  });

  it('tell passwords that are old and tokens that end', async () => {
    expect(await section('Сертификаты и пароли')).toBeUndefined();
    const old = new Date(Date.now() - 200 * 86_400_000);
    await utimes(join(folder, 'secrets/adm'), old, old);
    await world.db.query(
      `INSERT INTO api_token (name, hash, role, scopes, created_by, expires_at)
       VALUES ('портал', '\\x01', 'viewer', '{}', 'anna', now() + interval '3 days'),
         ('другой', '\\x02', 'viewer', '{}', 'anna', now() + interval '90 days')`,
    );
    const words = (await section('Сертификаты и пароли')) ?? '';
    expect(words).toContain('кабинет adm');
    expect(words).toContain('портал');
    expect(words).not.toContain('другой');
    expect(words).not.toContain('тайна');
    const now = new Date();
    await utimes(join(folder, 'secrets/adm'), now, now);
  });
});

describe('certificates', () => {
  let server: Server;
  let port: number;
  beforeAll(async () => {
    server = createServer(selfSigned());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('are looked at where the settings reach something by TLS', async () => {
    const { config } = await settings(
      `smtp: {host: mail.test, port: 465, secure: true, from: p@a.test, to: [a@a.test]}
archives:
  - {id: a, baseUrl: 'https://delo.test/web', user: u}
  - {id: b, baseUrl: 'https://delo.test:8443', user: u}
  - {id: c, baseUrl: 'https://delo.test/other', user: u}
`,
    );
    expect(tlsPlaces(config)).toEqual([
      { host: 'delo.test', port: 443 },
      { host: 'delo.test', port: 8443 },
      { host: 'mail.test', port: 465 },
    ]);
  });

  it('say until when they are good, trusted or not', async () => {
    const { validTo } = await seeCertificate({ host: '127.0.0.1', port });
    const days = ((validTo?.getTime() ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(1);
    expect(days).toBeLessThan(60);
  });

  it('that cannot be looked at are said so, and stop nothing', async () => {
    expect(await seeCertificate({ host: '127.0.0.1', port: 1 })).toEqual({ host: '127.0.0.1', port: 1 });
    const yaml = `${SMTP}archives:\n  - {id: a, baseUrl: 'https://127.0.0.1:1', user: u}\n  - {id: b, baseUrl: 'https://127.0.0.1:${port}', user: u}\n`;
    const words =
      (await section(
        'Сертификаты и пароли',
        await deps({ now: () => new Date(Date.now() + 60 * 86_400_000) }, yaml),
      )) ?? '';
    expect(words).toContain('проверить не удалось');
    expect(words).toContain(`127.0.0.1:${port}`);
    expect(words).toContain('уже истёк');
  });
});

describe('the digest', () => {
  const mails = () => world.mails();

  it('goes once a day, whoever asks and how often, to the administrators', async () => {
    const parts = await deps();
    const sent = await Promise.all(Array.from({ length: 4 }, () => sendAdminDigest(parts)));
    expect(sent.filter(Boolean)).toHaveLength(1);
    expect(await sendAdminDigest(parts)).toBe(false);
    const tomorrow = { ...parts, now: () => new Date(Date.now() + 86_400_000) };
    expect(await sendAdminDigest(tomorrow)).toBe(true);
    expect(await sendAdminDigest(parts, { again: true })).toBe(true);
    const [first, ...others] = await mails();
    expect(others).toHaveLength(2);
    expect(first?.to).toEqual(['admin@a.test']);
    expect(first?.subject).toMatch(/^Посредник: сводка на \d\d\.\d\d\.\d{4}$/);
  });

  it('goes to nobody where there is no mail', async () => {
    expect(await sendAdminDigest(await deps({}, ''))).toBe(false);
  });

  it('goes without a section that fails, and says so', async () => {
    await world.incidents.open(world.db, 'SED_SILENT', 'channel:delo:not-taken');
    const broken: Queryable = {
      query: async <T>(sql: string, params?: readonly unknown[]): Promise<T[]> => {
        if (sql.includes('FROM incident')) throw new Error('сломано');
        return await world.db.query<T>(sql, params);
      },
    };
    const digest = await makeDigest(await deps({ db: broken }));
    expect(digest).toMatchObject({ filled: 1, failed: 1 });
    expect(digest.text).toContain('Этот раздел подготовить не удалось');
    expect(digest.text).toContain('Диск и очередь');
  });

  it('that finds no disk still goes', async () => {
    const parts = await deps();
    const loaded = {
      ...parts.loaded,
      config: { ...parts.loaded.config, spoolDir: join(folder, 'нет такой') },
    };
    const digest = await makeDigest({ ...parts, loaded });
    expect(digest).toMatchObject({ filled: 0, failed: 1 });
  });

  it('links to the console where it has an address', async () => {
    const { text } = await makeDigest(
      await deps({}, `${SMTP}console: {publicUrl: 'https://console.test'}\n`),
    );
    expect(text).toContain('https://console.test/errors');
  });

  it('cuts long tables and says how many more there are', () => {
    const rows = Array.from({ length: 25 }, (_, n) => [String(n)]);
    const [shown, more] = table(['Число'], rows);
    expect(shown).toMatchObject({ rows: rows.slice(0, 20) });
    expect(more).toEqual({ kind: 'paragraph', text: 'И ещё 5.' });
    expect(table(['Число'], rows.slice(0, 20))).toHaveLength(1);
  });
});
