/**
 * A UID of ours as the other side repeats it, in our form: 32 hex digits, lower case. Systems between add dashes,
 * braces or capitals; whatever is no GUID stays as it came.
 */
export function normalUid(uid: string | undefined): string {
  if (uid === undefined) return '';
  const bare = uid.replace(/[{}-]/g, '');
  return /^[0-9a-f]{32}$/i.test(bare) ? bare.toLowerCase() : uid;
}

/** Joins the parts of an event's subject so that two different lists never give one text. */
export function subjectOf(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[\\|]/g, '\\$&')).join('|');
}
