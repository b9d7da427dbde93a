import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Incidents } from '../../../src/alerts/incidents.ts';
import { openReplyRules, type ReplyRulesInForce } from '../../../src/replies/rules-in-force.ts';
import type { Queryable } from '../../../src/store/data-source.ts';
import { eventually } from '../../support/eventually.ts';

const SHIPPED = new URL('../../../mappings/statuses.yaml', import.meta.url);
const NO_DATABASE: Queryable = { query: async () => [] };

describe('rules of statuses that are mended while the daemon works', () => {
  let folder: string;
  let path: string;
  let shipped: string;
  let stop: AbortController;
  let following: Promise<void> | undefined;
  /** What was told, in order. */
  let told: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posrednik-rules-'));
    path = join(folder, 'statuses.yaml');
    shipped = await readFile(SHIPPED, 'utf8');
    await writeFile(path, shipped);
    stop = new AbortController();
    following = undefined;
    told = [];
  });
  afterEach(async () => {
    stop.abort();
    await following;
    await rm(folder, { recursive: true });
  });

  const incidents = {
    open: async (_db: Queryable, code: string, scope: string, detail?: string) => {
      told.push(`open ${code} ${scope} ${detail}`);
    },
    close: async (_db: Queryable, code: string, scope: string) => {
      told.push(`close ${code} ${scope}`);
    },
  } as unknown as Incidents;

  async function follow(): Promise<ReplyRulesInForce> {
    const inForce = await openReplyRules(path);
    following = inForce.follow({
      db: NO_DATABASE,
      incidents,
      log: pino({ level: 'silent' }),
      signal: stop.signal,
      pollMs: 20,
      settleMs: 5,
    });
    return inForce;
  }
  const field = (name: string) =>
    shipped.replace(/^postponeReasonField: .*$/m, `postponeReasonField: ${name}`);

  it('takes a mended file, and closes what an earlier start has told of it', async () => {
    const inForce = await follow();
    expect(inForce.rules().postponeReasonField).not.toBe('Почему');
    await writeFile(path, field('Почему'));
    await eventually('the new rules', () => inForce.rules().postponeReasonField === 'Почему');
    expect(told).toEqual(['close CONFIG_INVALID settings:statuses']);
  });

  it('keeps the old rules while the new ones are wrong, tells each fault once, and when it is over', async () => {
    const inForce = await follow();
    const before = inForce.rules();
    await writeFile(path, `${shipped}\nunknownPart: 1\n`);
    await eventually('the fault to be told', () => told.some((line) => line.startsWith('open')));
    expect(inForce.rules()).toBe(before);
    await writeFile(path, '- a list\n');
    await eventually('the other fault', () => told.filter((line) => line.startsWith('open')).length === 2);
    expect(inForce.rules()).toBe(before);
    await writeFile(path, field('Отчего'));
    await eventually('the end of it', () => told.filter((line) => line.startsWith('close')).length > 0);
    await eventually('the new rules', () => inForce.rules().postponeReasonField === 'Отчего');
    expect(told.filter((line) => line.startsWith('open'))).toEqual([
      expect.stringMatching(/^open CONFIG_INVALID settings:statuses .*unknownPart/),
      expect.stringMatching(/^open CONFIG_INVALID settings:statuses /),
    ]);
  });

  it('goes on with the old rules when the file is empty or away for a moment', async () => {
    const inForce = await follow();
    const before = inForce.rules();
    await writeFile(path, '');
    await rm(path);
    await writeFile(path, field('Затем'));
    await eventually('the new rules', () => inForce.rules() !== before);
    expect(told.filter((line) => line.startsWith('open'))).toEqual([]);
  });

  it('refuses to start on rules with a fault', async () => {
    await writeFile(path, 'rules: nothing\n');
    await expect(openReplyRules(path)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
