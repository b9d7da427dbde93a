import { spawnSync } from 'node:child_process';
import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createIncidents } from '../../../src/alerts/incidents.ts';
import { createBreakers } from '../../../src/endpoints/breaker.ts';
import { Fault } from '../../../src/model/errors.ts';
import { resendCards } from '../../../src/registration/commands.ts';
import type { RegistrationDeps } from '../../../src/registration/deps.ts';
import { workAppeals } from '../../../src/registration/work.ts';
import { loadCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { createSevExchange } from '../../../src/sed/sev/index.ts';
import { listMessages, listOut, outOf, readMessage, takeAway } from './folders.ts';
import { jobOf, type Rig, startRig } from './rig.ts';
import { appealOf, cardOf, cardsOf, incidentsOf, journalOf, packageOf, packagesOf } from './rows.ts';

const IS_ROOT = process.getuid?.() === 0;

let rig: Rig;
const undo: (() => Promise<void>)[] = [];
beforeAll(async () => {
  rig = await startRig({ withoutDelo: true });
});
afterAll(async () => {
  await rig.stop();
});
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
  rig.clock.offset += 3_600_000;
  for (const dir of await listMessages(rig)) await takeAway(rig, dir);
});

/** The folder is gone, as a share that was disconnected; it comes back when the test mends it. */
async function disconnect(): Promise<() => Promise<void>> {
  const out = outOf(rig);
  await rename(out, `${out}.away`);
  let away = true;
  async function mend(): Promise<void> {
    if (!away) return;
    away = false;
    await rm(out, { recursive: true, force: true });
    await rename(`${out}.away`, out);
  }
  undo.push(mend);
  return mend;
}

async function work(posId: string, deps: RegistrationDeps = rig.deps): Promise<void> {
  const { id, opa_id } = await appealOf(rig.db, posId);
  rig.queue.takeAppeals();
  await workAppeals(deps, [jobOf({ appealId: id, opaId: opa_id })]);
}

async function dueInMs(posId: string): Promise<number> {
  const [row] = await rig.db.query<{ ms: number }>(
    `SELECT (extract(epoch FROM due_at - now()) * 1000)::float8 AS ms FROM appeal WHERE pos_id = $1`,
    [posId],
  );
  return row?.ms ?? Number.NaN;
}

