import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../../src/config/index.ts';
import { type DaemonQueue, openQueue } from '../../../src/queue/queue.ts';
import { startAlerts } from '../../../src/start-alerts.ts';
import { repeatEvery } from '../../../src/ticks.ts';
import { eventually } from '../../support/eventually.ts';
import { dropFolder, mainYaml, makeFolder } from '../config/helpers.ts';
import { log, startWorld, type World } from './incident/world.ts';

const LONG = 120_000;
const SMTP = 'smtp: {host: 127.0.0.1, from: p@a.test, to: [admin@a.test]}\n';
let world: World;
let queue: DaemonQueue;
let folder: string;
let stop: AbortController;
let running: Promise<unknown>[];
beforeAll(async () => {
  world = await startWorld();
  queue = await openQueue({ connectionString: world.database.url, log });
  folder = await makeFolder({ 'secrets/adm': 'x\n', 'state/spool/.keep': '' });
}, LONG);
afterAll(async () => {
  await queue.stop(1000);
  await world.stop();
  await dropFolder(folder);
}, LONG);
beforeEach(async () => {
  await world.clear();
  stop = new AbortController();
  running = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
});

/** The parts that a daemon starts, each turn soon after the last. */
async function start(yaml: string): Promise<unknown[]> {
  await writeFile(join(folder, 'posrednik.yaml'), mainYaml(yaml));
  const loaded = await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
  const faults: unknown[] = [];
  const listener = { failed: (error: unknown) => void faults.push(error), succeeded: () => undefined };
  await startAlerts({
    loaded,
    queue,
    log,
    dataSource: world.database.dataSource,
    db: world.db,
    incidents: world.incidents,
    breakers: { states: () => new Map() },
    finalStatuses: new Set(['ANSWERED']),
    signal: stop.signal,
    cabinets: () => loaded.cabinets,
    tick: (_what, _everyMs, action) => void running.push(repeatEvery(20, stop.signal, action, listener)),
  });
  return faults;
}

const schedules = () =>
  world.db.query<{ key: string; cron: string; timezone: string }>(
    `SELECT key, cron, timezone FROM pgboss.schedule WHERE name = 'admin-digest'`,
  );

describe('what the daemon does about incidents', () => {
  it(
    'finds them, writes of them, and ends them by itself',
    async () => {
      const faults = await start(SMTP);
      await world.deliveries({ count: 3, cause: 'а' });
      const [opened] = await eventually('a mail', async () => {
        const mails = await world.mails();
        return mails.length > 0 && mails;
      });
      expect(opened?.subject).toContain('PLATFORM_REJECTED');
      expect(opened?.to).toEqual(['admin@a.test']);
      await world.db.query(`UPDATE delivery SET state = 'done'`);
      await world.db.query(`UPDATE incident SET last_at = now() - interval '1 minute'`);
      await eventually('the mail of its end', async () => (await world.mails()).length === 2);
      expect(faults).toEqual([]);
    },
    LONG,
  );

  it(
    'goes on with groups that were to be sent again when it died',
    async () => {
      await world.deliveries({ count: 30, cause: 'а' });
      await world.incidents.openCounted(world.db, 'PLATFORM_REJECTED', 'opa:100', 30, 'а', 'а');
      const { id } = await world.only('PLATFORM_REJECTED');
      await world.db.query(
        `INSERT INTO incident_resend (incident_id, who, why, total) VALUES ($1, 'anna', 'исправлено', 30)`,
        [id],
      );
      const faults = await start(SMTP);
      await eventually('all are given out', async () => {
        const left = await world.db.query(`SELECT 1 FROM delivery WHERE state = 'attention'`);
        return left.length === 0;
      });
      await eventually('the wish is through', async () => {
        const open = await world.db.query('SELECT 1 FROM incident_resend WHERE finished_at IS NULL');
        return open.length === 0;
      });
      expect(faults).toEqual([]);
    },
    LONG,
  );

  it(
    'has the digest come by the clock, and by none where it is off or nobody gets it',
    async () => {
      await start(`${SMTP}alerts: {digestAt: '07:15', timeZone: Asia/Yakutsk}\n`);
      expect(await schedules()).toEqual([{ key: 'admin', cron: '15 7 * * *', timezone: 'Asia/Yakutsk' }]);
      const timed = await queue.timed('admin-digest');
      await timed.ring(world.db, ['admin']);
      await eventually('the digest', async () =>
        (await world.mails()).some(({ key }) => key.startsWith('digest:admin:')),
      );
      stop.abort();
      await start(`${SMTP}alerts: {digest: false}\n`);
      expect(await schedules()).toEqual([]);
      await start('');
      expect(await schedules()).toEqual([]);
    },
    LONG,
  );
});
