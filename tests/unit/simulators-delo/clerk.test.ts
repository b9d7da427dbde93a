import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { attribute, child, children, type Element, textAt } from '../../simulators/delo/sev/parse.ts';
import { send } from './partner.ts';
import {
  at,
  closeSites,
  lastReport,
  notification,
  openSite,
  type Reply,
  repliesIn,
  type Site,
} from './site.ts';

afterEach(closeSites);

async function registered(): Promise<{ site: Site; cardId: string; uid: string }> {
  const site = await openSite();
  const { uid } = await send(site.out);
  await site.delo.idle();
  return { site, uid, cardId: site.delo.cards()[0]?.id ?? '' };
}

function tasks(reply: Reply): readonly Element[] {
  return children(child(reply.root, 'TaskList'), 'Task');
}

function sections(reply: Reply): string[] {
  return notification(reply).children.map(({ name }) => name);
}

async function documentsIn(site: Site): Promise<Reply[]> {
  await site.delo.idle();
  return (await repliesIn(site.in)).filter(({ xmlName }) => xmlName === 'DocInfo.xml');
}

describe('resolutions', () => {
  it('are reported with their task, executor and term', async () => {
    const { site, cardId } = await registered();
    const taskId = site.delo.resolve(cardId, {
      executor: { fio: 'Соколов С.С.', post: 'Начальник отдела' },
      text: 'Прошу рассмотреть',
      term: '2026-02-10',
      coExecutors: ['Зайцева З.З.'],
    });
    const report = await lastReport(site);
    const [task] = tasks(report);
    expect(attribute(child(notification(report), 'Consideration'), 'TaskID')).toBe(taskId);
    expect(attribute(task, 'TaskID')).toBe(taskId);
    expect(attribute(task, 'Privacy')).toBe('false');
    expect(textAt(task, 'IsProject')).toBe('false');
    expect(textAt(task, 'Text')).toBe('Прошу рассмотреть');
    expect(textAt(task, 'Control', 'Deadline')).toBe('2026-02-10');
    expect(
      children(task, 'Executor').map((executor) => [
        textAt(executor, 'Contact', 'OfficialPerson', 'FIO'),
        attribute(executor, 'Responsible'),
      ]),
    ).toEqual([
      ['Соколов С.С.', 'true'],
      ['Зайцева З.З.', 'false'],
    ]);
    expect(site.delo.card(cardId)?.resolutions).toHaveLength(1);
  });

  it('carry the flags of a project, a private one and a part of another', async () => {
    const { site, cardId } = await registered();
    const parent = site.delo.resolve(cardId, { executor: 'А', text: 'Главная' });
    site.delo.resolve(cardId, { executor: 'Б', text: 'Проект', project: true });
    site.delo.resolve(cardId, { executor: 'В', text: 'Личная', private: true });
    site.delo.resolve(cardId, { executor: 'Г', text: 'Часть', parent });
    const found = tasks(await lastReport(site));
    expect(found.map((task) => textAt(task, 'IsProject'))).toEqual(['false', 'true', 'false', 'false']);
    expect(found.map((task) => attribute(task, 'Privacy'))).toEqual(['false', 'false', 'true', 'false']);
    expect(attribute(child(found[3], 'Parent'), 'TaskID')).toBe(parent);
  });

  it('are reported on by their executor', async () => {
    const { site, cardId } = await registered();
    const taskId = site.delo.resolve(cardId, { executor: 'Соколов С.С.', text: 'Рассмотреть' });
    site.delo.report(taskId, 'Сделано');
    const report = await lastReport(site);
    const executor = child(tasks(report)[0], 'Executor');
    expect(attribute(child(notification(report), 'Report'), 'TaskID')).toBe(taskId);
    expect(textAt(executor, 'Text')).toBe('Сделано');
    expect(textAt(executor, 'Status')).toBe('Исполнено');
  });
});

