import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type DemoRun, startDemo, waitUntilGone } from '../support/demo-run.ts';
import { eventually } from '../support/eventually.ts';

const RUN_MS = 150_000;
const START_MS = 90_000;
const GONE_MS = 30_000;
const runs: DemoRun[] = [];

async function demo(...args: string[]): Promise<DemoRun> {
  const run = await startDemo(...args);
  runs.push(run);
  return run;
}

async function removeRuns(): Promise<void> {
  for (const run of runs.splice(0)) {
    await run.remove();
    await waitUntilGone(run, GONE_MS);
  }
}

const execute = promisify(execFile);
const shared = process.env['SHARED_DIR'];
const hasXmllint = spawnSync('xmllint', ['--version']).status === 0;

/** `it` where the vendor's schema and xmllint are at hand; else skipped with words, and failing in CI. */
function itWithSchema(what: string, test: () => Promise<void>): void {
  if (shared !== undefined && hasXmllint) it(what, test, RUN_MS);
  else if (process.env['CI'] === 'true' && !hasXmllint) {
    it(what, () => Promise.reject(new Error('в CI нужна программа xmllint')));
  } else
    it.skip(`${what} (skipped: нет ${hasXmllint ? 'переменной SHARED_DIR' : 'программы xmllint'})`, test);
}

