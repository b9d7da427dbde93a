import { Fault } from '../../model/errors.ts';
import { type Lookup, renderTemplate } from '../../text/template.ts';
import type { CardRequest, SedChannel } from '../port.ts';
import { additionalFieldValue } from './additional-field.ts';
import type { ResolvedCard } from './card-resolve.ts';
import type { AdditionalFieldRule } from './card-schema.ts';
import { fullName } from './card-variables.ts';
import { element, join, leaf, NOTHING, optional, type Xml } from './xml-writer.ts';

/** The rubric that the mapping gives to the category; none when no rule fits. */
export function rubric({ appeal }: CardRequest, card: ResolvedCard): Xml {
  const chosen = card.rubricFor(appeal.category.name, appeal.subcategory.name);
  return chosen === undefined ? NOTHING : leaf('Rubric', chosen.name, { UID: chosen.uid });
}

/**
 * Who wrote the appeal: a legal entity as a contact, a citizen as a private person, anybody unnamed as
 * «Анонимно», for ДЕЛО refuses a document with no author (code 39).
 */
export function author(request: CardRequest, card: ResolvedCard, lookup: Lookup): Xml {
  const { applicant } = request.appeal;
  const person = fullName(request.appeal);
  const organization = applicant.kind === 'LEGAL' ? organizationName(request) : '';
  const place = renderTemplate(card.author.address, lookup).text.trim();
  const address = place === '' ? NOTHING : element('Address', {}, leaf('Text', place));
  const electronic = join([
    optional('Econtact', applicant.email?.trim(), { Type: 'e' }),
    optional('Econtact', applicant.phone?.trim(), { Type: 't' }),
  ]);
  if (organization !== '') {
    const inn = optional('INN', applicant.organization?.inn?.trim());
    return element(
      'Author',
      {},
      element(
        'Contact',
        {},
        element('Organization', {}, leaf('ShortName', organization), inn),
        person === '' ? NOTHING : element('OfficialPerson', {}, leaf('FIO', person)),
        address,
        electronic,
      ),
    );
  }
  const fio = leaf('FIO', person || card.author.anonymous);
  return element('Author', {}, element('PrivatePerson', {}, fio, address, electronic));
}

/** To whom: the organisation at the channel's other end, with the cardfile's department when the site hints so. */
export function addressee(channel: SedChannel, card: ResolvedCard, lookup: Lookup): Xml {
  const { recipient } = channel;
  const hint = card.cardfile;
  const name = hint.as === 'department' ? renderTemplate(hint.name, lookup).text.trim() : '';
  const index = hint.as === 'department' && hint.index ? renderTemplate(hint.index, lookup).text.trim() : '';
  return element(
    'Addressee',
    {},
    element(
      'Contact',
      {},
      element(
        'Organization',
        { UID: recipient.organizationUid },
        leaf('ShortName', recipient.organizationName),
      ),
      name === '' ? NOTHING : element('Department', {}, leaf('Name', name), optional('Index', index)),
    ),
  );
}

/** The site's requisites; one without a value is left out. */
export function additionalFields(request: CardRequest, card: ResolvedCard, lookup: Lookup): Xml {
  const made = card.additionalFields.map((field) => {
    const raw = fieldText(field, request, lookup);
    const value = additionalFieldValue(field.type, raw, card.flag);
    if (value === undefined) {
      throw new Fault('CARD_MAPPING_INVALID', {
        detail: `реквизит «${field.name}»: значение обращения не годится для типа ${field.type}`,
        field: `additionalFields «${field.name}»`,
      });
    }
    return optional('AdditionalField', value, { Name: field.name, Type: field.type });
  });
  const hint = card.cardfile;
  if (hint.as === 'field') {
    const value = renderTemplate(hint.value, lookup).text.trim();
    made.push(optional('AdditionalField', value, { Name: hint.field, Type: 'Text' }));
  }
  return join(made);
}

/** A repeated consideration and a `repeatOf` point at the earlier card, which is listed beside ours. */
export function linkTo({ earlier, key }: CardRequest, card: ResolvedCard): Xml {
  if (earlier === undefined) return NOTHING;
  const type = key.repetition === '' ? card.links.related : card.links.repeated;
  return element('Link', { DocumentID: earlier.documentUid }, leaf('LinkType', type.name, { UID: type.uid }));
}

/** The earlier card as another document of the message: a Link points by DocumentID inside the message. */
export function linkedDocument({ earlier }: CardRequest): Xml {
  if (earlier === undefined) return NOTHING;
  return element(
    'Document',
    { UID: earlier.documentUid, DocumentID: earlier.documentUid, Type: 'Created', MainDocument: false },
    element('RegistrationInfo', {}, leaf('Number', earlier.number), leaf('Date', earlier.date)),
  );
}

function organizationName({ appeal }: CardRequest): string {
  const { organization } = appeal.applicant;
  const name = organization?.name?.trim() ?? '';
  const inn = organization?.inn?.trim() ?? '';
  return name !== '' || inn === '' ? name : `ИНН ${inn}`;
}

function fieldText(field: AdditionalFieldRule, { appeal }: CardRequest, lookup: Lookup): string {
  if (field.value !== undefined) return renderTemplate(field.value, lookup).text.trim();
  const wanted = field.customField?.toLowerCase();
  return appeal.customFields.find((one) => one.name.trim().toLowerCase() === wanted)?.value.trim() ?? '';
}