describe('a channel folder that cannot be written', () => {
  it.each([
    ['gone', disconnect],
    [
      'a file instead of a folder',
      async () => {
        const mend = await disconnect();
        await writeFile(outOf(rig), '');
        return mend;
      },
    ],
  ])('%s: the card waits, nothing is half-written, and goes when it is back', async (_, breakIt) => {
    const posId = await rig.appeal({ files: [{ name: 'а.jpg', content: 'x'.repeat(2000) }] });
    const mend = await breakIt();
    await work(posId);
    expect(await packageOf(rig.db, posId)).toMatchObject({ stage: 'writing', write_failures: 1 });
    expect(await cardOf(rig.db, posId)).toMatchObject({ stage: 'planned', error_code: null });
    expect(await dueInMs(posId)).toBeGreaterThan(-1000);
    await mend();
    expect(await listOut(rig)).toEqual([]);
    await rig.until('sent', async () => (await cardOf(rig.db, posId)).stage === 'sent');
    expect(await listOut(rig)).toHaveLength(2);
    expect(await packagesOf(rig.db, posId)).toHaveLength(1);
  });

  const readOnly = IS_ROOT ? it.skip : it;
  readOnly(`read-only${IS_ROOT ? ' (skipped: root may write anywhere)' : ''}: the same`, async () => {
    await chmod(outOf(rig), 0o555);
    undo.push(() => chmod(outOf(rig), 0o755));
    const posId = await rig.appeal();
    await work(posId);
    expect((await packageOf(rig.db, posId)).write_failures).toBe(1);
    expect(await listOut(rig)).toEqual([]);
    await chmod(outOf(rig), 0o755);
    await rig.until('sent', async () => (await cardOf(rig.db, posId)).stage === 'sent');
  });

  const full = canMount() ? it : it.skip;
  full(`full${canMount() ? '' : ' (skipped: no right to mount here)'}: nothing half-written`, async () => {
    const out = outOf(rig);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', out]);
    expect(mounted.status).toBe(0);
    let isMounted = true;
    async function unmount(): Promise<void> {
      if (isMounted) spawnSync('umount', [out]);
      isMounted = false;
    }
    undo.push(unmount);
    const posId = await rig.appeal({ files: [{ name: 'а.jpg', content: 'x'.repeat(200_000) }] });
    await work(posId);
    expect(await packageOf(rig.db, posId)).toMatchObject({ stage: 'writing', write_failures: 1 });
    expect(await readdir(out)).toEqual([]);
    await unmount();
    await rig.until('sent', async () => (await cardOf(rig.db, posId)).stage === 'sent');
  });

  it('waits longer and longer, up to the cap, however often it fails', async () => {
    const mend = await disconnect();
    const posId = await rig.appeal();
    const slow = rig.worker({ retry: { base: 10_000, factor: 4, cap: 3_600_000, windowMs: 1 } });
    const waits: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      rig.clock.offset += 3_600_000;
      await work(posId, slow);
      waits.push(Math.round((await dueInMs(posId)) / 1000));
    }
    // Half of 10 s, 40 s, 160 s, … for the dice of these tests always show one half.
    expect(waits.map((wait, place) => Math.abs(wait - Math.min(5 * 4 ** place, 1800)) <= 2)).not.toContain(
      false,
    );
    expect((await cardOf(rig.db, posId)).stage).toBe('planned');
    await mend();
    rig.clock.offset += 3_600_000;
    await work(posId);
    expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  });

  it('opens its breaker after five, burns no more attempts, and closes it when it is back', async () => {
    const clock = { offset: 0 };
    const told: string[] = [];
    const worker = rig.worker({
      breakers: createBreakers({
        now: () => performance.now() + clock.offset,
        onChange: ({ endpoint, to, fault }) => told.push(`${endpoint} ${to} ${fault?.code ?? ''}`.trim()),
      }),
    });
    const mend = await disconnect();
    const posIds = [];
    for (let count = 0; count < 8; count += 1) posIds.push(await rig.appeal());
    for (const posId of posIds) await work(posId, worker);
    expect(told).toEqual(['channel:delo-1 open SED_FOLDER_UNAVAILABLE']);
    const failures = await Promise.all(
      posIds.map(async (id) => (await packageOf(rig.db, id)).write_failures),
    );
    expect(failures).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    // The paused ones come back when the breaker lets a probe go, not before.
    expect(await dueInMs(posIds[7] ?? '')).toBeGreaterThan(5000);
    await mend();
    clock.offset += 11_000;
    for (const posId of posIds) await work(posId, worker);
    expect(told).toEqual(['channel:delo-1 open SED_FOLDER_UNAVAILABLE', 'channel:delo-1 closed']);
    for (const posId of posIds) expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  });

  it('does not hold up the other channel', async () => {
    const other = await startRig({ withoutDelo: true, channels: 2, cabinets: 2 });
    try {
      await rm(outOf(other, 0), { recursive: true });
      const [bad, good] = [await other.appeal({}, 0), await other.appeal({}, 1)];
      await other.drive();
      expect((await cardOf(other.db, bad)).stage).toBe('planned');
      expect((await cardOf(other.db, good)).stage).toBe('sent');
      expect(await listMessages(other, 1)).toHaveLength(1);
    } finally {
      await other.stop();
    }
  });
});

