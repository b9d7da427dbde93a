import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';
import {
  canReach,
  chooseAccount,
  makePrivateFolder,
  pickAccount,
} from '../../../../src/store/embedded/account.ts';
import { chooseEndpoint, endpointOf, urlOf } from '../../../../src/store/embedded/endpoint.ts';
import { openRefuge } from '../../../../src/store/embedded/refuge.ts';
import { lastFatal, logSize, trimServerLog } from '../../../../src/store/embedded/server-log.ts';
import { freshState, readState, writeState } from '../../../../src/store/embedded/state-file.ts';
import { IS_ROOT, NOBODY } from '../../../support/embedded.ts';

const asRoot = IS_ROOT ? it : it.skip;
/** A user that none of the tests' folders belongs to, whoever runs them. */
const STRANGER = { uid: 3_999_999_999, gid: 3_999_999_999 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posrednik-parts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the account of the server', () => {
  const line = (name: string, id: number | string) => `${name}:x:${id}:${id}::/:/bin/false`;

  it('is our own user, else the one of PostgreSQL, else nobody', () => {
    const passwd = [line('root', 0), line('nobody', 65_534), line('postgres', 104), line('posrednik', 900)];
    expect(pickAccount(passwd.join('\n'))).toEqual({ uid: 900, gid: 900 });
    expect(pickAccount(passwd.slice(0, 3).join('\n'))).toEqual({ uid: 104, gid: 104 });
    expect(pickAccount(passwd.slice(0, 2).join('\n'))).toEqual(NOBODY);
  });

  it('is never root and always a number, whatever the list holds', () => {
    const user = fc
      .tuple(fc.constantFrom('postgres', 'nobody', 'posrednik'), fc.oneof(fc.nat(), fc.string()))
      .map(([name, id]) => line(name, id));
    fc.assert(
      fc.property(fc.array(fc.oneof(user, fc.string()), { maxLength: 6 }), (lines) => {
        const { uid, gid } = pickAccount(lines.join('\n'));
        expect(uid).toBeGreaterThan(0);
        expect(Number.isInteger(uid) && Number.isInteger(gid)).toBe(true);
      }),
    );
  });

  it('is needed by root alone', async () => {
    expect((await chooseAccount(join(folder, 'absent'))) === undefined).toBe(!IS_ROOT);
    if (IS_ROOT) expect(await chooseAccount(join(folder, 'absent'))).toEqual(NOBODY);
  });

  it('reaches what all may pass, and its own', async () => {
    const place = join(folder, 'a');
    await mkdir(place);
    const mine = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await chmod(folder, 0o711);
    await chmod(place, 0o700);
    expect(await canReach(place, STRANGER)).toBe(false);
    expect(await canReach(place, mine)).toBe(true);
    await chmod(place, 0o711);
    expect(await canReach(place, STRANGER)).toBe(true);
    await chmod(folder, 0o700);
    expect(await canReach(place, STRANGER)).toBe(false);
    // The group counts for a member, also when it has fewer rights than all others.
    await chmod(folder, 0o701);
    expect(await canReach(place, { uid: STRANGER.uid, gid: mine.gid })).toBe(false);
    await chmod(folder, 0o710);
    expect(await canReach(place, { uid: STRANGER.uid, gid: mine.gid })).toBe(true);
  });

  asRoot('owns its folder alone (skipped when not root)', async () => {
    const place = join(folder, 'private');
    await makePrivateFolder(place, NOBODY);
    await makePrivateFolder(place, NOBODY);
    const { uid, gid, mode } = await stat(place);
    expect([uid, gid, mode & 0o777]).toEqual([NOBODY.uid, NOBODY.gid, 0o700]);
  });
});

describe('the refuge', () => {
  it('is the first folder that is ours alone and open to pass', async () => {
    await chmod(folder, 0o711);
    const [file, anyone, link, good] = ['file', 'anyone', 'link', 'good'].map((name) =>
      join(folder, name),
    ) as [string, string, string, string];
    await writeFile(file, '');
    await mkdir(anyone);
    await chmod(anyone, 0o777);
    await symlink(anyone, link);
    expect(await openRefuge([file, anyone, link, good], STRANGER)).toBe(good);
    expect(await openRefuge([good], STRANGER)).toBe(good);
    await expect(openRefuge([file, anyone, link], STRANGER)).rejects.toMatchObject({
      code: 'EMBEDDED_DATABASE_FAILED',
    });
    await chmod(folder, 0o700);
    await expect(openRefuge([good], STRANGER)).rejects.toMatchObject({ code: 'EMBEDDED_DATABASE_FAILED' });
  });
});

