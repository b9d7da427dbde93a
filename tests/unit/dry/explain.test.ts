import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Explanation } from '../../../src/replies/explain.ts';
import { runRepairCommand } from '../../support/command-run.ts';
import type { CommandResult } from '../../support/posrednik.ts';
import { makeStand, type Stand } from '../../support/stand.ts';
import {
  contact,
  docInfo,
  document,
  el,
  leaf,
  OUR_UID,
  registrationInfo,
  registrationReport,
  report,
} from '../sev-reader/messages.ts';
import { siteMappings } from './site-mappings.ts';

/** Nothing listens there: what would ask the database or the platform fails. */
const NOWHERE = 'postgresql://nobody@127.0.0.1:9/x';
let stand: Stand;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posrednik-explain-'));
  const mappingsDir = await siteMappings(join(folder, 'mappings'));
  stand = await makeStand({ platformUrl: 'http://127.0.0.1:9/pos', cabinets: 2, config: { mappingsDir } });
});
afterAll(async () => {
  await stand.remove();
  await rm(folder, { recursive: true });
});

async function put(xml: string, files: Record<string, string> = {}): Promise<string> {
  const dir = await mkdtemp(join(folder, 'message-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
  await writeFile(join(dir, 'message.xml'), xml);
  return join(dir, 'message.xml');
}

function explain(path: string, ...flags: string[]): Promise<CommandResult> {
  return runRepairCommand(stand.configPath, NOWHERE, ['mapping', 'explain', '--event', path, ...flags]);
}

async function eventsOf(xml: string, files: Record<string, string> = {}, ...flags: string[]) {
  const { code, stdout, stderr } = await explain(await put(xml, files), '--json', ...flags);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { events: Explanation[] }).events;
}

const RESOLUTION = registrationReport({
  notification: [
    el('Registration', { DocumentID: '501', SystemDate: '2025-03-03T10:00:00' }),
    el('Consideration', { TaskID: '9' }),
  ],
  tasks: el(
    'Task',
    { UID: 'T1', TaskID: '9', Type: 'Resolution', Privacy: 'false' },
    el('Author', {}, contact({ organization: 'Мэрия', fio: 'Глава' }), leaf('SignDate', '2025-03-04')),
    leaf('Text', 'Подготовить ответ'),
    el(
      'Executor',
      { UID: 'e1', Responsible: 'true' },
      contact({ organization: 'Мэрия', fio: 'Иванов И.И.', post: 'Начальник' }),
    ),
  ),
});

function answer(files: readonly string[], type = 'Ответ'): string {
  const resources = files.map((name, index) => ({ uid: String(index + 1), name }));
  return docInfo(
    { resources: [{ uid: '0', name: 'DocInfo.xml' }, ...resources], time: '2025-03-15T16:00:00' },
    document(
      { uid: 'ABCD0000ABCD0000ABCD0000ABCD0000', id: '9', main: true },
      registrationInfo('О-5', '2025-03-15'),
      leaf('Access', 'общий'),
      leaf('Annotation', 'Дан ответ'),
      files.map((name, index) =>
        el('File', { UID: `f${index}`, ResourceID: String(index + 1) }, leaf('Description', name)),
      ),
      el('Author', {}, contact({ organization: 'Мэрия', fio: 'Петров Пётр Петрович', post: 'Мэр' })),
      el('Link', { DocumentID: '1' }, leaf('LinkType', type)),
    ),
    document({ uid: OUR_UID, id: '1' }, registrationInfo('А-17', '2025-03-01')),
  );
}

function term(day: string, reason: string): string {
  return registrationReport({
    documents: document(
      { uid: OUR_UID, id: '501' },
      registrationInfo('А-17', '2025-03-03'),
      el('Control', { State: 'UnderControl' }, leaf('Deadline', day)),
      reason === '' ? '' : leaf('AdditionalField', reason, { Name: 'Причина продления', Type: 'Text' }),
    ),
  });
}

describe('mapping explain', () => {
  it('prints for each event the rule and the call as it would go, without a token', async () => {
    const { code, stdout, stderr } = await explain(await put(RESOLUTION));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'Регистрация, 03.03.2025 10:00: правило «Карточка зарегистрирована»',
      '  POST http://127.0.0.1:9/pos/appeal-service/sed/appeals/1000001/statuses',
      '  Accept: application/json',
      '  Content-Type: application/json',
      '  OPA-ID: 100001',
    ]);
    expect(lines[5]).toMatch(/^ {2}Idempotency-Key: [0-9a-f]{32}$/);
    const bodyOf = (from: number) => lines.slice(from, lines.indexOf('  }', from) + 1).join('');
    expect(JSON.parse(bodyOf(6))).toEqual({
      status: 'TAKE_TO_WORK',
      at: '2025-03-03T07:00:00.000Z',
      card: { number: 'А-17', date: '2025-03-03' },
    });
    const next = lines.indexOf('  }') + 1;
    expect(lines[next]).toBe('Резолюция, 04.03.2025 00:00: правило «Назначен ответственный исполнитель»');
    expect(JSON.parse(bodyOf(next + 6))).toMatchObject({
      status: 'SET_EXECUTOR',
      executor: { surname: 'Иванов', name: 'И.', patronymic: 'И.', position: 'Начальник' },
    });
    expect(stdout).not.toMatch(/Authorization|Bearer/);
  });

  it('the same file gives the same keys, another cabinet others', async () => {
    const keys = async (...flags: string[]) =>
      (await eventsOf(RESOLUTION, {}, ...flags)).map(({ call }) => call?.headers['Idempotency-Key']);
    const first = await keys();
    expect(new Set(first).size).toBe(2);
    expect(await keys('--cabinet', 'lko-1')).toEqual(first);
    expect(await keys('--cabinet', 'lko-2')).not.toEqual(first);
    expect(await keys('--appeal', '77')).not.toEqual(first);
  });

  it('an answer: its files by their places, text, number and signer; the number of the appeal is asked for', async () => {
    const path = await put(answer(['а.pdf', 'б.pdf']), { 'а.pdf': 'aa', 'б.pdf': 'bbb' });
    const { stdout } = await explain(path);
    expect(stdout).toContain(
      '  сначала загружается файл 1: а.pdf, 2 байт\n  сначала загружается файл 2: б.pdf, 3',
    );
    expect(stdout).toContain('/appeals/0/answers');
    expect(stdout).toMatch(/Номер обращения в файле не назван.*--appeal НОМЕР/);
    const [one] = await eventsOf(answer(['а.pdf']), { 'а.pdf': 'aa' }, '--appeal', '42');
    expect(one).toMatchObject({
      kind: 'answer',
      rule: 'вид ответа EXPLAINED',
      result: 'sent',
      files: [{ name: 'а.pdf', size: 2 }],
      call: {
        method: 'POST',
        path: '/appeal-service/sed/appeals/42/answers',
        body: {
          answerType: 'EXPLAINED',
          comment: 'Ответ дан письмом № О-5 от 15.03.2025, см. вложение',
          number: 'О-5',
          date: '2025-03-15',
          signer: { surname: 'Петров', name: 'Пётр', patronymic: 'Петрович', position: 'Мэр' },
          fileIds: ['<id файла 1>'],
        },
      },
    });
  });

  it.each<[string, string, Record<string, string>, string, string]>([
    ['a file is missing', answer(['а.pdf']), {}, 'ANSWER_FILE_REFUSED', 'а.pdf'],
    ['a forbidden type', answer(['а.exe']), { 'а.exe': 'x' }, 'ANSWER_FILE_REFUSED', 'exe'],
    [
      'an organisation that no table knows',
      report({
        notification: el(
          'Redirection',
          {},
          contact({ organization: 'Комитет по дорогам' }),
          leaf('Date', '2025-03-05'),
        ),
      }),
      {},
      'FORWARD_TARGET_UNKNOWN',
      'Комитет по дорогам',
    ],
  ])('needs attention: %s', async (_why, xml, files, code, detail) => {
    const [one] = await eventsOf(xml, files);
    expect(one).toMatchObject({ result: 'attention', error: { code } });
    expect(one?.error?.detail).toContain(detail);
    expect(one).not.toHaveProperty('call');
    const { stdout } = await explain(await put(xml, files));
    expect(stdout).toContain(`  требует внимания: ${code}: `);
  });

  it('a link that is no answer sends nothing', async () => {
    expect(await eventsOf(answer([], 'Во исполнение'))).toMatchObject([
      { kind: 'answer', result: 'nothing', rule: 'связь документа не означает ответ' },
    ]);
  });

  it('a term: the first one, one that rose, one not later than the platform’s, and one without a reason', async () => {
    const ofTerm = async (xml: string, ...flags: string[]) =>
      (await eventsOf(xml, {}, ...flags)).find(({ kind }) => kind === 'deadline');
    const moved = term('2025-04-20', 'Запрошены сведения');
    expect(await ofTerm(moved)).toMatchObject({
      result: 'nothing',
      rule: 'Срок продлён: первый срок карточки',
    });
    const earlier = ['--earlier-term', '2025-04-02'];
    expect(await ofTerm(moved, ...earlier)).toMatchObject({
      result: 'sent',
      call: {
        body: {
          status: 'POSTPONE',
          postponedTo: '2025-04-20T23:59:59+03:00',
          reason: 'Запрошены сведения',
        },
      },
    });
    expect(await ofTerm(moved, ...earlier, '--answer-at', '2025-05-01')).toMatchObject({
      rule: 'Срок продлён: не позже срока платформы',
    });
    expect(await ofTerm(term('2025-04-20', ''), ...earlier)).toMatchObject({
      error: { code: 'POSTPONE_REASON_MISSING' },
    });
    expect((await explain(await put(moved))).stdout).toContain('Срок платформы не задан (--answer-at)');
  });

  it('stores and moves nothing beside the file', async () => {
    const path = await put(answer(['а.pdf']), { 'а.pdf': 'aa' });
    const before = (await readdir(join(path, '..'))).sort();
    await explain(path);
    expect((await readdir(join(path, '..'))).sort()).toEqual(before);
    expect((await readdir(stand.dir)).sort()).toEqual(['channels', 'posrednik.yaml', 'secrets']);
  });

  it('a message without events says so', async () => {
    const { code, stdout } = await explain(await put(docInfo({})));
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Событий в файле нет.' });
  });

  const WRONG: [string, string[], string][] = [
    ['COMMAND_INVALID', ['--cabinet', 'lko-9'], 'нет кабинета «lko-9»; есть: lko-1, lko-2'],
    ['COMMAND_INVALID', ['--answer-at', 'завтра'], '--answer-at: напишите время'],
    ['COMMAND_INVALID', ['--earlier-term', '31.01.2026'], '--earlier-term: напишите день'],
  ];
  it.each(WRONG)('refuses a wrong call: %s %j', async (code, flags, words) => {
    const result = await explain(await put(RESOLUTION), ...flags);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(new RegExp(`^${code}: `));
    expect(result.stderr).toContain(words);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['cut off', () => put(RESOLUTION.slice(0, 900)), 'обрывается'],
    ['no message', () => put('<a xmlns="x"/>'), 'не сообщение СЭВ'],
    ['a DTD', () => put('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), 'DOCTYPE'],
    ['a folder', async () => join(await put(RESOLUTION), '..'), 'вместо файла'],
    ['not there', async () => join(folder, 'nowhere.xml'), 'такого файла нет'],
    [
      'a link',
      async () => {
        const path = join(folder, 'link.xml');
        await symlink(await put(RESOLUTION), path);
        return path;
      },
      'вместо файла',
    ],
  ])('tells why a file cannot be read: %s', async (_what, make, words) => {
    const { code, stderr } = await explain(await make());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^SED_MESSAGE_UNREADABLE: /);
    expect(stderr).toContain(words);
  });

  it('a resource that is a folder or leads out of the message does not count as its file', async () => {
    const path = await put(answer(['папка.pdf', '../../чужой.pdf']));
    await mkdir(join(path, '..', 'папка.pdf'));
    const { stdout } = await explain(path, '--json');
    expect((JSON.parse(stdout) as { events: Explanation[] }).events[0]).toMatchObject({
      error: { code: 'ANSWER_FILE_REFUSED' },
      files: [],
    });
  });
});
