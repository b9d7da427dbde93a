import { EventEmitter } from 'node:events';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ConfigChange, type Environment, loadConfig, watchConfig } from '../../../src/config/index.ts';
import type { Fault } from '../../../src/model/errors.ts';
import { CHANNEL, cabinetYaml, dropFolder, mainYaml, makeFolder, putFiles, until } from './helpers.ts';

let folder: string;
let stop: () => Promise<void> = async () => undefined;
beforeEach(async () => {
  folder = await makeFolder({
    'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\n'),
    'cabinets.d/b.yaml': cabinetYaml('b', '200', 'passwordFile: secrets/b\n'),
    'secrets/adm': 'first',
    'secrets/b': 'first',
  });
});
afterEach(async () => {
  await stop();
  await dropFolder(folder);
});

interface Started {
  readonly changes: ConfigChange[];
  readonly faults: Fault[];
  readonly hangup: EventEmitter;
}

async function start(
  options: { pollMs?: number; onChange?(change: ConfigChange): void; path?: string; env?: Environment } = {},
): Promise<Started> {
  const path = options.path ?? join(folder, 'posrednik.yaml');
  const loaded = await loadConfig({ path, env: options.env ?? {}, cwd: folder });
  const [changes, faults, hangup]: [ConfigChange[], Fault[], EventEmitter] = [[], [], new EventEmitter()];
  const abort = new AbortController();
  const onChange = (change: ConfigChange) => {
    options.onChange?.(change);
    changes.push(change);
  };
  const running = watchConfig(loaded, onChange, {
    signal: abort.signal,
    onFault: (fault) => faults.push(fault),
    pollMs: options.pollMs ?? 15,
    settleMs: 5,
    hangup,
  });
  stop = async () => {
    abort.abort();
    await running;
    expect(hangup.listenerCount('SIGHUP')).toBe(0);
    stop = async () => undefined;
  };
  await until(() => hangup.listenerCount('SIGHUP') === 1);
  return { changes, faults, hangup };
}

function ids(list: readonly { readonly id: string }[] | undefined): string[] {
  return (list ?? []).map((one) => one.id);
}

/** One more valid change, seen: whatever was to be told before it has been told. */
async function settle({ changes }: Started): Promise<void> {
  const seen = changes.length;
  await putFiles(folder, { 'cabinets.d/marker.yaml': cabinetYaml('marker', '999') });
  await until(() => changes.slice(seen).some((change) => ids(change.added).includes('marker')));
}