describe('reports are accumulated', () => {
  it('each one repeats everything so far', async () => {
    const { site, cardId } = await registered();
    const first = site.delo.resolve(cardId, { executor: 'А', text: 'Первая' });
    const second = site.delo.resolve(cardId, { executor: 'Б', text: 'Вторая' });
    site.delo.redirect(cardId, { organization: 'Минтранс', organizationUid: '77', type: 'Почта' });
    site.delo.report(first, 'Готово');
    site.delo.answer(cardId, { text: 'Ответ' });
    const report = await lastReport(site);
    expect(sections(report)).toEqual([
      'InitialDoc',
      'Registration',
      'Consideration',
      'Consideration',
      'Report',
      'Redirection',
      'Answer',
    ]);
    expect(tasks(report).map((task) => attribute(task, 'TaskID'))).toEqual([first, second]);
    expect(at(report, 'Notification', 'Redirection', 'Contact', 'Organization', 'ShortName')).toBe(
      'Минтранс',
    );
    expect(at(report, 'Notification', 'Redirection', 'Type')).toBe('Почта');
    expect(site.delo.card(cardId)?.reportsSent).toBe(6);
  });

  it('a moved term shows in the card of every later report', async () => {
    const { site, cardId } = await registered();
    site.delo.moveTerm(cardId, '2026-03-20');
    const moved = await lastReport(site);
    expect(at(moved, 'DocumentList', 'Document', 'Control', 'Deadline')).toBe('2026-03-20');
    site.delo.resolve(cardId, { executor: 'А', text: 'Б' });
    const later = await lastReport(site);
    expect(at(later, 'DocumentList', 'Document', 'Control', 'Deadline')).toBe('2026-03-20');
    expect(later.time > moved.time).toBe(true);
    expect(site.delo.card(cardId)?.deadline).toBe('2026-03-20');
  });
});

