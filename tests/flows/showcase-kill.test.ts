import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
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

/** A run that began after `since` has come to its end, and everything that it made too. */
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

describe('a showcase whose daemon is killed again and again', () => {
  it(
    'shows every question in its newest state or says why not, and sends nothing twice',
    async () => {
      platform.configure({
        showcaseRules: [{ field: 'result', equals: 'NOT_SUPPORTED', effect: 'record', code: 'BAD_RESULT' }],
      });
      let [first] = archive.cards();
      for (let life = 0; life < 5; life += 1) {
        await start();
        await command('showcase', 'upload');
        // Deaths fall into reading the archive, writing files, sending them and waiting for reports.
        await pause(150 + 350 * life);
        await daemon?.kill();
        if (first !== undefined)
          archive.change(first.isn, { state: life % 2 === 0 ? 'IN_WORK' : 'ANSWERED' });
        [first] = [...archive.cards()].slice(life + 1);
      }
      await start();
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
