import { mkdir } from 'node:fs/promises';
import { reconcileIncidents } from '../../src/alerts/incident/reconcile.ts';
import { loadConfig } from '../../src/config/index.ts';
import { addApi } from '../../src/console/api/app.ts';
import { apiRoutes } from '../../src/console/api/index.ts';
import type { ConsoleDeps } from '../../src/console/deps.ts';
import { consoleRoutes } from '../../src/console/pages/index.ts';
import { keepFile } from '../../src/console/pages/rubrics/kept-files.ts';
import { writeAudit } from '../../src/console/users/audit.ts';
import { addToken } from '../../src/console/users/tokens.ts';
import { createLog } from '../../src/log.ts';
import { mapCode } from '../../src/rubrics/edit-rules.ts';
import { importCategories } from '../../src/rubrics/import.ts';
import { seedRubrics } from '../../src/rubrics/seed.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { addWaiting, OTHER, ROAD } from '../unit/console/rubrics/rig.ts';
import { addRecord, addUpload } from '../unit/console/showcase/rig.ts';
import { fixture, fixtureCategories, MAPPINGS } from '../unit/rubrics/support.ts';
import { addTestUser, startTestConsole } from './console.ts';
import { consoleDeps } from './console-deps.ts';
import {
  addAppealRow,
  addCabinetRow,
  addCardRow,
  addChangeRow,
  addDeliveryRow,
  addEventRow,
  addPackageRow,
} from './console-rows.ts';
import { createTestDatabase } from './database.ts';
import { makeStand, type Stand } from './stand.ts';

const log = createLog('silent');
const SHOWCASE = 'yakutsk';

/** A form of a page that is filled in and sent. */
export interface SeededForm {
  readonly path: string;
  readonly action: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Value of a box that is ticked. */
  readonly tick?: string;
}

/** All pages of the console, none of them empty: what is healthy, what waits, what has failed. */
export interface SeededConsole {
  readonly url: string;
  readonly db: Queryable;
  readonly stand: Stand;
  /** An address of every page. */
  readonly paths: readonly string[];
  /** Of these, the three that hold the most. */
  readonly narrow: readonly string[];
  /** Forms whose answer is a page of its own. */
  readonly forms: readonly SeededForm[];
  /** All addresses that the console shows to who follows a link, `/appeals/:id`. */
  readonly patterns: readonly string[];
  close(): Promise<void>;
}

/** Serves pages and API on rows as the flows leave them; users viewer, operator and admin have the password of all tests. */
export async function openSeededConsole(): Promise<SeededConsole> {
  const database = await createTestDatabase();
  const db = queryable(database.dataSource);
  const stand = await makeStand({ platformUrl: 'http://127.0.0.1:9', cabinets: 2 });
  const loaded = await loadConfig({ path: stand.configPath, env: {}, cwd: stand.dir });
  const showcase = { id: SHOWCASE, region: '14', schedule: '30 2 * * *', cabinet: 'lko-1' };
  const config = {
    ...loaded.config,
    showcases: [showcase as unknown as (typeof loaded.config.showcases)[number]],
  };
  await mkdir(config.spoolDir, { recursive: true });
  const deps: ConsoleDeps = {
    ...(await consoleDeps(database.dataSource, loaded)),
    loaded: { ...loaded, config },
  };
  const { appealId, changeId, messageId, deliveryId } = await seedAppeals(db, stand);
  const importId = await seedRubricsAndShowcase(deps);
  const { answers, messages, items } = await seedIncidents(deps);
  for (const role of ['viewer', 'operator', 'admin'] as const) await addTestUser(db, role, role);
  await addToken(db, { name: 'отчёты', role: 'viewer', scopes: ['appeals:read'], createdBy: 'admin' });
  await writeAudit(db, { who: 'admin', action: 'signed-in', object: 'user:1', why: 'проверка страниц' });
  const routes = apiRoutes(deps);
  const shown = consoleRoutes(deps);
  const served = await startTestConsole(db, shown, {
    limits: { requests: 100_000, signIns: 1000 },
    more: [(app, who) => addApi(app, { db, log, routes }, who)],
  });
  return {
    url: served.url,
    db,
    stand,
    paths: [
      '/',
      '/appeals',
      `/appeals/${appealId}`,
      `/appeals/${appealId}/raw/change/${changeId}`,
      `/appeals/${appealId}/raw/message/${messageId}`,
      '/errors',
      `/errors/${answers}`,
      `/errors/${answers}/resend`,
      `/errors/${messages}`,
      `/errors/${items}`,
      `/errors/${items}/items/1`,
      `/deliveries/${deliveryId}/edit`,
      '/showcase',
      '/showcase/failed',
      '/showcase/uploads',
      `/showcase/preview/${SHOWCASE}`,
      '/rubrics',
      '/rubrics?section=0003.0009',
      '/rubrics/unmapped',
      `/rubrics/code/${ROAD}`,
      `/rubrics/map?code=${ROAD}&code=${OTHER}`,
      '/rubrics/versions',
      '/rubrics/versions/1',
      '/rubrics/versions/2?from=1',
      '/rubrics/import',
      `/rubrics/import/${importId}`,
      '/cabinets',
      '/cabinets/lko-1',
      '/users',
      '/users/tokens',
      '/audit',
      '/account',
      '/api/docs',
      '/no-such-page',
    ],
    narrow: ['/', `/appeals/${appealId}`, `/errors/${answers}`],
    forms: [
      { path: '/cabinets/lko-1', action: '/cabinets/lko-1/check' },
      { path: `/errors/${answers}`, action: `/errors/${answers}/check` },
      { path: '/users', action: '/users', fields: { login: 'novyj' } },
      { path: '/users/tokens', action: '/users/tokens', fields: { name: 'otchety' }, tick: 'appeals:read' },
    ],
    patterns: shown.flatMap(({ method, path }) => (method === 'GET' ? [path] : [])),
    async close() {
      await served.close();
      await deps.platform.close();
      await database.drop();
      await stand.remove();
    },
  };
}