describe('answers', () => {
  it('are a document linked to ours, with files, then a report that announces it', async () => {
    const { site, cardId, uid } = await registered();
    const pdf = Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(2000, 1)]);
    const answerUid = site.delo.answer(cardId, {
      text: 'Фонари починили',
      note: 'Дополнительно',
      signer: { fio: 'Никитин Н.Н.', post: 'Глава' },
      number: '01-15/7',
      date: '2026-02-03',
      fields: { 'Тип ответа': 'Решено' },
      files: [
        { name: 'Ответ.pdf', content: pdf },
        { name: 'ответ.PDF', content: 'вторая' },
        { name: '../../etc/passwd', content: 'x' },
      ],
    });
    const [document] = await documentsIn(site);
    const report = await lastReport(site);
    if (document === undefined) throw new Error('ответа нет');
    const [main, ours] = children(child(document.root, 'DocumentList'), 'Document');
    expect(document.type).toBe('MainDoc');
    expect(attribute(main, 'UID')).toBe(answerUid);
    expect(attribute(main, 'MainDocument')).toBe('true');
    expect(textAt(main, 'RegistrationInfo', 'Number')).toBe('01-15/7');
    expect(textAt(main, 'RegistrationInfo', 'Date')).toBe('2026-02-03');
    expect(textAt(main, 'Access')).toBe('общий');
    expect(textAt(main, 'Annotation')).toBe('Фонари починили');
    expect(textAt(main, 'Note')).toBe('Дополнительно');
    expect(textAt(main, 'Author', 'Contact', 'OfficialPerson', 'FIO')).toBe('Никитин Н.Н.');
    expect(attribute(child(main, 'AdditionalField'), 'Name')).toBe('Тип ответа');
    expect(attribute(child(main, 'Link'), 'DocumentID')).toBe(attribute(ours, 'DocumentID'));
    expect(textAt(main, 'Link', 'LinkType')).toBe('Ответ');
    expect(attribute(ours, 'UID')).toBe(uid);
    const names = children(child(child(document.root, 'Header'), 'ResourceList'), 'Resource').map(
      (resource) => attribute(resource, 'UniqueName'),
    );
    expect(new Set(names.map((name) => name?.toLowerCase())).size).toBe(4);
    expect(names.every((name) => !name?.includes('/'))).toBe(true);
    expect(await readFile(join(document.path, 'Ответ.pdf'))).toEqual(pdf);
    expect(children(main, 'File').map((file) => attribute(file, 'Size'))).toEqual(['2', '1', '1']);
    const announced = attribute(child(notification(report), 'Answer'), 'DocumentID');
    expect(announced).toBe(attribute(main, 'DocumentID'));
    expect(
      children(child(report.root, 'DocumentList'), 'Document').map((one) => attribute(one, 'DocumentID')),
    ).toContain(announced);
    expect(document.time < report.time).toBe(true);
  });

  it('can be announced first, and either half can come later', async () => {
    const { site, cardId } = await registered();
    site.delo.answer(cardId, { text: 'Один', order: 'report-first' });
    const [one] = await documentsIn(site);
    expect((await lastReport(site)).time < (one?.time ?? '')).toBe(true);
    const late = site.delo.answer(cardId, { text: 'Два', order: 'report-only' });
    expect(await documentsIn(site)).toHaveLength(1);
    site.delo.sendAnswer(late, 'document');
    expect(await documentsIn(site)).toHaveLength(2);
    const silent = site.delo.answer(cardId, { text: 'Три', order: 'document-only' });
    expect(children(notification(await lastReport(site)), 'Answer')).toHaveLength(2);
    site.delo.sendAnswer(silent, 'report');
    expect(children(notification(await lastReport(site)), 'Answer')).toHaveLength(3);
  });

  it('can answer several cards with one letter', async () => {
    const { site, cardId } = await registered();
    const second = await send(site.out);
    await site.delo.idle();
    const other = site.delo.cardByUid(second.uid)?.id ?? '';
    site.delo.answer(cardId, { text: 'Всем', alsoTo: [other], linkType: 'В ответ на', access: 'ДСП' });
    const [document] = await documentsIn(site);
    const [main, ...ours] = children(child(document?.root, 'DocumentList'), 'Document');
    expect(children(main, 'Link').map((link) => attribute(link, 'DocumentID'))).toEqual([cardId, other]);
    expect(ours.map((one) => attribute(one, 'DocumentID'))).toEqual([cardId, other]);
    expect(textAt(main, 'Access')).toBe('ДСП');
    expect(site.delo.card(other)?.answers).toHaveLength(1);
  });
});

describe('commands that make no sense are refused in words', () => {
  it.each([
    ['an unknown card', (site: Site) => site.delo.redirect('1', { organization: 'А' }), /Нет такой карточки/],
    [
      'an empty resolution',
      (site: Site, id: string) => site.delo.resolve(id, { executor: 'А', text: ' ' }),
      /Текст/,
    ],
    [
      'no executor',
      (site: Site, id: string) => site.delo.resolve(id, { executor: '', text: 'А' }),
      /Исполнитель/,
    ],
    ['a term that is no day', (site: Site, id: string) => site.delo.moveTerm(id, '2026-02-30'), /Дата/],
    ['an unknown task', (site: Site) => site.delo.report('7', 'А'), /Нет такой резолюции/],
    [
      'an unknown parent',
      (site: Site, id: string) => site.delo.resolve(id, { executor: 'А', text: 'Б', parent: '7' }),
      /Нет такой резолюции/,
    ],
    ['an unknown answer', (site: Site) => site.delo.sendAnswer('7', 'report'), /Нет такого ответа/],
    ['a second registration', (site: Site, id: string) => site.delo.register(id), /уже зарегистрирована/],
    ['a late refusal', (site: Site, id: string) => site.delo.refuse(id), /уже зарегистрирована/],
  ])('%s', async (_what, command, words) => {
    const { site, cardId } = await registered();
    expect(() => command(site, cardId)).toThrow(words);
  });
});
