import { type AnswerRecord, type CardRecord, newId, newMessageDir } from '../exchange/store.ts';
import {
  contactXml,
  envelopeXml,
  headerXml,
  messageXml,
  type OutgoingMessage,
  registrationXml,
} from './parts.ts';
import { cardDocumentXml } from './report-xml.ts';
import { el, textEl } from './xml.ts';

const MAX_STEM = 80;

/** A name that every file system takes. */
function plainName(name: string): string {
  const plain = name
    .toWellFormed()
    .replace(/[/\\:*?"<>|\p{Cc}\uFFFE\uFFFF]/gu, '_')
    .replace(/^\.+/, '_');
  const extension = extensionOf(plain).slice(0, 16);
  const stem = plain.slice(0, plain.length - extension.length);
  return `${stem.slice(0, MAX_STEM)}${extension}`.toWellFormed();
}

/** Names under which the files lie in the folder: no path, no two alike. */
export function resourceNames(files: readonly { readonly name: string }[]): readonly string[] {
  const taken = new Set(['', 'docinfo.xml']);
  return files.map(({ name }, index) => {
    let plain = plainName(name);
    while (taken.has(plain.toLowerCase())) plain = `${index + 1}_${plain}`;
    taken.add(plain.toLowerCase());
    return plain;
  });
}

function extensionOf(name: string): string {
  return /\.[^./\\]+$/.exec(name)?.[0] ?? '';
}

function subscriptionsXml(): string {
  const included = { Include: true };
  const left = { Include: false };
  return el(
    'Subscriptions',
    { StopDayCount: 30 },
    el('Reception', included),
    el('Registration', included),
    el('Forwarding', left),
    el('Consideration', left),
    el('Report', left),
    el('Redirection', left),
    el('Answer', left),
  );
}

function answerXml(answer: AnswerRecord, cards: readonly CardRecord[], card: CardRecord): string {
  const names = resourceNames(answer.files);
  const { own } = card.ends;
  return el(
    'Document',
    { UID: answer.documentUid, DocumentID: answer.documentId, Type: 'Created', MainDocument: true },
    registrationXml(answer.number, answer.date),
    textEl('Group', answer.group),
    textEl('Access', answer.access),
    textEl('Consists', '1'),
    textEl('Annotation', answer.text),
    textEl('Note', answer.note),
    ...answer.files.map(({ name, content }, index) =>
      el(
        'File',
        { ResourceID: index + 1, Size: Math.ceil(content.length / 1024), UID: newId() },
        textEl('Description', name === '' ? names[index] : name),
        textEl('Extension', extensionOf(name)),
      ),
    ),
    el('Author', {}, contactXml(own, answer.signer), registrationXml(answer.number, answer.date)),
    el('Addressee', {}, el('PrivatePerson', {}, textEl('FIO', card.author.name))),
    ...Object.entries(answer.fields).map(([name, value]) =>
      textEl('AdditionalField', value, { Name: name, Type: 'Text' }),
    ),
    ...cards.map(({ id }) => el('Link', { DocumentID: id }, textEl('LinkType', answer.linkType))),
  );
}

/** The answer as a message: the document with its files, linked to the cards that it answers. */
export function answerMessage(
  answer: AnswerRecord,
  cards: readonly CardRecord[],
  card: CardRecord,
  headerTime: string,
): OutgoingMessage {
  const names = resourceNames(answer.files);
  const messageId = newId();
  const messageDir = newMessageDir();
  const header = { messageId, messageType: 'MainDoc', returnId: answer.returnId, time: headerTime };
  return {
    channel: card.channel,
    messageDir,
    messageId,
    xmlName: 'DocInfo.xml',
    xml: messageXml(
      'DocInfo',
      headerXml(header, card.ends, ['DocInfo.xml', ...names]),
      el('DocumentList', {}, answerXml(answer, cards, card), ...cards.map(cardDocumentXml)),
      subscriptionsXml(),
    ),
    files: answer.files.map(({ content }, index) => ({ name: names[index] ?? '', content })),
    envelope: (dir) => envelopeXml(card.ends, dir, `№ ${answer.number} от ${answer.date}`),
  };
}
