import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type CommandResult, runPosrednik } from '../../support/posrednik.ts';
import { makeStand, type Stand, type StandCabinet } from '../../support/stand.ts';

const LONG = 120_000;
const MAPPINGS = fileURLToPath(new URL('../../../mappings', import.meta.url));

interface Line {
  readonly area: string;
  readonly name: string;
  readonly ok: boolean;
  readonly code?: string;
  readonly message: string;
  readonly ms: number;
}

describe('posrednik check', () => {
  let database: TestDatabase;
  let platform: PlatformSimulator;
  let stand: Stand;

  beforeAll(async () => {
    database = await createTestDatabase();
  }, LONG);
  afterAll(() => database.drop());
  beforeEach(async () => {
    platform = await startPlatform();
    stand = await makeStand({ platformUrl: platform.url, cabinets: 3 });
    for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
  });
  afterEach(async () => {
    await platform.close();
    await stand.remove();
  });

  function check(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    return runPosrednik(['--config', stand.configPath, 'check', ...args], {
      env: { DATABASE_URL: database.url, ...env },
    });
  }
  async function lines(
    env?: Readonly<Record<string, string>>,
  ): Promise<{ code: number | null; checks: Line[] }> {
    const { code, stdout, stderr } = await check(['--json'], env);
    expect(stderr).toBe('');
    const answer = JSON.parse(stdout) as { ok: boolean; checks: Line[] };
    expect(Object.keys(answer)).toEqual(['ok', 'checks']);
    expect(answer.ok).toBe(code === 0);
    expect(answer.ok).toBe(answer.checks.every((line) => line.ok));
    for (const line of answer.checks) {
      expect(line).toEqual({
        area: expect.stringMatching(/^(config|database|cabinet|channel|archive|spool|smtp|mapping)$/),
        name: expect.stringMatching(/./),
        ok: expect.any(Boolean),
        message: expect.stringMatching(/[а-яё]/i),
        ms: expect.any(Number),
        ...(line.ok ? {} : { code: expect.stringMatching(/^[A-Z_]+$/) }),
      });
    }
    return { code, checks: answer.checks };
  }
  const cabinet = (index: number): StandCabinet => {
    const found = stand.cabinets[index];
    if (found === undefined) throw new Error('no such cabinet');
    return found;
  };
  const failed = (checks: readonly Line[]) => checks.filter((line) => !line.ok);
  async function changeConfig(
    change: (config: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    const config = JSON.parse(await readFile(stand.configPath, 'utf8')) as Record<string, unknown>;
    await writeFile(stand.configPath, JSON.stringify(change(config)));
  }

  it(
    'all well: a table of everything tried, exit code 0',
    async () => {
      const { code, stdout, stderr } = await check();
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const word of [
        'настройки',
        'база данных',
        'кабинет',
        'канал СЭД',
        'папка файлов',
        'соответствия',
      ]) {
        expect(stdout).toContain(word);
      }
      for (const { id, name } of stand.cabinets) expect(stdout).toMatch(new RegExp(`${id}.*${name}`));
      expect(stdout).toMatch(/Проверок: \d+, ошибок нет\.$/);
      expect(stdout).not.toContain('✗');
      const { checks } = await lines();
      expect(new Set(checks.map((line) => line.area))).toEqual(
        new Set(['config', 'database', 'cabinet', 'channel', 'spool', 'mapping']),
      );
    },
    LONG,
  );

  it(
    'a wrong password: names the cabinet and what to do, tries it once, the others are well, exit code 1',
    async () => {
      platform.setPassword(cabinet(1).opaId, 'changed-over-there');
      const { code, stdout } = await check();
      expect(code).toBe(1);
      const [, told = ''] = stdout.split(/^✗ ошибка\s+кабинет\s+lko-2\s.*$/m);
      expect(told.trimStart().split('\n')[0]).toMatch(
        /^PLATFORM_CREDENTIALS_WRONG: Платформа не приняла идентификатор или пароль кабинета.*исправьте файл с паролем/,
      );
      expect(stdout.match(/✗/g)).toHaveLength(1);
      expect(stdout).toMatch(/✓ в порядке\s+кабинет\s+lko-1/);
      expect(stdout).toMatch(/✓ в порядке\s+кабинет\s+lko-3/);
      expect(stdout).toMatch(/с ошибками: 1\./);
      expect(stdout).not.toContain(cabinet(1).password);
      expect(platform.counters().logins[cabinet(1).opaId]).toEqual({ ok: 0, failed: 1 });
    },
    LONG,
  );

  it(
    'a cabinet that is not ready: names the check-boxes of its page',
    async () => {
      platform.setReady(cabinet(2).opaId, false, ['training']);
      const { code, checks } = await lines();
      expect(code).toBe(1);
      expect(failed(checks)).toEqual([
        expect.objectContaining({ area: 'cabinet', name: 'lko-3', code: 'PLATFORM_CABINET_NOT_READY' }),
      ]);
      expect(failed(checks)[0]?.message).toMatch(/«Мною пройдено обучение».*«ЛКО готов к работе»/s);
    },
    LONG,
  );

  it(
    'another cabinet behind the identifier, a secret that cannot be read, one that is empty: each by its own code',
    async () => {
      await rm(join(stand.dir, 'secrets', 'lko-1'));
      await writeFile(join(stand.dir, 'secrets', 'lko-2'), '\n');
      await changeConfig((config) => ({
        ...config,
        cabinets: (config['cabinets'] as Record<string, unknown>[]).map((entry) =>
          entry['id'] === 'lko-3' ? { ...entry, opaId: '999999' } : entry,
        ),
      }));
      const { code, checks } = await lines();
      expect(code).toBe(1);
      const told = new Map(failed(checks).map((line) => [line.name, line]));
      expect(told.get('lko-1')).toMatchObject({ code: 'SECRET_UNREADABLE' });
      expect(told.get('lko-1')?.message).toMatch(/secrets\/lko-1: его нет.*Проверьте путь и права/s);
      expect(told.get('lko-2')?.message).toContain('пуст');
      expect(told.get('lko-3')).toMatchObject({ code: 'PLATFORM_CABINET_MISMATCH' });
      expect(platform.counters().logins).not.toHaveProperty(cabinet(0).opaId);
    },
    LONG,
  );

  it(
    'a cabinet that is switched off is not logged in',
    async () => {
      await changeConfig((config) => ({
        ...config,
        cabinets: (config['cabinets'] as Record<string, unknown>[]).map((entry) =>
          entry['id'] === 'lko-1' ? { ...entry, enabled: false } : entry,
        ),
      }));
      platform.setPassword(cabinet(0).opaId, 'changed-over-there');
      const { code, checks } = await lines();
      expect(code).toBe(0);
      expect(checks.find((line) => line.name === 'lko-1')?.message).toContain('выключен');
      expect(platform.counters().logins).not.toHaveProperty(cabinet(0).opaId);
    },
    LONG,
  );

  it(
    'database, platform, mail server and channel folder away: every one is told, each with its remedy',
    async () => {
      const port = await freePort();
      await platform.close();
      await rm(stand.channels[0]?.in ?? '', { recursive: true });
      await changeConfig((config) => ({
        ...config,
        smtp: { host: '127.0.0.1', port, from: 'a@example.test', to: ['b@example.test'] },
      }));
      const { code, checks } = await lines({ DATABASE_URL: `postgresql://a:dbsecret77@127.0.0.1:${port}/x` });
      expect(code).toBe(1);
      expect(failed(checks).map(({ area, code: fault }) => `${area} ${fault}`)).toEqual([
        'database DATABASE_UNREACHABLE',
        'cabinet PLATFORM_UNREACHABLE',
        'cabinet PLATFORM_UNREACHABLE',
        'cabinet PLATFORM_UNREACHABLE',
        'channel SED_FOLDER_UNAVAILABLE',
        'smtp SMTP_UNREACHABLE',
      ]);
      expect(failed(checks).find((line) => line.area === 'channel')?.message).toContain(
        stand.channels[0]?.in,
      );
      expect(failed(checks).find((line) => line.area === 'smtp')?.name).toBe(`127.0.0.1:${port}`);
      expect(JSON.stringify(checks)).not.toContain('dbsecret77');
      platform = await startPlatform();
    },
    LONG,
  );

  it(
    'a folder of files that is a file, and a broken mapping: told by their own lines; what stands on it is not tried',
    async () => {
      const mappings = join(stand.dir, 'mappings');
      await cp(MAPPINGS, mappings, { recursive: true });
      await writeFile(join(mappings, 'platform.yaml'), 'calls: {}\n');
      await writeFile(join(stand.dir, 'not-a-folder'), '');
      await changeConfig((config) => ({ ...config, spoolDir: 'not-a-folder', mappingsDir: 'mappings' }));
      const { code, checks } = await lines();
      expect(code).toBe(1);
      expect(new Set(failed(checks).map((line) => line.area))).toEqual(new Set(['spool', 'mapping']));
      expect(checks.filter((line) => line.area === 'cabinet')).toEqual([]);
      expect(checks.filter((line) => line.area === 'channel')).toMatchObject([{ ok: true }]);
    },
    LONG,
  );

  it(
    'a folder of files that belongs to another database is told before a daemon meets it',
    async () => {
      expect((await lines()).code).toBe(0);
      const other = await createTestDatabase();
      try {
        const { code, checks } = await lines({ DATABASE_URL: other.url });
        expect(code).toBe(1);
        expect(failed(checks)).toEqual([expect.objectContaining({ area: 'spool', code: 'SPOOL_FOREIGN' })]);
      } finally {
        await other.drop();
      }
    },
    LONG,
  );

  it(
    'a database without tables is well: the daemon makes them, the check does not',
    async () => {
      const empty = await createEmptyDatabase();
      try {
        const { code, checks } = await lines({ DATABASE_URL: empty.url });
        expect(code).toBe(0);
        expect(checks.find((line) => line.area === 'database')?.message).toContain(
          'будут обновлены при запуске',
        );
        const tables = await empty.dataSource.query(
          `SELECT count(*)::int AS n FROM information_schema.tables WHERE table_schema = 'public'`,
        );
        expect(tables).toEqual([{ n: 0 }]);
      } finally {
        await empty.drop();
      }
    },
    LONG,
  );

  it(
    'settings with several faults: all of them, with place, and nothing is tried',
    async () => {
      await writeFile(
        stand.configPath,
        [
          'platform: {baseUrl: "не адрес"}',
          'console: {port: "восемь"}',
          'channels: []',
          'cabinets: [{id: "Плохой", name: "", opaId: 7, identifier: x, channel: нет}]',
          'smpt: {}',
        ].join('\n'),
      );
      const { code, checks } = await lines();
      expect(code).toBe(1);
      const text = JSON.stringify(failed(checks));
      for (const place of [
        'platform.baseUrl',
        'console.port',
        'channels',
        'cabinets[0].id',
        'cabinets[0].opaId',
        'smpt',
      ]) {
        expect(text).toContain(place);
      }
      expect(failed(checks).length).toBeGreaterThanOrEqual(6);
      expect(new Set(checks.map((line) => line.area))).toEqual(new Set(['config']));
      const table = await check();
      expect(table.code).toBe(1);
      expect(table.stdout).toContain('строка 2');
    },
    LONG,
  );

  it(
    'no settings file: says which file and where its name comes from',
    async () => {
      const { code, stdout } = await runPosrednik(['check', '--config', join(stand.dir, 'missing.yaml')]);
      expect(code).toBe(1);
      expect(stdout).toContain('missing.yaml');
      expect(stdout).toContain('файла нет');
      const byEnvironment = await runPosrednik(['check'], {
        env: { POSREDNIK_CONFIG: stand.configPath, DATABASE_URL: database.url },
      });
      expect(byEnvironment.code).toBe(0);
    },
    LONG,
  );
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
