import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Daemon } from '../../src/daemon.ts';
import { resendCards } from '../../src/registration/commands.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { type DeloSimulator, startDelo } from '../simulators/delo/index.ts';
import { type AppealInput, type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeStand, type Stand } from '../support/stand.ts';
import { endSurroundings, startStandDaemon } from '../support/stand-daemon.ts';

let database: TestDatabase;
let db: Queryable;
let platform: PlatformSimulator;
let delo: DeloSimulator;
let stand: Stand;
const daemons: Daemon[] = [];
const logged: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  platform = await startPlatform();
  // Few places each: with many, the first daemon would take all the appeals before the second has looked.
  const config = { registration: { concurrency: 4 } };
  stand = await makeStand({ platformUrl: platform.url, cabinets: 3, channels: 2, config });
  for (const cabinet of stand.cabinets) platform.addCabinet(cabinet);
  delo = await startDelo({ channels: stand.channels, pollMs: 50, seed: 7 });
}, 60_000);

afterAll(async () => {
  await endSurroundings({ daemons, delo, platform, database, stand });
}, 60_000);

async function startOne(): Promise<Daemon> {
  const log = pino(
    { level: 'info' },
    new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk));
        done();
      },
    }),
  );
  const daemon = await startStandDaemon(stand, database, log);
  daemons.push(daemon);
  return daemon;
}

function addAppeal(index: number, input: AppealInput = {}): string {
  const cabinet = stand.cabinets[index % stand.cabinets.length];
  return String(platform.addAppeal(cabinet?.opaId ?? '', input));
}

interface Row {
  readonly pos_id: string;
  readonly stage: string | null;
  readonly number: string | null;
  readonly document_uid: string | null;
}

async function cards(): Promise<Row[]> {
  return await db.query<Row>(
    `SELECT a.pos_id, k.stage, k.number, k.document_uid FROM appeal a LEFT JOIN card k ON k.appeal_id = a.id`,
  );
}

async function untilRegistered(posIds: readonly string[], limitMs = 60_000): Promise<void> {
  await eventually(
    `${posIds.length} cards registered`,
    async () => {
      const registered = new Set(
        (await cards()).flatMap((row) => (row.stage === 'registered' ? [row.pos_id] : [])),
      );
      return posIds.every((posId) => registered.has(posId));
    },
    limitMs,
  );
}

function digest(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('two daemons on one database', () => {
  const posIds: string[] = [];

  it('share the appeals, each becoming one card, though the СЭД sends everything twice and out of order', async () => {
    delo.behave({ twice: 0.5, reorder: 0.2, registerDelayMs: 20 });
    for (let index = 0; index < 90; index += 1) {
      const files = index % 3 === 0 ? [{ name: `фото ${index}.jpg`, content: `снимок ${index}` }] : [];
      posIds.push(addAppeal(index, { files }));
    }
    await Promise.all([startOne(), startOne()]);
    await untilRegistered(posIds);
    delo.release();
    const rows = (await cards()).filter(({ pos_id }) => posIds.includes(pos_id));
    expect(rows).toHaveLength(90);
    expect(new Set(rows.map((row) => row.document_uid)).size).toBe(90);
    // What the СЭД has is what we think it has.
    for (const row of rows) {
      const shown = delo.cardByUid(row.document_uid ?? '');
      expect([shown?.posId, shown?.number]).toEqual([row.pos_id, row.number]);
    }
    expect(delo.cards()).toHaveLength(90);
    expect(delo.complaints).toEqual([]);
    const owners = await db.query('SELECT DISTINCT owner FROM package');
    expect(owners).toHaveLength(2);
  }, 90_000);

  it('bring every file whole', () => {
    for (const [index, posId] of posIds.entries()) {
      if (index % 3 !== 0) continue;
      const file = delo
        .cards()
        .find((card) => card.posId === posId)
        ?.files.find(({ name }) => name.startsWith('фото'));
      expect(file?.sha256).toBe(digest(`снимок ${index}`));
    }
  });

  it('go on when one of them stops in the middle', async () => {
    const more = Array.from({ length: 60 }, (_, index) => addAppeal(index, {}));
    await eventually('some are sent', async () =>
      (await cards()).some(({ pos_id }) => more.includes(pos_id)),
    );
    await daemons.shift()?.stop();
    await untilRegistered(more);
    expect(delo.cards()).toHaveLength(150);
    posIds.push(...more);
  }, 90_000);

  it('settle everything: no job, no bell, no incident is left', async () => {
    delo.behave({ twice: 0, reorder: 0, registerDelayMs: 0 });
    await eventually('quiet', async () => {
      const [row] = await db.query<{ due: string; packages: string }>(
        `SELECT (SELECT count(*) FROM appeal WHERE due_at IS NOT NULL) AS due,
                (SELECT count(*) FROM package WHERE stage <> 'registered') AS packages`,
      );
      return row?.due === '0' && row.packages === '0';
    });
    const incidents = await db.query('SELECT code, scope FROM incident WHERE closed_at IS NULL');
    expect(incidents).toEqual([]);
  }, 60_000);
});

describe('a running daemon', () => {
  it('takes a command of another process: a refused card goes again and registers', async () => {
    delo.behaveNext(1, { refuse: { code: 39 } });
    const posId = addAppeal(0);
    await eventually('refused', async () =>
      (await cards()).some((row) => row.pos_id === posId && row.stage === 'attention'),
    );
    expect(await resendCards(database.dataSource, posId)).toMatchObject([{ action: 'corrected' }]);
    await untilRegistered([posId]);
  }, 60_000);

  it('links a repeated appeal, tells of a withdrawal, sends a large file', async () => {
    const first = addAppeal(0);
    const second = addAppeal(0, { repeatOf: Number(first) });
    const third = addAppeal(1, { files: [{ name: 'кино.mp4', size: 3_000_000, mimeType: 'video/mp4' }] });
    await untilRegistered([first, second, third]);
    const shown = (posId: string) => delo.cards().find((card) => card.posId === posId);
    expect(shown(second)?.links[0]?.documentUid).toBe(shown(first)?.documentUid);
    expect(shown(third)?.files.find(({ name }) => name === 'кино.mp4')?.size).toBe(3_000_000);
    platform.change(stand.cabinets[0]?.opaId ?? '', Number(first), 'WITHDRAWN');
    await eventually('the clerk knows', () => shown(first)?.additions.length === 1);
    expect(delo.complaints).toEqual([]);
  }, 60_000);

  it('says when a package was taken, and closes the silence', async () => {
    delo.behave({ silent: true });
    const posId = addAppeal(2);
    await eventually('sent', async () =>
      (await cards()).some((row) => row.pos_id === posId && row.stage === 'sent'),
    );
    delo.behave({ silent: false });
    await untilRegistered([posId]);
  }, 60_000);

  it('has written no name, text or address of a citizen into its log', () => {
    const log = logged.join('');
    expect(log.length).toBeGreaterThan(500);
    for (const personal of ['Прошу разобраться', 'Садовая', 'example.test', 'фото 3', 'Берёзкина']) {
      expect(log).not.toContain(personal);
    }
  });
});
