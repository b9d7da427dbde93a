import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createLog } from '../../../src/log.ts';
import { describeError, Fault, isErrorLike, toFault } from '../../../src/model/errors.ts';
import { StatementError } from '../../../src/store/database-errors.ts';
import { outsideId } from '../../../src/text/outside-id.ts';

interface PlainError {
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly cause?: PlainError;
}

function logged(error: unknown): { readonly err: PlainError; readonly line: string } {
  const lines: string[] = [];
  createLog('trace', { write: (line) => void lines.push(line) }).error({ err: error }, 'trouble');
  expect(lines).toHaveLength(1);
  const line = lines[0] ?? '';
  return { ...(JSON.parse(line) as { err: PlainError }), line };
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** Errors of V8 and Node.js that quote what they were given. */
const QUOTING: [string, (secret: string) => unknown][] = [
  ['JSON.parse', (secret) => thrownBy(() => JSON.parse(`{"a": ${secret}`))],
  ['JSON.parse of a bare word', (secret) => thrownBy(() => JSON.parse(secret))],
  ['BigInt', (secret) => thrownBy(() => BigInt(secret))],
  ['URL', (secret) => thrownBy(() => new URL(secret))],
  ['a null byte in a path', (secret) => readFile(`/tmp/${secret}\0`).catch((error: unknown) => error)],
  ['a file that is not there', (secret) => readFile(`/nowhere/${secret}`).catch((error: unknown) => error)],
  ['a wrong argument', (secret) => thrownBy(() => Buffer.alloc(secret as unknown as number))],
  ['a missing member', (secret) => thrownBy(() => readMember(secret))],
  ['quotes of a library', (secret) => new Error(`invalid input: "${secret}", '${secret}' and «${secret}»`)],
  ['several lines', (secret) => new Error(`first line\n    at ${secret} (file.ts:1:1)\n${secret}`)],
];

function readMember(name: string): unknown {
  const nothing = JSON.parse('null') as Record<string, Record<string, unknown>>;
  return nothing[name];
}

describe('errors in the log', () => {
  it.each(QUOTING)('%s: what it quotes stays out, name and place stay in', async (_name, make) => {
    const secret = 'Иванов-Пётр';
    const error = await make(secret);
    const { err, line } = logged(error);
    expect(line).not.toContain(secret);
    expect(err.name).toMatch(/Error$/);
    expect(err.stack ?? '').not.toContain(secret);
    if ((error as Error).stack?.includes('log.test.ts')) expect(err.stack).toContain('log.test.ts');
    expect(describeError(error)).not.toContain(secret);
    expect(toFault(error).message).not.toContain(secret);
    expect(line.split('\n').filter(Boolean)).toHaveLength(1);
  });

  it('whatever text JSON.parse chokes on, nothing of it gets out', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), (text) => {
        fc.pre(!isJson(text));
        const { err } = logged(thrownBy(() => JSON.parse(text)));
        expect(err).toMatchObject({ name: 'SyntaxError', message: 'SyntaxError' });
        for (const frame of (err.stack ?? '').split('\n')) expect(frame).toMatch(/^at /);
      }),
    );
  });

  it('code and bare text of a system error, without the path', async () => {
    const error = await readFile('/nowhere/letter.pdf').catch((thrown: unknown) => thrown);
    expect(logged(error).err).toMatchObject({ name: 'Error', code: 'ENOENT', message: 'ENOENT, open' });
  });

  it('a Fault keeps its code and detail, its causes are bared too', () => {
    const cause = new Error('refused "Иванов"');
    const { err } = logged(new Fault('SED_REFUSED', { detail: 'код 39', cause }));
    expect(err).toMatchObject({ name: 'Fault', code: 'SED_REFUSED', message: 'SED_REFUSED: код 39' });
    expect(err.cause).toMatchObject({ name: 'Error', message: 'refused …' });
  });

  it('what the store says of a statement passes: it is made without values', () => {
    const refused = Object.assign(new Error('x'), { code: '42703', table: 'appeal' });
    const { err } = logged(new StatementError('SQLSTATE 42703: column "titel" does not exist', refused));
    expect(err.message).toBe('SQLSTATE 42703: column "titel" does not exist');
  });

  it('what clients hang on their errors does not come along', () => {
    const error = Object.assign(new Error('Request failed'), {
      config: { headers: { Authorization: 'Bearer secret-token' }, data: 'password=secret-word' },
      response: { data: 'Иванов' },
      code: 'ERR_BAD_REQUEST',
    });
    const { err, line } = logged(error);
    expect(line).not.toMatch(/secret|Иванов/);
    expect(Object.keys(err).sort()).toEqual(['code', 'message', 'name', 'stack']);
  });

  it('a circle of causes ends', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    Object.assign(first, { cause: second });
    expect(logged(first).line.length).toBeLessThan(20_000);
  });

  it('what a library hands on of an error is taken as one', () => {
    const plain = {
      message: 'duplicate key "Иванов"',
      stack: 'error: duplicate key "Иванов"\n    at insert (db.js:1:2)',
    };
    expect(logged(plain).err).toEqual({
      name: 'Error',
      message: 'duplicate key …',
      stack: 'at insert (db.js:1:2)',
    });
    expect(isErrorLike(plain)).toBe(true);
    expect(isErrorLike({ message: 7 })).toBe(false);
  });

  it.each([['Иванов'], [7], [null], [undefined], [{ surname: 'Иванов' }], [Symbol('Иванов')]])(
    'a thrown %p is told by its type alone',
    (thrown) => {
      const { line } = logged(thrown);
      expect(line).not.toContain('Иванов');
      expect(describeError(thrown)).not.toContain('Иванов');
    },
  );

  it('a very long text is cut', () => {
    expect(describeError(new Error('a'.repeat(100_000))).length).toBeLessThanOrEqual(300);
    expect(describeError(new Error(''))).toBe('Error');
  });
});

describe('lines of the log', () => {
  it('are JSON with level, time and text, and nothing of the machine', () => {
    const lines: string[] = [];
    createLog('info', { write: (line) => void lines.push(line) }).info({ cabinet: 'lko-1' }, 'feed read');
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(Object.keys(line)).toEqual(['level', 'time', 'cabinet', 'msg']);
    expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
  });

  it('lower levels than asked for are left out', () => {
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    log.info('quiet');
    log.warn('loud');
    expect(lines).toHaveLength(1);
  });
});

describe('an identifier from outside', () => {
  it.each([
    '0A1B2C3D4E5F60718293A4B5C6D7E8F9',
    '{0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9}',
    '0a0b~2',
    '123456789',
  ])('%s passes as it is', (id) => {
    expect(outsideId(id)).toBe(id);
  });

  it('anything else becomes a hash that is the same each time and shows nothing', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        fc.pre(!/^\{?[0-9a-f-]{1,64}\}?(~\d{1,4})?$/i.test(text));
        expect(outsideId(text)).toMatch(/^sha256:[0-9a-f]{16}$/);
        expect(outsideId(text)).toBe(outsideId(text));
      }),
    );
    expect(outsideId('Иванов')).not.toBe(outsideId('Петров'));
    expect(outsideId('a'.repeat(1000))).toMatch(/^sha256:/);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
