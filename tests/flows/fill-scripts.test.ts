import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ArchiveSimulator, startArchive } from '../simulators/delo/archive/index.ts';
import { eventually } from '../support/eventually.ts';

const LONG = 120_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
let simulator: ArchiveSimulator;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fill-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets/delo'), 'secret\n');
  simulator = await startArchive({
    cards: 200,
    cardfiles: 4,
    platformBorn: 0.3,
    from: '2025-01-01',
    to: '2025-06-30',
  });
  const [a, b, c] = simulator.cardfiles;
  const party = { organizationUid: 'u', organizationName: 'n', edmsUid: 'e' };
  const showcase = { cabinet: 'adm', archive: 'delo', region: '80', from: '2025-01-01' };
  await writeFile(
    join(folder, 'posrednik.yaml'),
    JSON.stringify({
      platform: { baseUrl: 'http://127.0.0.1:1' },
      channels: [{ id: 'delo', out: './x/out', in: './x/in', recipient: party, sender: party }],
      cabinets: [{ id: 'adm', name: 'Администрация', opaId: '100', identifier: 'l', channel: 'delo' }],
      archives: [
        {
          id: 'delo',
          baseUrl: simulator.url,
          user: 'posrednik',
          passwordFile: './secrets/delo',
          pageSize: 20,
        },
      ],
      showcases: [
        { id: 'first', cardfiles: [a, b], ...showcase },
        { id: 'second', cardfiles: [c], includePlatformBorn: true, ...showcase },
      ],
    }),
  );
});
afterEach(async () => {
  await simulator.close();
  await rm(folder, { recursive: true, force: true });
});

function start(script: string, args: readonly string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts', `${script}.ts`), ...args], { cwd: folder });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, ...text }));
  });
  return { child, ended };
}

const FLAG = 'Выгрузка в витрину ПОС';
const flagOf = (isn: number) => simulator.requisites(isn)[FLAG];
const statusOf = (isn: number) => simulator.requisites(isn)['Статус ПОС'];

describe('npm run fill-showcase-flag', () => {
  it(
    'fills old cards by where they came from and which showcase they are in; its dry run only counts',
    async () => {
      const dry = await start('fill-showcase-flag', ['--from', '2025-03-01', '--dry-run']).ended;
      expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('было бы заполнено карточек: ') });
      expect(simulator.counters().merges).toBe(0);
      const run = await start('fill-showcase-flag', ['--from', '2025-03-01']).ended;
      expect(run).toMatchObject({
        code: 0,
        out: expect.stringMatching(/заполнено карточек: \d+\n {2}(не )?выгружать: /),
      });
      const [a, b, c] = simulator.cardfiles;
      for (const { isn, cardfile, regDate, posId } of simulator.cards()) {
        const isMeant = regDate >= '2025-03-01' && [a, b, c].includes(cardfile);
        const value = posId === '' || cardfile === c ? '1' : '0';
        expect([isn, flagOf(isn)]).toEqual([isn, isMeant ? value : undefined]);
      }
      const again = await start('fill-showcase-flag', ['--from', '2025-03-01']).ended;
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('заполнено карточек: 0') });
    },
    LONG,
  );

  it(
    'killed in the midst and started again leaves nothing out and does nothing twice',
    async () => {
      // Slow enough to be met at work.
      simulator.fault({ kind: 'slow', ms: 150, route: 'batch' });
      const { child, ended } = start('fill-showcase-flag', ['--from', '2025-01-01']);
      await eventually('some cards are filled', () => simulator.counters().merges >= 20);
      child.kill('SIGKILL');
      await ended;
      const first = simulator.counters().merges;
      simulator.clearFaults();
      await start('fill-showcase-flag', ['--from', '2025-01-01']).ended;
      const meant = [...simulator.cards()].filter(
        ({ cardfile, regDate }) => regDate !== '' && cardfile !== simulator.cardfiles[3],
      );
      expect(meant.every(({ isn }) => flagOf(isn) !== undefined)).toBe(true);
      expect(first).toBeLessThan(meant.length);
      // A batch whose answer was not awaited may have been done all the same; it is not sent again.
      expect(simulator.counters().merges).toBe(meant.length);
    },
    LONG,
  );

  it(
    'with --refill sets anew what a changed includePlatformBorn has left, and touches no other card',
    async () => {
      const [, , c, d] = simulator.cardfiles;
      const cards = [...simulator.cards()].filter(({ regDate }) => regDate !== '');
      const born = cards.filter(({ posId, cardfile }) => posId !== '' && cardfile === c);
      const own = cards.filter(({ posId, cardfile }) => posId === '' && cardfile === c);
      const others = cards.filter(({ cardfile }) => cardfile !== c);
      expect(Math.min(born.length, own.length)).toBeGreaterThan(3);
      // As filled while it was false: in both spellings, one not at all; the clerk left an own card out.
      for (const { isn, cardfile, posId } of cards) {
        if (cardfile !== d) simulator.setRequisite(isn, FLAG, posId === '' ? '1' : '0');
      }
      const [first, second] = born.map(({ isn }) => isn);
      simulator.setRequisite(first ?? 0, FLAG, 'нет');
      simulator.setRequisite(second ?? 0, FLAG, '');
      simulator.setRequisite(own[0]?.isn ?? 0, FLAG, '0');
      const before = new Map(cards.map(({ isn }) => [isn, flagOf(isn)]));
      const refill = ['--from', '2025-01-01', '--refill'];

      const dry = await start('fill-showcase-flag', [...refill, '--dry-run']).ended;
      expect(dry).toMatchObject({
        code: 0,
        out: expect.stringContaining(
          `было бы заполнено карточек: ${born.length}\n  выгружать: ${born.length}\n`,
        ),
      });
      expect(simulator.counters().merges).toBe(0);
      // Cut in the midst: what is done is not done again, neither after the fault nor by a second run.
      simulator.fault({ kind: 'cut-after', route: 'batch', times: 1 });
      expect((await start('fill-showcase-flag', refill).ended).code).toBe(0);
      expect(born.map(({ isn }) => flagOf(isn))).toEqual(born.map(() => '1'));
      for (const { isn } of [...own, ...others]) expect([isn, flagOf(isn)]).toEqual([isn, before.get(isn)]);
      const again = await start('fill-showcase-flag', refill).ended;
      expect(again).toMatchObject({ code: 0, out: expect.stringContaining('заполнено карточек: 0') });
      expect(simulator.counters().merges).toBe(born.length);
    },
    LONG,
  );

  it(
    'told to stop says how to go on',
    async () => {
      simulator.fault({ kind: 'slow', ms: 150, route: 'batch' });
      const { child, ended } = start('fill-showcase-flag', ['--from', '2025-01-01', '--showcase', 'first']);
      await eventually('some cards are filled', () => simulator.counters().merges >= 20);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 1, err: expect.stringContaining('запустите снова') });
    },
    LONG,
  );
});

