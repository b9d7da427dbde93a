import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fault } from '../../../src/model/errors.ts';
import type { SedEvent } from '../../../src/sed/port.ts';
import { type Inbox, openInbox } from './harness.ts';
import { docInfo, envelope, registrationReport } from './messages.ts';

let inbox: Inbox;
beforeEach(async () => {
  inbox = await openInbox();
});
afterEach(async () => {
  await inbox.close();
});

const dirs = () => inbox.sink.accepted.map((message) => message.messageDir);
const identity = (event: SedEvent) => JSON.stringify([event.documentUid, event.kind, event.subject]);
const put = async (dir: string, uid = dir) => {
  await inbox.put(dir, { 'Report.xml': registrationReport({ uid, messageId: dir, returnId: uid }) });
};
const down = () => {
  throw new Fault('DATABASE_UNREACHABLE');
};

describe('the sink refuses', () => {
  it('removes nothing, tells, and tries again', async () => {
    inbox.sink.beforeAccept = down;
    await put('m1');
    await inbox.sweep();
    expect(inbox.faults).toMatchObject([{ code: 'DATABASE_UNREACHABLE' }]);
    expect(await inbox.list()).toEqual(['m1', 'm1.env', 'm1/Report.xml']);
    inbox.sink.beforeAccept = () => {};
    await inbox.sweep();
    expect(dirs()).toEqual(['m1']);
    expect(await inbox.list()).toEqual([]);
  });

  it('the same when the spool is full', async () => {
    inbox.sink.beforeSpool = () => {
      throw new Fault('SPOOL_UNAVAILABLE');
    };
    await inbox.put('m1', { 'DocInfo.xml': docInfo({ resources: [{ uid: '1', name: 'a' }] }), a: 'x' });
    await inbox.sweep();
    expect(inbox.faults).toMatchObject([{ code: 'SPOOL_UNAVAILABLE' }]);
    expect(await inbox.list()).toContain('m1/a');
  });

  it('what it threw becomes a Fault', async () => {
    inbox.sink.beforeAccept = () => {
      throw new TypeError('x is not a function');
    };
    await put('m1');
    await inbox.sweep();
    expect(inbox.faults[0]).toBeInstanceOf(Fault);
    expect(inbox.faults).toMatchObject([{ code: 'DEFECT' }]);
  });

  it('does not try a thousand messages on a sink that is down', async () => {
    inbox.sink.beforeAccept = down;
    for (let index = 0; index < 100; index += 1) await put(`m${index}`);
    await inbox.sweep();
    expect(inbox.faults.length).toBeLessThan(20);
    inbox.sink.beforeAccept = () => {};
    await inbox.sweep();
    expect(dirs()).toHaveLength(100);
  });

  it('one message that it never takes holds nobody up but its own document', async () => {
    inbox.sink.beforeAccept = (message) => {
      if (message.messageDir.startsWith('bad')) down();
    };
    for (let index = 0; index < 12; index += 1) await put(`bad${index}`);
    await put('later-of-bad0', 'bad0');
    await put('good');
    await inbox.sweep();
    await inbox.sweep();
    expect(dirs()).toEqual(['good']);
    await put('good2');
    await put('latest-of-bad0', 'bad0');
    await inbox.sweep();
    expect(dirs()).toEqual(['good', 'good2']);
    inbox.sink.beforeAccept = () => {};
    await inbox.sweep();
    const ofBad0 = dirs().filter((dir) => dir.endsWith('bad0'));
    expect(ofBad0).toEqual(['bad0', 'later-of-bad0', 'latest-of-bad0']);
    expect(await inbox.list()).toEqual([]);
  });
});

