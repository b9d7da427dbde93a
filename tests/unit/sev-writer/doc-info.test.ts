import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import type { CardRequest, SedChannel } from '../../../src/sed/port.ts';
import { type CardMapping, parseCardMapping } from '../../../src/sed/sev/card-mapping.ts';
import { createSevWriter, type SevWriter } from '../../../src/sed/sev/writer.ts';
import { anyRequest } from './generated.ts';
import {
  all,
  appealOf,
  bytesOf,
  channelIn,
  docInfoOf,
  faultOf,
  type Node,
  one,
  removeFolder,
  requestOf,
  SHIPPED_CARD,
  shippedMapping,
  temporaryFolder,
  textOf,
} from './support.ts';

const folder = temporaryFolder();
let channel: SedChannel;
let writer: SevWriter;

beforeAll(async () => {
  channel = channelIn(folder);
  writer = writerWith(await shippedMapping());
});
afterAll(() => removeFolder(folder));

function writerWith(mapping: CardMapping): SevWriter {
  return createSevWriter({ channels: [channel], mapping });
}

function siteWriter(changes: Record<string, unknown>): SevWriter {
  const shipped = parse(readFileSync(SHIPPED_CARD, 'utf8'));
  return writerWith(parseCardMapping(stringify({ ...shipped, ...changes }), 'card.yaml'));
}

async function docOf(
  request: CardRequest,
  by = writer,
): Promise<{ root: Node; card: Node; identity: ReturnType<SevWriter['identify']> }> {
  const root = await docInfoOf(by.render(request));
  const card = all(root, 'DocumentList/Document')[0];
  if (card === undefined) throw new Error('no Document');
  return { root, card, identity: by.identify(request.key) };
}

function fieldsOf(card: Node): Record<string, string> {
  return Object.fromEntries(all(card, 'AdditionalField').map((field) => [field.$?.['Name'], field._ ?? '']));
}

describe('the header', () => {
  it('carries our identities, the type and the time of the cabinet', async () => {
    const { root, identity } = await docOf(requestOf());
    expect(root.$?.['xmlns']).toBe('http://www.eos.ru/2010/sev');
    expect(one(root, 'Header').$).toEqual({
      MessageID: identity.messageId,
      ReturnID: identity.returnId,
      Version: '1.0',
      Time: '2025-03-01T13:20:30.456+03:00',
      MessageType: 'MainDoc',
      ResourceID: '0',
    });
  });

  it('writes the time of a cabinet in Yakutsk in its own zone', async () => {
    const request = requestOf();
    const far = { ...request, cabinet: { ...request.cabinet, timeZone: 'Asia/Yakutsk' } };
    const { root, card } = await docOf({
      ...far,
      appeal: appealOf({ receivedAt: new Date('2025-03-01T15:30:00Z') }),
    });
    expect(one(root, 'Header').$?.['Time']).toBe('2025-03-01T19:20:30.456+09:00');
    expect(textOf(card, 'RegistrationInfo/Date')).toBe('2025-03-02');
  });

  it('names both parties of the channel', async () => {
    const { root } = await docOf(requestOf());
    for (const [side, who] of [
      ['Sender', channel.sender],
      ['Recipient', channel.recipient],
    ] as const) {
      expect(one(root, `Header/${side}/Contact/Organization`).$).toEqual({ UID: who.organizationUid });
      expect(textOf(root, `Header/${side}/Contact/Organization/ShortName`)).toBe(who.organizationName);
      expect(one(root, `Header/${side}/EDMS`).$).toEqual({ UID: who.edmsUid });
    }
  });

  it('subscribes to everything, for as long as the channel says', async () => {
    const { root } = await docOf(requestOf());
    const subscriptions = one(root, 'Subscriptions');
    expect(subscriptions.$).toEqual({ StopDayCount: '365' });
    expect(Object.keys(subscriptions).filter((key) => key !== '$')).toEqual([
      'Reception',
      'Registration',
      'Forwarding',
      'Consideration',
      'Report',
      'Redirection',
      'Answer',
    ]);
    expect(one(subscriptions, 'Consideration').$).toEqual({ Include: 'true', AdvanceInfo: 'All' });
  });
});

