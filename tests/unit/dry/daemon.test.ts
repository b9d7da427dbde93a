import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Daemon } from '../../../src/daemon.ts';
import { createLog } from '../../../src/log.ts';
import { type Queryable, queryable } from '../../../src/store/data-source.ts';
import { type DeloSimulator, startDelo } from '../../simulators/delo/index.ts';
import { type PlatformSimulator, startPlatform } from '../../simulators/platform/index.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { makeStand, type Stand } from '../../support/stand.ts';
import { endSurroundings, startStandDaemon } from '../../support/stand-daemon.ts';
import { siteMappings } from './site-mappings.ts';

const LONG = 240_000;
const OPA_ID = '100001';
let platform: PlatformSimulator;
let stand: Stand;
let database: TestDatabase;
let db: Queryable;
let delo: DeloSimulator;
let daemon: Daemon | undefined;

beforeEach(async () => {
  platform = await startPlatform();
  stand = await makeStand({
    platformUrl: platform.url,
    cabinets: 2,
    config: { mappingsDir: './mappings', dryDir: './dry' },
  });
  await siteMappings(join(stand.dir, 'mappings'));
  for (const { opaId, name, identifier, password } of stand.cabinets) {
    platform.addCabinet({ opaId, name, identifier, password });
  }
  database = await createTestDatabase();
  db = queryable(database.dataSource);
  delo = await startDelo({ channels: stand.channels });
}, LONG);
afterEach(async () => {
  await endSurroundings({ daemons: [daemon], delo, platform, database, stand });
  daemon = undefined;
}, LONG);

/** Writes the first cabinet's mode into the settings, by rename, as editors do. */
async function setMode(mode: 'live' | 'dry'): Promise<void> {
  const config = JSON.parse(await readFile(stand.configPath, 'utf8')) as {
    cabinets: Record<string, unknown>[];
  };
  config.cabinets = config.cabinets.map((cabinet, index) => (index === 0 ? { ...cabinet, mode } : cabinet));
  await writeFile(`${stand.configPath}.new`, JSON.stringify(config));
  await rename(`${stand.configPath}.new`, stand.configPath);
}

async function start(dry = false): Promise<void> {
  daemon = await startStandDaemon(stand, database, createLog('silent'), { dry });
}

async function stop(): Promise<void> {
  await daemon?.stop();
  daemon = undefined;
}

interface Message {
  readonly path: string;
  readonly about: Record<string, unknown>;
}

/** Messages of an appeal in the dry folder: `card` or `replies`. */
async function messages(posId: number, kind: 'card' | 'replies', cabinet = 'lko-1'): Promise<Message[]> {
  const folder = join(stand.dir, 'dry', cabinet, String(posId), kind);
  const names = await readdir(folder).catch(() => [] as string[]);
  const whole = names.filter((name) => !name.endsWith('.tmp')).sort();
  const read = await Promise.all(
    whole.map(async (name) => {
      const text = await readFile(join(folder, name, 'message.json'), 'utf8').catch(() => undefined);
      return text === undefined
        ? []
        : [{ path: join(folder, name), about: JSON.parse(text) as Message['about'] }];
    }),
  );
  return read.flat();
}