describe('demo --once --json --keep', () => {
  let kept = '';
  let run: DemoRun;
  let code: number | null;

  beforeAll(async () => {
    kept = join(await mkdtemp(join(tmpdir(), 'posrednik-demo-kept-')), 'made by the demo');
    run = await startDemo('--once', '--json', '--keep', kept);
    code = await run.ended();
  }, RUN_MS);

  afterAll(async () => {
    await run.remove();
    await rm(join(kept, '..'), { recursive: true, force: true });
  });

  it('makes a card of each of its sixty appeals, carries every status and answer back, and says so in one line', () => {
    expect({ code, stderr: run.stderr() }).toEqual({ code: 0, stderr: '' });
    const [line, ...rest] = run.stdout().split('\n');
    expect(rest).toEqual(['']);
    const result = JSON.parse(line ?? '') as Record<string, number>;
    expect(Object.keys(result)).toEqual([
      'appeals',
      'cards',
      'attention',
      'files',
      'statuses',
      'answers',
      'unknownSettled',
      'records',
      'accepted',
      'refused',
      'unmapped',
      'mails',
      'seconds',
    ]);
    expect(result).toMatchObject({ appeals: 60, cards: 60, attention: 0, statuses: 120, answers: 60 });
    expect(result['files']).toBeGreaterThan(30);
    // So many calls were cut after the platform had taken them.
    expect(result['unknownSettled']).toBe(5);
    // Every question is in the showcase, or there is a reason why not.
    const { records = 0, accepted = 0, refused = 0, unmapped = 0 } = result;
    expect(accepted + refused + unmapped).toBe(records);
    expect(records).toBeGreaterThan(550);
    expect(Math.min(accepted / records, refused, unmapped)).toBeGreaterThan(0.5);
    // The administrators' digest at least.
    expect(result['mails']).toBeGreaterThan(0);
    expect(result['seconds']).toBeGreaterThan(0);
    expect(result['seconds']).toBeLessThan(120);
  });

  it('leaves no process and nothing in the temporary folder', async () => {
    expect(await run.processes()).toEqual([]);
    expect(await run.leftovers()).toEqual([]);
  });

  it('keeps empty channels, the taken packages with their files, and a log without a name of a citizen', async () => {
    expect((await readdir(kept)).sort()).toEqual(['channels', 'logs', 'taken', 'ЧИТАЙТЕ.txt']);
    for (const channel of await readdir(join(kept, 'channels'))) {
      expect(await readdir(join(kept, 'channels', channel, 'out'))).toEqual([]);
      expect(await readdir(join(kept, 'channels', channel, 'in'))).toEqual([]);
    }
    const packages = await takenPackages(kept);
    expect(packages).toHaveLength(60);
    const names = (await Promise.all(packages.map((path) => readdir(path)))).flat();
    expect(names.filter((name) => name === 'DocInfo.xml')).toHaveLength(60);
    expect(names.filter((name) => name.endsWith('.png')).length).toBeGreaterThan(10);
    expect(names.filter((name) => name.endsWith('.pdf')).length).toBeGreaterThan(10);
    const log = await readFile(join(kept, 'logs', 'posrednik.log'), 'utf8');
    expect(log).toContain('daemon started');
    expect(log).not.toMatch(/Рябинин|Полевая|Мельничн|Яма на перекрёстке/);
  });

  it('shows all it promises: anonymous, legal entity, repeated, fast track, every source and kind', async () => {
    const packages = await takenPackages(kept);
    const texts = await Promise.all(packages.map((path) => readFile(join(path, 'DocInfo.xml'), 'utf8')));
    const count = (pattern: RegExp) => texts.filter((text) => pattern.test(text)).length;
    expect(count(/<FIO>Анонимно</)).toBe(1);
    expect(count(/Румяный край/)).toBe(1);
    expect(count(/<Link\b|:Link\b/)).toBe(1);
    expect(count(/Фаст-трек[\s\S]{0,200}?>true</)).toBeGreaterThanOrEqual(4);
    for (const source of ['ЕПГУ', 'Сайт', 'Мобильное приложение'])
      expect(count(new RegExp(`>${source}<`))).toBeGreaterThan(5);
    expect(count(/>Обращение с платформы обратной связи/)).toBeGreaterThan(5);
    expect(count(/>Сообщение с платформы обратной связи/)).toBeGreaterThan(5);
  });

  it('reports each answer back to ДЕЛО: received, then registered on the platform', async () => {
    const reports = await takenPackages(kept, 'Report.xml');
    const texts = await Promise.all(reports.map((path) => readFile(join(path, 'Report.xml'), 'utf8')));
    expect(texts.filter((text) => /MessageType="Reception"/.test(text))).toHaveLength(60);
    expect(texts.filter((text) => /<(\w+:)?Registration\b/.test(text))).toHaveLength(60);
    expect(texts.filter((text) => /<(\w+:)?Failure\b/.test(text))).toEqual([]);
  });

  itWithSchema("writes packages that are valid by the vendor's schema", async () => {
    const packages = await takenPackages(kept);
    expect(packages).toHaveLength(60);
    const lint = (schema: string, files: string[]) => {
      const path = join(shared ?? '', 'sev', 'xsd', schema);
      return execute('xmllint', ['--nonet', '--noout', '--schema', path, ...files]);
    };
    await lint(
      'DocumentInfo.xsd',
      packages.map((path) => join(path, 'DocInfo.xml')),
    );
    await lint(
      'Envelop.xsd',
      packages.map((path) => `${path}.env`),
    );
  });
});

/** Folders of what ДЕЛО took: cards, or what the daemon reported about ДЕЛО's answers. */
async function takenPackages(kept: string, xml = 'DocInfo.xml'): Promise<string[]> {
  const channels = await readdir(join(kept, 'taken'));
  const found = await Promise.all(
    channels.map(async (channel) => {
      const names = await readdir(join(kept, 'taken', channel));
      return names.filter((name) => !name.endsWith('.env')).map((name) => join(kept, 'taken', channel, name));
    }),
  );
  const holds = await Promise.all(
    found.flat().map(async (path) => ((await readdir(path)).includes(xml) ? [path] : [])),
  );
  return holds.flat();
}

/** A page's form, as a browser would send it; gives where it leads. */
async function sendForm(url: string, fields: Readonly<Record<string, string>>, file?: File): Promise<string> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (file !== undefined) form.set('file', file);
  const body = file === undefined ? new URLSearchParams(fields) : form;
  const { status, headers } = await fetch(url, { method: 'POST', body, redirect: 'manual' });
  expect(status).toBe(303);
  return headers.get('location') ?? '';
}

