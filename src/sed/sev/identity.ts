import { hash } from 'node:crypto';
import type { PackageIdentity, PackageKey } from '../port.ts';

/**
 * Part of every hashed identity. Changing it, a label or the order of fields would make new documents of
 * cards that the СЭД has already: the golden tests hold all of it fast.
 */
const NAMESPACE = 'posrednik/sev/1';

/**
 * Writes a label and fields as one string in a way that no two different lists share: a JSON array, where
 * every separator inside a field is escaped (so `['a,b']` and `['a','b']` differ, even with quotes inside).
 */
export function encodeIdentity(label: string, fields: readonly (string | number)[]): string {
  return JSON.stringify([NAMESPACE, label, ...fields]);
}

/** A stable identity: 32 lower-case hex digits without dashes, the first 128 bits of SHA-256 (contracts/sev.md). */
export function identityOf(label: string, fields: readonly (string | number)[]): string {
  return hash('sha256', encodeIdentity(label, fields), 'hex').slice(0, 32);
}

/**
 * All identities of one package, pure and the same on every machine for ever. The document is one per
 * (cabinet, posId, repetition); the message one per writing of it, so that a correction after a Failure is
 * a new message about the same document (contracts/sev.md, «We write, one per appeal»).
 */
export function identify(key: PackageKey): PackageIdentity {
  const document = [key.opaId, key.posId, key.repetition];
  const message = [...document, key.part, key.attempt];
  return {
    documentUid: identityOf('document', document),
    messageId: identityOf('message', message),
    returnId: identityOf('return', message),
    messageDir: identityOf('folder', message),
  };
}

/** UID of a citizen's file in a card: the same in every message that carries it, whatever the attempt. */
export function fileUid(documentUid: string, fileId: string): string {
  return identityOf('file', [documentUid, fileId]);
}

/** UID of the file with the appeal's whole text; an addition with an amended text brings another file. */
export function textFileUid(documentUid: string, part: number): string {
  return identityOf('text', [documentUid, part]);
}