async function count(sql: string): Promise<number> {
  const [row] = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`);
  return row?.n ?? -1;
}

const history = (posId: number, opaId = OPA_ID) => platform.history(opaId, posId).map(({ status }) => status);
const cardsOf = (posId: number) => delo.cards().filter((card) => card.posId === String(posId));
const isRegistered = (posId: number) => cardsOf(posId).some(({ state }) => state === 'registered');

function withoutTime(xml: string): string {
  return xml.replace(/ Time="[^"]*"/, '');
}

describe('a dry cabinet', () => {
  it(
    'writes its packages to the folder alone, stores nothing of them, and sends the very same when it goes live',
    async () => {
      const posId = platform.addAppeal(OPA_ID, { files: [{ name: 'яма.txt', content: 'вот' }] });
      const other = platform.addAppeal('100002');
      await setMode('dry');
      await start();
      const [message] = await eventually('the dry package', async () => {
        const found = await messages(posId, 'card');
        return found.length === 1 && isRegistered(other) ? found : undefined;
      });
      const messageDir = String(message?.about['messageDir']);
      expect(message?.about).toMatchObject({ to: 'СЭД', rule: 'mappings/card.yaml', part: 0, attempt: 1 });
      const folder = join(message?.path ?? '', messageDir);
      const files = await readdir(folder);
      expect(files.sort()).toEqual(['DocInfo.xml', `Обращение ${posId}.txt`, 'яма.txt'].sort());
      expect(await readFile(join(folder, 'яма.txt'), 'utf8')).toBe('вот');
      expect(await readFile(`${folder}.env`, 'utf8')).toContain(messageDir);
      const shown = await readFile(join(folder, 'DocInfo.xml'), 'utf8');
      expect(await count(`card k JOIN appeal a ON a.id = k.appeal_id WHERE a.pos_id = '${posId}'`)).toBe(0);
      expect(cardsOf(posId)).toEqual([]);
      // The other cabinet's card and its status went their way beside it.
      await eventually('the status of the other', () => history(other, '100002').includes('TAKE_TO_WORK'));
      expect(await messages(other, 'card', 'lko-2')).toEqual([]);

      await stop();
      await setMode('live');
      await delo.stop();
      const taken = join(stand.dir, 'taken');
      delo = await startDelo({ channels: stand.channels, takenDir: taken });
      await start();
      await eventually('the card', () => isRegistered(posId));
      const sent = await readFile(join(taken, 'delo-1', `000001-${messageDir}`, 'DocInfo.xml'), 'utf8');
      expect(withoutTime(sent)).toBe(withoutTime(shown));
      expect(delo.complaints).toEqual([]);
    },
    LONG,
  );

  it(
    'withdrawn while dry: never a card',
    async () => {
      await setMode('dry');
      const posId = platform.addAppeal(OPA_ID);
      await start();
      await eventually('the dry package', async () => (await messages(posId, 'card')).length === 1);
      platform.change(OPA_ID, posId, 'WITHDRAWN');
      await eventually('the withdrawal', async () => (await count(`appeal WHERE stage = 'withdrawn'`)) === 1);
      await stop();
      await setMode('live');
      const marker = platform.addAppeal(OPA_ID);
      await start();
      await eventually('a later card', () => isRegistered(marker));
      expect(cardsOf(posId)).toEqual([]);
    },
    LONG,
  );

  it(
    'shows statuses and answers with rule, call and files; a mended rule counts at once and at the switch to live',
    async () => {
      const posId = platform.addAppeal(OPA_ID);
      const answered = platform.addAppeal(OPA_ID);
      await start();
      await eventually('the statuses', () =>
        [posId, answered].every((one) => history(one).includes('TAKE_TO_WORK')),
      );
      const before = await count('delivery');
      // Taken without a restart.
      await setMode('dry');
      await eventually('the mark', async () => (await count(`setting WHERE key = 'dry:${OPA_ID}'`)) === 1);
      const card = cardsOf(posId)[0]?.id ?? '';
      delo.resolve(card, { executor: { fio: 'Липов Лев Львович', post: 'Мастер' }, text: 'Решить' });
      delo.redirect(card, { organization: 'Комитет по дорогам' });
      const toAnswer = cardsOf(answered)[0]?.id ?? '';
      delo.resolve(toAnswer, { executor: { fio: 'Липов Лев Львович' }, text: 'Ответить' });
      delo.answer(toAnswer, {
        text: 'Сделано',
        signer: { fio: 'Дубов Денис Данилович', post: 'Глава' },
        files: [{ name: 'Письмо.pdf', content: '%PDF-1.4 письмо' }],
      });
      const find = async () => {
        const of = async (from: number, kind: string) =>
          (await messages(from, 'replies')).find(({ path }) => path.includes(`/${kind}-`));
        return {
          executor: await of(posId, 'setExecutor'),
          forward: await of(posId, 'forwardToSubordinate'),
          answer: await of(answered, 'answer'),
          fallen: await of(answered, 'setExecutor'),
        };
      };
      const shown = await eventually('four messages', async () => {
        const found = await find();
        return Object.values(found).every((one) => one !== undefined) ? found : undefined;
      });
      expect(shown.executor?.about).toMatchObject({
        to: 'платформа',
        rule: 'Назначен ответственный исполнитель',
        call: {
          method: 'POST',
          path: `/appeal-service/sed/appeals/${posId}/statuses`,
          headers: { 'OPA-ID': OPA_ID },
          body: { status: 'SET_EXECUTOR', executor: { surname: 'Липов' } },
        },
      });
      expect(shown.executor?.about).not.toHaveProperty('cancelled');
      expect(shown.fallen?.about).toMatchObject({ cancelled: 'не уйдёт: за ним уже готов ответ' });
      expect(shown.forward?.about).toMatchObject({ error: { code: 'FORWARD_TARGET_UNKNOWN' } });
      expect(shown.answer?.about).toMatchObject({
        rule: 'вид ответа EXPLAINED',
        files: [{ file: 'files/1', name: 'Письмо.pdf' }],
        call: { body: { answerType: 'EXPLAINED', fileIds: ['<id файла 1>'] } },
      });
      expect(await readFile(join(shown.answer?.path ?? '', 'files', '1'), 'utf8')).toBe('%PDF-1.4 письмо');
      const all = await Promise.all(
        Object.values(shown).map((one) => readFile(join(one?.path ?? '', 'message.json'), 'utf8')),
      );
      expect(all.join()).not.toMatch(/Authorization|Bearer/);

      expect(await count('delivery')).toBe(before);
      expect(await count("delivery WHERE attempts > 1 OR state <> 'done'")).toBe(0);
      expect(await count('sed_reply')).toBe(0);
      expect(await count('incident WHERE closed_at IS NULL')).toBe(0);
      expect(history(posId)).not.toContain('SET_EXECUTOR');
      expect(platform.files(OPA_ID).filter(({ uploaded }) => uploaded)).toEqual([]);

      const rules = join(stand.dir, 'mappings', 'statuses.yaml');
      const text = await readFile(rules, 'utf8');
      await writeFile(rules, text.replace('name: Комитет по паркам', 'name: Комитет по дорогам'));
      await stop();
      await rm(join(stand.dir, 'dry'), { recursive: true });
      await db.query(`UPDATE appeal SET due_at = now()`);
      await start();
      const mended = await eventually('the mended rule', async () => (await find()).forward);
      expect(mended.about).toMatchObject({ call: { body: { forwardTo: { name: 'Комитет по дорогам' } } } });
      await stop();

      await setMode('live');
      await start();
      await eventually('what was shown', () =>
        history(posId).some((status) => status.startsWith('FORWARD_')),
      );
      expect(history(posId)).toEqual(expect.arrayContaining(['SET_EXECUTOR', 'FORWARD_TO_SUBORDINATE']));
      const keys = platform.history(OPA_ID, posId).flatMap(({ clientKey }) => clientKey ?? []);
      const call = shown.executor?.about['call'] as { headers: Record<string, string> };
      expect(keys).toContain(call.headers['Idempotency-Key']);
    },
    LONG,
  );
});

describe('run --dry', () => {
  it(
    'holds every cabinet, whatever its mode, and the next start without it sends all',
    async () => {
      const first = platform.addAppeal(OPA_ID);
      const second = platform.addAppeal('100002');
      await start(true);
      await eventually('both', async () => {
        const found = await Promise.all([messages(first, 'card'), messages(second, 'card', 'lko-2')]);
        return found.every((list) => list.length === 1);
      });
      expect(await count('package')).toBe(0);
      for (const { out } of stand.channels) expect(await readdir(out)).toEqual([]);
      expect(delo.cards()).toEqual([]);
      await stop();
      await start();
      await eventually('both cards', () => isRegistered(first) && isRegistered(second));
      expect(await count(`setting WHERE key LIKE 'dry:%'`)).toBe(0);
    },
    LONG,
  );

  it(
    'a dry folder that cannot be written sends nothing and stops nothing',
    async () => {
      await writeFile(join(stand.dir, 'dry'), 'это файл');
      const posId = platform.addAppeal(OPA_ID);
      await start(true);
      await eventually(
        'held',
        async () => (await count(`appeal WHERE due_at > now() + interval '1 minute'`)) === 1,
      );
      expect(await count('package')).toBe(0);
      expect(await count('appeal WHERE error_code IS NOT NULL')).toBe(0);
      await stop();
      await start();
      await eventually('the card', () => isRegistered(posId));
    },
    LONG,
  );
});
