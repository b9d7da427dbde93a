import type { OutgoingMessage } from '../sev/parts.ts';
import { noticeMessage, type Subject } from '../sev/report-xml.ts';
import { BOM } from '../sev/xml.ts';
import type { NonsenseKind } from '../types.ts';
import { endsOf, newId, type Store } from './store.ts';

/** A message that no well-kept ДЕЛО would send. */
export interface Nonsense {
  readonly message: OutgoingMessage;
  readonly withoutEnvelope: boolean;
  readonly withoutLastFile: boolean;
}

const DEPTH = 1000;
const TIME = '2026-01-15T10:00:00.0000000+03:00';

/** Cut in the middle of its last third: well past the header, before the root closes. */
function truncate(xml: Buffer): Buffer {
  return xml.subarray(0, Math.floor(xml.length * 0.8));
}

function insertAfterDeclaration(xml: Buffer, what: string): Buffer {
  return Buffer.from(xml.toString('utf8').replace('?>', `?>${what}`), 'utf8');
}

function insertBeforeEnd(xml: Buffer, what: string): Buffer {
  const text = xml.toString('utf8');
  const end = text.lastIndexOf('</');
  return Buffer.from(`${text.slice(0, end)}${what}${text.slice(end)}`, 'utf8');
}

function damage(xml: Buffer, kind: NonsenseKind, hugeBytes: number): Buffer {
  switch (kind) {
    case 'truncated':
      return truncate(xml);
    case 'not-xml':
      return Buffer.from(`${BOM}Сервер временно недоступен, повторите запрос позже`, 'utf8');
    case 'dtd':
      return insertAfterDeclaration(
        xml,
        '<!DOCTYPE Report [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
      );
    case 'huge':
      return insertBeforeEnd(xml, `<!--${'х'.repeat(Math.ceil(hugeBytes / 2))}-->`);
    case 'deep':
      return insertBeforeEnd(xml, '<Expansion>'.repeat(DEPTH) + '</Expansion>'.repeat(DEPTH));
    case 'missing-file':
      return Buffer.from(
        xml
          .toString('utf8')
          .replace('</ResourceList>', '<Resource UID="1" UniqueName="Приложение.pdf"/></ResourceList>'),
        'utf8',
      );
    default:
      return xml;
  }
}

/**
 * A made-up message of that kind. It tells of a document that nobody sent, but `unknown-return-id`, whose
 * document is a card of ours when there is one, and `missing-file`, which is a true report short of a file.
 */
export function nonsenseMessage(
  kind: NonsenseKind,
  channel: string,
  store: Store,
  hugeBytes: number,
): Nonsense {
  const known = [...store.cards.values()].findLast((card) => card.channel === channel);
  const real = kind === 'unknown-return-id' || kind === 'missing-file' ? known : undefined;
  const subject: Subject = {
    channel,
    documentUid: real?.documentUid ?? newId(),
    // The literal occurs in real traffic.
    returnId: kind === 'unknown-return-id' ? 'unknown' : (real?.returnId ?? newId()),
    posId: real?.posId ?? '999999999',
    posDate: real?.posDate ?? '2026-01-15',
    group: real?.group ?? '',
    ends: endsOf(store, channel),
  };
  const message = noticeMessage(subject, { type: 'Reception', at: '2026-01-15T10:00:00.000' }, TIME);
  const missing = { name: 'Приложение.pdf', content: Buffer.from('%PDF-1.4\n') };
  return {
    message: {
      ...message,
      xml: damage(message.xml, kind, hugeBytes),
      files: kind === 'missing-file' ? [missing] : [],
    },
    withoutEnvelope: kind === 'no-envelope',
    withoutLastFile: kind === 'missing-file',
  };
}
