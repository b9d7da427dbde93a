import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queryable } from '../../../src/store/data-source.ts';
import { runRepairCommand } from '../../support/command-run.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import type { CommandResult } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';
import { deliveryOf, putDelivery } from './delivery-rows.ts';

const LONG = 60_000;
let stand: Stand;
let database: TestDatabase;

beforeAll(async () => {
  stand = await makeStand({ platformUrl: 'http://127.0.0.1:9', cabinets: 1 });
  database = await createTestDatabase();
}, LONG);
afterAll(async () => {
  await database.drop();
  await stand.remove();
});
beforeEach(async () => {
  await queryable(database.dataSource).query('TRUNCATE cabinet, sed_message, journal CASCADE');
});

function run(...args: string[]): Promise<CommandResult> {
  return runRepairCommand(stand.configPath, database.url, args);
}

async function journal(event: string): Promise<unknown[]> {
  const rows = await queryable(database.dataSource).query<{ data: unknown }>(
    `SELECT data FROM journal WHERE event = $1 ORDER BY id`,
    [event],
  );
  return rows.map((row) => row.data);
}

describe('deliveries list', () => {
  it(
    'says that there is nothing',
    async () => {
      expect(await run('deliveries', 'list')).toEqual({ code: 0, stdout: 'Отправок нет.', stderr: '' });
      expect(JSON.parse((await run('deliveries', 'list', '--json')).stdout)).toEqual({ deliveries: [] });
    },
    LONG,
  );

  it(
    'tells state, rule and reason in Russian, newest first; by state, code, appeal and number',
    async () => {
      const done = await putDelivery(database, { posId: '1', state: 'done' });
      const held = await putDelivery(database, {
        posId: '2',
        state: 'attention',
        code: 'FORWARD_TARGET_UNKNOWN',
        detail: 'организации «Дорожник» нет в таблице forward',
      });
      const all = await run('deliveries', 'list');
      expect(all.stdout.split('\n')).toEqual([
        `${held}  статус по обращению 2 (lko-1): требует внимания, попыток 1, правило «Назначен исполнитель»` +
          '  ! FORWARD_TARGET_UNKNOWN: Организация, которой перенаправлено обращение, не найдена в таблице' +
          ' (организации «Дорожник» нет в таблице forward)',
        `${done}  статус по обращению 1 (lko-1): доставлена, попыток 1, правило «Назначен исполнитель»`,
      ]);
      const ids = async (...flags: string[]) => {
        const { stdout } = await run('deliveries', 'list', '--json', ...flags);
        return (JSON.parse(stdout) as { deliveries: { id: string }[] }).deliveries.map(({ id }) => id);
      };
      expect(await ids('--state', 'attention')).toEqual([held]);
      expect(await ids('--error', 'FORWARD_TARGET_UNKNOWN')).toEqual([held]);
      expect(await ids('--appeal', '1')).toEqual([done]);
      expect(await ids('--limit', '1')).toEqual([held]);
      expect(await ids('--state', 'queued')).toEqual([]);
    },
    LONG,
  );

  const WRONG: [string[], string][] = [
    [['list', '--state', 'lost'], 'нет состояния «lost»; есть: queued, sending, unknown, done, attention'],
    [['list', '--error', 'NO_SUCH'], 'нет кода «NO_SUCH»'],
    [['list', '--limit', '0'], '--limit: напишите целое число от 1'],
    [['resend'], 'назовите номер отправки или --error КОД'],
    [['resend', '1', '--error', 'ANSWER_EMPTY'], 'одно из двух'],
    [['resend', 'x1'], '«x1»: номер отправки состоит из цифр'],
    [['resend', '--error', 'toString'], 'нет кода «toString»'],
    [['cancel', '1; DROP TABLE delivery', '--why', 'нет'], 'номер отправки состоит из цифр'],
    [['cancel', '1', '--why', '  '], '--why: напишите причину'],
  ];
  it.each(WRONG)(
    'deliveries %j → %s',
    async (args, words) => {
      const { code, stdout, stderr } = await run('deliveries', ...args);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^COMMAND_INVALID: /);
      expect(stderr).toContain(words);
    },
    LONG,
  );
});