describe('the card', () => {
  it('is one created document with posId, day of receipt and term', async () => {
    const { root, card, identity } = await docOf(requestOf());
    expect(all(root, 'DocumentList/Document')).toHaveLength(1);
    expect(card.$).toEqual({
      UID: identity.documentUid,
      DocumentID: identity.documentUid,
      Type: 'Created',
      MainDocument: 'true',
    });
    expect(textOf(card, 'RegistrationInfo/Number')).toBe('374299901');
    expect(textOf(card, 'RegistrationInfo/Date')).toBe('2025-03-01');
    expect(one(card, 'Control').$).toEqual({ State: 'UnderControl' });
    // 21:30 UTC is the next day in Moscow.
    expect(textOf(card, 'Control/Deadline')).toBe('2025-03-31');
    expect(textOf(card, 'Group')).toBe('Обращения граждан');
    expect(textOf(card, 'Access')).toBe('общий');
    expect(textOf(card, 'Annotation')).toBe('Во дворе яма.\nПросим заделать.');
    expect(textOf(card, 'Rubric')).toBe('Эксплуатация и сохранность автомобильных дорог');
  });

  it('takes the computed term only when the platform gives none', async () => {
    const { answerAt: _, ...termless } = appealOf();
    const computed = await docOf(requestOf({ appeal: termless, computedDeadline: '2025-04-02' }));
    expect(textOf(computed.card, 'Control/Deadline')).toBe('2025-04-02');
    const both = await docOf(requestOf({ computedDeadline: '2025-04-02' }));
    expect(textOf(both.card, 'Control/Deadline')).toBe('2025-03-31');
    const none = await docOf(requestOf({ appeal: termless }));
    expect(all(none.card, 'Control')).toEqual([]);
  });

  it.each([
    [{ receivedAt: undefined, createdAt: new Date('2025-02-27T12:00:00Z') }, '2025-02-27'],
    [{ receivedAt: undefined, createdAt: undefined }, '2025-03-01'],
    [{ receivedAt: new Date('+012025-01-01T00:00:00Z'), createdAt: undefined }, '2025-03-01'],
  ])('always has a date: %j', async (dates, expected) => {
    const { receivedAt: _r, createdAt: _c, ...appeal } = appealOf();
    const known = Object.fromEntries(Object.entries(dates).filter(([, date]) => date !== undefined));
    const { card } = await docOf(requestOf({ appeal: { ...appeal, ...known } }));
    expect(textOf(card, 'RegistrationInfo/Date')).toBe(expected);
  });

  it('has the requisites of the site, flags in words, empty ones left out', async () => {
    const { card } = await docOf(requestOf());
    expect(fieldsOf(card)).toEqual({
      'Номер ПОС': '374299901',
      'Категория ПОС': 'Автомобильные дороги',
      'Подкатегория ПОС': 'Ямы, выбоины',
      'Источник ПОС': 'ЕПГУ',
      'Фаст-трек': 'false',
      'Статус ПОС': 'На рассмотрении',
      'Выгрузка в витрину ПОС': 'false',
    });
    const bare = await docOf(
      requestOf({ appeal: appealOf({ subcategory: {}, source: 'TELEPATHY', fastTrack: true }) }),
    );
    expect(fieldsOf(bare.card)).not.toHaveProperty('Подкатегория ПОС');
    expect(fieldsOf(bare.card)).toMatchObject({ 'Источник ПОС': 'TELEPATHY', 'Фаст-трек': 'true' });
  });

  it('shows an unknown status by the platform’s own words, else by its code', async () => {
    const told = await docOf(
      requestOf({ appeal: appealOf({ status: 'BRAND_NEW', statusText: 'Новый вид' }) }),
    );
    const bare = await docOf(requestOf({ appeal: appealOf({ status: 'toString' }) }));
    expect([fieldsOf(told.card)['Статус ПОС'], fieldsOf(bare.card)['Статус ПОС']]).toEqual([
      'Новый вид',
      'toString',
    ]);
  });

  it('has no rubric when no rule fits, and the card goes all the same', async () => {
    const { card } = await docOf(requestOf({ appeal: appealOf({ category: { name: 'Неизвестное' } }) }));
    expect(all(card, 'Rubric')).toEqual([]);
  });
});

