import { isPlainName } from './plain-name.ts';
import { isHostile, UnreadableError } from './unreadable.ts';
import { parseXml, text, type XmlNode } from './xml.ts';
import { readXmlText } from './xml-bytes.ts';

/** Envelopes hold five short lines; more than this is no envelope. */
const MAX_ENVELOPE_BYTES = 256 * 1024;

/** Folders of `in` that are ours and never a message. */
export const QUARANTINE_FOLDER = 'quarantine';

/**
 * Name of the message folder of an envelope `{stem}.env`: its MessageDir when that is a plain name, else the
 * envelope's own stem; also when the envelope cannot be parsed, for the folder itself tells whether it is whole.
 *
 * @throws UnreadableError for a hostile envelope (DTD, too large, too deep, a link); file-system errors pass
 */
export async function readEnvelope(path: string, stem: string): Promise<string> {
  try {
    const root = parseXml(await readXmlText(path, MAX_ENVELOPE_BYTES), () => true);
    const dir = text(root, 'MessageDir') ?? anyMessageDir(root);
    return dir !== undefined && isMessageDir(dir) ? dir : stem;
  } catch (error) {
    if (error instanceof UnreadableError && !isHostile(error.reason)) return stem;
    throw error;
  }
}

/** Whether a name can be a message's folder inside `in`. */
export function isMessageDir(name: string): boolean {
  return isPlainName(name) && name.toLowerCase() !== QUARANTINE_FOLDER;
}

/** Some versions qualify the envelope's children by another namespace than its root. */
function anyMessageDir(root: XmlNode): string | undefined {
  return text(root.children.find((entry) => entry.name === 'MessageDir'));
}
