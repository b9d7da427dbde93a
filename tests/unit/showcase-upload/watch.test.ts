import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { Fault } from '../../../src/model/errors.ts';
import { askRuns, takeAskedRuns } from '../../../src/showcase/asked-runs.ts';
import { showcaseDir } from '../../../src/showcase/files.ts';
import { settleRun } from '../../../src/showcase/run-outcome.ts';
import { carryUploads } from '../../../src/showcase/upload.ts';
import type { HeldFile, UploadDeps } from '../../../src/showcase/upload-deps.ts';
import { forgetReports, removeEndedFiles, watchUploads } from '../../../src/showcase/watch-uploads.ts';
import { createRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.close());

describe('an upload that does not come to its end', () => {
  it('is one incident and one mail after a day of failed tries; both end when it goes through', async () => {
    await rig.put(1);
    await rig.write();
    rig.simulator.fault({ route: 'showcase-upload', kind: 'error-500' });
    await rig.drive(5);
    await watchUploads(rig.deps);
    expect(await rig.incidents()).toEqual([]);
    await rig.drive(30);
    await watchUploads(rig.deps);
    await watchUploads(rig.deps);
    expect(await rig.incidents()).toEqual([
      { code: 'SHOWCASE_DELAYED', scope: 'showcase:main', open: true, count: 1 },
    ]);
    expect(await rig.mails()).toHaveLength(1);
    rig.simulator.clearFaults();
    expect(await rig.drive()).toBe(true);
    expect(await rig.incidents()).toMatchObject([{ open: false }]);
    expect(await rig.mails()).toHaveLength(2);
  });

  it('is told of after three days without a report', async () => {
    rig.simulator.configure({ showcasePolls: -1 });
    await rig.put(1);
    await rig.write();
    await rig.drive(2);
    await watchUploads(rig.deps);
    expect(await rig.mails()).toEqual([]);
    await rig.db.query(`UPDATE showcase_upload SET sent_at = now() - interval '4 days'`);
    await watchUploads(rig.deps);
    expect(await rig.mails()).toHaveLength(1);
    // It is still asked for, and goes through when the platform is ready at last.
    rig.simulator.finishUploads('100200');
    expect(await rig.drive()).toBe(true);
  });
});

describe('files that deaths have left', () => {
  it('go when their uploads have ended; others stay', async () => {
    await rig.put(1);
    await rig.write();
    await rig.drive();
    const [row] = await rig.db.query<{ file: string }>(`SELECT file FROM showcase_upload`);
    await mkdir(showcaseDir(rig.spoolDir), { recursive: true });
    await writeFile(join(showcaseDir(rig.spoolDir), row?.file ?? ''), 'x');
    await rig.put(2);
    await rig.write();
    expect(await rig.files()).toHaveLength(2);
    expect(await removeEndedFiles(rig.db, rig.spoolDir)).toBe(1);
    expect(await rig.files()).toHaveLength(1);
    expect(await rig.drive()).toBe(true);
    expect(await removeEndedFiles(rig.db, join(rig.spoolDir, 'нет'))).toBe(0);
  });
});

describe('reports', () => {
  it('are forgotten a month after their end; what they said of records is not', async () => {
    await rig.reset({
      showcasePolls: 0,
      showcaseRules: [{ field: 'channel', effect: 'record', code: 'BAD' }],
    });
    await rig.put(1, { channel: 'плохо' });
    await rig.write();
    await rig.drive();
    const kept = async () => (await rig.db.query(`SELECT 1 FROM showcase_error`)).length;
    await forgetReports(rig.db);
    expect(await kept()).toBe(1);
    await rig.db.query(`UPDATE showcase_upload SET settled_at = now() - interval '31 days'`);
    await forgetReports(rig.db);
    expect(await kept()).toBe(0);
    expect((await rig.records())[0]).toMatchObject({ state: 'refused', detail: 'BAD: не подходит' });
  });
});

