import { describe, expect, it } from '@jest/globals';
import { readDocument } from '../../../src/sed/sev/document.ts';
import { UnreadableError } from '../../../src/sed/sev/unreadable.ts';
import { parseXml } from '../../../src/sed/sev/xml.ts';
import { decodeXml } from '../../../src/sed/sev/xml-bytes.ts';
import { contact, docInfo, document, el, header, leaf, OUR_UID, registrationInfo, SEV } from './messages.ts';

const SECOND_UID = '11111111111111112222222222222222';
const ANSWER_UID = 'ABCD0000ABCD0000ABCD0000ABCD0000';
const read = (xml: string) => readDocument(parseXml(decodeXml(Buffer.from(xml))), 'Europe/Moscow');
const link = (id: string, type?: string) =>
  el('Link', { DocumentID: id }, type === undefined ? '' : leaf('LinkType', type, { UID: 'lt' }));
const ours = (id: string, uid = OUR_UID) =>
  document({ uid, id }, registrationInfo('1000001', '2025-03-01'), link('9', 'Связь'));

const resources = [
  { uid: '0', name: 'DocInfo.xml' },
  { uid: '1', name: 'Ответ[1].pdf' },
  { uid: '2', name: 'Ответ.sig' },
];

describe('readDocument', () => {
  it('reads an answer with everything a rule may ask for', () => {
    const xml = docInfo(
      { resources, messageId: 'MSG', returnId: 'RET-1', time: '2025-03-15T16:00:00' },
      document(
        { uid: ANSWER_UID, id: '9', main: true },
        registrationInfo('О-5', '2025-03-15'),
        leaf('Group', 'Ответы гражданам', { UID: 'g' }),
        leaf('Access', 'общий'),
        leaf('Annotation', 'Дан ответ'),
        leaf('Note', 'Разъяснено'),
        leaf('Rubric', 'Дороги', { UID: 'r' }),
        leaf('Rubric', 'Свет'),
        el(
          'File',
          { UID: 'f', ResourceID: '1', Size: '12' },
          leaf('Description', 'Ответ.pdf'),
          leaf('Extension', '.pdf'),
          el('EDS', { ResourceID: '2' }),
        ),
        el('File', { UID: 'h', ResourceID: '77' }, leaf('Description', 'Нет в списке')),
        el('Author', {}, el('PrivatePerson', {}, leaf('FIO', 'Кто-то'))),
        el('Author', {}, contact({ organization: 'Мэрия', uid: '5', department: 'Приёмная' })),
        el('Author', {}, contact({ organization: 'Мэрия', fio: 'Петров П.П.', post: 'Мэр', personUid: 'p' })),
        leaf('AdditionalField', 'Поддержано', { Name: 'Решение', Type: 'Text' }),
        leaf('AdditionalField', '', { Name: 'Пусто', Type: 'Flag' }),
        link('1', 'Ответ'),
      ),
      ours('1'),
    );
    const { events, header: head } = read(xml);
    expect(head.messageType).toBe('MainDoc');
    const [event] = events;
    expect(event).toMatchObject({
      kind: 'answer',
      documentUid: OUR_UID,
      subject: `${ANSWER_UID.toLowerCase()}|${OUR_UID}`,
      at: new Date('2025-03-15T13:00:00Z'),
    });
    expect(event?.data).toMatchObject({
      answerUid: ANSWER_UID,
      messageId: 'MSG',
      returnId: 'RET-1',
      mainDocument: true,
      number: 'О-5',
      date: '2025-03-15',
      annotation: 'Дан ответ',
      note: 'Разъяснено',
      group: { uid: 'g', name: 'Ответы гражданам' },
      access: { name: 'общий' },
      rubrics: [{ uid: 'r', name: 'Дороги' }, { name: 'Свет' }],
      signer: { uid: 'p', fio: 'Петров П.П.', post: 'Мэр', organization: { name: 'Мэрия' } },
      fields: [
        { name: 'Решение', type: 'Text', value: 'Поддержано' },
        { name: 'Пусто', type: 'Flag', value: '' },
      ],
      files: [
        {
          uid: 'f',
          resource: 'Ответ[1].pdf',
          description: 'Ответ.pdf',
          extension: '.pdf',
          sizeKb: '12',
          signatures: ['Ответ.sig'],
        },
        { uid: 'h', description: 'Нет в списке', signatures: [] },
      ],
      linkType: 'Ответ',
      linkTypes: [{ uid: 'lt', name: 'Ответ' }],
    });
    expect(JSON.parse(JSON.stringify(event?.data))).toEqual(event?.data);
  });

  it('gives one event for each linked document, with all names of its links', () => {
    const { events } = read(
      docInfo(
        {},
        document(
          { uid: ANSWER_UID, id: '9', main: true },
          link('1', 'Ответ'),
          link('2', 'Ответ'),
          link('1', 'Связано'),
          link('2'),
        ),
        document({ uid: OUR_UID, id: '1' }),
        document({ uid: SECOND_UID.toUpperCase(), id: '2' }),
      ),
    );
    expect(events.map((event) => [event.documentUid, event.data['linkTypes']])).toEqual([
      [
        OUR_UID,
        [
          { uid: 'lt', name: 'Ответ' },
          { uid: 'lt', name: 'Связано' },
        ],
      ],
      [SECOND_UID, [{ uid: 'lt', name: 'Ответ' }]],
    ]);
  });

  it('skips links to nothing, to itself and to a document without UID', () => {
    const { events } = read(
      docInfo(
        {},
        document(
          { uid: ANSWER_UID, id: '9', main: true },
          link('9', 'Ответ'),
          link('404', 'Ответ'),
          link('3', 'Ответ'),
          el('Link', { URLString: 'http://x' }),
        ),
        document({ id: '3' }),
      ),
    );
    expect(events).toEqual([]);
  });

  it('names an answer without UID by its DocumentID', () => {
    const { events } = read(
      docInfo({}, document({ id: '9', main: true }, link('1', 'Ответ')), document({ uid: OUR_UID, id: '1' })),
    );
    expect(events.map((event) => event.subject)).toEqual([`#9|${OUR_UID}`]);
  });

  it('a message with neither links nor documents has no events', () => {
    expect(read(docInfo({}, ours('1'))).events).toEqual([]);
    expect(read(el('DocInfo', { xmlns: SEV }, header())).events).toEqual([]);
    expect(() => read(el('DocInfo', { xmlns: SEV }))).toThrow(UnreadableError);
  });
});
