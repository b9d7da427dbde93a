import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SedChannel } from '../../../src/sed/port.ts';
import type { CardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { createSevExchange } from '../../../src/sed/sev/index.ts';
import { fakeClock, type Inbox, openInbox, QUARANTINE_AFTER_MS, SWEEP_MS, until } from './harness.ts';
import { leaf, registrationReport, report } from './messages.ts';

const party = { organizationUid: '1', organizationName: 'А', edmsUid: 'e' };
/** The reading half asks nothing of it. */
const noMapping = {} as unknown as CardMapping;

let inbox: Inbox;
let stop: AbortController;
let running: Promise<void> | undefined;
beforeEach(async () => {
  inbox = await openInbox();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await running;
  running = undefined;
  await inbox.close();
});

function exchange(extra: Partial<Parameters<typeof createSevExchange>[0]> = {}) {
  const channel: SedChannel = {
    id: 'main',
    in: inbox.folder,
    out: join(inbox.folder, '..', 'out'),
    address: 'a',
    number: '1',
    recipient: party,
    sender: party,
    stopDayCount: 365,
  };
  return createSevExchange({ channels: [channel], mapping: noMapping, clock: inbox.clock, ...extra });
}

function start(extra: Partial<Parameters<typeof createSevExchange>[0]> = {}) {
  running = exchange(extra).read('main', inbox.sink, {
    signal: stop.signal,
    sweepMs: SWEEP_MS,
    onFault: (fault) => inbox.faults.push(fault),
  });
}

const dirs = () => inbox.sink.accepted.map((message) => message.messageDir);
const files = (messageId: string) => ({ 'Report.xml': registrationReport({ messageId }) });

describe('createSevExchange().read', () => {
  it('reads what waits at the start and what comes later, by the watch alone', async () => {
    await inbox.put('m1', files('1'));
    start();
    await until(() => dirs().length === 1);
    await until(() => inbox.clock.sleeping() === 1);
    // The clock stands still: no sweep is due.
    await inbox.put('m2', files('2'));
    await until(() => dirs().length === 2);
    expect(dirs()).toEqual(['m1', 'm2']);
    await until(async () => (await readdir(inbox.folder)).length === 0);
  });

  it('reads by sweeps where there is nothing to watch, and survives the folder vanishing', async () => {
    const away = `${inbox.folder}-away`;
    await rename(inbox.folder, away);
    start();
    await until(() => inbox.faults.length === 1);
    expect(inbox.faults).toMatchObject([{ code: 'SED_FOLDER_UNAVAILABLE' }]);
    await until(() => inbox.clock.sleeping() === 1);
    inbox.clock.advance(SWEEP_MS);
    await until(() => inbox.faults.length === 2);
    await rename(away, inbox.folder);
    await inbox.put('m1', files('1'));
    await until(() => inbox.clock.sleeping() === 1);
    inbox.clock.advance(SWEEP_MS);
    await until(() => dirs().length === 1);
    // Another folder of the same name (mounted anew) is watched as well.
    await until(() => inbox.clock.sleeping() === 1);
    await rm(inbox.folder, { recursive: true });
    await mkdir(inbox.folder);
    inbox.clock.advance(SWEEP_MS);
    await until(() => inbox.clock.sleeping() === 1);
    await inbox.put('m2', files('2'));
    await until(() => dirs().length === 2);
  });

  it('goes on after the database was down', async () => {
    inbox.sink.beforeAccept = () => {
      throw new Error('connection terminated');
    };
    await inbox.put('m1', files('1'));
    start();
    await until(() => inbox.faults.length === 1);
    inbox.sink.beforeAccept = () => {};
    await until(() => inbox.clock.sleeping() === 1);
    inbox.clock.advance(SWEEP_MS);
    await until(() => dirs().length === 1);
  });

  it('tries an unreadable message only at sweeps, quarantines it and brings it back on command', async () => {
    start();
    await inbox.put('m1', { 'Report.xml': 'оборв' });
    await until(() => inbox.clock.sleeping() === 1);
    for (let waited = 0; waited <= QUARANTINE_AFTER_MS + SWEEP_MS; waited += SWEEP_MS) {
      inbox.clock.advance(SWEEP_MS);
      await until(() => inbox.clock.sleeping() === 1);
    }
    await until(() => inbox.sink.troubles.length === 1);
    await until(async () => (await inbox.list()).includes('quarantine/m1.env'));
    await exchange().retryQuarantined('main', 'm1');
    expect(await inbox.list()).toContain('m1.env');
  });

  it('ends when aborted, also while it waits', async () => {
    start();
    await until(() => inbox.clock.sleeping() === 1);
    stop.abort();
    await running;
    await inbox.put('m1', files('1'));
    expect(dirs()).toEqual([]);
  });

  it('reads times without an offset in the zone of the channel', async () => {
    await inbox.put('m1', {
      'Report.xml': report({ notification: leaf('Reception', '2025-03-03T10:00:00') }),
    });
    start({ zoneOf: (channel) => (channel === 'main' ? 'Asia/Yakutsk' : 'UTC') });
    await until(() => dirs().length === 1);
    expect(inbox.sink.accepted[0]?.events[0]?.at).toEqual(new Date('2025-03-03T01:00:00Z'));
  });

  it('keeps to the limits it is given', async () => {
    await inbox.put('m1', files('1'));
    start({ maxMessageBytes: 100 });
    await until(() => inbox.sink.troubles.length === 1);
    expect(inbox.sink.troubles[0]?.[3]).toContain('больше разрешённого');
  });

  it('refuses a channel that is not set up', async () => {
    const options = { signal: stop.signal, sweepMs: SWEEP_MS, onFault: () => {} };
    await expect(exchange().read('other', inbox.sink, options)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    await expect(exchange().retryQuarantined('other', 'm1')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('has the writing half too', () => {
    const both = exchange({ clock: fakeClock() });
    for (const method of ['identify', 'render', 'write', 'waiting', 'checkChannel'] as const) {
      expect(typeof both[method]).toBe('function');
    }
  });
});