async function pageOf(url: string): Promise<string> {
  return (await fetch(url)).text();
}

/** Waits until the page matches. */
async function shows(url: string, pattern: RegExp): Promise<string> {
  return await eventually(
    `${pattern} on ${url}`,
    async () => {
      const text = await pageOf(url);
      return pattern.test(text) ? text : undefined;
    },
    START_MS,
  );
}

describe('demo to watch', () => {
  afterEach(removeRuns, GONE_MS);

  it(
    'makes a card of a message written on the page, and ends in order by Ctrl-C',
    async () => {
      const run = await demo();
      const [, platform] = await run.said(/платформа,.*?(http:\/\/127\.0\.0\.1:\d+)\//, START_MS);
      const [, delo] = await run.said(/ДЕЛО,.*?(http:\/\/127\.0\.0\.1:\d+)\//, START_MS);
      const form = new FormData();
      const fields = { cabinet: '100002', category: '10401', text: 'Контейнеры полны', surname: 'Пробная' };
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set('file', new Blob(['список']), 'список.txt');
      const posted = await fetch(`${platform}/new`, { method: 'POST', body: form, redirect: 'manual' });
      const posId = /\d+$/.exec(posted.headers.get('location') ?? '')?.[0] ?? 'none';
      const told = new RegExp(`карточка (ОГ-\\d+/\\d+) по обращению ${posId} зарегистрирована, файлов: 1`);
      const [, number = ''] = await run.said(told, START_MS);
      expect(await (await fetch(`${delo}/`)).text()).toContain(number);
      await run.said(/остановить: Ctrl\+C/, START_MS);
      run.process.kill('SIGINT');
      expect(await run.ended()).toBe(0);
      expect(run.stderr()).toBe('');
      expect(await run.processes()).toEqual([]);
      expect(await run.leftovers()).toEqual([]);
    },
    RUN_MS,
  );

  it(
    'carries what a person does on ДЕЛО’s page to the platform’s, and a bad mark back as a new linked card',
    async () => {
      const run = await demo();
      const [, platform] = await run.said(/платформа,.*?(http:\/\/127\.0\.0\.1:\d+)\//, START_MS);
      const [, delo] = await run.said(/ДЕЛО,.*?(http:\/\/127\.0\.0\.1:\d+)\//, START_MS);
      await run.said(/остановить: Ctrl\+C/, RUN_MS);
      const person = { cabinet: '100001', category: '10401', text: 'Не горит фонарь', surname: 'Пробная' };
      async function newCard(): Promise<{ appeal: string; card: string; number: string; posId: string }> {
        const appeal = await sendForm(`${platform}/new`, person, new File([], ''));
        const posId = /\d+$/.exec(appeal)?.[0] ?? 'none';
        const told = new RegExp(`карточка (ОГ-\\d+/\\d+) по обращению ${posId} зарегистрирована`);
        const [, number = ''] = await run.said(told, START_MS);
        const list = await pageOf(`${delo}/?q=${posId}`);
        const card = /href="(\/cards\/\d+)"/.exec(list)?.[1] ?? '';
        return { appeal: `${platform}${appeal}`, card: `${delo}${card}`, number, posId };
      }

      const first = await newCard();
      const executor = { executor: 'Ольхова Ольга Олеговна', post: 'Мастер', text: 'Проверить' };
      await sendForm(`${first.card}/resolve`, executor);
      await shows(first.appeal, /Исполнитель: Ольхова Ольга/);
      await sendForm(`${first.card}/move-term`, { date: '2099-12-31', reason: 'Нужны запчасти' });
      await shows(first.appeal, /Новый срок: 31\.12\.2099[\s\S]*Причина: Нужны запчасти/);
      const paper = new File(['%PDF-1.4 письмо'], 'Письмо.pdf');
      const signer = { text: 'Фонарь горит', signer: 'Ясенев Яков Яковлевич', signerPost: 'Глава' };
      await sendForm(`${first.card}/answer`, signer, paper);
      const answered = await shows(first.appeal, /Подписал: Ясенев Яков Яковлевич, Глава/);
      expect(answered).toContain('Письмо.pdf');
      await run.said(new RegExp(`ответ на обращение ${first.posId} на платформе через \\d+,\\d с`), START_MS);
      await shows(first.card, /Посредник ответил: [^<]*Registration № /);

      await sendForm(`${first.appeal}/rate`, { mark: '1' });
      const [, second = ''] = await run.said(
        new RegExp(
          `карточка (\\S+) по обращению ${first.posId} зарегистрирована, повторное рассмотрение, связана с ${first.number}`,
        ),
        START_MS,
      );
      expect(second).not.toBe(first.number);

      const other = await newCard();
      const redirect = /name="organization"[^>]*value="([^"]+)"/.exec(await pageOf(other.card))?.[1] ?? '';
      await sendForm(`${other.card}/redirect`, { organization: redirect, type: 'СЭВ' });
      await shows(other.appeal, new RegExp(`Передано: ${redirect}`));
      expect(run.stdout()).not.toContain('нужно внимание');
      run.process.kill('SIGINT');
      expect(await run.ended()).toBe(0);
      expect(run.stderr()).toBe('');
    },
    2 * RUN_MS,
  );

  it(
    'leaves no process when it is killed by force',
    async () => {
      const run = await demo();
      await run.said(/всё запущено/, START_MS);
      expect((await run.processes()).length).toBeGreaterThan(2);
      run.process.kill('SIGKILL');
      await run.ended();
      expect(await waitUntilGone(run, GONE_MS)).toEqual([]);
    },
    RUN_MS,
  );

  it(
    'cleans up after a Ctrl-C in the middle of the start',
    async () => {
      const run = await demo('--once');
      for (const deadline = performance.now() + START_MS; performance.now() < deadline; await pause(20)) {
        if ((await run.processes()).length > 1) break;
      }
      run.process.kill('SIGINT');
      expect(await run.ended()).toBe(1);
      expect(await run.processes()).toEqual([]);
      expect(await run.leftovers()).toEqual([]);
    },
    RUN_MS,
  );

  it(
    'says so and cleans up when its daemon dies',
    async () => {
      const run = await demo();
      await run.said(/карточка/, START_MS);
      const pids = await run.processes();
      const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8')));
      const daemon = pids[commands.findIndex((command) => command.includes('daemon-child'))] ?? 0;
      expect(daemon).toBeGreaterThan(0);
      process.kill(daemon, 'SIGKILL');
      expect(await run.ended()).toBe(1);
      expect(run.stderr()).toContain('Посредник неожиданно завершился');
      expect(await run.processes()).toEqual([]);
      expect(await run.leftovers()).toEqual([]);
    },
    RUN_MS,
  );
});

describe('demo asked wrongly', () => {
  afterEach(removeRuns, GONE_MS);

  it('does not touch a folder that holds something else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'posrednik-demo-kept-'));
    try {
      await mkdir(join(folder, 'taken'));
      await writeFile(join(folder, 'taken', 'письмо.txt'), 'важное');
      const run = await demo('--once', '--json', '--keep', folder);
      expect(await run.ended()).toBe(1);
      expect(run.stdout()).toBe('');
      expect(run.stderr()).toBe(`Папка ${folder} не пуста. Укажите новую или пустую папку.\n`);
      expect(await readFile(join(folder, 'taken', 'письмо.txt'), 'utf8')).toBe('важное');
      expect(await run.leftovers()).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('refuses --json without --once', async () => {
    const run = await demo('--json');
    expect(await run.ended()).toBe(1);
    expect(run.stderr()).toBe('--json имеет смысл только вместе с --once.\n');
  });
});