describe('what the mapping cannot say', () => {
  /** The shipped card.yaml with one more requisite: a day that the citizen fills in. */
  async function badMapping(): Promise<RegistrationDeps> {
    const path = join(rig.stand.dir, `card-${Math.random()}.yaml`);
    const shipped = await readFile(join(import.meta.dirname, '../../../mappings/card.yaml'), 'utf8');
    const field = '  - { name: Срок, type: Date, customField: Когда }';
    await writeFile(path, shipped.replace('additionalFields:', `additionalFields:\n${field}`));
    const sed = createSevExchange({
      channels: rig.loaded.config.channels,
      mapping: await loadCardMapping(path),
    });
    return rig.worker({ sed, incidents: createIncidents(rig.deps.log) });
  }

  /** An appeal in which that day is none. */
  function oddAppeal(): Promise<string> {
    const odd = { customFieldId: '1', name: 'Когда', fieldType: 'TEXT', value: 'вчера' };
    return rig.appeal({ customFieldValues: [odd] });
  }

  it('puts the card in front of the administrator, with the place, and burns nothing', async () => {
    const posId = await oddAppeal();
    await work(posId, await badMapping());
    const card = await cardOf(rig.db, posId);
    expect(card).toMatchObject({ stage: 'attention', error_code: 'CARD_MAPPING_INVALID' });
    expect(card.error_detail).toContain('Срок');
    expect(await journalOf(rig.db, posId)).toContain('card-attention');
    expect(await incidentsOf(rig.db, 'CARD_MAPPING_INVALID')).toMatchObject([
      { scope: 'channel:delo-1:cards' },
    ]);
    expect(await listOut(rig)).toEqual([]);
    expect((await appealOf(rig.db, posId)).due_at).toBeNull();
    await rig.drive();
    expect((await cardOf(rig.db, posId)).stage).toBe('attention');
  });

  it('and the command after the mapping was mended: the same package goes', async () => {
    const posId = await oddAppeal();
    await work(posId, await badMapping());
    const before = await packageOf(rig.db, posId);
    expect(await resendCards(rig.database.dataSource, posId)).toMatchObject([{ action: 'corrected' }]);
    await rig.drive();
    const after = await packageOf(rig.db, posId);
    expect(after).toMatchObject({ stage: 'sent', attempt: 1, message_id: before.message_id });
    expect(await cardOf(rig.db, posId)).toMatchObject({
      stage: 'sent',
      error_code: null,
      error_detail: null,
    });
    expect((await readMessage(rig, after.message_dir)).xml).toContain(before.message_id);
  });

  it('of an addition concerns the addition alone', async () => {
    const posId = await oddAppeal();
    await work(posId);
    await rig.db.query(
      `UPDATE card SET stage = 'registered', number = '1', date = '2026-01-01' WHERE id = $1`,
      [(await cardOf(rig.db, posId)).id],
    );
    await rig.change(posId, 'WITHDRAWN');
    await work(posId, await badMapping());
    expect((await cardOf(rig.db, posId)).stage).toBe('registered');
    const addition = await packageOf(rig.db, posId, 1);
    expect(addition.stage).toBe('failed');
    expect(addition.failure_text).toContain('CARD_MAPPING_INVALID');
    await resendCards(rig.database.dataSource, posId);
    await rig.drive();
    expect((await packagesOf(rig.db, posId)).at(-1)).toMatchObject({ part: 1, attempt: 2, stage: 'sent' });
  });

  it('does not stop the batch in which it comes', async () => {
    const worker = await badMapping();
    const bad = await oddAppeal();
    const others = [await rig.appeal(), await rig.appeal()];
    const mixed = rig.worker({
      sed: {
        ...rig.sed,
        write: (request, signal) => (request.key.posId === bad ? worker.sed : rig.sed).write(request, signal),
      },
    });
    await rig.drive(mixed);
    expect((await cardOf(rig.db, bad)).stage).toBe('attention');
    for (const posId of others) expect((await cardOf(rig.db, posId)).stage).toBe('sent');
  });

  it('of a channel that is no more in the settings is told as that', async () => {
    const posId = await rig.appeal();
    await work(
      posId,
      rig.worker({
        sed: {
          ...rig.sed,
          write: async () => {
            throw new Fault('CONFIG_INVALID', { detail: 'нет канала СЭД «delo-1»' });
          },
        },
      }),
    );
    expect(await cardsOf(rig.db, posId)).toMatchObject([
      { stage: 'attention', error_code: 'CONFIG_INVALID' },
    ]);
  });
});

/** Root in a container often may not. */
function canMount(): boolean {
  if (!IS_ROOT) return false;
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return probe.status === 0;
}
