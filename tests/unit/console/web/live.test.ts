import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createIncidents } from '../../../../src/alerts/incidents.ts';
import { writeJournal } from '../../../../src/alerts/journal.ts';
import { endSessionsOf } from '../../../../src/console/users/sessions.ts';
import { createLog } from '../../../../src/log.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  startTestConsole,
  type TestConsole,
  type Visitor,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { eventually } from '../../../support/eventually.ts';

const LONG = 120_000;
const incidents = createIncidents(createLog('silent'));

interface Watched {
  readonly status: number;
  readonly type: string | null;
  /** All that came so far. */
  text(): string;
  ended(): boolean;
  leave(): void;
}

describe('live events', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  let person: Visitor;
  let userId: string;
  let asked = 0;
  const watching: Watched[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    const real = queryable(database.dataSource);
    db = {
      query: (sql, params) => {
        if (sql.includes('AS mark')) asked += 1;
        return real.query(sql, params);
      },
    };
  }, LONG);
  afterAll(() => database.drop(), LONG);
  beforeEach(async () => {
    served = await startTestConsole(db, [], { liveEveryMs: 30, limits: { requests: 10_000, signIns: 10 } });
    userId = await addTestUser(db, 'Ольга', 'viewer');
    person = visitor(served.url);
    await person.enter(db, userId);
  });
  afterEach(async () => {
    for (const each of watching.splice(0)) each.leave();
    await served.close();
    await db.query('TRUNCATE console_user, incident, journal, audit RESTART IDENTITY CASCADE');
  });

  async function watch(by: Visitor = person): Promise<Watched> {
    const leaving = new AbortController();
    const cookie = [...by.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${served.url}/live`, { headers: { cookie }, signal: leaving.signal });
    let text = '';
    let ended = false;
    const decoder = new TextDecoder();
    const read = async () => {
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    };
    void read()
      .catch(() => undefined)
      .finally(() => {
        ended = true;
      });
    const watched: Watched = {
      status: response.status,
      type: response.headers.get('content-type'),
      text: () => text,
      ended: () => ended,
      leave: () => leaving.abort(),
    };
    watching.push(watched);
    return watched;
  }
  const countsOf = (watched: Watched): Record<string, number> =>
    JSON.parse([...watched.text().matchAll(/event: counts\ndata: (.*)\n\n/g)].at(-1)?.[1] ?? '{}') as Record<
      string,
      number
    >;

  it('tells counts at once, and again when they change', async () => {
    const page = await watch();
    expect([page.status, page.type]).toEqual([200, 'text/event-stream']);
    await eventually('counts', () => countsOf(page)['errors'] === 0);
    await incidents.open(db, 'PLATFORM_UNREACHABLE', 'platform');
    await eventually('one error', () => countsOf(page)['errors'] === 1);
    await incidents.close(db, 'PLATFORM_UNREACHABLE', 'platform');
    await eventually('none', () => countsOf(page)['errors'] === 0);
    expect([...page.text().matchAll(/event: counts/g)]).toHaveLength(3);
  });

  it('says that something happened, not at the beginning and not for nothing', async () => {
    const page = await watch();
    await eventually('counts', () => page.text().includes('event: counts'));
    const before = asked;
    await eventually('some turns', () => asked > before + 3);
    expect(page.text()).not.toContain('event: changed');
    await writeJournal(db, [{ event: 'delivery-cancelled' }]);
    await eventually('a change', () => page.text().includes('event: changed'));
  });

  it('reads the database once for all who watch, and rests when nobody does', async () => {
    const pages = await Promise.all(Array.from({ length: 10 }, () => watch()));
    await eventually('all are told', () => pages.every((page) => page.text().includes('event: counts')));
    const [from, began] = [asked, performance.now()];
    await eventually('some turns', () => asked > from + 5);
    // One turn each 30 ms at most, whoever watches.
    expect(asked - from).toBeLessThanOrEqual((performance.now() - began) / 30 + 2);
    for (const page of pages) page.leave();
    let [last, calm] = [asked, 0];
    await eventually('it rests for many turns', () => {
      calm = asked === last ? calm + 1 : 0;
      last = asked;
      return calm > 10;
    });
  });

  it('is for those who have signed in, and ends with the session, everywhere', async () => {
    expect((await watch(visitor(served.url))).status).toBe(401);
    const page = await watch();
    const other = visitor(served.url);
    await other.enter(db, await addTestUser(db, 'Иван', 'viewer'));
    const others = await watch(other);
    await eventually('both are told', () => [page, others].every((one) => one.text().includes('counts')));
    await endSessionsOf(db, userId);
    await eventually('the stream ends', () => page.ended());
    expect(others.ended()).toBe(false);
    expect((await watch()).status).toBe(401);
  });

  it('does not keep a session alive', async () => {
    await db.query(`UPDATE console_session SET seen_at = now() - interval '119 minutes'`);
    const page = await watch();
    await eventually('it is told', () => page.text().includes('counts'));
    await db.query(`UPDATE console_session SET seen_at = seen_at - interval '2 minutes'`);
    await eventually('the stream ends', () => page.ended());
  });

  it('lets the oldest page of a session go when there are very many', async () => {
    const pages: Watched[] = [];
    for (let at = 0; at < 21; at += 1) pages.push(await watch());
    await eventually('the first ends', () => pages[0]?.ended());
    expect(pages.slice(1).some((page) => page.ended())).toBe(false);
  });

  it('goes on after the database was away', async () => {
    const page = await watch();
    await eventually('it is told', () => page.text().includes('counts'));
    await db.query('ALTER TABLE incident RENAME TO incident_away');
    const before = asked;
    await eventually('turns fail', () => asked > before + 2);
    await db.query('ALTER TABLE incident_away RENAME TO incident');
    await incidents.open(db, 'PLATFORM_UNREACHABLE', 'platform');
    await eventually('it is told again', () => countsOf(page)['errors'] === 1);
  });

  it('ends with the console, and answers no HEAD', async () => {
    expect((await fetch(`${served.url}/live`, { method: 'HEAD' })).status).toBe(404);
    const page = await watch();
    await served.close();
    await eventually('the stream ends', () => page.ended());
  });
});
