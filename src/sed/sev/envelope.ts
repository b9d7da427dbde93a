import type { SedChannel } from '../port.ts';
import { element, leaf, xmlFile } from './xml-writer.ts';

/** What stands beside a message's folder as `{MessageDir}.env`, valid against Envelop.xsd (no namespace). */
export function renderEnvelope(channel: SedChannel, messageDir: string, subject: string): Uint8Array {
  return xmlFile(
    element(
      'Envelop',
      {
        'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
        'xmlns:xsd': 'http://www.w3.org/2001/XMLSchema',
      },
      leaf('Address', channel.address),
      leaf('MessageDir', messageDir),
      leaf('Channel', channel.number),
      leaf('Subject', subject),
    ),
  );
}