describe('the author', () => {
  it('is a person with what we know', async () => {
    const { card } = await docOf(requestOf());
    expect(textOf(card, 'Author/PrivatePerson/FIO')).toBe('Иванова Мария Петровна');
    expect(textOf(card, 'Author/PrivatePerson/Address/Text')).toBe('г. Якутск, ул. Ленина, 1');
    expect(all(card, 'Author/PrivatePerson/Econtact').map((one) => [one.$?.['Type'], one._])).toEqual([
      ['e', 'm@example.test'],
      ['t', '+79990000000'],
    ]);
  });

  it.each([
    [{ kind: 'PERSON' as const, epguId: '1' }],
    [{ kind: 'PERSON' as const, surname: ' ', name: '', patronymic: '\u00a0' }],
    [{ kind: 'LEGAL' as const, organization: { name: '  ' } }],
  ])('is «Анонимно» for %j, never absent', async (applicant) => {
    const { card } = await docOf(requestOf({ appeal: appealOf({ applicant, location: {} }) }));
    const person = one(card, 'Author/PrivatePerson');
    expect(textOf(person, 'FIO')).toBe('Анонимно');
    expect([all(person, 'Address'), all(person, 'Econtact')]).toEqual([[], []]);
  });

  it('is an organisation for a legal entity, with its representative', async () => {
    const applicant = {
      kind: 'LEGAL' as const,
      surname: 'Петров',
      phone: '8-800',
      organization: { name: 'ООО «Ромашка & Ко»', inn: '1435000000', ogrn: '1' },
    };
    const { card } = await docOf(requestOf({ appeal: appealOf({ applicant }) }));
    expect(all(card, 'Author/PrivatePerson')).toEqual([]);
    const contact = one(card, 'Author/Contact');
    expect(textOf(contact, 'Organization/ShortName')).toBe('ООО «Ромашка & Ко»');
    expect(textOf(contact, 'Organization/INN')).toBe('1435000000');
    expect(textOf(contact, 'OfficialPerson/FIO')).toBe('Петров');
    expect(one(contact, 'Econtact').$).toEqual({ Type: 't' });
  });

  it('names a nameless legal entity by its INN', async () => {
    const applicant = { kind: 'LEGAL' as const, organization: { inn: '1435000000' } };
    const { card } = await docOf(requestOf({ appeal: appealOf({ applicant }) }));
    expect(textOf(card, 'Author/Contact/Organization/ShortName')).toBe('ИНН 1435000000');
  });
});

describe('the text', () => {
  const long = `${'слово '.repeat(600)}конец`;

  it('is cut at a word, and the note says where the whole of it is', async () => {
    const { card } = await docOf(requestOf({ appeal: appealOf({ description: long }) }));
    const annotation = textOf(card, 'Annotation') ?? '';
    expect(annotation.length).toBeGreaterThan(1990);
    expect(annotation.length).toBeLessThanOrEqual(2000);
    expect(annotation.endsWith('слово')).toBe(true);
    expect(textOf(card, 'Note')).toContain('полный текст — в файле «Обращение 374299901.txt»');
  });

  it('says nothing of the file when nothing was cut', async () => {
    const { card } = await docOf(requestOf());
    expect(textOf(card, 'Note')).toBe(
      'Сообщение с платформы обратной связи № 374299901\nАдрес проблемы: г. Якутск, ул. Ленина, 1',
    );
  });

  it('goes whole as a file: byte-order mark, CRLF, every character', () => {
    const description = 'строка 1\nстрока 2\r\nстрока 3\rконец 😀 <&]]>';
    const rendered = writer.render(requestOf({ appeal: appealOf({ description }) }));
    expect(bytesOf(rendered, 'Обращение 374299901.txt').toString('utf8')).toBe(
      '\ufeffстрока 1\r\nстрока 2\r\nстрока 3\r\nконец 😀 <&]]>',
    );
  });

  it('names files that did not come first in the note, with the reason', async () => {
    const missingFiles = [
      { name: 'фото.jpg', reason: 'нет на платформе' },
      { name: 'видео.mp4', reason: 'больше 50 МБ' },
    ];
    const { card } = await docOf(requestOf({ missingFiles }));
    expect(textOf(card, 'Note')?.split('\n')[0]).toBe(
      'Не получены файлы: «фото.jpg» — нет на платформе; «видео.mp4» — больше 50 МБ',
    );
  });
});

