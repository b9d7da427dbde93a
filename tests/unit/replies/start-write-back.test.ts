import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cabinet, loadConfig } from '../../../src/config/index.ts';
import { startWriteBack } from '../../../src/start-write-back.ts';
import { repeatEvery } from '../../../src/ticks.ts';
import { type ArchiveSimulator, startArchive } from '../../simulators/delo/archive/index.ts';
import { eventually } from '../../support/eventually.ts';
import { dropFolder, mainYaml, makeFolder } from '../config/helpers.ts';
import { OPA_ID, type SendRig, startSendRig } from './send-rig.ts';

let rig: SendRig;
let simulator: ArchiveSimulator;
let folder: string;
let stop: AbortController;
let running: Promise<unknown>[];

beforeEach(async () => {
  rig = await startSendRig('keys');
  simulator = await startArchive({ cards: 10, platformBorn: 0 });
  folder = await makeFolder({ 'secrets/delo': 'secret\n' });
  stop = new AbortController();
  running = [];
}, 120_000);
afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await simulator.close();
  await rig.stop();
  await dropFolder(folder);
});

/** The part as the daemon composes it, its ticks quicker. */
async function start(cabinet: Partial<Cabinet>, { isDry = false, archives = true } = {}) {
  const more = archives
    ? `archives:\n  - {id: delo-web, baseUrl: '${simulator.url}', user: posrednik, passwordFile: secrets/delo}\n`
    : '';
  await writeFile(join(folder, 'posrednik.yaml'), mainYaml(more));
  const loaded = await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
  const inForce = { ...(rig.cabinet.config as Cabinet), enabled: true, ...cabinet };
  const faults: unknown[] = [];
  const listener = { failed: (error: unknown) => void faults.push(error), succeeded: () => undefined };
  await startWriteBack({
    ...rig.worker(),
    loaded,
    signal: stop.signal,
    cabinets: () => [inForce],
    isDry: () => isDry,
    tick: (_what, _everyMs, action) => void running.push(repeatEvery(20, stop.signal, action, listener)),
    hold: (work) => void running.push(work),
  });
  return { inForce, faults };
}

async function answered() {
  const own = await rig.open();
  const [card] = [...simulator.cards()];
  simulator.change(card?.isn ?? 0, { posId: String(own.posId) });
  await own.tellAnswer({ 'ответ.pdf': '%PDF-1.4' });
  await own.rest();
  return () => simulator.requisites(card?.isn ?? 0)['Статус ПОС'];
}

const owed = () => rig.db.query<{ opa_id: string }>('SELECT opa_id FROM marked_cabinet');

describe('writing back, as the daemon runs it', () => {
  it('reaches the card, and logs off when the daemon stops', async () => {
    const { faults } = await start({ archive: 'delo-web' });
    const status = await answered();
    await eventually('the card shows it', () => status() !== undefined, 20_000);
    expect(status()).toMatch(/^Ответ отправлен на платформу/);
    stop.abort();
    await Promise.all(running);
    expect(simulator.counters()).toMatchObject({ logins: 1, logoffs: 1, merges: 1 });
    expect(faults).toEqual([]);
  }, 60_000);

  it('begins when a cabinet gets an archive, and ends when it has none', async () => {
    const { inForce } = await start({});
    expect(await owed()).toEqual([]);
    Object.assign(inForce, { archive: 'delo-web' });
    await eventually('the cabinet is noted', async () => (await owed()).length === 1, 20_000);
    const status = await answered();
    await eventually('the card shows it', () => status() !== undefined, 20_000);
    Object.assign(inForce, { archive: undefined });
    await eventually('the cabinet is let go', async () => (await owed()).length === 0, 20_000);
  }, 60_000);

  it('writes nothing for a dry cabinet, or one that is switched off', async () => {
    const { inForce } = await start({ archive: 'delo-web', enabled: false });
    await answered();
    const other = await start({ archive: 'delo-web' }, { isDry: true });
    const [before] = await rig.db.query<{ now: string }>('SELECT now()::text AS now');
    // Both have had many turns by then.
    await eventually(
      'time has gone by',
      async () =>
        (await rig.db.query(`SELECT 1 WHERE now() > $1::timestamptz + interval '300 ms'`, [before?.now]))
          .length > 0,
    );
    expect(simulator.counters().logins).toBe(0);
    expect([inForce.enabled, other.faults]).toEqual([false, []]);
  }, 60_000);

  it('without archives in the settings only forgets who owed', async () => {
    await rig.db.query(`INSERT INTO marked_cabinet (opa_id, archive) VALUES ($1, 'gone')`, [OPA_ID]);
    await start({}, { archives: false });
    expect(await owed()).toEqual([]);
    expect(running).toEqual([]);
  }, 60_000);
});
