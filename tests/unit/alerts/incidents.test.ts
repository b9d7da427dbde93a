import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { holdBreakerIncidents, tellBreakerChange } from '../../../src/alerts/breaker-changes.ts';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { writeJournal } from '../../../src/alerts/journal.ts';
import { createLog } from '../../../src/log.ts';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import { Fault } from '../../../src/model/errors.ts';
import { inTransaction, type Queryable, queryable } from '../../../src/store/data-source.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const LONG = 120_000;

describe('incidents', () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('trace', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const incidents = createIncidents(log);
  let database: TestDatabase;
  let db: Queryable;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
  }, LONG);
  afterAll(() => database.drop());
  beforeEach(async () => {
    await db.query('TRUNCATE incident, journal');
    lines.length = 0;
  });

  interface Row {
    readonly code: string;
    readonly scope: string;
    readonly detail: string | null;
    readonly count: number;
    readonly open: boolean;
  }
  const rows = () =>
    db.query<Row>(
      `SELECT code, scope, detail, count::int AS count, closed_at IS NULL AS open FROM incident ORDER BY id`,
    );
  const told = () => lines.map((line) => [line['msg'], line['scope']]);

  it('opens once, counts, closes once, and tells both ends once with what to do', async () => {
    for (let time = 0; time < 3; time += 1)
      await incidents.open(db, 'SED_REFUSED', 'channel:a:code-39', 'код 39');
    expect(await rows()).toEqual([
      { code: 'SED_REFUSED', scope: 'channel:a:code-39', detail: 'код 39', count: 3, open: true },
    ]);
    await incidents.close(db, 'SED_REFUSED', 'channel:a:code-39');
    await incidents.close(db, 'SED_REFUSED', 'channel:a:code-39');
    expect((await rows()).map((row) => row.open)).toEqual([false]);
    expect(told()).toEqual([
      ['incident opened', 'channel:a:code-39'],
      ['incident closed', 'channel:a:code-39'],
    ]);
    expect(lines[0]).toMatchObject({ level: 50, ...titleOf('SED_REFUSED'), detail: 'код 39' });
    expect(lines[1]).toMatchObject({ level: 30 });
  });

  it('after its end the same trouble is a new incident', async () => {
    await incidents.open(db, 'SED_SILENT', 'channel:a');
    await incidents.close(db, 'SED_SILENT', 'channel:a');
    await incidents.open(db, 'SED_SILENT', 'channel:a');
    expect((await rows()).map((row) => [row.count, row.open])).toEqual([
      [1, false],
      [1, true],
    ]);
  });

  it('scopes and codes are kept apart; a later detail replaces, a missing one does not', async () => {
    await incidents.open(db, 'SED_SILENT', 'channel:a', 'первое');
    await incidents.open(db, 'SED_SILENT', 'channel:a');
    await incidents.open(db, 'SED_SILENT', 'channel:b');
    await incidents.open(db, 'SED_REFUSED', 'channel:a');
    expect((await rows()).map((row) => [row.code, row.scope, row.detail, row.count])).toEqual([
      ['SED_SILENT', 'channel:a', 'первое', 2],
      ['SED_SILENT', 'channel:b', null, 1],
      ['SED_REFUSED', 'channel:a', null, 1],
    ]);
    await incidents.open(db, 'SED_SILENT', 'channel:a', 'второе');
    expect((await rows())[0]?.detail).toBe('второе');
  });

  it('a counted one shows what is true now, opened or not', async () => {
    await incidents.openCounted(db, 'SED_SILENT', 'channel:a', 7);
    await incidents.openCounted(db, 'SED_SILENT', 'channel:a', 3, 'осталось');
    expect(await rows()).toEqual([
      { code: 'SED_SILENT', scope: 'channel:a', detail: 'осталось', count: 3, open: true },
    ]);
    expect(told()).toEqual([['incident opened', 'channel:a']]);
  });

  it('closing what is not open does nothing and says nothing', async () => {
    await incidents.close(db, 'SED_SILENT', 'nobody');
    expect(await rows()).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('many daemons at once open one and lose no count', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => incidents.open(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:a')),
    );
    expect((await rows()).map((row) => row.count)).toEqual([20]);
    expect(told()).toHaveLength(1);
    await Promise.all(
      Array.from({ length: 5 }, () => incidents.close(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:a')),
    );
    expect(told()).toHaveLength(2);
  });

  it('inside a transaction it goes with it', async () => {
    const undone = inTransaction(database.dataSource, async (tx) => {
      await incidents.open(tx, 'SED_SILENT', 'channel:a');
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await rows()).toEqual([]);
  });

  it(
    'however opens and closes come, at most one is open and the last word counts',
    async () => {
      const step = fc.record({ open: fc.boolean(), scope: fc.constantFrom('a', 'b') });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          await db.query('TRUNCATE incident');
          const truth = new Map<string, boolean>();
          let openings = 0;
          for (const { open, scope } of steps) {
            if (open && truth.get(scope) !== true) openings += 1;
            truth.set(scope, open);
            await (open ? incidents.open(db, 'SED_SILENT', scope) : incidents.close(db, 'SED_SILENT', scope));
          }
          const stored = await rows();
          expect(stored).toHaveLength(openings);
          for (const scope of ['a', 'b']) {
            const open = stored.filter((row) => row.scope === scope && row.open);
            expect(open).toHaveLength(truth.get(scope) === true ? 1 : 0);
          }
        }),
        { numRuns: 15 },
      );
    },
    LONG,
  );

  it('a breaker that opens is an incident and a journal line, and ends as both', async () => {
    const deps = { db, incidents, log };
    const fault = new Fault('PLATFORM_UNREACHABLE', { detail: 'ECONNREFUSED' });
    await tellBreakerChange(deps, { endpoint: 'platform', to: 'open', at: 5, openedAt: 5, fault });
    expect(await rows()).toEqual([
      { code: 'ENDPOINT_PAUSED', scope: 'platform', detail: 'PLATFORM_UNREACHABLE', count: 1, open: true },
    ]);
    await tellBreakerChange(deps, { endpoint: 'platform', to: 'closed', at: 9, openedAt: 5 });
    expect((await rows()).map((row) => row.open)).toEqual([false]);
    const journal = await db.query('SELECT event, code, data FROM journal ORDER BY id');
    expect(journal).toEqual([
      {
        event: 'breaker-opened',
        code: 'ENDPOINT_PAUSED',
        data: { endpoint: 'platform', cause: 'PLATFORM_UNREACHABLE' },
      },
      { event: 'breaker-closed', code: 'ENDPOINT_PAUSED', data: { endpoint: 'platform', cause: '' } },
    ]);
    expect(lines.filter((line) => line['msg'] === 'breaker changed').map((line) => line['to'])).toEqual([
      'open',
      'closed',
    ]);
  });

  it('an endpoint held back by nobody any more ends its incident; one that is held goes on', async () => {
    for (const scope of ['platform', 'cabinet:1', 'smtp'])
      await incidents.open(db, 'ENDPOINT_PAUSED', scope, 'PLATFORM_BUSY');
    await db.query(
      `UPDATE incident SET last_at = now() - interval '3 minutes' WHERE code = 'ENDPOINT_PAUSED' AND scope <> 'smtp'`,
    );
    const modes = new Map([
      ['platform', 'half-open'],
      ['cabinet:1', 'closed'],
    ] as const);
    const turn = () => holdBreakerIncidents({ db, incidents, breakers: { states: () => modes } });
    await turn();
    // «smtp» is told of lately: another daemon may hold it.
    const open = (await rows()).filter((row) => row.open).map(({ scope, count }) => [scope, count]);
    expect(open.sort()).toEqual([
      ['platform', 1],
      ['smtp', 1],
    ]);
    await turn();
    expect((await rows()).filter((row) => row.open)).toHaveLength(2);
  });

  it('journal lines keep their order, their empty places and any text; none is no statement', async () => {
    await writeJournal(db, []);
    await writeJournal(db, [
      { event: 'first', opaId: '1', appealId: '7', code: 'SED_REFUSED', data: { part: 0 } },
      { event: 'second' },
      { event: 'third', data: { text: 'нуль \0 и половина \ud800 пары', list: [1, null] } },
    ]);
    expect(await db.query('SELECT opa_id, appeal_id, event, code, data FROM journal ORDER BY id')).toEqual([
      { opa_id: '1', appeal_id: '7', event: 'first', code: 'SED_REFUSED', data: { part: 0 } },
      { opa_id: null, appeal_id: null, event: 'second', code: null, data: {} },
      {
        opa_id: null,
        appeal_id: null,
        event: 'third',
        code: null,
        data: { text: 'нуль \uFFFD и половина \uFFFD пары', list: [1, null] },
      },
    ]);
  });
});

function titleOf(code: keyof typeof ERROR_CODES): { title: string; remedy: string } {
  const { title, remedy } = ERROR_CODES[code];
  return { title, remedy };
}
