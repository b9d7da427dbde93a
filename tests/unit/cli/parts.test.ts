import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Command } from 'commander';
import fc from 'fast-check';
import { guardNodeVersion } from '../../../src/cli/node-version.ts';
import { reportFault } from '../../../src/cli/report-fault.ts';
import { russianError, speakRussian } from '../../../src/cli/russian-help.ts';
import { ConfigError } from '../../../src/config/index.ts';
import { ERROR_CODES, type ErrorCode } from '../../../src/model/error-codes.ts';
import { Fault } from '../../../src/model/errors.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/posrednik.js', import.meta.url));
/** The machine's own Node.js, which npm's path hides; often older than ours. */
const SYSTEM_NODE = '/usr/bin/node';
const run = promisify(execFile);
const systemMajor = existsSync(SYSTEM_NODE)
  ? Number((await run(SYSTEM_NODE, ['--version'])).stdout.slice(1).split('.')[0])
  : Number.NaN;

let written: string;
beforeEach(() => {
  written = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a fault told to a person', () => {
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];

  it.each(codes)('%s: code, what happened, detail, what to do, exit code 1', (code) => {
    const cause = new Error('inner trouble');
    expect(reportFault(new Fault(code, { detail: 'место ошибки', cause }))).toBe(1);
    const { title, remedy, kind } = ERROR_CODES[code];
    const [first, second, ...rest] = written.split('\n');
    expect(first).toBe(`${code}: ${title} (место ошибки).`);
    expect(second).toBe(remedy);
    expect(remedy).toMatch(/[а-яё]/i);
    if (kind === 'defect') expect(rest.join('\n')).toMatch(/inner trouble.*\n\s+at /s);
    else expect(rest).toEqual(['']);
  });

  it('without a detail has no empty brackets', () => {
    reportFault(new Fault('DATABASE_UNREACHABLE'));
    expect(written.split('\n')[0]).toBe('DATABASE_UNREACHABLE: База данных недоступна.');
  });

  it('what nobody has named is a defect, with its place', () => {
    expect(reportFault(new TypeError('x is not a function'))).toBe(1);
    expect(written).toMatch(/^DEFECT: Ошибка в самой программе \(x is not a function\)\.\n/);
    expect(written).toContain('parts.test.ts');
  });

  it.each([['text'], [7], [null], [undefined], [{ odd: true }]])('survives a thrown %p', (thrown) => {
    expect(reportFault(thrown)).toBe(1);
    expect(written).toContain('DEFECT');
  });

  it('faulty settings are told all at once, each with its place, and what to do', () => {
    const problems = [
      { path: 'posrednik.yaml: console.port', line: 4, message: 'нужно: целое число' },
      { path: 'cabinets.d/a.yaml: opaId', message: 'opaId — только цифры, в кавычках' },
    ];
    expect(reportFault(new ConfigError(problems))).toBe(1);
    expect(written.trimEnd().split('\n')).toEqual([
      'Настройки содержат ошибки (2):',
      '  posrednik.yaml: console.port (строка 4): нужно: целое число',
      '  cabinets.d/a.yaml: opaId: opaId — только цифры, в кавычках',
      ERROR_CODES.CONFIG_INVALID.remedy,
    ]);
  });
});

describe('the guard of the Node.js version', () => {
  function guard(version: string): number | undefined {
    let code: number | undefined;
    const exit = jest.spyOn(process, 'exit').mockImplementation((given) => {
      code = Number(given);
      throw new Error('exit');
    });
    try {
      guardNodeVersion(version);
    } catch (error) {
      if ((error as Error).message !== 'exit') throw error;
    }
    exit.mockRestore();
    return code;
  }

  it('lets 24 and later pass', () => {
    fc.assert(
      fc.property(fc.integer({ min: 24, max: 99 }), fc.nat(30), fc.nat(30), (major, minor, patch) => {
        expect(guard(`${major}.${minor}.${patch}`)).toBeUndefined();
      }),
    );
    expect(guard('25.0.0-nightly20260101')).toBeUndefined();
    expect(written).toBe('');
  });

  it('refuses an older one, naming both versions and the way out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 23 }), fc.nat(30), (major, minor) => {
        written = '';
        expect(guard(`${major}.${minor}.0`)).toBe(1);
        expect(written).toContain('Нужен Node.js 24');
        expect(written).toContain(`${major}.${minor}.0`);
        expect(written).toContain('npm ci');
      }),
    );
  });

  it('the launcher passes its arguments on with the Node.js of the project', async () => {
    const { stdout } = await run(process.execPath, [LAUNCHER, '--help']);
    expect(stdout).toMatch(/^Вызов: posrednik/);
  });

  const withOld = systemMajor < 24 ? it : it.skip;
  withOld(
    'the launcher refuses an old Node.js in the very same words (skipped where none is old)',
    async () => {
      const { version } = JSON.parse(
        (await run(SYSTEM_NODE, ['-p', 'JSON.stringify({ version: process.versions.node })'])).stdout,
      ) as { version: string };
      expect(guard(version)).toBe(1);
      await expect(run(SYSTEM_NODE, [LAUNCHER, 'check'])).rejects.toMatchObject({
        code: 1,
        stderr: written,
        stdout: '',
      });
    },
  );
});

describe('words of the command line', () => {
  function build(): Command {
    const program = speakRussian(new Command('posrednik'))
      .option('-c, --config <файл>', 'настройки')
      .exitOverride();
    program
      .command('check')
      .option('--json', 'ответ в JSON')
      .action(() => undefined);
    program
      .command('read')
      .argument('<дом>', 'какой')
      .requiredOption('--from <день>', 'с какого дня')
      .action(() => undefined);
    return program;
  }

  const WRONG: [string, string[]][] = [
    ['Нет такой команды: «chek».\nВозможно, вы имели в виду: check.', ['chek']],
    ['Нет такого параметра: «--jsn».\nВозможно, вы имели в виду: --json.', ['check', '--jsn']],
    ['Лишние аргументы: нужно 0, а написано 1.', ['check', 'x']],
    ['Не хватает аргумента «дом».', ['read', '--from', '1']],
    ['Не задан обязательный параметр «--from <день>».', ['read', 'x']],
    ['После параметра «-c, --config <файл>» нужно значение.', ['-c']],
  ];
  it.each(WRONG)('%s', async (words, args) => {
    await expect(build().parseAsync(['node', 'posrednik', ...args])).rejects.toMatchObject({ exitCode: 1 });
    expect(written.trimEnd()).toBe(`${words}\nПомощь: posrednik --help`);
  });

  it('help has no English title or placeholder', () => {
    const program = build();
    const texts = [program, ...program.commands].map((command) => command.helpInformation());
    for (const text of texts) {
      expect(text).not.toMatch(/Usage|Options:|Commands|Arguments|\[options\]|\[command\]|display help/);
      expect(text).toContain('показать помощь');
    }
  });

  it('words it does not know pass as they are', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/error:|Did you mean/.test(text));
        expect(russianError(text)).toBe(text);
      }),
    );
    expect(russianError('error: something new\n')).toBe('error: something new\n');
  });
});
