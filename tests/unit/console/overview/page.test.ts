import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { blockCabinet, pauseCabinet, registerCabinets } from '../../../../src/intake/cabinets.ts';
import { Fault } from '../../../../src/model/errors.ts';
import { addAppealRow, addCardRow, addDeliveryRow, addEventRow } from '../../../support/console-rows.ts';
import { type ConsoleSite, openConsoleSite } from '../../../support/console-site.ts';
import { textOf } from '../../../support/markup.ts';

let site: ConsoleSite;
beforeAll(async () => {
  site = await openConsoleSite({ cabinets: 3 });
}, 120_000);
afterAll(() => site.close());

const cabinet = (index: number) => {
  const found = site.deps.cabinets()[index];
  if (found === undefined) throw new Error('no such cabinet');
  return found;
};

/** As after a start that went well: every cabinet just read. */
beforeEach(async () => {
  const tables =
    'showcase_upload, showcase_build, incident, journal, delivery, sed_event, sed_message, card, appeal, cabinet';
  await site.db.query(`TRUNCATE ${tables} CASCADE`);
  await registerCabinets(site.db, site.deps.cabinets());
  await site.db.query(`UPDATE cabinet SET polled_at = now()`);
});

const read = async () => textOf((await site.as.viewer.get('/')).text);