describe('the address', () => {
  it('is a socket as long as the path fits into one', async () => {
    // 107 bytes in all, 14 of them for the name and its slash.
    const longest = `/${'x'.repeat(92)}`;
    expect(await chooseEndpoint(longest)).toEqual({ socketDir: longest, port: 5432 });
    const { socketDir, port } = await chooseEndpoint(`${longest}x`);
    expect(socketDir).toBeUndefined();
    expect(port).toBeGreaterThan(1023);
    // Russian letters take two bytes each.
    expect((await chooseEndpoint(`/${'ж'.repeat(47)}`)).socketDir).toBeUndefined();
  });

  it('is read by the driver as it was meant, whatever the path and the password hold', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((value) => !/[\0\ud800-\udfff]/.test(value));
    fc.assert(
      fc.property(text, text, (path, password) => {
        const client = new Client({
          connectionString: urlOf({ socketDir: `/${path}`, port: 5432 }, password),
        });
        expect([client.host, client.port, client.password]).toEqual([`/${path}`, 5432, password]);
        expect([client.user, client.database]).toEqual(['posrednik', 'posrednik']);
      }),
    );
  });

  it('of a server that has not told it yet is unknown', () => {
    expect(endpointOf({ pid: 1, status: 'starting' })).toBeUndefined();
    expect(endpointOf({ pid: 1, status: 'ready', port: 4000 })).toEqual({ port: 4000 });
    expect(urlOf({ port: 4000 }, 'p')).toBe('postgresql://posrednik:p@127.0.0.1:4000/posrednik');
  });
});

describe("the server's log", () => {
  it('is emptied in place past its limit, and the writer goes on in it', async () => {
    const path = join(folder, 'postgres.log');
    const writer = await open(path, 'a');
    await writer.write('old '.repeat(100));
    await trimServerLog(path, 400);
    expect(await logSize(path)).toBe(400);
    await writer.write('!');
    await trimServerLog(path, 400);
    await writer.write('new');
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readFile(`${path}.1`, 'utf8')).toHaveLength(401);
    await trimServerLog(join(folder, 'absent'));
    expect(await logSize(join(folder, 'absent'))).toBe(0);
  });

  it('gives the last reason of the last start', async () => {
    const path = join(folder, 'postgres.log');
    await writeFile(path, '2026-01-01 UTC [1] FATAL:  old reason\n');
    const from = await logSize(path);
    expect(await lastFatal(path, from)).toBe('');
    await appendFile(
      path,
      '2026-01-01 UTC [2] FATAL:  first\n2026 UTC [2] FATAL:  second\n2026 UTC [2] LOG:  end\n',
    );
    expect(await lastFatal(path, from)).toBe('second');
    expect(await lastFatal(join(folder, 'absent'), 0)).toBe('');
  });
});

describe('embedded.json', () => {
  it('is read as written, closed to others, and absent before', async () => {
    const path = join(folder, 'embedded.json');
    expect(await readState(path)).toBeUndefined();
    const state = freshState('postgres');
    await writeState(path, state);
    expect(await readState(path)).toEqual(state);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeState(path, { ...state, initialised: true });
    expect(await readState(path)).toEqual({ ...state, initialised: true });
    expect(freshState('postgres').password).not.toBe(state.password);
  });

  it('in any other shape is refused, and its text never told', async () => {
    const path = join(folder, 'embedded.json');
    const secret = 'маленький-секрет-базы';
    const texts = ['', '{', `{"password":"${secret}"}`, `"${secret}"`, `{"place":"","password":"${secret}"`];
    for (const text of texts) {
      await writeFile(path, text);
      const fault = await readState(path).catch((error: unknown) => error);
      expect(fault).toMatchObject({ code: 'EMBEDDED_DATABASE_FAILED' });
      expect(`${fault}${JSON.stringify(fault)}${(fault as Error).cause}`).not.toContain(secret);
    }
    await rm(path);
    await mkdir(path);
    await expect(readState(path)).rejects.toMatchObject({ code: 'EMBEDDED_DATABASE_FAILED' });
  });
});
