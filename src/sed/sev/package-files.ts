import { renderTemplate } from '../../text/template.ts';
import type { CardRequest } from '../port.ts';
import type { ResolvedCard } from './card-resolve.ts';
import { lookupOf } from './card-variables.ts';
import { createNameAllocator, extensionOf } from './file-names.ts';
import { fileUid, textFileUid } from './identity.ts';

/** One file of a package beside DocInfo.xml. */
export interface PackageFile {
  readonly uid: string;
  /** Safe name in the message's folder. */
  readonly diskName: string;
  /** As the citizen named it. */
  readonly description: string;
  readonly extension: string;
  /** Bytes. */
  readonly size: number;
  readonly content: Uint8Array | { readonly path: string; readonly sha256: string };
}

/** These names belong to the message itself. */
const OWN_NAMES = ['DocInfo.xml', 'Report.xml'];

/**
 * The files of a package: the whole text first (always with a card, by the mapping with an addition),
 * then the citizen's files in their order.
 */
export function packageFiles(
  request: CardRequest,
  card: ResolvedCard,
  documentUid: string,
): { readonly files: readonly PackageFile[]; readonly textFile: string } {
  const allocate = createNameAllocator(OWN_NAMES);
  const files: PackageFile[] = [];
  const withText = request.addition === undefined || card.additions[request.addition].withText;
  if (withText) files.push(textFile(request, card, documentUid, allocate));
  for (const file of request.files) {
    const diskName = allocate(file.name);
    files.push({
      uid: fileUid(documentUid, file.fileId),
      diskName,
      description: file.name.trim() === '' ? diskName : file.name,
      extension: extensionOf(diskName),
      size: file.size,
      content: { path: file.path, sha256: file.sha256 },
    });
  }
  return { files, textFile: withText ? (files[0]?.diskName ?? '') : '' };
}

function textFile(
  request: CardRequest,
  card: ResolvedCard,
  documentUid: string,
  allocate: (original: string) => string,
): PackageFile {
  const lookup = lookupOf({ request, dictionaries: card.dictionaries, fullTextFile: '' });
  const name = request.addition === undefined ? card.textFile.name : card.textFile.amendedName;
  const diskName = allocate(renderTemplate(name, lookup).text);
  const content = plainText(request.appeal.description);
  return {
    uid: textFileUid(documentUid, request.key.part),
    diskName,
    description: diskName,
    extension: extensionOf(diskName),
    size: content.byteLength,
    content,
  };
}

/** UTF-8 with a byte-order mark and CRLF, so that Notepad on a clerk's computer shows it right. */
function plainText(text: string): Uint8Array {
  return Buffer.from(`\ufeff${text.replace(/\r\n|\r|\n/g, '\r\n')}`, 'utf8');
}