describe('watchConfig', () => {
  it('tells cabinets added, changed and removed', async () => {
    const { changes, faults } = await start();
    await putFiles(folder, { 'cabinets.d/c.yaml': cabinetYaml('c', '300') });
    await until(() => changes.length === 1);
    expect(changes[0]).toMatchObject({ removed: [], changed: [], secretsChanged: [], restartNeeded: false });
    expect(ids(changes[0]?.added)).toEqual(['c']);
    await putFiles(folder, { 'cabinets.d/c.yaml': cabinetYaml('c', '301') });
    await until(() => changes.length === 2);
    expect(changes[1]?.changed.map(({ before, after }) => [before.opaId, after.opaId])).toEqual([
      ['300', '301'],
    ]);
    await rm(join(folder, 'cabinets.d/c.yaml'));
    await until(() => changes.length === 3);
    expect(ids(changes[2]?.removed)).toEqual(['c']);
    expect(ids(changes[2]?.loaded.cabinets)).toEqual(['adm', 'b']);
    expect(faults).toEqual([]);
  });

  it('does not stop a cabinet whose file is empty while it is being copied', async () => {
    let loads = 0;
    // Every load looks through the environment: that is how a look shows from outside.
    const env = new Proxy<Environment>(
      {},
      {
        ownKeys: () => {
          loads += 1;
          return [];
        },
      },
    );
    const started = await start({ env });
    await putFiles(folder, { 'cabinets.d/b.yaml': '' });
    const before = loads;
    await until(() => loads >= before + 3);
    await putFiles(folder, { 'cabinets.d/b.yaml': cabinetYaml('b', '200', 'passwordFile: secrets/b\n') });
    await settle(started);
    expect(started.changes.flatMap((change) => [...change.removed, ...change.changed])).toEqual([]);
    expect(started.faults).toEqual([]);
  });

  it('says nothing of a cabinet moved to another file, or of files written again as they were', async () => {
    const started = await start();
    await putFiles(folder, {
      'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\n'),
      'secrets/b': 'first\n',
    });
    await rename(join(folder, 'cabinets.d/b.yaml'), join(folder, 'cabinets.d/z.yaml'));
    await settle(started);
    const all = started.changes.flatMap((change) => [...change.removed, ...change.secretsChanged]);
    expect(all.filter((cabinet) => cabinet.id !== 'b')).toEqual([]);
    expect(started.changes.flatMap((change) => change.changed)).toEqual([]);
    expect(started.changes.flatMap((change) => change.secretsChanged)).toEqual([]);
  });

  it('tells whose password file has new content, and those alone', async () => {
    const { changes } = await start();
    await putFiles(folder, { 'secrets/b': 'second' });
    await until(() => changes.length === 1);
    expect(ids(changes[0]?.secretsChanged)).toEqual(['b']);
    expect(changes[0]).toMatchObject({ added: [], removed: [], changed: [], restartNeeded: false });
    expect(JSON.stringify(changes[0])).not.toContain('second');
  });

  it('tells a password file that was missing and has come, not one that has gone', async () => {
    await rm(join(folder, 'secrets/b'));
    const started = await start();
    await rm(join(folder, 'secrets/adm'));
    await settle(started);
    expect(started.changes.flatMap((change) => ids(change.secretsChanged))).toEqual([]);
    await putFiles(folder, { 'secrets/b': 'there' });
    await until(() => started.changes.some((change) => ids(change.secretsChanged).includes('b')));
  });

  it('tells an invalid version once, keeps the old one, and goes on from the next valid one', async () => {
    const { changes, faults } = await start();
    await putFiles(folder, { 'cabinets.d/c.yaml': 'id: C\n' });
    await until(() => faults.length === 1);
    expect(faults[0]).toMatchObject({
      code: 'CONFIG_INVALID',
      detail: expect.stringContaining('cabinets.d/c.yaml: id'),
    });
    await writeFile(join(folder, 'secrets/b'), 'looked at again');
    await putFiles(folder, { 'cabinets.d/c.yaml': 'id: C\n# the same faults\n' });
    await putFiles(folder, { 'cabinets.d/c.yaml': cabinetYaml('c', '300') });
    await until(() => changes.some((change) => ids(change.added).includes('c')));
    expect(faults).toHaveLength(1);
    expect(changes.flatMap((change) => change.removed)).toEqual([]);
    await putFiles(folder, { 'cabinets.d/c.yaml': 'id: C\n' });
    await until(() => faults.length === 2);
  });

  it('finds a fault mended in a folder that only the invalid version knows', async () => {
    await putFiles(folder, { 'other.d/x.yaml': 'id: [\n' });
    const { changes, faults } = await start();
    await putFiles(folder, { 'posrednik.yaml': mainYaml('cabinetsDir: other.d\n') });
    await until(() => faults.length === 1);
    await putFiles(folder, { 'other.d/x.yaml': cabinetYaml('x', '300') });
    await until(() => changes.length === 1);
    expect(ids(changes[0]?.added)).toEqual(['x']);
    expect(ids(changes[0]?.removed)).toEqual(['b']);
    expect(changes[0]?.restartNeeded).toBe(true);
  });

  it('says when other settings changed, once, and refuses a channel that nobody reads yet', async () => {
    const { changes, faults } = await start();
    await putFiles(folder, { 'posrednik.yaml': mainYaml('cabinetsDir: cabinets.d\nlog: {level: warn}\n') });
    await until(() => changes.length === 1);
    expect(changes[0]).toMatchObject({ restartNeeded: true, added: [], removed: [], changed: [] });
    const second = CHANNEL.replace('id: delo', 'id: new').replace('x/out', 'y/out').replace('x/in', 'y/in');
    const withChannel = mainYaml('cabinetsDir: cabinets.d\n').replace(
      'cabinets:',
      `${second.trimStart().replace(/^/, '  ')}cabinets:`,
    );
    await putFiles(folder, {
      'posrednik.yaml': withChannel,
      'cabinets.d/c.yaml': cabinetYaml('c', '300').replace('channel: delo', 'channel: new'),
    });
    await until(() => faults.some((fault) => fault.detail?.includes('перезапустите') === true));
    expect(changes.flatMap((change) => ids(change.added))).toEqual([]);
  });

  it('tells a change again when it could not be used', async () => {
    let failures = 2;
    const { changes, faults } = await start({
      onChange: () => {
        failures -= 1;
        if (failures >= 0) throw new Error('not now');
      },
    });
    await putFiles(folder, { 'secrets/b': 'second', 'cabinets.d/c.yaml': cabinetYaml('c', '300') });
    await until(() => changes.some((change) => ids(change.added).includes('c')));
    await until(() => changes.some((change) => ids(change.secretsChanged).includes('b')));
    expect(faults).toMatchObject([{ code: 'DEFECT' }]);
  });

  it('looks at once on SIGHUP', async () => {
    const { changes, hangup } = await start({ pollMs: 600_000 });
    await putFiles(folder, { 'cabinets.d/c.yaml': cabinetYaml('c', '300') });
    hangup.emit('SIGHUP');
    await until(() => changes.length === 1);
    expect(ids(changes[0]?.added)).toEqual(['c']);
  });

  it('is woken by the folder itself, long before the next look', async () => {
    const { changes } = await start({ pollMs: 600_000 });
    // The watches are set just after the first picture of the secrets; writing until seen needs no knowledge of when.
    await until(async () => {
      await putFiles(folder, { 'secrets/b': `later ${Date.now()}` });
      return changes.length > 0;
    });
    expect(ids(changes[0]?.secretsChanged)).toEqual(['b']);
  });

  it('sees a whole folder swapped by a link, as an orchestrator does it', async () => {
    const [v1, v2, data] = [join(folder, 'mnt/v1'), join(folder, 'mnt/v2'), join(folder, 'mnt/..data')];
    await putFiles(v1, { 'b.yaml': cabinetYaml('b', '200') });
    await putFiles(v2, { 'b.yaml': cabinetYaml('b', '201') });
    await symlink('v1', data);
    await mkdir(join(folder, 'mnt/cabinets'));
    await symlink('../..data/b.yaml', join(folder, 'mnt/cabinets/b.yaml'));
    await putFiles(folder, { 'swap.yaml': mainYaml('cabinetsDir: mnt/cabinets\n') });
    const { changes } = await start({ path: join(folder, 'swap.yaml') });
    await symlink('v2', `${data}_tmp`);
    await rename(`${data}_tmp`, data);
    await until(() => changes.length === 1);
    expect(changes[0]?.changed.map(({ after }) => after.opaId)).toEqual(['201']);
  });

  it('ends when told, also before it began', async () => {
    await start({ pollMs: 600_000 });
    await stop();
    const loaded = await loadConfig({ path: join(folder, 'posrednik.yaml'), env: {}, cwd: folder });
    const signal = AbortSignal.abort();
    const onFault = () => undefined;
    await expect(watchConfig(loaded, () => undefined, { signal, onFault })).resolves.toBeUndefined();
  });
});
