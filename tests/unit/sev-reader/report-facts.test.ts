import { describe, expect, it } from '@jest/globals';
import type { SedEvent } from '../../../src/sed/port.ts';
import { type ReportMessage, readReport } from '../../../src/sed/sev/report.ts';
import { parseXml } from '../../../src/sed/sev/xml.ts';
import { decodeXml } from '../../../src/sed/sev/xml-bytes.ts';
import { contact, document, el, leaf, OUR_UID, registrationInfo, report } from './messages.ts';

const read = (xml: string, zone = 'Europe/Moscow'): ReportMessage =>
  readReport(parseXml(decodeXml(Buffer.from(xml))), zone);

function only(message: ReportMessage, kind: SedEvent['kind']): SedEvent {
  const found = message.events.filter((event) => event.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as SedEvent;
}

const _subjects = (message: ReportMessage) => message.events.map((event) => `${event.kind} ${event.subject}`);

const IVANOV = contact({ organization: 'Администрация', uid: '77', fio: 'Иванов И.И.', post: 'Начальник' });
const PETROV = contact({ organization: 'Администрация', fio: 'Петров П.П.' });

function task(id: string, uid: string | undefined, ...content: string[]): string {
  return el('Task', { UID: uid, TaskID: id, Type: 'Resolution', Privacy: 'false' }, content);
}

describe('readReport: resolutions', () => {
  const tasks = task(
    '9',
    'AAAA0000-0000-0000-0000-00000000000A',
    el('Author', {}, contact({ organization: 'А', fio: 'Глава' }), leaf('SignDate', '2025-03-04')),
    leaf('Text', 'Подготовить ответ'),
    el('Executor', { Responsible: 'false' }, PETROV),
    el('Executor', { UID: 'ex-1', Responsible: 'true' }, IVANOV),
    el('Control', { State: 'UnderControl' }, leaf('Deadline', '2025-03-20')),
    leaf('IsProject', 'false'),
  );
  const taskUid = 'aaaa000000000000000000000000000a';

  it('gives an event for each executor, the responsible first', () => {
    const { events } = read(report({ notification: el('Consideration', { TaskID: '9' }), tasks }));
    expect(events.map((event) => [event.kind, event.subject])).toEqual([
      ['consideration', `${taskUid}|ex-1`],
      ['consideration', `${taskUid}|Администрация|Петров П.П.`],
    ]);
    expect(events[0]).toMatchObject({
      at: new Date('2025-03-03T21:00:00Z'),
      data: {
        taskId: '9',
        text: 'Подготовить ответ',
        deadline: '2025-03-20',
        controlState: 'UnderControl',
        signDate: '2025-03-04',
        isProject: false,
        privacy: false,
        author: { person: { fio: 'Глава' } },
        executor: {
          uid: 'ex-1',
          responsible: true,
          organization: { uid: '77', name: 'Администрация' },
          person: { fio: 'Иванов И.И.', post: 'Начальник' },
        },
      },
    });
  });

  it('one event however often the task or the executor is named; the responsible record wins', () => {
    const twice = task(
      '9',
      'T',
      el('Executor', { Responsible: 'false' }, PETROV),
      el('Executor', { Responsible: '1' }, PETROV),
    );
    const consideration = el('Consideration', { TaskID: '9' });
    const event = only(
      read(report({ notification: [consideration, consideration], tasks: twice })),
      'consideration',
    );
    expect(event.data).toMatchObject({ executor: { responsible: true } });
  });

  it('shows a project, a private task and a sub-resolution as such', () => {
    const hidden = el(
      'Task',
      { UID: 'T', TaskID: '9', Type: 'Resolution', Privacy: 'true' },
      el('Parent', { TaskID: '8' }),
      leaf('IsProject', 'true'),
    );
    const event = only(
      read(report({ notification: el('Consideration', { TaskID: '9' }), tasks: hidden })),
      'consideration',
    );
    expect(event.data).toMatchObject({ isProject: true, privacy: true, parentTaskId: '8' });
    expect(event.data).not.toHaveProperty('executor');
    expect(event.subject).toBe('T');
  });

  it('a task that is not listed is still told', () => {
    const event = only(read(report({ notification: el('Consideration', { TaskID: '9' }) })), 'consideration');
    expect([event.subject, event.data]).toEqual(['9', { taskId: '9' }]);
    expect(read(report({ notification: el('Consideration') })).events).toEqual([]);
  });

  it("reads an executor's report, and the next one of the same executor as another", () => {
    const done = (date: string) =>
      read(
        report({
          notification: el('Report', { TaskID: '9' }),
          tasks: task(
            '9',
            'T',
            el('Executor', { Responsible: 'true' }, PETROV),
            el(
              'Executor',
              { UID: 'e', Responsible: 'false' },
              IVANOV,
              leaf('Text', 'Исполнено'),
              leaf('Date', date),
              leaf('Status', 'готово'),
            ),
          ),
        }),
      );
    const event = only(done('2025-03-10T12:00:00'), 'report');
    expect(event).toMatchObject({
      subject: 'T|e|2025-03-10T12:00:00',
      at: new Date('2025-03-10T09:00:00Z'),
      data: {
        reportText: 'Исполнено',
        reportDate: '2025-03-10',
        reportStatus: 'готово',
        executor: { uid: 'e' },
      },
    });
    expect(only(done('2025-03-10T12:00:00.123+03:00'), 'report').subject).toBe(event.subject);
    expect(only(done('2025-03-11T12:00:00'), 'report').subject).not.toBe(event.subject);
  });
});

describe('readReport: movement, term, answer', () => {
  it('reads a redirection to an organisation and to a person', () => {
    const { events } = read(
      report({
        notification: [
          el(
            'Redirection',
            {},
            contact({ organization: 'Минздрав', uid: '5' }),
            leaf('Date', '2025-03-05T09:30:00'),
            leaf('Type', 'СЭВ', { UID: 't' }),
          ),
          el('Redirection', {}, contact({ organization: 'Дума' }), leaf('Date', '2025-03-05T09:30:00')),
          el(
            'Redirection',
            {},
            el('PrivatePerson', {}, leaf('FIO', 'Сидоров')),
            leaf('Date', '2025-03-06T09:30:00'),
          ),
        ],
      }),
    );
    expect(events.map((event) => event.subject)).toEqual([
      '5|2025-03-05T09:30:00',
      'Дума|2025-03-05T09:30:00',
      '|2025-03-06T09:30:00',
    ]);
    expect(events[0]).toMatchObject({
      kind: 'redirection',
      at: new Date('2025-03-05T06:30:00Z'),
      data: {
        organization: { uid: '5', name: 'Минздрав' },
        type: { uid: 't', name: 'СЭВ' },
        toPerson: false,
      },
    });
    expect(JSON.stringify(events[2])).not.toContain('Сидоров');
    expect(events[2]?.data).toMatchObject({ toPerson: true });
  });

  it('reads forwardings inside the organisation', () => {
    const event = only(
      read(report({ notification: el('Forwarding', {}, IVANOV, leaf('Date', '2025-03-05T09:30:00+03:00')) })),
      'forwarding',
    );
    expect(event.subject).toBe('77|Иванов И.И.|2025-03-05T09:30:00');
    expect(event.data).toMatchObject({ person: { fio: 'Иванов И.И.' } });
  });

  const withTerm = (uid: string, id: string, deadline: string) =>
    document(
      { uid, id },
      registrationInfo('А-1', '2025-03-03'),
      el('Control', { State: 'UnderControl' }, leaf('Deadline', deadline), leaf('FactDate', '2025-03-21')),
      leaf('AdditionalField', 'Сложный вопрос', { Name: 'Причина продления', Type: 'Text' }),
    );

  it('reads the term of our own document only', () => {
    const message = read(
      report({
        notification: el('Registration', { DocumentID: '501' }),
        documents: [withTerm('other', '500', '2030-01-01'), withTerm(OUR_UID, '501', '2025-03-31+03:00')],
      }),
    );
    expect(only(message, 'deadline')).toMatchObject({
      subject: '2025-03-31',
      data: {
        deadline: '2025-03-31',
        state: 'UnderControl',
        factDate: '2025-03-21',
        registered: true,
        fields: [{ name: 'Причина продления', type: 'Text', value: 'Сложный вопрос' }],
      },
    });
  });

  it('finds our document by UID in a report without Registration, and skips a term that is no date', () => {
    expect(
      only(read(report({ documents: withTerm(OUR_UID, '1', '2025-04-01') })), 'deadline').data,
    ).toMatchObject({
      registered: false,
    });
    expect(read(report({ documents: withTerm(OUR_UID, '1', 'скоро') })).events).toEqual([]);
  });

  it('reads an announced answer', () => {
    const event = only(
      read(
        report({
          notification: el(
            'Answer',
            { DocumentID: '700' },
            leaf('Date', '2025-03-15T16:00:00'),
            leaf('Type', 'СЭВ'),
          ),
          documents: document(
            { uid: 'BBBB0000BBBB0000BBBB0000BBBB0000', id: '700' },
            registrationInfo('О-5', '2025-03-15'),
          ),
        }),
      ),
      'answer-announced',
    );
    expect(event).toMatchObject({
      subject: `bbbb0000bbbb0000bbbb0000bbbb0000|${OUR_UID}`,
      at: new Date('2025-03-15T13:00:00Z'),
      data: {
        answerUid: 'BBBB0000BBBB0000BBBB0000BBBB0000',
        documentId: '700',
        document: { number: 'О-5', date: '2025-03-15' },
      },
    });
    const unlisted = only(
      read(report({ notification: el('Answer', { DocumentID: '7|0' }) })),
      'answer-announced',
    );
    expect(unlisted.subject).toBe(`#7\\|0|${OUR_UID}`);
  });
});

describe('readReport: much of everything', () => {
  it('is not slow with tens of thousands of answers and documents', () => {
    const numbers = Array.from({ length: 15_000 }, (_, index) => String(index));
    const started = performance.now();
    const message = read(
      report({
        notification: [
          numbers.map((id) => el('Consideration', { TaskID: '1', N: id })),
          numbers.map((id) => el('Answer', { DocumentID: id })),
        ],
        documents: numbers.map((id) => document({ uid: `u${id}`, id })),
        tasks: task('1', 'T', ...numbers.slice(0, 5_000).map((id) => el('Executor', { UID: `e${id}` }))),
      }),
    );
    expect(message.events).toHaveLength(20_000);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
