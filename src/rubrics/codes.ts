const CODE = /^\d{4}(\.\d{4}){3,4}$/;

/** Whether the text is a code of the classifier: four groups of four digits, five at level 5. */
export function isRubricCode(text: string): boolean {
  return CODE.test(text);
}

/**
 * The code as the classifier writes it, whatever blanks stand around it, with an empty fifth group dropped and missing
 * groups filled with zeros; undefined when it is none.
 */
export function normalCode(text: string): string | undefined {
  const groups = text.trim().replace(/\.$/, '').split('.');
  while (groups.length > 4 && groups.at(-1) === '0000') groups.pop();
  while (groups.length < 4) groups.push('0000');
  const code = groups.join('.');
  return isRubricCode(code) && groups[0] !== '0000' ? code : undefined;
}

/** The code without its empty groups: «0003.0009» for the theme 0003.0009.0000.0000. Codes under it start with it. */
export function stemOf(code: string): string {
  return code.replace(/(\.0000)+$/, '');
}

/** Level of a code, 1 (section) to 5. */
export function levelOf(code: string): 1 | 2 | 3 | 4 | 5 {
  const groups = stemOf(code).split('.').length;
  return groups === 1 || groups === 2 || groups === 3 || groups === 4 ? groups : 5;
}

/** The code one level up; undefined for a section. */
export function parentOf(code: string): string | undefined {
  const groups = stemOf(code).split('.');
  if (groups.length === 1) return undefined;
  return normalCode(groups.slice(0, -1).join('.'));
}

/** The code and those above it, nearest first: question, its 4-group parent, group, theme, section. */
export function lineage(code: string): readonly string[] {
  const line: string[] = [];
  for (let at: string | undefined = code; at !== undefined; at = parentOf(at)) line.push(at);
  return line;
}