describe('npm run fill-pos-status', () => {
  it(
    'fills old cards by their state, and leaves what is filled',
    async () => {
      const [first] = [...simulator.cards()].filter(({ cardfile }) => cardfile === simulator.cardfiles[0]);
      simulator.setRequisite(first?.isn ?? 0, 'Статус ПОС', 'Ответ отправлен на платформу');
      const run = await start('fill-pos-status', [
        '--from',
        '2025-01-01',
        '--to',
        '2025-04-30',
        '--showcase',
        'first',
      ]).ended;
      expect(run.code).toBe(0);
      const words: Record<string, string | undefined> = {
        NEW: 'Зарегистрировано',
        IN_WORK: 'В работе',
        ANSWERED: 'Ответ дан',
        POSTPONED: 'Срок продлён',
        FORWARDED: 'Направлено по компетенции',
      };
      for (const { isn, cardfile, regDate, state } of simulator.cards()) {
        if (isn === first?.isn) continue;
        const isMeant =
          regDate !== '' && regDate <= '2025-04-30' && simulator.cardfiles.slice(0, 2).includes(cardfile);
        expect([isn, statusOf(isn)]).toEqual([isn, isMeant ? words[state] : undefined]);
      }
      expect(statusOf(first?.isn ?? 0)).toBe('Ответ отправлен на платформу');
    },
    LONG,
  );

  it.each([
    [['--from', '2025-01-01'], /Не задан обязательный параметр «--to/],
    [['--from', '2025-01-01', '--to', '2025-02-01', '--refill'], /--refill/],
    [['--from', '31.01.2025', '--to', '2025-02-01'], /нужен день вида 2025-01-31/],
    [['--from', '2025-01-01', '--to', '2025-02-01', '--showcase', 'x'], /витрины «x» нет в настройках/],
    [['--from', '2025-01-01', '--to', '2025-02-01', '--config', 'nowhere.yaml'], /nowhere\.yaml/],
  ])(
    '%j is refused with words',
    async (args, words) => {
      const { code, err } = await start('fill-pos-status', args).ended;
      expect(code).toBe(1);
      expect(err).toMatch(words);
      expect(err).not.toContain('    at ');
    },
    LONG,
  );

  it(
    'with a wrong password tries once, and says what to do',
    async () => {
      await writeFile(join(folder, 'secrets/delo'), 'another');
      const { code, err } = await start('fill-pos-status', ['--from', '2025-01-01', '--to', '2025-02-01'])
        .ended;
      expect(code).toBe(1);
      expect(err).toContain('SED_ARCHIVE_CREDENTIALS_WRONG');
      expect(simulator.counters().refusedLogins).toBe(1);
    },
    LONG,
  );
});
