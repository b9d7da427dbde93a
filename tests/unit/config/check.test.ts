import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type CheckLine, type CheckTask, configLines, runChecks } from '../../../src/config/check.ts';
import { checkWritableFolder } from '../../../src/config/check-folder.ts';
import { checksJson, formatChecks } from '../../../src/config/check-format.ts';
import { ConfigError } from '../../../src/config/index.ts';
import { Fault } from '../../../src/model/errors.ts';
import { dropFolder, makeFolder, rejection } from './helpers.ts';

function task(name: string, run: CheckTask['run'] = async () => undefined): CheckTask {
  return { name, run };
}

function fails(name: string, error: unknown): CheckTask {
  return task(name, () => Promise.reject(error));
}

describe('runChecks', () => {
  it('tries everything, keeps the order of areas, and lets no failure stop the others', async () => {
    const lines = await runChecks({
      smtp: [task('mail')],
      cabinet: [
        fails('adm', new Fault('PLATFORM_CREDENTIALS_WRONG', { detail: 'invalid_grant' })),
        task('b', async () => 'Администрация города'),
        task('c', () => {
          throw new Error('broken');
        }),
      ],
      database: [task('встроенная')],
    });
    expect(lines.map((line) => [line.area, line.name, line.ok, line.code])).toEqual([
      ['database', 'встроенная', true, undefined],
      ['cabinet', 'adm', false, 'PLATFORM_CREDENTIALS_WRONG'],
      ['cabinet', 'b', true, undefined],
      ['cabinet', 'c', false, 'DEFECT'],
      ['smtp', 'mail', true, undefined],
    ]);
    expect(lines[1]?.message).toMatch(
      /^Платформа не приняла .* \(invalid_grant\)\. Сверьте идентификатор и пароль/,
    );
    expect(lines[2]?.message).toBe('Администрация города');
    expect(lines[0]?.message).toBe('в порядке');
    for (const line of lines) expect(line.ms).toBeGreaterThanOrEqual(0);
  });

  it('runs several at once, never more than told', async () => {
    let running = 0;
    let most = 0;
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const wait = async () => {
      running += 1;
      most = Math.max(most, running);
      if (running === 8) release();
      await gate;
      running -= 1;
      return undefined;
    };
    const lines = await runChecks({
      cabinet: Array.from({ length: 20 }, (_, index) => task(`${index}`, wait)),
    });
    expect(lines.map((line) => line.name)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
    expect(most).toBe(8);
  });

  it('bounds a task that never ends, tells it to stop, and names what that is a sign of', async () => {
    const seen: boolean[] = [];
    const endless = (signal: AbortSignal) => {
      signal.addEventListener('abort', () => seen.push(true));
      return new Promise<undefined>(() => undefined);
    };
    const areas = ['database', 'cabinet', 'channel', 'spool', 'smtp'] as const;
    const deps = Object.fromEntries(areas.map((area) => [area, [task('x', endless)]]));
    const lines = await runChecks(deps, { timeoutMs: 20 });
    expect(lines.map((line) => line.code)).toEqual([
      'DATABASE_UNREACHABLE',
      'PLATFORM_UNREACHABLE',
      'SED_FOLDER_UNAVAILABLE',
      'SPOOL_UNAVAILABLE',
      'SMTP_UNREACHABLE',
    ]);
    expect(lines[0]?.message).toContain('нет ответа за 1 с');
    expect(seen).toEqual([true, true, true, true, true]);
  });

  it('ends at once when it is interrupted', async () => {
    const abort = new AbortController();
    const endless = () => {
      abort.abort();
      return new Promise<undefined>(() => undefined);
    };
    const lines = await runChecks(
      { database: [task('x', endless)], spool: [task('y', endless)] },
      { signal: abort.signal, concurrency: 1 },
    );
    expect(lines.map((line) => line.message)).toEqual([
      expect.stringContaining('проверка прервана'),
      expect.stringContaining('проверка прервана'),
    ]);
  });

  it('shows faulty data files line by line', async () => {
    const error = new ConfigError([
      { path: 'terms.yaml: rules[0].days', message: 'нужно: целое число', line: 7 },
      { path: 'calendar.yaml', message: 'файла нет: проверьте путь' },
    ]);
    const lines = await runChecks({ mapping: [fails('сроки', error), task('карточка')] });
    expect(lines.map((line) => [line.area, line.name, line.code, line.message])).toEqual([
      ['mapping', 'terms.yaml: rules[0].days (строка 7)', 'CONFIG_INVALID', 'нужно: целое число'],
      ['mapping', 'calendar.yaml', 'CONFIG_INVALID', 'файла нет: проверьте путь'],
      ['mapping', 'карточка', undefined, 'в порядке'],
    ]);
    expect(configLines(error)[0]?.area).toBe('config');
  });

  it('has nothing to say of nothing', async () => {
    expect(await runChecks({})).toEqual([]);
  });
});

const LINES: CheckLine[] = [
  { area: 'database', name: 'встроенная', ok: true, message: 'в порядке', ms: 1234 },
  {
    area: 'cabinet',
    name: 'adm',
    ok: false,
    code: 'PLATFORM_CREDENTIALS_WRONG',
    message: 'Нет\nвхода. Сверьте.',
    ms: 5,
  },
  { area: 'channel', name: 'delo', ok: true, message: 'забрано всё', ms: 10 },
];

describe('formatChecks', () => {
  it('lines the columns up and says the outcome in words', () => {
    expect(formatChecks(LINES)).toBe(
      [
        '✓ в порядке  база данных  встроенная  1234 мс',
        '✗ ошибка     кабинет      adm            5 мс',
        '    PLATFORM_CREDENTIALS_WRONG: Нет входа. Сверьте.',
        '✓ в порядке  канал СЭД    delo          10 мс  забрано всё',
        '',
        'Проверок: 3, с ошибками: 1. Каждый код описан в docs/errors.md.',
        '',
      ].join('\n'),
    );
  });

  it('is plain text whatever comes from outside', () => {
    const line: CheckLine = {
      area: 'smtp',
      name: 'a\u001B[31mb\r',
      ok: true,
      message: 'x\u2028y\u0007',
      ms: 0,
    };
    const text = formatChecks([line]);
    expect(text).toContain('a [31mb');
    expect(text).toContain('x y');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(formatChecks([line])).toContain('Проверок: 1, ошибок нет.');
  });

  it('has a form for programs', () => {
    expect(JSON.parse(checksJson(LINES))).toEqual({ ok: false, checks: LINES });
    expect(JSON.parse(checksJson([]))).toEqual({ ok: true, checks: [] });
  });
});

describe('checkWritableFolder', () => {
  it('makes the folder, leaves nothing behind, and refuses what cannot be written', async () => {
    const folder = await makeFolder({ file: 'x' });
    try {
      await checkWritableFolder(join(folder, 'a/b'));
      expect(await readdir(join(folder, 'a/b'))).toEqual([]);
      const error = await rejection(checkWritableFolder(join(folder, 'file/inside')));
      expect(error).toMatchObject({
        code: 'SPOOL_UNAVAILABLE',
        detail: `${join(folder, 'file/inside')}: ENOTDIR`,
      });
      await writeFile(join(folder, 'plain'), '');
      expect(await rejection(checkWritableFolder(join(folder, 'plain')))).toMatchObject({
        code: 'SPOOL_UNAVAILABLE',
      });
      // Root may write anywhere, so only others can try a folder without the right.
      if (process.getuid?.() !== 0) {
        await chmod(join(folder, 'a/b'), 0o555);
        expect(await rejection(checkWritableFolder(join(folder, 'a/b')))).toMatchObject({
          detail: expect.stringContaining('EACCES'),
        });
      }
    } finally {
      await dropFolder(folder);
    }
  });
});
