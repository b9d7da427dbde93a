import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listNotUploaded } from '../../src/showcase/not-uploaded.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { type ArchiveSimulator, startArchive } from '../simulators/delo/archive/index.ts';
import { type PlatformSimulator, startPlatform } from '../simulators/platform/index.ts';
import { type SmtpSimulator, startSmtp } from '../simulators/smtp/index.ts';
import { runRepairCommand } from '../support/command-run.ts';
import { type DaemonProcess, startDaemonProcess } from '../support/daemon-process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { makeStand, type Stand } from '../support/stand.ts';

const LONG = 240_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLASSIFIER = join(ROOT, 'tests/fixtures/pos-categories.xls');
const CLASSIFIER_TEXT = join(ROOT, 'tests/fixtures/pos-categories.csv');
const OPA = '100001';

let database: TestDatabase;
let db: Queryable;
let platform: PlatformSimulator;
let archive: ArchiveSimulator;
let smtp: SmtpSimulator;
let stand: Stand;
let daemon: DaemonProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  archive = await startArchive({
    cards: 120,
    cardfiles: 5,
    severalQuestions: 0.2,
    poor: 0.06,
    platformBorn: 0.1,
    rubricsFile: join(ROOT, 'mappings/otk-2025-10-31.tsv'),
    from: '2026-01-01',
    to: '2026-03-01',
    password: 'secret',
  });
  platform = await startPlatform({ showcaseCategories: await categories(), showcasePolls: 2 });
  smtp = await startSmtp();
  stand = await makeStand({ platformUrl: platform.url, cabinets: 1, config: settings() });
  await writeFile(join(stand.dir, 'archive.password'), 'secret');
  const [cabinet] = stand.cabinets;
  if (cabinet === undefined) throw new Error('a cabinet is wanted');
  platform.addCabinet({ ...cabinet, ogrn: '1027700132195' });
  await command('rubrics', 'import', CLASSIFIER, '--categories', '--who', 'проверка');
}, LONG);
afterAll(async () => {
  await daemon?.stop();
  await smtp.close();
  await platform.close();
  await archive.close();
  await database.drop();
  await stand.remove();
}, LONG);

function settings() {
  return {
    smtp: { host: smtp.host, port: smtp.port, from: 'posrednik@example.org', to: ['all@example.org'] },
    archives: [
      {
        id: 'delo-web',
        baseUrl: archive.url,
        user: archive.user,
        passwordFile: 'archive.password',
        pageSize: 20,
      },
    ],
    showcases: [
      {
        id: 'region',
        cabinet: 'lko-1',
        archive: 'delo-web',
        region: '80',
        cardfiles: archive.cardfiles,
        from: '2025-01-01',
        maxRecords: 30,
        reportInterval: '100ms',
        mailTo: ['region@example.org'],
      },
    ],
  };
}

