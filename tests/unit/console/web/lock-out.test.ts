import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listAudit } from '../../../../src/console/users/audit.ts';
import { beginTry, FREE_TRIES } from '../../../../src/console/users/tries.ts';
import { listUsers, setPassword } from '../../../../src/console/users/users.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  PASSWORD,
  startTestConsole,
  type TestConsole,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const LONG = 120_000;

describe('lock-out', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  let userId: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
    served = await startTestConsole(db, [], { limits: { requests: 10_000, signIns: 10_000 } });
  }, LONG);
  afterAll(async () => {
    await served.close();
    await database.drop();
  }, LONG);
  beforeEach(async () => {
    userId = await addTestUser(db, 'Ольга', 'admin');
  });
  afterEach(() => db.query('TRUNCATE console_user, sign_in_tries, audit RESTART IDENTITY CASCADE'));

  /** Time goes on for the lock only: what was written lies further back. */
  const pass = (minutes: number) =>
    db.query(
      `UPDATE sign_in_tries SET locked_until = locked_until - make_interval(mins => $1::int), last_at = last_at - make_interval(mins => $1::int)`,
      [minutes],
    );
  const waitLeft = async () => {
    const [row] = await db.query<{ left: number }>(
      `SELECT extract(epoch FROM locked_until - now())::float8 AS left FROM sign_in_tries`,
    );
    return row?.left ?? 0;
  };
  async function fail(login: string, times: number, by = visitor(served.url)): Promise<number[]> {
    const statuses: number[] = [];
    for (let turn = 0; turn < times; turn += 1) statuses.push((await by.signIn(login, 'не то')).status);
    return statuses;
  }

  it('after five wrong tries not even the right password is tried, in a new browser', async () => {
    expect(await fail('Ольга', FREE_TRIES)).toEqual(Array.from({ length: FREE_TRIES }, () => 401));
    const locked = await visitor(served.url).signIn('Ольга');
    expect(locked.status).toBe(429);
    expect(locked.text).toContain('Слишком много неверных попыток. Повторите через 1 минуту.');
    await pass(1);
    expect((await visitor(served.url).signIn('Ольга')).status).toBe(303);
    expect(await db.query('SELECT 1 FROM sign_in_tries')).toEqual([]);
  });

  it('waits twice as long after each further try, an hour at most, and forgets after a day', async () => {
    await fail('Ольга', FREE_TRIES);
    const waits = [await waitLeft()];
    for (let turn = 0; turn < 9; turn += 1) {
      await pass(61);
      expect((await beginTry(db, 'ОЛЬГА')).ok).toBe(true);
      waits.push(await waitLeft());
    }
    const wanted = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600];
    for (const [at, wait] of waits.entries()) {
      expect(wait).toBeGreaterThan((wanted[at] ?? 0) - 30);
      expect(wait).toBeLessThanOrEqual(wanted[at] ?? 0);
    }
    await pass(25 * 60);
    expect((await beginTry(db, 'Ольга')).ok).toBe(true);
    expect(await waitLeft()).toBe(0);
  });

  it('tells as little of a login that there is not: it is locked in the same way', async () => {
    expect(await fail('никто', FREE_TRIES + 1)).toEqual([401, 401, 401, 401, 401, 429]);
    const [row] = await db.query<{ text: string }>('SELECT t::text AS text FROM sign_in_tries t');
    expect(row?.text).not.toContain('никто');
  });

  it('a hundred tries at the same moment are not a hundred guesses', async () => {
    const begun = await Promise.all(Array.from({ length: 100 }, () => beginTry(db, 'Ольга')));
    expect(begun.filter(({ ok }) => ok)).toHaveLength(FREE_TRIES);
  });

  it('strangers who guess for ever do not keep the user out of the browser that he uses', async () => {
    const own = visitor(served.url);
    await own.signIn('Ольга');
    own.cookies.delete('posrednik_session');
    expect(await fail('Ольга', FREE_TRIES + 1)).toContain(429);
    expect((await own.signIn('Ольга')).status).toBe(303);
    // That alone opens no door for the strangers' next try to count anew.
    expect((await listAudit(db, { action: 'signed-in' })).length).toBe(2);
  });

  it('a known browser that guesses is soon as strange as any other', async () => {
    const own = visitor(served.url);
    await own.signIn('Ольга');
    own.cookies.delete('posrednik_session');
    // Its own five, then the five of strangers.
    expect(await fail('Ольга', FREE_TRIES * 2, own)).not.toContain(429);
    expect((await own.signIn('Ольга')).status).toBe(429);
  });

  it('a known browser of one user is a strange one for another', async () => {
    await addTestUser(db, 'Иван', 'viewer');
    const own = visitor(served.url);
    await own.signIn('Иван');
    expect(await fail('Ольга', FREE_TRIES + 1, own)).toContain(429);
  });

  it('a made-up mark of a browser counts for nothing, and is not taken over', async () => {
    const sly = visitor(served.url);
    sly.cookies.set('posrednik_device', 'a'.repeat(43));
    expect(await fail('Ольга', FREE_TRIES + 1, sly)).toContain(429);
    await pass(10);
    await sly.signIn('Ольга');
    expect(sly.cookies.get('posrednik_device')).not.toBe('a'.repeat(43));
  });

  it('an administrator sees the lock; a new password opens it and makes all browsers strange', async () => {
    await visitor(served.url).signIn('Ольга');
    await fail('Ольга', FREE_TRIES);
    expect((await listUsers(db))[0]?.lockedUntil).toBeInstanceOf(Date);
    await setPassword(db, userId, 'совсем-другой-пароль');
    expect((await listUsers(db))[0]).toMatchObject({ lockedUntil: null, sessions: 0 });
    expect(await db.query('SELECT 1 FROM console_device')).toEqual([]);
    expect((await visitor(served.url).signIn('Ольга', PASSWORD)).status).toBe(401);
    expect((await visitor(served.url).signIn('Ольга', 'совсем-другой-пароль')).status).toBe(303);
  });

  it('writes whose login was tried, never what was typed, and nothing while locked', async () => {
    await fail('Ольга', FREE_TRIES + 3);
    await fail('мой-пароль-не-в-том-поле', 1);
    const rows = await listAudit(db, { action: 'sign-in-refused' });
    expect(rows.map(({ object }) => object)).toEqual([
      null,
      ...Array.from({ length: 5 }, () => `user:${userId}`),
    ]);
    expect(JSON.stringify(rows)).not.toContain('мой-пароль');
    expect(rows[0]?.data).toEqual({ address: '127.0.0.1' });
  });
});
