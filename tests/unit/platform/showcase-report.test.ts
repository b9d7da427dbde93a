import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import { createRestPlatform } from '../../../src/platform/rest/index.ts';
import { readReportPage } from '../../../src/platform/rest/showcase-report.ts';
import { closing } from './replies-support.ts';
import { anyText, cabinet, faultOf, json, mapping, startWithLogin } from './support.ts';

const read = (body: Record<string, unknown>, after?: string) => readReportPage(mapping, body, after);

describe('a page of a report', () => {
  it('is read with its errors', () => {
    const page = read({
      state: 'DONE',
      accepted: 3,
      rejected: 2,
      errors: [
        { recordId: 'a#1', field: 'dueDate', code: 'BAD', message: 'плохо' },
        { recordId: 'b#1', code: 'WORSE', message: 'хуже', extra: 1 },
      ],
      next: '2',
      last: false,
    });
    expect(page).toEqual({
      state: 'DONE',
      accepted: 3,
      rejected: 2,
      errors: [
        { recordId: 'a#1', field: 'dueDate', code: 'BAD', message: 'плохо' },
        { recordId: 'b#1', code: 'WORSE', message: 'хуже' },
      ],
      next: '2',
      last: false,
    });
  });

  it('takes a bare error for a list of one, nothing for none, numbers for words', () => {
    const bare = { state: 'DONE', accepted: '1', rejected: 1, last: 'true' };
    expect(read({ ...bare, errors: { recordId: 7, code: 'X' } }).errors).toEqual([
      { recordId: '7', code: 'X', message: '' },
    ]);
    expect(read({ ...bare, errors: null }).errors).toEqual([]);
    expect(read(bare)).toMatchObject({ accepted: 1, errors: [], last: true });
  });

  it('tells errors of the header from those of the file and of records', () => {
    const errors = [
      { field: 'organization.ogrn', code: 'A', message: '' },
      { field: 'subjectId', code: 'B', message: '' },
      { code: 'C', message: '' },
      { recordId: 'r#1', field: 'region', code: 'D', message: '' },
    ];
    const page = read({ state: 'REFUSED', errors, last: true });
    expect(page.errors.map(({ header }) => header ?? false)).toEqual([true, false, false, false]);
  });

  it('while it is not ready needs neither sums nor marks', () => {
    for (const state of ['RECEIVED', 'PARSING']) {
      expect(read({ state })).toEqual({ state, accepted: 0, rejected: 0, errors: [], last: true });
    }
  });

  it('names a code of its own when the platform names none, and cuts long words', () => {
    const [error] = read({
      state: 'DONE',
      errors: [{ recordId: 'a#1', code: 'не код', message: `${'я'.repeat(500)}\n` }],
      last: true,
    }).errors;
    expect(error).toMatchObject({ code: 'NO_CODE' });
    expect(error?.message).toHaveLength(300);
  });

  it.each([
    [{ state: 'DONE' }, 'last'],
    [{ state: 'DONE', last: false }, 'next'],
    [{ state: 'DONE', last: false, next: '5' }, 'next'],
    [{ state: 'FINISHED', last: true }, 'state'],
    [{ last: true }, 'state'],
    [{ state: 'DONE', last: true, accepted: -1 }, 'accepted'],
    [{ state: 'DONE', last: true, rejected: 'много' }, 'rejected'],
    [{ state: 'DONE', last: true, errors: ['x'] }, 'errors.0'],
  ])('%j is a bad answer about %s', (body, where) => {
    try {
      read(body, '5');
      throw new Error('expected a Fault');
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      expect(error).toMatchObject({ code: 'PLATFORM_BAD_ANSWER', kind: 'transient' });
      expect((error as Fault).detail).toContain(where);
    }
  });

  it('of any shape is a page or a Fault, and what it gives can be stored', () => {
    const value = fc.oneof(anyText, fc.integer(), fc.boolean(), fc.constant(null), fc.object());
    const error = fc.record(
      { recordId: value, field: value, code: value, message: value },
      { requiredKeys: [] },
    );
    const body = fc.record(
      {
        state: fc.oneof(fc.constantFrom('DONE', 'REFUSED', 'PARSING'), anyText),
        accepted: value,
        rejected: value,
        errors: fc.oneof(fc.array(fc.oneof(error, value)), error, value),
        next: value,
        last: value,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, (given) => {
        try {
          const page = read(given);
          const text = JSON.stringify(page);
          expect(text.isWellFormed()).toBe(true);
          for (const one of page.errors) {
            const words = [one.recordId ?? '', one.field ?? '', one.code, one.message].join('');
            expect(words.includes('\u0000')).toBe(false);
            expect(words.isWellFormed()).toBe(true);
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('asking for a report', () => {
  it('names the upload and the place, asks for no more than the platform gives, repeats shortly', async () => {
    let calls = 0;
    const server = await startWithLogin((_seen, response) => {
      calls += 1;
      if (calls === 1) return json(response, 500, {});
      return json(response, 200, { state: 'DONE', accepted: 0, rejected: 0, last: true });
    });
    closing(server.close);
    const platform = createRestPlatform({
      baseUrl: server.url,
      mapping,
      timeoutMs: 5000,
      idleTimeoutMs: 5000,
      tokenScope: 'sed',
      repeatDelayMs: 1,
    });
    closing(() => platform.close());
    await platform.readShowcaseReport(cabinet(), 'u/1', { after: 'c&d', size: 10_000 });
    const asked = server.seen.filter(({ path }) => path.startsWith('/showcase-service'));
    expect(asked).toHaveLength(2);
    expect(asked[1]).toMatchObject({ method: 'GET', path: '/showcase-service/uploads/u%2F1' });
    expect([...(asked[1]?.query ?? [])]).toEqual([
      ['size', '200'],
      ['after', 'c&d'],
    ]);
  });

  it('an upload that is not known is SHOWCASE_UPLOAD_LOST; a gateway’s page is not that', async () => {
    const answers: unknown[] = [{ error: 'not_found' }, '<html>404</html>'];
    const server = await startWithLogin((_seen, response) => json(response, 404, answers.shift()));
    closing(server.close);
    const platform = createRestPlatform({
      baseUrl: server.url,
      mapping,
      timeoutMs: 5000,
      idleTimeoutMs: 5000,
      tokenScope: 'sed',
      repeatDelayMs: 1,
    });
    closing(() => platform.close());
    const ask = () => platform.readShowcaseReport(cabinet(), 'u', { size: 1 });
    expect(await faultOf(ask())).toMatchObject({ code: 'SHOWCASE_UPLOAD_LOST' });
    expect(await faultOf(ask())).toMatchObject({ code: 'PLATFORM_BAD_ANSWER' });
  });
});
