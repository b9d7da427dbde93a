import { Fault } from '../../model/errors.ts';
import { cutAtWord } from '../../text/cut.ts';
import { renderLines, renderTemplate } from '../../text/template.ts';
import type { CardRequest, PackageIdentity, SedChannel } from '../port.ts';
import { additionalFields, addressee, author, linkedDocument, linkTo, rubric } from './card-elements.ts';
import type { ResolvedCard } from './card-resolve.ts';
import { deadlineDay, lookupOf, receivedDay } from './card-variables.ts';
import { headerElement, NAMESPACE } from './header-element.ts';
import type { PackageFile } from './package-files.ts';
import { timeIn } from './sev-time.ts';
import { element, join, leaf, NOTHING, optional, type Xml, xmlFile } from './xml-writer.ts';

export const DOC_INFO = 'DocInfo.xml';

export interface DocInfoInput {
  readonly request: CardRequest;
  readonly identity: PackageIdentity;
  readonly channel: SedChannel;
  readonly card: ResolvedCard;
  /** The files of the package beside DocInfo.xml, in order: their resource ids are 1, 2, … */
  readonly files: readonly PackageFile[];
  /** Name on disk of the file with the whole text; '' when this package has none. */
  readonly textFile: string;
}

/**
 * DocInfo.xml of a card (`MainDoc`) or of an addition to it (`AddToDoc`), valid against the vendor's
 * DocumentInfo.xsd, with elements in its order (contracts/sev.md, «We write, one per appeal»). Equal input
 * gives equal bytes. Throws CARD_MAPPING_INVALID when a requisite's value does not fit its type.
 */
export function renderDocInfo(input: DocInfoInput): Uint8Array {
  const { request } = input;
  return xmlFile(
    element(
      'DocInfo',
      { xmlns: NAMESPACE },
      headerElement({
        channel: input.channel,
        identity: input.identity,
        messageType: messageType(request),
        time: timeIn(request.headerTime, request.cabinet.timeZone),
        resources: [DOC_INFO, ...input.files.map((file) => file.diskName)],
      }),
      element('DocumentList', {}, document(input), linkedDocument(request)),
      subscriptions(input.channel),
      element('Expansion', {}),
    ),
  );
}

/** The card itself is part 0, additions are 1.. and say why they are sent; anything else is our own mistake. */
function messageType(request: CardRequest): 'MainDoc' | 'AddToDoc' {
  if (request.key.part > 0 !== (request.addition !== undefined)) {
    throw new Fault('DEFECT', { detail: 'part and addition of a card request contradict each other' });
  }
  return request.addition === undefined ? 'MainDoc' : 'AddToDoc';
}

/** The order of the elements is the XSD's (complexType Document). */
function document(input: DocInfoInput): Xml {
  const { request, card } = input;
  const uid = input.identity.documentUid;
  const { annotation, note } = texts(input);
  const deadline = deadlineDay(request);
  const lookup = lookupOf({ request, dictionaries: card.dictionaries, fullTextFile: '' });
  return element(
    'Document',
    // DocumentID lives inside the message only; the UID keeps it the same in every message about the card.
    { UID: uid, DocumentID: uid, Type: 'Created', MainDocument: true },
    element('RegistrationInfo', {}, leaf('Number', request.appeal.posId), leaf('Date', receivedDay(request))),
    deadline === undefined
      ? NOTHING
      : element('Control', { State: 'UnderControl' }, leaf('Deadline', deadline)),
    leaf('Group', card.documentGroup.name, { UID: card.documentGroup.uid }),
    card.access === undefined ? NOTHING : leaf('Access', card.access.name, { UID: card.access.uid }),
    optional('Consists', card.consists && renderTemplate(card.consists, lookup).text),
    optional('Annotation', annotation),
    optional('Note', note),
    rubric(request, card),
    join(input.files.map((file, index) => fileElement(file, index + 1))),
    author(request, card, lookup),
    addressee(input.channel, card, lookup),
    additionalFields(request, card, lookup),
    linkTo(request, card),
  );
}

/** The note tells where the whole text is only when the annotation had to be cut. */
function texts({ request, card, textFile }: DocInfoInput): { annotation: string; note: string } {
  const { dictionaries, limits } = card;
  const before = lookupOf({ request, dictionaries, fullTextFile: '' });
  const whole = renderTemplate(card.annotation, before).text.trim();
  const annotation = cutAtWord(whole, limits.annotation);
  const fullTextFile = annotation.length < whole.length ? textFile : '';
  const lines = request.addition === undefined ? card.note : card.additions[request.addition].note;
  const note = renderLines(lines, lookupOf({ request, dictionaries, fullTextFile }));
  return { annotation, note: cutAtWord(note, limits.note) };
}

/** Size is in KB rounded up, as the samples have it, and an empty file still counts as one. */
function fileElement(file: PackageFile, resourceId: number): Xml {
  return element(
    'File',
    { UID: file.uid, ResourceID: resourceId, Size: Math.max(1, Math.ceil(file.size / 1024)) },
    leaf('Description', file.description),
    leaf('Extension', file.extension),
  );
}

function subscriptions(channel: SedChannel): Xml {
  const on = { Include: true };
  return element(
    'Subscriptions',
    { StopDayCount: channel.stopDayCount },
    element('Reception', on),
    element('Registration', on),
    element('Forwarding', on),
    element('Consideration', { Include: true, AdvanceInfo: 'All' }),
    element('Report', on),
    element('Redirection', on),
    element('Answer', on),
  );
}