describe('files', () => {
  const file = (name: string, size: number, fileId = name) => ({
    fileId,
    name,
    size,
    path: '/spool/x',
    sha256: 'ab',
  });

  it('stand in ResourceList and in the card under one number', async () => {
    const request = requestOf({
      files: [file('Фото.JPG', 14 * 1024 + 1), file('../Фото.jpg', 1024), file('пустой', 0)],
    });
    const { root, card } = await docOf(request);
    expect(
      all(root, 'Header/ResourceList/Resource').map((one) => [one.$?.['UID'], one.$?.['UniqueName']]),
    ).toEqual([
      ['0', 'DocInfo.xml'],
      ['1', 'Обращение 374299901.txt'],
      ['2', 'Фото.JPG'],
      ['3', 'Фото (2).jpg'],
      ['4', 'пустой'],
    ]);
    const files = all(card, 'File').map((one) => [
      one.$?.['ResourceID'],
      one.$?.['Size'],
      textOf(one, 'Description'),
      textOf(one, 'Extension'),
    ]);
    expect(files.slice(1)).toEqual([
      ['2', '15', 'Фото.JPG', '.JPG'],
      ['3', '1', '../Фото.jpg', '.jpg'],
      ['4', '1', 'пустой', ''],
    ]);
    expect(writer.render(request).files.map((one) => one.name)).toEqual(
      all(root, 'Header/ResourceList/Resource').map((one) => one.$?.['UniqueName']),
    );
  });

  it('keep their UID through attempts and additions', async () => {
    const files = [file('а.pdf', 1, 'file-7')];
    const key = requestOf().key;
    const uidOf = async (request: CardRequest) => all((await docOf(request)).card, 'File').at(-1)?.$?.['UID'];
    const first = await uidOf(requestOf({ files }));
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(await uidOf(requestOf({ files, key: { ...key, attempt: 1 } }))).toBe(first);
    expect(await uidOf(requestOf({ files, key: { ...key, part: 1 }, addition: 'late-file' }))).toBe(first);
    expect(await uidOf(requestOf({ files, key: { ...key, repetition: 'r' } }))).not.toBe(first);
  });

  it('can be called like the message itself and do no harm', () => {
    const rendered = writer.render(
      requestOf({ files: [file('docinfo.XML', 1), file('Обращение 374299901.txt', 1)] }),
    );
    expect(rendered.files.map((one) => one.name)).toEqual([
      'DocInfo.xml',
      'Обращение 374299901.txt',
      'docinfo (2).XML',
      'Обращение 374299901 (2).txt',
    ]);
  });
});

describe('links to an earlier card', () => {
  const earlier = { documentUid: 'e'.repeat(32), number: 'ОГ-12/3', date: '2025-01-15' };

  it.each([
    ['repeated', 'change-5', 'Вновь'],
    ['related', '', 'Связано'],
  ])('a %s one is listed beside ours and linked by DocumentID', async (_, repetition, type) => {
    const site = siteWriter({ links: { repeated: { name: 'Вновь', uid: 'l1' }, related: 'Связано' } });
    const { root, card } = await docOf(requestOf({ earlier, key: { ...requestOf().key, repetition } }), site);
    const [, other] = all(root, 'DocumentList/Document');
    expect(other?.$).toMatchObject({ UID: earlier.documentUid, MainDocument: 'false' });
    expect(textOf(other ?? {}, 'RegistrationInfo/Number')).toBe('ОГ-12/3');
    expect(textOf(other ?? {}, 'RegistrationInfo/Date')).toBe('2025-01-15');
    expect(one(card, 'Link').$).toEqual({ DocumentID: other?.$?.['DocumentID'] });
    expect(textOf(card, 'Link/LinkType')).toBe(type);
  });

  it('are absent without one', async () => {
    expect(all((await docOf(requestOf())).card, 'Link')).toEqual([]);
  });
});

describe('additions', () => {
  const key = { ...requestOf().key, part: 1 };
  const note = async (part: Partial<CardRequest>) =>
    textOf((await docOf(requestOf({ key, ...part }))).card, 'Note');

  it('go as AddToDoc about the same document', async () => {
    const main = await docOf(requestOf());
    const added = await docOf(requestOf({ key, addition: 'withdrawn' }));
    expect(one(added.root, 'Header').$?.['MessageType']).toBe('AddToDoc');
    expect(added.card.$?.['UID']).toBe(main.card.$?.['UID']);
    expect(added.identity.messageDir).not.toBe(main.identity.messageDir);
  });

  it('say what they bring', async () => {
    const files = [{ fileId: 'f', name: 'акт.pdf', size: 1, path: '/x', sha256: 'a' }];
    expect(await note({ addition: 'late-file', files })).toContain('дополнительно получены файлы: акт.pdf');
    expect(await note({ addition: 'withdrawn', appeal: appealOf({ withdrawnReason: 'решено' }) })).toContain(
      'Причина: решено',
    );
    expect(await note({ addition: 'term-moved' })).toContain('31.03.2025');
    expect(await note({ addition: 'rated', appeal: appealOf({ rating: 2 }) })).toBe(
      'Заявитель оценил ответ: 2 из 5',
    );
    expect(await note({ addition: 'amended' })).toContain('изменил текст');
  });

  it('carry the whole text only when it changed, under a name of its own', () => {
    const names = (addition: CardRequest['addition']) =>
      writer.render(requestOf({ key, ...(addition && { addition }) })).files.map((one) => one.name);
    expect(names('amended')).toEqual(['DocInfo.xml', 'Обращение 374299901, текст изменён 01.03.2025.txt']);
    expect(names('rated')).toEqual(['DocInfo.xml']);
  });

  it('contradicting their part number are our own mistake', async () => {
    for (const wrong of [requestOf({ key }), requestOf({ addition: 'rated' as const })]) {
      expect((await faultOf(() => writer.render(wrong))).code).toBe('DEFECT');
    }
  });
});