async function seedAppeals(db: Queryable, stand: Stand) {
  const [cabinet, other] = stand.cabinets;
  const opaId = cabinet?.opaId ?? '';
  for (const one of [cabinet, other]) await addCabinetRow(db, one?.opaId ?? '', one?.name ?? '');
  const appealId = await addAppealRow(db, { opaId, answerAt: new Date(Date.now() + 2 * 86_400_000) });
  const changeId = await addChangeRow(db, appealId, { raw: '{"id":1,"text":"Яма на дороге"}' });
  const cardId = await addCardRow(db, appealId, { number: 'ОГ-7/26', registeredAt: new Date() });
  await addPackageRow(db, { cardId, changeId });
  const { eventId, messageId } = await addEventRow(db, { cardId });
  await addDeliveryRow(db, { appealId, cardId, eventId }, { kind: 'status', state: 'done' });
  const refused = {
    state: 'attention',
    errorCode: 'PLATFORM_REJECTED',
    errorDetail: 'comment: код ответа 422',
  };
  const deliveryId = await addDeliveryRow(db, { appealId, cardId, eventId }, refused);
  for (const stage of ['skipped', 'attention', 'settled']) await addAppealRow(db, { opaId, stage });
  return { appealId, changeId, messageId, deliveryId };
}

/** Gives the number of a file that waits for its preview to be looked at. */
async function seedRubricsAndShowcase({ db, dataSource }: ConsoleDeps): Promise<string> {
  await seedRubrics(dataSource, MAPPINGS);
  await importCategories(dataSource, fixtureCategories(), { source: 'тест', who: 'тест' });
  await addWaiting(db, OTHER, 40);
  await addRecord(db, { key: 'принят', verdict: 'send', isAccepted: true });
  await addRecord(db, { key: 'отказан', verdict: 'send', code: 'SHOWCASE_RECORD_REFUSED', isRefused: true });
  await addCabinetRow(db, '1', 'Кабинет витрины');
  await addUpload(db, 'settled', { accepted: 8, rejected: 2 });
  const category = '2001/200101';
  await mapCode(dataSource, { code: ROAD, category }, { who: 'admin', why: 'проверка страниц' });
  const renamed = fixture('pos-categories.csv').toString().replace('Ямы, выбоины', 'Ямы и выбоины');
  return await keepFile(db, {
    who: 'admin',
    name: 'категории.csv',
    kind: 'categories',
    edition: null,
    columns: null,
    content: Buffer.from(renamed),
  });
}

/** Gives the ids of the groups of refused answers, unreadable messages and items of the feed. */
async function seedIncidents({ db, incidents, cabinets }: ConsoleDeps) {
  const opaId = cabinets()[0]?.opaId ?? '';
  await incidents.open(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:lko-2', 'код ответа 401');
  await incidents.open(db, 'SED_SILENT', 'channel:delo-1:not-taken');
  await db.query(
    `INSERT INTO quarantine (channel, message_dir, code, detail) VALUES ('delo-1', 'a1', 'SED_MESSAGE_UNREADABLE', 'XML: строка 7')`,
  );
  await db.query(
    `INSERT INTO unread_item (opa_id, identity, raw, issues) VALUES ($1, '1', '{}', 'posId: нет')`,
    [opaId],
  );
  await incidents.open(db, 'APPEAL_SHAPE_UNKNOWN', 'cabinet:lko-1');
  await reconcileIncidents({ db, incidents, log }, 0);
  const groups = await db.query<{ id: string; code: string }>('SELECT id::text AS id, code FROM incident');
  const idOf = (code: string) => groups.find((group) => group.code === code)?.id ?? '';
  return {
    answers: idOf('PLATFORM_REJECTED'),
    messages: idOf('SED_MESSAGE_UNREADABLE'),
    items: idOf('APPEAL_SHAPE_UNKNOWN'),
  };
}
