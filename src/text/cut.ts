/**
 * The first `limit` characters (UTF-16 units) of a text, cut at the end of a word; a single word longer than
 * half the limit is cut inside, but never inside a code point. Pure prefix: nothing is added.
 */
export function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit);
  if (/\s/.test(text.charAt(limit))) return head.trimEnd();
  const space = head.search(/\s\S*$/);
  if (space >= limit / 2) return head.slice(0, space).trimEnd();
  return (isHighSurrogate(head.charCodeAt(limit - 1)) ? head.slice(0, -1) : head).trimEnd();
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