describe('deliveries resend', () => {
  it(
    'asks the platform of one that may be there already, and reads the other anew by the rules of now',
    async () => {
      const begun = await putDelivery(database, {
        posId: '1',
        state: 'attention',
        code: 'PLATFORM_REJECTED',
        baseline: 0,
      });
      const fresh = await putDelivery(database, {
        posId: '2',
        state: 'attention',
        code: 'ANSWER_EMPTY',
      });
      expect((await run('deliveries', 'resend', begun, '--why', 'исправлено')).stdout).toBe(
        'Отправляются снова: 1.',
      );
      expect(await deliveryOf(database, begun)).toEqual({ state: 'unknown', fresh: false, rung: true });
      const byCode = await run('deliveries', 'resend', '--error', 'ANSWER_EMPTY', '--json');
      expect(JSON.parse(byCode.stdout)).toEqual({ resent: [fresh] });
      expect(await deliveryOf(database, fresh)).toEqual({ state: 'cancelled', fresh: true, rung: true });
      expect(await journal('delivery-resend-asked')).toEqual([
        { deliveryId: begun, who: 'команда', why: 'исправлено' },
        { deliveryId: fresh, who: 'команда', why: 'команда' },
      ]);
    },
    LONG,
  );

  it(
    'leaves alone what does not need attention: words, exit code 1',
    async () => {
      const done = await putDelivery(database, { posId: '1', state: 'done' });
      const { code, stdout } = await run('deliveries', 'resend', done);
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: 'Повторять нечего: с таким условием ни одна отправка не требует внимания.',
      });
      expect(await deliveryOf(database, done)).toMatchObject({ state: 'done', rung: false });
    },
    LONG,
  );
});

describe('deliveries cancel', () => {
  it(
    'lets fall what is queued or in attention, with the reason in the journal; anything else stays',
    async () => {
      const queued = await putDelivery(database, { posId: '1', state: 'queued' });
      const going = await putDelivery(database, { posId: '2', state: 'unknown' });
      expect((await run('deliveries', 'cancel', queued, '--why', 'сделано вручную')).stdout).toBe(
        `Отправка ${queued} отменена.`,
      );
      expect(await deliveryOf(database, queued)).toMatchObject({ state: 'cancelled' });
      const refused = await run('deliveries', 'cancel', going, '--why', 'нет', '--json');
      expect(refused.code).toBe(1);
      expect(JSON.parse(refused.stdout)).toEqual({ id: going, cancelled: false });
      expect(await deliveryOf(database, going)).toMatchObject({ state: 'unknown' });
      expect(await journal('delivery-cancelled')).toEqual([
        { deliveryId: queued, who: 'команда', why: 'сделано вручную' },
      ]);
    },
    LONG,
  );
});

describe('appeals show', () => {
  it(
    'tells the whole journey in Russian, in the time of the cabinet, without a name of a file',
    async () => {
      const id = await putDelivery(database, {
        posId: '77',
        state: 'attention',
        code: 'PLATFORM_ILLEGAL_TRANSITION',
        detail: 'сейчас SEND_RESPONSE',
      });
      const { code, stdout } = await run('appeals', 'show', '77');
      expect(code).toBe(0);
      const lines = stdout.split('\n');
      expect(lines.slice(0, 2)).toEqual([
        'Обращение 77, кабинет lko-1: в работе, на платформе MODERATION_ACCEPT',
        '  поступило 12.01.2026 12:00:00, срок ответа 11.02.2026 23:59:59 (время: Europe/Moscow)',
      ]);
      expect(lines[2]).toMatch(/^ {2}\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d {2}поступило \(изменение 7\)$/);
      expect(lines.slice(3, 8)).toEqual([
        '  файл 1: не загружен, FILE_GONE: Файла обращения нет на платформе',
        '  карточка № ОГ-1/26 от 13.01.2026: зарегистрирована, канал delo-1, UID uid-77',
        '    пакет 0, попытка 1: зарегистрирован, папка dir-77',
        `  отправка ${id}, статус, по порядку 1: требует внимания, попыток 1, правило «Назначен исполнитель»`,
        '    ! PLATFORM_ILLEGAL_TRANSITION: Платформа не допускает этот статус после нынешнего (сейчас SEND_RESPONSE)',
      ]);
      expect(lines[8]).toMatch(/ {2}card-registered$/);
      expect(stdout).not.toContain('Полевой');
    },
    LONG,
  );

  it(
    'as JSON: everything of it; an unknown number: words and exit code 1',
    async () => {
      await putDelivery(database, { posId: '77', state: 'done' });
      const { journeys } = JSON.parse((await run('appeals', 'show', '77', '--json')).stdout) as {
        journeys: Record<string, unknown>[];
      };
      expect(journeys).toHaveLength(1);
      expect(journeys[0]).toMatchObject({
        posId: '77',
        stage: 'open',
        error: null,
        cards: [{ number: 'ОГ-1/26', packages: [{ part: 0, attempt: 1, stage: 'registered' }] }],
        deliveries: [{ seq: 1, state: 'done' }],
        journal: [{ event: 'card-registered' }],
      });
      expect(await run('appeals', 'show', '78')).toEqual({
        code: 1,
        stdout: 'Обращение 78 посреднику неизвестно.',
        stderr: '',
      });
    },
    LONG,
  );
});