describe('settings of a site', () => {
  it('hint at the cardfile by a department of the addressee', async () => {
    const site = siteWriter({
      cardfile: { as: 'department', name: 'Картотека {{cabinet.name}}', index: '02' },
    });
    const { card } = await docOf(requestOf(), site);
    expect(textOf(card, 'Addressee/Contact/Organization/ShortName')).toBe(channel.recipient.organizationName);
    expect(textOf(card, 'Addressee/Contact/Department/Name')).toBe('Картотека Мэрия');
    expect(textOf(card, 'Addressee/Contact/Department/Index')).toBe('02');
  });

  it('hint at the cardfile by a requisite', async () => {
    const site = siteWriter({ cardfile: { as: 'field', field: 'Картотека', value: '{{cabinet.region}}' } });
    expect(fieldsOf((await docOf(requestOf(), site)).card)).toMatchObject({ Картотека: '14' });
  });

  it('take a requisite from a custom field of the platform', async () => {
    const site = siteWriter({ additionalFields: [{ name: 'Этаж', type: 'Decimal', customField: ' этаж ' }] });
    const customFields = [
      { name: 'Подъезд', value: '2' },
      { name: 'ЭТАЖ', value: '3,5' },
    ];
    expect(fieldsOf((await docOf(requestOf({ appeal: appealOf({ customFields }) }), site)).card)).toEqual({
      Этаж: '3.5',
    });
    expect(fieldsOf((await docOf(requestOf(), site)).card)).toEqual({});
  });

  it('refuse an appeal whose value does not fit, naming the requisite and not the value', async () => {
    const site = siteWriter({ additionalFields: [{ name: 'Этаж', type: 'Decimal', customField: 'Этаж' }] });
    const customFields = [{ name: 'Этаж', value: 'СЕКРЕТ' }];
    const fault = await faultOf(() => site.render(requestOf({ appeal: appealOf({ customFields }) })));
    expect(fault.code).toBe('CARD_MAPPING_INVALID');
    expect(fault.field).toBe('additionalFields «Этаж»');
    expect(JSON.stringify([fault.message, fault.detail])).not.toContain('СЕКРЕТ');
  });

  it('give dictionary values with their «Индекс СЭВ»', async () => {
    const site = siteWriter({
      documentGroup: { name: 'ОГ', uid: 'g' },
      access: { name: 'ДСП', uid: 'a' },
      defaultRubric: { name: 'Прочее', uid: 'r' },
      rubrics: [],
      consists: '{{filesCount}}',
    });
    const { card } = await docOf(requestOf(), site);
    const uids = ['Group', 'Access', 'Rubric'].map((name) => [
      textOf(card, name),
      one(card, name).$?.['UID'],
    ]);
    expect(uids).toEqual([
      ['ОГ', 'g'],
      ['ДСП', 'a'],
      ['Прочее', 'r'],
    ]);
    expect(textOf(card, 'Consists')).toBe('0');
  });
});

describe('any request', () => {
  it('renders to equal bytes each time, with every file listed once', async () => {
    await fc.assert(
      fc.asyncProperty(anyRequest, async (request) => {
        const [a, b] = [writer.render(request), writer.render(structuredClone(request))];
        expect(Buffer.compare(bytesOf(a, 'DocInfo.xml'), bytesOf(b, 'DocInfo.xml'))).toBe(0);
        expect(Buffer.compare(Buffer.from(a.envelope), Buffer.from(b.envelope))).toBe(0);
        const { root, card } = await docOf(request);
        expect(all(root, 'Header/ResourceList/Resource')).toHaveLength(a.files.length);
        expect(all(card, 'File')).toHaveLength(a.files.length - 1);
        expect(new Set(all(card, 'File').map((file) => file.$?.['UID'])).size).toBe(a.files.length - 1);
        expect(all(card, 'Author')).toHaveLength(1);
        expect((textOf(card, 'Annotation') ?? '').length).toBeLessThanOrEqual(2000);
        expect((textOf(card, 'Note') ?? '').length).toBeLessThanOrEqual(2000);
      }),
      { numRuns: 150 },
    );
  });
});
