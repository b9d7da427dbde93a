import { codeEntry, isKnownCode } from '../model/code-entry.ts';
import type { ErrorCode } from '../model/error-codes.ts';

/** Groups of the СЭД's failure codes: the first of two digits (contracts/sev.md, table of section 1). */
const FORMAT = 10;
const DICTIONARY = 20;
const RULES = 30;
const LINKED = 40;
const REPEATED = 50;

const CODES: Partial<Record<ErrorCode, number>> = {
  ANSWER_FILE_REFUSED: FORMAT + 1,
  APPEAL_SHAPE_UNKNOWN: FORMAT + 2,
  ANSWER_TYPE_NOT_MAPPED: DICTIONARY + 1,
  FORWARD_TARGET_UNKNOWN: DICTIONARY + 2,
  ANSWER_EMPTY: RULES + 1,
  ANSWER_ACCESS_RESTRICTED: RULES + 2,
  PLATFORM_REJECTED: RULES + 3,
  POSTPONE_REASON_MISSING: RULES + 4,
  PLATFORM_APPEAL_UNKNOWN: LINKED + 1,
  PLATFORM_ILLEGAL_TRANSITION: REPEATED + 1,
};

/**
 * What a Failure to the СЭД says of one of our errors: `Failure@Code` and a text for the clerk. The code's group:
 * 1 format — the file or the item itself does not fit (11 file refused, 12 shape unknown);
 * 2 dictionary — a value that no table of ours knows (21 kind of answer, 22 organisation);
 * 3 registration rules — empty (31), not open (32), refused by the platform (33), reason missing (34), and whatever has
 * no code of its own (30);
 * 4 linked document — the platform does not know the appeal (41);
 * 5 repeated document — the appeal is in a state that takes no answer, an accepted one mostly (51).
 * An unknown code (of another version) is 30 and stands in the text as it is.
 */
export function failureOf(code: string, detail: string | null): { code: number; text: string } {
  const { title } = codeEntry(code);
  const said = detail?.trim() ?? '';
  return {
    code: (isKnownCode(code) ? CODES[code] : undefined) ?? RULES,
    text: said === '' ? title : `${title}: ${said}`,
  };
}