describe('the overview', () => {
  it('says in one line that all is well', async () => {
    const words = await read();
    expect(words).toContain('Всё в порядке');
    expect(words).not.toContain('Требует внимания');
    expect(words).toContain('кабинетов работают из 3');
  });

  it('names a blocked cabinet with the file and the setting to mend, and what to do', async () => {
    await blockCabinet(
      site.db,
      site.deps.incidents,
      cabinet(0),
      new Fault('PLATFORM_CREDENTIALS_WRONG'),
      null,
    );
    const { text } = await site.as.viewer.get('/');
    const words = textOf(text);
    expect(words).toContain('кабинетов заблокировано: 1');
    expect(words).toContain('Платформа не приняла идентификатор или пароль кабинета');
    expect(words).toContain(`пароль в файле ${cabinet(0).secretFile}`);
    expect(words).toContain(`настройка identifier в ${cabinet(0).file}`);
    expect(text).toContain(`href="/cabinets/${cabinet(0).id}"`);
    for (const { password } of site.stand.cabinets) expect(text).not.toContain(password);
  });

  it('names a paused cabinet with its reason, and one whose feed is not read', async () => {
    await pauseCabinet(site.database.dataSource, cabinet(1), 'переезд');
    await site.db.query(`UPDATE cabinet SET polled_at = now() - interval '2 hours' WHERE opa_id = $1`, [
      cabinet(2).opaId,
    ]);
    const words = await read();
    expect(words).toContain('кабинетов приостановлено: 1');
    expect(words).toContain('переезд');
    expect(words).toContain('Лента не читается 2 ч');
  });

  it('groups open incidents by kind, with links, and forgets closed ones', async () => {
    for (let index = 0; index < 5; index += 1) {
      await site.deps.incidents.openCounted(site.db, 'SED_SILENT', `channel:${index}`, 10);
    }
    await site.deps.incidents.open(site.db, 'SPOOL_UNAVAILABLE', 'spool');
    await site.deps.incidents.close(site.db, 'SPOOL_UNAVAILABLE', 'spool');
    const { text } = await site.as.viewer.get('/');
    const words = textOf(text);
    expect(words).toContain('открытых инцидентов: 5');
    expect(words).toContain('случаев: 50');
    expect(words).toContain('и ещё 2');
    const [{ id } = { id: '' }] = await site.db.query<{ id: string }>(
      `SELECT max(id)::text AS id FROM incident WHERE closed_at IS NULL`,
    );
    expect(text).toContain(`href="/errors/${id}"`);
    expect(words).not.toContain('папкой файлов');
  });

  it('names the cabinet of an incident, whether its scope has its id or the platform’s number', async () => {
    const { id, opaId, name } = cabinet(1);
    await site.deps.incidents.open(site.db, 'PLATFORM_REJECTED', `opa:${opaId}`);
    await site.deps.incidents.open(site.db, 'ENDPOINT_PAUSED', `cabinet:${opaId}`);
    await site.deps.incidents.open(site.db, 'PLATFORM_CREDENTIALS_WRONG', `cabinet:${id}`);
    const words = await read();
    expect(words.split(`Кабинет ${name} (${id})`)).toHaveLength(4);
    expect(words).not.toContain(opaId);
  });

  it('keeps a snoozed incident out of sight until its time has come', async () => {
    await site.deps.incidents.open(site.db, 'SED_SILENT', 'channel:delo-1:not-taken');
    const until = (time: string) =>
      site.db.query(`UPDATE incident SET snoozed_until = now() + interval '${time}'`);
    await until('1 hour');
    expect(await read()).toContain('Всё в порядке');
    await until('-1 second');
    expect(await read()).toContain('открытых инцидентов: 1');
  });

  it('counts what waits for a person, with a way to it', async () => {
    const appealId = await addAppealRow(site.db, { opaId: cabinet(0).opaId, stage: 'attention' });
    const cardId = await addCardRow(site.db, appealId, { stage: 'attention' });
    const { eventId } = await addEventRow(site.db, { cardId });
    await addDeliveryRow(site.db, { appealId, cardId, eventId }, { state: 'attention' });
    const { text } = await site.as.viewer.get('/');
    expect(textOf(text)).toContain('ждут решения человека: 3');
    expect(text).toContain('/appeals?delivery=attention');
    const listed = await site.as.viewer.get('/appeals?delivery=attention');
    expect(listed.text).toContain(`href="/appeals/${appealId}"`);
  });

  it('tells of endpoints that are held back, by the names of the settings', async () => {
    const refuse = () => Promise.reject(new Fault('PLATFORM_BUSY'));
    for (let index = 0; index < 6; index += 1) {
      await site.deps.breakers.run(`cabinet:${cabinet(0).opaId}`, refuse).catch(() => undefined);
    }
    const words = await read();
    expect(words).toContain('адресатов на паузе: 1');
    expect(words).toContain(`Кабинет ${cabinet(0).name} (${cabinet(0).id}) пауза, проба через`);
    site.deps.breakers.forget(`cabinet:${cabinet(0).opaId}`);
    expect(await read()).toContain('Всё в порядке');
  });

  it('shows terms that are over or end soon, but none that is answered, closed or answered by hand', async () => {
    const opaId = cabinet(0).opaId;
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
    await addAppealRow(site.db, { opaId, posId: 'PROSHLO', answerAt: inDays(-1) });
    const soon = await addAppealRow(site.db, { opaId, posId: 'SKORO', answerAt: inDays(2) });
    const cardId = await addCardRow(site.db, soon, { number: 'ОГ-9', registeredAt: inDays(-4) });
    await addAppealRow(site.db, { opaId, posId: 'DALEKO', answerAt: inDays(9) });
    for (const over of [{ answeredAt: new Date() }, { stage: 'settled' }, { status: 'SEND_RESPONSE' }]) {
      await addAppealRow(site.db, {
        opaId,
        posId: `NET${JSON.stringify(over).length}`,
        answerAt: inDays(1),
        ...over,
      });
    }
    const words = await read();
    expect(words).toContain('1 сроков прошло');
    expect(words).toContain('1 истекают за 3 дня');
    expect(words).toContain('1 без резолюции 3 дня');
    expect(words).toContain('SKORO');
    expect(words).toContain('ОГ-9');
    for (const other of ['DALEKO', 'NET', 'PROSHLO']) expect(words).not.toContain(other);
    expect(textOf((await site.as.viewer.get('/appeals?term=overdue')).text)).toContain('PROSHLO');
    await addEventRow(site.db, { cardId }, { kind: 'consideration' });
    expect(await read()).toContain('0 без резолюции 3 дня');
  });

  it('charts the last day with a table of the same numbers', async () => {
    await addAppealRow(site.db, { opaId: cabinet(0).opaId });
    const { text } = await site.as.viewer.get('/');
    expect(text.match(/<svg class="chart"/g)?.length).toBe(4);
    expect(text.match(/role="img" aria-labelledby/g)?.length).toBe(4);
    expect(textOf(text)).toContain('Обращения прочитаны: 1 за 24 часа');
    expect(text).toContain('<details><summary>Те же числа таблицей');
  });

  it('is read in English by who asked for it', async () => {
    await site.db.query(`UPDATE console_user SET lang = 'en' WHERE login = 'viewer-1'`);
    expect(await read()).toContain('All is well');
    await site.db.query(`UPDATE console_user SET lang = 'ru' WHERE login = 'viewer-1'`);
  });

  it('asks a guest to sign in', async () => {
    const answer = await fetch(`${site.console.url}/`, { redirect: 'manual' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toContain('/sign-in');
  });
});
