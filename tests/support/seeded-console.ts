import { mkdir } from 'node:fs/promises';
import { reconcileIncidents } from '../../src/alerts/incident/reconcile.ts';
import { loadConfig } from '../../src/config/index.ts';
import { addApi } from '../../src/console/api/app.ts';
import { apiRoutes } from '../../src/console/api/index.ts';
import type { ConsoleDeps } from '../../src/console/deps.ts';
import { consoleRoutes } from '../../src/console/pages/index.ts';
import { writeAudit } from '../../src/console/users/audit.ts';
import { addToken } from '../../src/console/users/tokens.ts';
import { createLog } from '../../src/log.ts';
import { importCategories } from '../../src/rubrics/import.ts';
import { seedRubrics } from '../../src/rubrics/seed.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { addWaiting, OTHER, ROAD } from '../unit/console/rubrics/rig.ts';
import { addRecord, addUpload } from '../unit/console/showcase/rig.ts';
import { fixtureCategories, MAPPINGS } from '../unit/rubrics/support.ts';
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

/** All pages of the console, none of them empty: what is healthy, what waits, what has failed. */
export interface SeededConsole {
  readonly url: string;
  readonly db: Queryable;
  readonly stand: Stand;
  /** An address of every page. */
  readonly paths: readonly string[];
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
  const { appealId, deliveryId } = await seedAppeals(db, stand);
  await seedRubricsAndShowcase(deps);
  const incidentId = await seedIncidents(deps);
  for (const role of ['viewer', 'operator', 'admin'] as const) await addTestUser(db, role, role);
  await addToken(db, { name: 'отчёты', role: 'viewer', scopes: ['appeals:read'], createdBy: 'admin' });
  await writeAudit(db, { who: 'admin', action: 'signed-in', object: 'user:1', why: 'проверка страниц' });
  const routes = apiRoutes(deps);
  const served = await startTestConsole(db, consoleRoutes(deps), {
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
      '/errors',
      `/errors/${incidentId}`,
      `/errors/${incidentId}/resend`,
      `/deliveries/${deliveryId}/edit`,
      '/showcase',
      '/showcase/failed',
      '/showcase/uploads',
      '/rubrics',
      '/rubrics?open=0003',
      '/rubrics/unmapped',
      `/rubrics/code/${ROAD}`,
      `/rubrics/map?code=${ROAD}&code=${OTHER}`,
      '/rubrics/versions',
      '/rubrics/import',
      '/cabinets',
      '/cabinets/lko-1',
      '/users',
      '/audit',
      '/account',
      '/api/docs',
      '/no-such-page',
    ],
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
  const { eventId } = await addEventRow(db, { cardId });
  await addDeliveryRow(db, { appealId, cardId, eventId }, { kind: 'status', state: 'done' });
  const refused = {
    state: 'attention',
    errorCode: 'PLATFORM_REJECTED',
    errorDetail: 'comment: код ответа 422',
  };
  const deliveryId = await addDeliveryRow(db, { appealId, cardId, eventId }, refused);
  for (const stage of ['skipped', 'attention', 'settled']) await addAppealRow(db, { opaId, stage });
  return { appealId, deliveryId };
}

async function seedRubricsAndShowcase({ db, dataSource }: ConsoleDeps): Promise<void> {
  await seedRubrics(dataSource, MAPPINGS);
  await importCategories(dataSource, fixtureCategories(), { source: 'тест', who: 'тест' });
  await addWaiting(db, OTHER, 40);
  await addRecord(db, { key: 'принят', verdict: 'send', isAccepted: true });
  await addRecord(db, { key: 'отказан', verdict: 'send', code: 'SHOWCASE_RECORD_REFUSED', isRefused: true });
  await addCabinetRow(db, '1', 'Кабинет витрины');
  await addUpload(db, 'settled', { accepted: 8, rejected: 2 });
}

/** Gives the id of the group of refused answers. */
async function seedIncidents({ db, incidents }: ConsoleDeps): Promise<string> {
  await incidents.open(db, 'PLATFORM_CREDENTIALS_WRONG', 'cabinet:lko-2', 'код ответа 401');
  await incidents.open(db, 'SED_SILENT', 'channel:delo-1:not-taken');
  await reconcileIncidents({ db, incidents, log }, 0);
  const [group] = await db.query<{ id: string }>(
    `SELECT id::text AS id FROM incident WHERE code = 'PLATFORM_REJECTED' AND closed_at IS NULL`,
  );
  return group?.id ?? '';
}
