/** Longer names no file system keeps; bytes of UTF-8. */
const MAX_BYTES = 255;

/**
 * Whether a name from outside can be one entry of a folder and nothing else: no separators, no `.` or `..`, no
 * control characters. Names are data: whatever fails here is never joined to a path.
 */
export function isPlainName(name: string): boolean {
  if (name === '' || name === '.' || name === '..' || name.trim() === '') return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f/\\]/.test(name)) return false;
  return Buffer.byteLength(name) <= MAX_BYTES;
}

/**
 * The entry of a folder that a name of a message means: itself, else the only one equal without regard to case and
 * Unicode form, for the sender's disk (Windows) and ours see names differently.
 */
export function findEntry(entries: readonly string[], name: string): string | undefined {
  if (entries.includes(name)) return name;
  const wanted = caseless(name);
  const equal = entries.filter((entry) => caseless(entry) === wanted);
  return equal.length === 1 ? equal[0] : undefined;
}

function caseless(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