describe('killed in between', () => {
  it('stored, envelope still there: read again with the same identity', async () => {
    const files = { 'Report.xml': registrationReport() };
    await inbox.put('m1', files);
    await inbox.sweep();
    inbox.restart();
    await inbox.put('m1', files);
    await inbox.sweep();
    const [first, second] = inbox.sink.accepted;
    expect(second).toEqual(first);
    expect(await inbox.list()).toEqual([]);
  });

  it('envelope removed, folder not: removed once its MessageID is known, also when only the XML is left', async () => {
    const xml = docInfo({ messageId: 'id-1', resources: [{ uid: '1', name: 'a.pdf' }] });
    await inbox.put('m1', { 'DocInfo.xml': xml, 'a.pdf': 'x' });
    await inbox.sweep();
    await inbox.put('m1', { 'DocInfo.xml': xml }, null);
    inbox.restart();
    await inbox.sweep();
    // For half a minute it may be a message that the СЭД is writing for the second time.
    expect(await inbox.list()).toEqual(['m1', 'm1/DocInfo.xml']);
    inbox.clock.advance(30_000);
    await inbox.sweep();
    expect(await inbox.list()).toEqual([]);
    expect(inbox.sink.troubles).toEqual([]);
    expect(dirs()).toEqual(['m1']);
  });

  it('a known message that comes again whole is simply read', async () => {
    const xml = registrationReport({ messageId: 'id-1' });
    await inbox.put('m1', { 'Report.xml': xml });
    await inbox.sweep();
    await inbox.put('m1', { 'Report.xml': xml }, null);
    await inbox.sweep();
    await writeFile(join(inbox.folder, 'm1.env'), envelope('m1'));
    inbox.clock.advance(30_000);
    await inbox.sweep();
    expect(dirs()).toEqual(['m1', 'm1']);
    expect(await inbox.list()).toEqual([]);
  });

  it('an unknown folder is left for ever, and told once, an hour after its last change', async () => {
    await inbox.put('m1', { 'Report.xml': registrationReport() }, null);
    await mkdir(join(inbox.folder, 'empty'));
    await inbox.sweep();
    inbox.clock.advance(3_599_999);
    await writeFile(join(inbox.folder, 'm1', 'more'), 'x');
    await inbox.sweep();
    expect(inbox.sink.troubles).toEqual([]);
    inbox.clock.advance(1);
    await inbox.sweep();
    expect(inbox.sink.troubles.map((told) => told.slice(0, 3))).toEqual([
      ['main', 'empty', 'SED_MESSAGE_NO_ENVELOPE'],
    ]);
    inbox.clock.advance(3_600_000);
    await inbox.sweep();
    inbox.clock.advance(3_600_000);
    await inbox.sweep();
    expect(inbox.sink.troubles.map((told) => told[1])).toEqual(['empty', 'm1']);
    expect(await inbox.list()).toEqual(['empty', 'm1', 'm1/Report.xml', 'm1/more']);
  });

  it('an envelope under another name owns its folder', async () => {
    await inbox.put('m1', { 'Report.xml': registrationReport().slice(0, 500) }, null);
    await writeFile(join(inbox.folder, 'other.env'), envelope('m1'));
    inbox.sink.known = async () => true;
    for (let hour = 0; hour < 2; hour += 1) {
      await inbox.sweep();
      expect(await inbox.list()).toContain('m1/Report.xml');
      inbox.clock.advance(300_000);
    }
    expect(inbox.sink.troubles).toEqual([]);
  });

  it('says so and goes on when «known» cannot be answered', async () => {
    inbox.sink.known = async () => down();
    await inbox.put('m1', { 'Report.xml': registrationReport() }, null);
    await inbox.sweep();
    inbox.clock.advance(30_000);
    await inbox.sweep();
    expect(inbox.faults).toMatchObject([{ code: 'DATABASE_UNREACHABLE' }]);
    inbox.sink.known = async () => true;
    await inbox.sweep();
    expect(await inbox.list()).toEqual([]);
  });
});

describe('the folder vanishes', () => {
  it('is told as a fault that names it, and reading goes on when it is back', async () => {
    await put('m1');
    const away = `${inbox.folder}-away`;
    await rename(inbox.folder, away);
    expect(await inbox.sweep()).toBe(false);
    expect(inbox.faults).toMatchObject([
      { code: 'SED_FOLDER_UNAVAILABLE', detail: `${inbox.folder}: ENOENT` },
    ]);
    await rename(away, inbox.folder);
    expect(await inbox.sweep()).toBe(true);
    expect(dirs()).toEqual(['m1']);
  });
});

describe('any order, any doubling, any cut (property)', () => {
  it('ends with the same identities and an empty folder', async () => {
    const plan = fc.record({
      order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
      doubled: fc.subarray([0, 1, 2, 3, 4, 5]),
      refused: fc.array(fc.nat(11), { maxLength: 6 }),
      restartAfter: fc.nat(4),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ order, doubled, refused, restartAfter }) => {
        await rm(inbox.folder, { recursive: true });
        await mkdir(inbox.folder);
        inbox.restart();
        inbox.sink.accepted.length = 0;
        let call = 0;
        inbox.sink.beforeAccept = () => {
          call += 1;
          if (refused.includes(call - 1)) down();
        };
        for (const [place, index] of [...order, ...doubled].entries()) {
          const xml = registrationReport({
            uid: `doc${index % 3}`,
            messageId: `id${index}`,
            returnId: `r${index}`,
          });
          await inbox.put(`m${place}`, { 'Report.xml': xml });
        }
        for (let sweep = 0; sweep < 10; sweep += 1) {
          if (sweep === restartAfter) inbox.restart();
          await inbox.sweep();
        }
        expect(await inbox.list()).toEqual([]);
        const stored = new Set(inbox.sink.accepted.flatMap((message) => message.events.map(identity)));
        expect(stored.size).toBe(3);
        expect(inbox.sink.accepted).toHaveLength(order.length + doubled.length);
      }),
      { numRuns: 30 },
    );
  });
});
