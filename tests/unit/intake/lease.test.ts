import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { releaseDeadLeases } from '../../../src/intake/lease.ts';
import { cabinetRow, openSite, type Site, type SiteCabinet } from './site.ts';

const HOST = 'сервер-1';
const OWN = `${HOST}:4242:aaaaaaaa`;

let site: Site;
let deadPid: number;

beforeAll(async () => {
  site = await openSite();
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  deadPid = child.pid ?? 0;
});
afterAll(() => site.close());

async function heldBy(owner: string, until = `now() + interval '2 minutes'`): Promise<SiteCabinet> {
  const cabinet = await site.addCabinet();
  await site.db.query(
    `UPDATE cabinet SET polling_owner = $2, polling_until = ${until}, next_poll_at = now() WHERE opa_id = $1`,
    [cabinet.config.opaId, owner],
  );
  return cabinet;
}

const release = () => releaseDeadLeases(site.deps({ owner: OWN }));

describe('cabinets held by readers that died', () => {
  it('come back at once when the reader was a process of this machine', async () => {
    const cabinet = await heldBy(`${HOST}:${deadPid}:bbbbbbbb`);
    await release();
    expect((await cabinetRow(site, cabinet)).polling_owner).toBeNull();
  });

  it('come back when the reader had our own process number before us', async () => {
    const cabinet = await heldBy(`${HOST}:4242:bbbbbbbb`);
    await release();
    expect((await cabinetRow(site, cabinet)).polling_owner).toBeNull();
  });

  it.each([
    ['lives', () => `${HOST}:${process.pid}:bbbbbbbb`],
    ['belongs to somebody else and lives', () => `${HOST}:1:bbbbbbbb`],
    ['is on another machine', () => `сервер-2:${deadPid}:bbbbbbbb`],
    ['is ourselves', () => OWN],
    ['has no number', () => HOST],
    ['has an odd number', () => `${HOST}:-1:bbbbbbbb`],
  ])('stay with a reader that %s', async (_what, owner) => {
    const cabinet = await heldBy(owner());
    await release();
    expect((await cabinetRow(site, cabinet)).polling_owner).toBe(owner());
  });
});
