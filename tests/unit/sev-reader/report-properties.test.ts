import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readReport } from '../../../src/sed/sev/report.ts';
import { UnreadableError } from '../../../src/sed/sev/unreadable.ts';
import { parseXml } from '../../../src/sed/sev/xml.ts';
import { decodeXml } from '../../../src/sed/sev/xml-bytes.ts';
import {
  contact,
  document,
  el,
  leaf,
  OUR_RETURN,
  OUR_UID,
  registrationInfo,
  report,
  SEV,
} from './messages.ts';

/** Text a clerk may type; no `|`, so that expected subjects stay easy to write. */
const word = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((value) => value.replace(/[|\\]/g, '_').trim())
  .filter((value) => value !== '' && !/\p{C}/u.test(value));
const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const day = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 10));
const clock = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((value) => value.toISOString().slice(0, 19));

const facts = fc.record({
  reception: fc.option(clock),
  failure: fc.option(fc.record({ code: fc.nat(60), text: word })),
  registration: fc.option(fc.record({ number: word, date: day })),
  deadline: fc.option(day),
  tasks: fc.uniqueArray(
    fc.record({
      id: fc.nat(10_000),
      uid: hex,
      text: fc.option(word),
      executors: fc.uniqueArray(fc.record({ uid: fc.option(hex), organization: word, fio: word }), {
        selector: (executor) => executor.uid ?? `${executor.organization}|${executor.fio}`,
        maxLength: 3,
      }),
    }),
    { selector: (task) => task.id, maxLength: 4 },
  ),
  redirections: fc.uniqueArray(fc.record({ organization: word, at: clock }), {
    selector: (item) => `${item.organization}|${item.at}`,
    maxLength: 3,
  }),
  answers: fc.uniqueArray(hex, { maxLength: 3 }),
});
type Facts = typeof facts extends fc.Arbitrary<infer T> ? T : never;

function toXml(all: Facts): string {
  const documentParts = [
    all.registration === null ? '' : registrationInfo(all.registration.number, all.registration.date),
    all.deadline === null ? '' : el('Control', { State: 'UnderControl' }, leaf('Deadline', all.deadline)),
  ];
  const wholeDocument = all.registration !== null || all.deadline !== null;
  return report({
    notification: [
      all.reception === null ? '' : leaf('Reception', all.reception),
      all.failure === null ? '' : leaf('Failure', all.failure.text, { Code: String(all.failure.code) }),
      all.registration === null ? '' : el('Registration', { DocumentID: 'd1' }),
      all.tasks.map((task) => el('Consideration', { TaskID: String(task.id) })),
      all.redirections.map((item) =>
        el('Redirection', {}, contact({ organization: item.organization }), leaf('Date', item.at)),
      ),
      all.answers.map((uid) => el('Answer', { DocumentID: `a-${uid}` })),
    ],
    documents: [
      wholeDocument ? document({ uid: OUR_UID, id: 'd1' }, documentParts) : '',
      all.answers.map((uid) => document({ uid, id: `a-${uid}` })),
    ],
    tasks: all.tasks.map((task) =>
      el(
        'Task',
        { UID: task.uid, TaskID: String(task.id), Type: 'Resolution', Privacy: 'false' },
        task.text === null ? '' : leaf('Text', task.text),
        task.executors.map((executor) =>
          el(
            'Executor',
            { UID: executor.uid ?? undefined, Responsible: 'false' },
            contact({ organization: executor.organization, fio: executor.fio }),
          ),
        ),
      ),
    ),
  });
}

function expected(all: Facts): readonly string[] {
  return [
    ...(all.reception === null ? [] : [`reception ${OUR_RETURN}`]),
    ...(all.failure === null ? [] : [`failure ${OUR_RETURN} ${all.failure.code} ${all.failure.text}`]),
    ...(all.registration === null
      ? []
      : [`registration ${OUR_UID} ${all.registration.number} ${all.registration.date}`]),
    ...(all.deadline === null ? [] : [`deadline ${all.deadline}`]),
    ...all.tasks.flatMap((task) =>
      task.executors.length === 0
        ? [`consideration ${task.uid} ${task.text}`]
        : task.executors.map(
            (executor) =>
              `consideration ${task.uid}|${executor.uid ?? `${executor.organization}|${executor.fio}`} ${task.text}`,
          ),
    ),
    ...all.redirections.map((item) => `redirection ${item.organization}|${item.at}`),
    ...all.answers.map((uid) => `answer-announced ${uid}|${OUR_UID}`),
  ];
}

function got(xml: string): readonly string[] {
  return readReport(parseXml(decodeXml(Buffer.from(xml))), 'Europe/Moscow').events.map((event) => {
    const { code, text, number, date } = event.data;
    if (event.kind === 'failure') return `failure ${event.subject} ${code} ${text}`;
    if (event.kind === 'registration') return `registration ${event.subject} ${number} ${date}`;
    if (event.kind === 'consideration') return `consideration ${event.subject} ${text ?? null}`;
    return `${event.kind} ${event.subject}`;
  });
}

describe('readReport (properties)', () => {
  it('gives the events the report was built from', () => {
    fc.assert(
      fc.property(facts, (all) => {
        expect(got(toXml(all))).toEqual(expected(all));
      }),
    );
  });

  it('does not care whether the namespace is the default one or a prefix', () => {
    fc.assert(
      fc.property(facts, (all) => {
        const plain = toXml(all);
        const prefixed = plain
          .replace(`xmlns="${SEV}"`, `xmlns:sev="${SEV}"`)
          .replace(/<(\/?)([A-Z])/g, '<$1sev:$2');
        expect(got(prefixed)).toEqual(got(plain));
      }),
    );
  });

  it('an accumulated report repeats the identities of the earlier ones, so their order is nothing', () => {
    fc.assert(
      fc.property(facts, fc.nat(10), fc.nat(10), (all, tasks, answers) => {
        const earlier = { ...all, tasks: all.tasks.slice(0, tasks), answers: all.answers.slice(0, answers) };
        const first = got(toXml(earlier));
        const second = got(toXml(all));
        expect(second).toEqual(expect.arrayContaining([...first]));
        expect(new Set([...first, ...second])).toEqual(new Set([...second, ...first]));
        expect(new Set(second).size).toBe(second.length);
      }),
    );
  });

  it('no cut of a report is read, wherever it falls', () => {
    fc.assert(
      fc.property(facts, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const bytes = Buffer.from(toXml(all));
        const cut = bytes.subarray(0, Math.floor(share * (bytes.length - 1)));
        expect(() => readReport(parseXml(decodeXml(cut)), 'UTC')).toThrow(UnreadableError);
      }),
      { numRuns: 300 },
    );
  });
});
