import { createHash } from 'node:crypto';

/**
 * An identifier or folder name that another system gave, fit for a log: as it is while it is made of hexadecimal
 * digits (with the dashes and marks that messages get), else a hash of it, for a name may be anything, a person's too.
 */
export function outsideId(text: string): string {
  if (/^\{?[0-9a-f-]{1,64}\}?(~\d{1,4})?$/i.test(text)) return text;
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