describe('a dry cabinet', () => {
  it('has its files put aside, and sends them when it goes live', async () => {
    let isDry = true;
    const kept: HeldFile[] = [];
    const deps: UploadDeps = {
      ...rig.deps,
      dry: { covers: () => isDry, keep: async (_cabinet, file) => void kept.push(file) },
    };
    await rig.put(1);
    await rig.write();
    const carry = async () => {
      await rig.hurry();
      return await carryUploads(deps, new AbortController().signal);
    };
    await carry();
    await carry();
    expect(kept).toHaveLength(2);
    expect(kept[0]?.path.startsWith(showcaseDir(rig.spoolDir))).toBe(true);
    expect(rig.simulator.counters().requests['showcase-upload']).toBeUndefined();
    expect((await rig.uploads())[0]).toMatchObject({ state: 'ready', attempts: 0 });
    isDry = false;
    for (let turn = 0; turn < 6; turn += 1) await carry();
    expect((await rig.records())[0]?.state).toBe('accepted');
  });
});

describe('a run', () => {
  const deps = () => ({ ...rig.deps, log: pino({ level: 'silent' }) });
  const failing = (code: ConstructorParameters<typeof Fault>[0]) => async () => {
    throw new Fault(code);
  };

  it('that fails for what passes is thrown on to be tried again, one incident meanwhile', async () => {
    for (let turn = 0; turn < 2; turn += 1) {
      await expect(settleRun(deps(), 'main', failing('SED_ARCHIVE_UNREACHABLE'))).rejects.toMatchObject({
        code: 'SED_ARCHIVE_UNREACHABLE',
      });
    }
    expect(await rig.incidents()).toEqual([
      { code: 'SED_ARCHIVE_UNREACHABLE', scope: 'showcase:main', open: true, count: 2 },
    ]);
    await settleRun(deps(), 'main', async () => undefined);
    expect(await rig.incidents()).toMatchObject([{ open: false }]);
  });

  it('that only a person can mend is not tried again', async () => {
    await settleRun(deps(), 'main', failing('SHOWCASE_ORGANIZATION_UNKNOWN'));
    await settleRun(deps(), 'main', failing('CONFIG_INVALID'));
    expect(await rig.incidents()).toMatchObject([
      { code: 'SHOWCASE_ORGANIZATION_UNKNOWN', open: false },
      { code: 'CONFIG_INVALID', open: true },
    ]);
  });

  it('that was stopped or found another at it is no incident', async () => {
    for (const code of ['STOPPED', 'SHOWCASE_BUSY'] as const) {
      await expect(settleRun(deps(), 'main', failing(code))).rejects.toMatchObject({ code });
    }
    expect(await rig.incidents()).toEqual([]);
  });

  it('leaves the incidents of uploads to the uploads, those of records to the records', async () => {
    for (const code of ['SHOWCASE_FILE_REFUSED', 'RUBRIC_NOT_MAPPED'] as const) {
      await rig.deps.incidents.open(rig.db, code, 'showcase:main');
    }
    await settleRun(deps(), 'main', async () => undefined);
    await settleRun(deps(), 'main', failing('SHOWCASE_ORGANIZATION_UNKNOWN'));
    expect(await rig.incidents()).toMatchObject([
      { code: 'SHOWCASE_FILE_REFUSED', open: true },
      { code: 'RUBRIC_NOT_MAPPED', open: true },
      { code: 'SHOWCASE_ORGANIZATION_UNKNOWN', open: true },
    ]);
  });

  it('asked for is given out once', async () => {
    await askRuns(rig.db, ['a', 'b']);
    await askRuns(rig.db, ['a']);
    const taken = await Promise.all([takeAskedRuns(rig.db), takeAskedRuns(rig.db)]);
    expect(taken.flat().sort()).toEqual(['a', 'b']);
    expect(await takeAskedRuns(rig.db)).toEqual([]);
  });
});
