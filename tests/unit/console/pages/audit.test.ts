import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConsoleDeps } from '../../../../src/console/deps.ts';
import { ACTIONS } from '../../../../src/console/pages/audit/actions.ts';
import { auditRoutes } from '../../../../src/console/pages/audit/index.ts';
import { listAudit, writeAudit } from '../../../../src/console/users/audit.ts';
import { type Queryable, queryable } from '../../../../src/store/data-source.ts';
import {
  addTestUser,
  startTestConsole,
  type TestConsole,
  type Visitor,
  visitor,
} from '../../../support/console.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';

const LONG = 120_000;

describe('the page of what was done', () => {
  let database: TestDatabase;
  let db: Queryable;
  let served: TestConsole;
  let admin: Visitor;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = queryable(database.dataSource);
    const cabinets = [{ id: 'city', opaId: '100', channel: 'main', name: 'Мэрия' }];
    const deps = { db, cabinets: () => cabinets, loaded: { config: { showcases: [] } } };
    served = await startTestConsole(db, auditRoutes(deps as unknown as ConsoleDeps), {
      limits: { requests: 10_000, signIns: 100 },
    });
    admin = visitor(served.url);
    await admin.enter(db, await addTestUser(db, 'админ', 'admin'));
  }, LONG);
  afterAll(async () => {
    await served.close();
    await database.drop();
  }, LONG);

  const numbers = (text: string) => [...text.matchAll(/<code>n: (\d+)<\/code>/g)].map(([, n]) => Number(n));
  const next = (text: string) => (/rel="next" href="([^"]+)"/.exec(text)?.[1] ?? '').replaceAll('&amp;', '&');

  it('says what will be there while there is nothing', async () => {
    const page = await admin.get('/audit');
    expect(page.status).toBe(200);
    expect(page.text).toContain('Здесь появится, кто входил');
  });

  it('shows the newest first, page by page, nothing twice and nothing lost', async () => {
    for (let n = 1; n <= 250; n += 1) {
      const object = `appeal:${n % 3}`;
      await writeAudit(db, {
        who: n % 2 === 0 ? 'Ольга' : 'token:бот',
        action: 'appeal-viewed',
        object,
        data: { n },
      });
    }
    const seen: number[] = [];
    let address = '/audit';
    for (let page = 0; address !== ''; page += 1) {
      const { text } = await admin.get(address);
      // A new entry in between moves nothing.
      if (page === 0) await writeAudit(db, { who: 'Ольга', action: 'signed-in', data: { n: 999 } });
      seen.push(...numbers(text));
      address = next(text);
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_none, at) => 250 - at));
  });

  it('is narrowed by the address: who, what, with what', async () => {
    const of = async (query: Record<string, string>) =>
      (await admin.get(`/audit?${new URLSearchParams(query)}`)).text;
    const olga = await of({ who: 'Ольга', object: 'appeal:0' });
    expect(numbers(olga).every((n) => n % 2 === 0 && n % 3 === 0)).toBe(true);
    expect(numbers(olga)).toHaveLength(41);
    expect(numbers(await of({ action: 'signed-in' }))).toEqual([999]);
    expect(await of({ who: 'никто' })).toContain('Здесь появится');
    const second = next(await of({ who: 'token:бот' }));
    expect(new URLSearchParams(second.split('?')[1]).get('who')).toBe('token:бот');
    expect(numbers((await admin.get(second)).text)).toHaveLength(25);
  });

  it.each([
    'before=x',
    'before=-1',
    'before=99999999999999999999',
    'who=%00',
    'action=%27',
    `who=${'x'.repeat(3000)}`,
  ])('bears %s', async (query) => {
    const { status } = await admin.get(`/audit?${query}`);
    expect(status).toBe(200);
  });

  it('shows what is written as text, and what has no words by its name', async () => {
    await writeAudit(db, { who: '<i>', action: 'brand-new', why: '<script>', data: { list: [1, '<b>'] } });
    const { text } = await admin.get('/audit');
    expect(text).toContain('brand-new');
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script>');
    expect(text).toContain('list: [1,&quot;&lt;b&gt;&quot;]');
  });

  it('tells in words where something was done', async () => {
    await writeAudit(db, { who: 'Ольга', action: 'incident-noted', data: { scope: 'opa:100' } });
    expect((await admin.get('/audit')).text).toContain('scope: Кабинет Мэрия (city)');
  });

  it('has words for each action in both languages', () => {
    expect(Object.keys(ACTIONS.en).sort()).toEqual(Object.keys(ACTIONS.ru).sort());
  });

  it('has words for whatever the console and the commands write', async () => {
    const root = new URL('../../../../src/', import.meta.url);
    const names = (await readdir(root, { recursive: true })).filter((name) =>
      /^(console|cli|alerts|replies|registration)\/.*\.ts$/.test(name),
    );
    const texts = await Promise.all(names.map((name) => readFile(new URL(name, root), 'utf8')));
    const written = texts.flatMap((text) =>
      [...text.matchAll(/\baction(?:: | = )'([a-z]+-[a-z-]+)'/g)].map(([, action]) => action ?? ''),
    );
    expect(written.length).toBeGreaterThan(20);
    expect([...new Set(written)].filter((action) => !Object.hasOwn(ACTIONS.ru, action))).toEqual([]);
  });

  it('is for administrators, and writes nothing itself', async () => {
    const before = (await listAudit(db, { limit: 1 }))[0]?.id;
    const operator = visitor(served.url);
    await operator.enter(db, await addTestUser(db, 'оператор', 'operator'));
    expect((await operator.get('/audit')).status).toBe(403);
    expect((await listAudit(db, { limit: 1 }))[0]?.id).toBe(before);
  });
});
