import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DemoRun, startDemo, waitUntilGone } from '../support/demo-run.ts';
import { eventually } from '../support/eventually.ts';
import { runPosrednik } from '../support/posrednik.ts';

const START_MS = 90_000;
const SETTLED_MS = 90_000;
const GONE_MS = 30_000;
const LONG = START_MS + 3 * SETTLED_MS;

let run: DemoRun;
let configPath: string;
let platformUrl: string;

beforeAll(async () => {
  run = await startDemo();
  platformUrl = (await run.said(/платформа,.*?(http:\/\/127\.0\.0\.1:\d+)\//, START_MS))[1] ?? '';
  configPath = (await run.said(/команды:.*? --config (\S+) --help/, START_MS))[1] ?? '';
}, START_MS);

afterAll(async () => {
  // In order, so that it takes its database along; by force only when it does not.
  run.process.kill('SIGINT');
  await waitUntilGone(run, GONE_MS);
  await run.remove();
}, 2 * GONE_MS);

/** What a command of the demo's site printed as JSON. */
async function command<T>(...args: readonly string[]): Promise<T> {
  const env = { HOME: process.env['HOME'] ?? '', TMPDIR: run.folder };
  const { code, stdout, stderr } = await runPosrednik(['--config', configPath, ...args, '--json'], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

interface Status {
  readonly records: number;
  readonly accepted: number;
  readonly refused: number;
  readonly unmapped: number;
  readonly waiting: number;
  readonly uploads: Readonly<Record<string, number>>;
  readonly lastBuild?: {
    readonly startedAt: string;
    readonly finishedAt?: string;
    readonly questions: number;
  };
}

/** How the showcase stands once a build other than that one has come to its end, and all its files too. */
async function settled(notThat?: Status): Promise<Status> {
  return await eventually(
    'the showcase is settled',
    async () => {
      const [status] = (await command<{ showcases: Status[] }>('showcase', 'status')).showcases;
      if (status?.lastBuild?.finishedAt === undefined) return undefined;
      if (status.lastBuild.startedAt === notThat?.lastBuild?.startedAt) return undefined;
      const { ready = 0, sending = 0, polling = 0 } = status.uploads;
      return status.waiting + ready + sending + polling === 0 && status;
    },
    SETTLED_MS,
  );
}

interface Failed {
  readonly recordId: string;
  readonly otkCode: string;
  readonly since: string;
  readonly code?: string;
  /** Of a record without a category: what else is wrong with its card. */
  readonly detail?: string;
  readonly reason: string;
  readonly remedy: string;
}

async function failures(): Promise<readonly Failed[]> {
  return (await command<{ failed: Failed[] }>('showcase', 'failed', '--limit', '100000')).failed;
}

interface Unmapped {
  readonly code: string;
  readonly cards: number;
}

async function unmappedCodes(): Promise<readonly Unmapped[]> {
  return (await command<{ unmapped: Unmapped[] }>('rubrics', 'unmapped', '--limit', '100000')).unmapped;
}

/** Records that wait for a rule of this code: its own, and those of the codes under it. */
function waitingFor(code: string, failed: readonly Failed[]): readonly Failed[] {
  return failed.filter(({ otkCode }) => otkCode === code || otkCode.startsWith(`${code}.`));
}

/** One operation of the simulated platform's control interface. */
async function platform<T>(operation: string, ...args: readonly unknown[]): Promise<T> {
  const answer = await fetch(`${platformUrl}/_control/${operation}`, {
    method: 'POST',
    body: JSON.stringify(args),
  });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { result: T }).result;
}

interface Upload {
  readonly id: string;
  readonly records: number;
  readonly rejected: number;
}

/** The cabinet that uploads the demo's showcase. */
const OPA = '100001';

describe('the demo’s showcase', () => {
  it(
    'gives every question its place or its cause; a rubric mapped by command sends just what waited for it',
    async () => {
      const before = await settled();
      expect(before.records).toBe(before.lastBuild?.questions);
      expect(before.accepted + before.refused + before.unmapped).toBe(before.records);
      const failed = await failures();
      expect(failed).toHaveLength(before.refused + before.unmapped);
      for (const { code, reason, remedy, since } of failed) {
        expect([code, reason, remedy].every((text) => text !== undefined && text !== '')).toBe(true);
        expect(Date.parse(since)).not.toBeNaN();
      }
      expect(await (await fetch(`${platformUrl}/showcase?cabinet=${OPA}`)).text()).toContain(
        `записей на витрине: ${before.accepted} `,
      );

      // The code for which most cards wait, of those whose cards have no other fault.
      const chosen = (await unmappedCodes()).find(({ code, cards }) => {
        const records = waitingFor(code, failed);
        return cards > 0 && records.every(({ detail }) => detail === undefined);
      });
      const code = chosen?.code ?? '';
      const waiting = waitingFor(code, failed).map(({ recordId }) => recordId);
      expect(waiting.length).toBeGreaterThanOrEqual(chosen?.cards ?? 1);

      const { suggestions } = await command<{ suggestions: { key: string }[] }>('rubrics', 'suggest', code);
      // A category without an id cannot be told to the platform.
      const category = suggestions.find(({ key }) => /^\d+(\/\d+)?$/.test(key))?.key ?? '';
      const who = ['--who', 'проверка', '--why', 'пробуем'];
      const made = await command<{ isUsable: boolean }>('rubrics', 'map', code, category, ...who);
      expect(made).toMatchObject({ isUsable: true, ruleId: code });
      const known = (await platform<Upload[]>('showcaseUploads', OPA)).map(({ id }) => id);
      expect(await command('showcase', 'upload')).toEqual({ asked: ['region'] });
      const after = await settled(before);

      expect(after).toMatchObject({
        records: before.records,
        accepted: before.accepted + waiting.length,
        refused: before.refused,
        unmapped: before.unmapped - waiting.length,
      });
      const left = await failures();
      expect(left).toHaveLength(after.refused + after.unmapped);
      expect(left.every((one) => one.code !== undefined && one.remedy !== '')).toBe(true);
      expect((await unmappedCodes()).map((one) => one.code)).not.toContain(code);

      const fresh = (await platform<Upload[]>('showcaseUploads', OPA)).filter(
        ({ id }) => !known.includes(id),
      );
      expect(fresh.reduce((sum, { records }) => sum + records, 0)).toBe(waiting.length);
      const log = await platform<{ uploadId: string; recordId: string; json: string }[]>('showcaseLog', OPA);
      const taken = log.filter(({ uploadId }) => fresh.some(({ id }) => id === uploadId));
      expect(taken.map(({ recordId }) => recordId).sort()).toEqual([...waiting].sort());
      const [subjectId, subsubjectId] = category.split('/');
      for (const { json } of taken) {
        expect(JSON.parse(json)).toMatchObject({ subjectId, ...(subsubjectId && { subsubjectId }) });
      }
      expect(await (await fetch(`${platformUrl}/showcase?cabinet=${OPA}`)).text()).toContain(
        `записей на витрине: ${after.accepted} `,
      );
    },
    LONG,
  );
});