/** Ids of the categories as the platform published them. */
async function categories(): Promise<string[]> {
  const [, ...lines] = (await readFile(CLASSIFIER_TEXT, 'utf8')).split(/\r?\n/);
  return lines.flatMap((line) => {
    const [, subject = '', , subsubject = ''] = line.split(';').map((cell) => cell.trim());
    return subject === '' ? [] : [subject, `${subject}/${subsubject}`];
  });
}

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runRepairCommand(stand.configPath, database.url, args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const start = async () => {
  daemon = await startDaemonProcess(stand.configPath, { DATABASE_URL: database.url });
};

interface Totals {
  readonly all: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unmapped: number;
  readonly open: number;
}

async function totals(): Promise<Totals> {
  const [row] = await db.query<Totals>(
    `SELECT count(*) FILTER (WHERE state <> 'gone')::int AS all, count(*) FILTER (WHERE state = 'accepted')::int AS accepted,
       count(*) FILTER (WHERE state = 'refused')::int AS refused, count(*) FILTER (WHERE state = 'unmapped')::int AS unmapped,
       (count(*) FILTER (WHERE state IN ('ready', 'sent'))
        + (SELECT count(*) FROM showcase_upload WHERE state IN ('ready', 'sending', 'polling'))
        + (SELECT count(*) FROM setting WHERE starts_with(key, 'showcase-run:'))
        + (SELECT count(*) FROM pgboss.job WHERE name = 'showcase' AND state < 'completed'))::int AS open
     FROM showcase_record`,
  );
  if (row === undefined) throw new Error('no totals');
  return row;
}

/** A new run has come to its end, and everything that it made too. */
async function settled(): Promise<Totals> {
  const [before] = await db.query<{ n: number }>(`SELECT coalesce(max(id), 0)::int AS n FROM showcase_build`);
  await command('showcase', 'upload');
  return await eventually(
    'the showcase is settled',
    async () => {
      const [build] = await db.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM showcase_build WHERE id > $1 AND finished_at IS NOT NULL`,
        [before?.n ?? 0],
      );
      const now = await totals();
      return build !== undefined && build.n > 0 && now.open === 0 && now;
    },
    LONG / 2,
  );
}

interface Death {
  readonly at: string;
  /** Makes the moment last until it is seen. */
  hold(): void;
  /** Is there when the moment has come. */
  readonly seen: string;
  release(): void;
}

/** The moments of a showcase's life; each is seen before the daemon is killed in it. */
const DEATHS: readonly Death[] = [
  {
    at: 'while the archive is read',
    hold: () => archive.fault({ kind: 'slow', route: 'read', entity: 'DOC_RC', ms: 300 }),
    seen: `SELECT 1 FROM showcase_build WHERE finished_at IS NULL AND error_code IS NULL`,
    release: () => archive.clearFaults(),
  },
  {
    at: 'while a file is being sent',
    // The platform takes the file all the same, after the one who sent it has died.
    hold: () => platform.fault({ route: 'showcase-upload', kind: 'latency', ms: 1500 }),
    seen: `SELECT 1 FROM showcase_upload WHERE state = 'sending'`,
    release: () => platform.clearFaults(),
  },
  {
    at: 'while a report is waited for',
    hold: () => platform.configure({ showcasePolls: -1 }),
    seen: `SELECT 1 FROM showcase_upload WHERE state = 'polling'`,
    release: () => platform.configure({ showcasePolls: 2 }),
  },
];

describe('a showcase whose daemon is killed again and again', () => {
  it(
    'shows every question in its newest state or says why not, and sends nothing twice',
    async () => {
      platform.configure({
        showcaseRules: [{ field: 'result', equals: 'NOT_SUPPORTED', effect: 'record', code: 'BAD_RESULT' }],
      });
      for (const [life, { at, hold, seen, release }] of DEATHS.entries()) {
        hold();
        await start();
        await command('showcase', 'upload');
        await eventually(at, async () => (await db.query(seen)).length > 0, LONG / 2);
        await daemon?.kill();
        release();
        // The dead one's lease is over.
        await db.query(`UPDATE showcase_upload SET next_try_at = now()`);
        for (const card of [...archive.cards()].slice(life * 30, life * 30 + 40)) {
          archive.change(card.isn, { address: `ул. Новая, д. ${life + 1}` });
        }
      }
      await start();
      await eventually(
        'no file is on its way',
        async () => {
          const open = `SELECT 1 FROM showcase_upload WHERE state IN ('ready', 'sending', 'polling')`;
          return (await db.query(open)).length === 0;
        },
        LONG / 2,
      );
      const after = await settled();
      expect(after.accepted + after.refused + after.unmapped).toBe(after.all);
      expect(after.accepted).toBeGreaterThan(50);
      const refused = (await listNotUploaded(db)).filter(({ platformCode }) => platformCode === 'BAD_RESULT');
      expect(refused.length).toBeGreaterThan(0);

      const rows = await db.query<{ id: string; content: string }>(
        `SELECT card_key || '#' || question_no AS id, content FROM showcase_record WHERE state = 'accepted'`,
      );
      const shown = new Map(
        platform.showcaseRecords(OPA).map((record) => [String(record['recordId']), JSON.stringify(record)]),
      );
      expect(shown).toEqual(new Map(rows.map(({ id, content }) => [id, content])));
      const log = platform.showcaseLog(OPA).map(({ json }) => json);
      expect(new Set(log).size).toBe(log.length);
      const failed = await listNotUploaded(db);
      expect(failed).toHaveLength(after.refused + after.unmapped);
      expect(failed.every(({ code, remedy }) => code !== undefined && remedy !== '')).toBe(true);

      // What the platform refused goes by command, once its mind has changed; nothing else is sent.
      platform.configure({ showcaseRules: [] });
      const before = platform.showcaseLog(OPA).length;
      const byPlatform = refused.length;
      await command('showcase', 'resend', '--code', 'BAD_RESULT');
      const last = await settled();
      expect(last.accepted).toBe(after.accepted + byPlatform);
      expect(platform.showcaseLog(OPA)).toHaveLength(before + byPlatform);
    },
    LONG,
  );

  it(
    'sends what changed while its file was at the platform by itself, once the report is there',
    async () => {
      platform.configure({ showcasePolls: -1 });
      const cards = [...archive.cards()].slice(40, 60);
      const changeAll = (address: string) => {
        for (const { isn } of cards) archive.change(isn, { address });
      };
      changeAll('ул. Первая');
      await command('showcase', 'upload');
      await eventually('the file is at the platform', async () => {
        return (await db.query(`SELECT 1 FROM showcase_upload WHERE state = 'polling'`)).length > 0;
      });
      const changed = `SELECT 1 FROM showcase_record WHERE content LIKE '%ул. Вторая%' AND sent_hash <> hash`;
      changeAll('ул. Вторая');
      await command('showcase', 'upload');
      await eventually('the change is found', async () => (await db.query(changed)).length > 0, LONG / 4);
      await eventually('the second run is over', async () => {
        return (
          (await db.query(`SELECT 1 FROM pgboss.job WHERE name = 'showcase' AND state < 'completed'`))
            .length === 0
        );
      });
      const runs = `SELECT count(*)::int AS n FROM showcase_build`;
      const before = await db.query(runs);
      platform.configure({ showcasePolls: 2 });
      await eventually('all is settled', async () => (await totals()).open === 0, LONG / 4);
      expect(await db.query(runs)).toEqual(before);
      const addresses = platform.showcaseRecords(OPA).map(({ address }) => address);
      expect(addresses).not.toContain('ул. Первая');
      expect(addresses).toContain('ул. Вторая');
    },
    LONG,
  );

  it(
    'writes one mail when a file fails whole, and one when it works again, to the showcase’s own people',
    async () => {
      platform.configure({ showcaseHeaderFault: 'region' });
      for (const card of [...archive.cards()].slice(0, 40)) {
        archive.change(card.isn, { address: `ул. Новая, д. ${card.isn}` });
      }
      await command('showcase', 'upload');
      const opened = await eventually('the mail comes', () => smtp.mails()[0]);
      expect(opened.to).toEqual(['region@example.org']);
      expect(opened.subject).toBe('Посредник: витрина «region» не выгружена (SHOWCASE_HEADER_REFUSED)');
      platform.configure({ showcaseHeaderFault: undefined });
      await settled();
      const mails = await eventually('the other mail comes', () => smtp.mails().length > 1 && smtp.mails());
      expect(mails.map(({ subject }) => subject).slice(1)).toEqual([
        'Посредник: витрина «region» снова выгружается',
      ]);
    },
    LONG,
  );
});
