/** Bytes of UTF-8 a name may have, extension and number included: safe on every file system and share. */
export const MAX_NAME_BYTES = 120;
/** A longer «extension» is part of the name: «Ответ от 12.05 по вопросу ремонта». */
const MAX_EXTENSION_BYTES = 20;
const FALLBACK = 'файл';
/** Names that Windows, where ДЕЛО runs, keeps for devices, with any extension. */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;

/**
 * A name that is safe on disk for a file that a citizen named: one path segment, without control,
 * invisible and reserved characters, at most 120 bytes with its extension. The original is data and
 * stays in `File/Description`; nothing of it is ever used as a path.
 */
export function safeFileName(original: string): string {
  const { stem, extension } = split(clean(original));
  return fitName(stem, '', extension);
}

/** Extension with its dot as it stands on disk, `.docx`; '' when there is none. */
export function extensionOf(name: string): string {
  return split(name).extension;
}

/**
 * Gives each file of one package its own name: a second «Справка.pdf» (in any letter case, for Windows
 * sees no difference) becomes «Справка (2).pdf». Same calls in the same order give the same names.
 */
export function createNameAllocator(taken: readonly string[] = []): (original: string) => string {
  const used = new Set(taken.map(caseless));
  return (original) => {
    const { stem, extension } = split(clean(original));
    let name = safeFileName(original);
    for (let number = 2; used.has(caseless(name)); number += 1) {
      name = fitName(stem, ` (${number})`, extension);
    }
    used.add(caseless(name));
    return name;
  };
}

function clean(original: string): string {
  const segment = original
    .toWellFormed()
    .normalize('NFC')
    .split(/[\\/]/)
    .findLast((part) => trim(part) !== '');
  return trim((segment ?? '').replace(/[<>:"|?*]/g, '_'));
}

/** Windows drops trailing dots and spaces itself, which would make two names one. */
function trim(name: string): string {
  return name
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replace(/^\s+/u, '')
    .replace(/[\s.]+$/u, '');
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  const extension = dot < 0 ? '' : name.slice(dot);
  if (dot <= 0 || /\s/u.test(extension) || Buffer.byteLength(extension) > MAX_EXTENSION_BYTES) {
    return { stem: name, extension: '' };
  }
  return { stem: name.slice(0, dot), extension };
}

function fitName(stem: string, number: string, extension: string): string {
  const room = MAX_NAME_BYTES - Buffer.byteLength(number + extension);
  const whole = trim(cutBytes(guard(trim(stem) || FALLBACK), room));
  return `${whole}${number}${extension}`;
}

/** A device name counts up to its first dot: `nul.tar.gz` is `nul`. */
function guard(stem: string): string {
  const base = trim(stem.split('.', 1)[0] ?? '');
  return RESERVED.test(base) ? `_${stem}` : stem;
}

/** Cuts at a whole code point, never inside one. */
function cutBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let kept = '';
  let size = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}

function caseless(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}
