import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { z } from 'zod';
import { callApi } from '../../../src/cli/api-client.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { reportFault } from '../../../src/cli/report-fault.ts';
import { listAudit } from '../../../src/console/users/audit.ts';
import { type ApiStand, startApi } from '../console/api/api-stand.ts';
import { deliveryOf, putDelivery } from './delivery-rows.ts';

const LONG = 120_000;
let api: ApiStand;

beforeAll(async () => {
  api = await startApi();
  process.env['POSREDNIK_API_TOKEN'] = await api.token({ name: 'бот', role: 'operator' });
}, LONG);
afterAll(async () => {
  delete process.env['POSREDNIK_API_TOKEN'];
  await api.stop();
}, LONG);

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const before = process.exitCode;
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
      written[name] += String(chunk);
      return true;
    }),
  );
  process.exitCode = 0;
  try {
    const program = buildProgram().exitOverride();
    // Settings that are not there: nothing but the API may be asked.
    const given = ['--config', '/none/posrednik.yaml', '--api', `${api.url}/`, ...args];
    await program.parseAsync(given, { from: 'user' }).catch((error: unknown) => {
      process.exitCode = reportFault(error);
    });
    return { code: Number(process.exitCode), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = before;
  }
}

describe('--api', () => {
  it(
    'shows an appeal, lists, sends again and cancels through the daemon, with neither settings nor database',
    async () => {
      const held = await putDelivery(api.database, {
        posId: '7001',
        state: 'attention',
        code: 'PLATFORM_REJECTED',
        detail: 'поле «kind»',
      });
      const shown = await run('appeals', 'show', '7001');
      expect(shown.stderr).toBe('');
      expect(shown.stdout).toContain('Обращение 7001, кабинет lko-1');
      expect(shown.stdout).toContain('PLATFORM_REJECTED');
      const listed = JSON.parse((await run('deliveries', 'list', '--state', 'attention', '--json')).stdout);
      expect(listed.deliveries).toEqual([expect.objectContaining({ id: held, errorDetail: 'поле «kind»' })]);
      expect((await run('deliveries', 'list')).stdout).toContain(`${held}  статус по обращению 7001 (lko-1)`);
      expect(await run('deliveries', 'resend', held, '--why', 'исправлено')).toMatchObject({
        code: 0,
        stdout: 'Отправляются снова: 1.\n',
      });
      expect(await deliveryOf(api.database, held)).toMatchObject({ fresh: true, rung: true });
      const other = await putDelivery(api.database, { posId: '7002', state: 'queued' });
      expect(await run('deliveries', 'cancel', other, '--why', 'лишняя')).toMatchObject({ code: 0 });
      expect((await deliveryOf(api.database, other)).state).toBe('cancelled');
      expect((await run('appeals', 'resend', '7001')).stdout).toContain('отправлять нечего');
      const audited = await listAudit(api.db, {});
      expect(audited.map(({ who, action, why }) => [who, action, why])).toEqual([
        ['token:бот', 'delivery-cancelled', 'лишняя'],
        ['token:бот', 'delivery-resent', 'исправлено'],
        ['token:бот', 'appeal-viewed', null],
      ]);
    },
    LONG,
  );

  it(
    'pauses, resumes, checks and back-fills a cabinet through the daemon, in the words of the same commands without it',
    async () => {
      expect(await run('cabinets', 'pause', 'lko-1', '--why', 'переезд')).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^Кабинет lko-1 приостановлен: .*cabinets resume lko-1\.\n$/),
        stderr: '',
      });
      expect((await run('cabinets', 'pause', 'lko-1')).stdout).toBe('Кабинет lko-1 уже приостановлен.\n');
      expect(await run('cabinets', 'check', 'lko-1')).toMatchObject({
        code: 0,
        stdout:
          'Кабинет lko-1: платформа впустила. Он приостановлен человеком; вернуть: cabinets resume lko-1.\n',
      });
      expect(JSON.parse((await run('cabinets', 'resume', 'lko-1', '--json')).stdout)).toEqual({
        cabinet: 'lko-1',
        state: 'active',
        changed: true,
      });
      const refused = await run('cabinets', 'check', 'lko-2');
      expect(refused.code).toBe(1);
      expect(refused.stdout).toMatch(/^Кабинет lko-2: PLATFORM_CREDENTIALS_WRONG: .*\nСверьте/);
      expect((await run('cabinets', 'resume', 'lko-2')).stdout).toMatch(
        /заблокирован.*cabinets check lko-2\.$/m,
      );
      const days = ['--from', '2026-01-01', '--to', '2026-01-31'];
      const asked = await run('cabinets', 'backfill', 'lko-1', ...days, '--with-cards', '--json');
      expect(JSON.parse(asked.stdout)).toEqual({
        cabinet: 'lko-1',
        from: '2025-12-31T21:00:00.000Z',
        to: '2026-01-31T21:00:00.000Z',
      });
      expect(await api.db.query('SELECT reason, force_cards FROM backfill')).toEqual([
        { reason: 'command', force_cards: true },
      ]);
      const unknown = await run('cabinets', 'check', 'none');
      expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('API_NOT_FOUND')]);
      const wrong = await run('cabinets', 'backfill', 'lko-1', '--from', 'вчера', '--to', '2026-01-31');
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('--from: напишите день')]);
      const audited = await listAudit(api.db, { object: 'cabinet:lko-1' });
      expect(audited.map(({ who, action }) => [who, action]).reverse()).toEqual([
        ['token:бот', 'cabinet-paused'],
        ['token:бот', 'cabinet-checked'],
        ['token:бот', 'cabinet-resumed'],
        ['token:бот', 'backfill-asked'],
      ]);
    },
    LONG,
  );

  it('tells refusals in the daemon’s own code and words', async () => {
    const none = await run('appeals', 'show', '404404');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('API_NOT_FOUND')]);
    const token = process.env['POSREDNIK_API_TOKEN'];
    process.env['POSREDNIK_API_TOKEN'] = 'posrednik_wrong';
    expect((await run('deliveries', 'list')).stderr).toContain('API_UNAUTHORIZED');
    process.env['POSREDNIK_API_TOKEN'] = await api.token({ role: 'viewer', scopes: ['appeals:read'] });
    expect((await run('deliveries', 'list')).stderr).toContain('нет права deliveries:read');
    delete process.env['POSREDNIK_API_TOKEN'];
    expect((await run('deliveries', 'list')).stderr).toContain('нужен токен');
    process.env['POSREDNIK_API_TOKEN'] = token;
    expect((await run('deliveries', 'list', '--limit', '5000')).stderr).toContain('query.limit');
  });

  it('is refused by commands that know only the database', async () => {
    for (const args of [
      ['migrate'],
      ['user', 'list'],
      ['quarantine', 'list'],
      ['deliveries', 'edit', '1', '--why', 'x'],
    ]) {
      const { code, stderr } = await run(...args);
      expect([args, code]).toEqual([args, 1]);
      expect(stderr).toContain('эта команда работает только с базой');
    }
  });
});

describe('the client of the API', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const ask = (base: string) =>
    callApi(base, { method: 'GET', path: '/x', answer: z.object({ ok: z.boolean() }) });

  async function serve(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
    const server = createServer((_request, response) => response.writeHead(status, headers).end(body));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it.each([
    ['no JSON', 200, '<html>'],
    ['another JSON', 200, '{"ok":"да"}'],
    ['a page of a proxy', 502, '<html>Bad Gateway'],
    ['a code of a later version', 422, '{"code":"NOT_YET_KNOWN"}'],
  ])('%s is API_UNREACHABLE', async (_what, status, body) => {
    await expect(ask(await serve(status, body))).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  });

  it('takes its token nowhere else', async () => {
    let asked = 0;
    const other = createServer((_request, response) => {
      asked += 1;
      response.end('{"ok":true}');
    });
    servers.push(other);
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    await expect(ask(await serve(302, '', { location }))).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
    expect(asked).toBe(0);
  });

  it.each(['posrednik.example', 'ftp://x', ''])('«%s» is no address', async (base) => {
    await expect(ask(base)).rejects.toMatchObject({ code: 'COMMAND_INVALID' });
  });

  it('says that nobody answers', async () => {
    await expect(ask('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
  });
});
