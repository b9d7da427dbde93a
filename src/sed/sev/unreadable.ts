/** Why a message cannot be read, and what the administrator is told: words only, nothing of the message itself. */
const REASONS = {
  'too-large': 'XML больше разрешённого размера',
  dtd: 'XML содержит объявление DOCTYPE или ENTITY: такие сообщения не читаются',
  'too-deep': 'вложенность элементов XML больше разрешённой',
  'not-well-formed': 'XML обрывается или нарушен',
  encoding: 'кодировка XML нарушена или не поддерживается',
  'not-sev': 'это не сообщение СЭВ: нет обязательных частей',
  'xml-missing': 'в папке сообщения нет ни DocInfo.xml, ни Report.xml',
  'folder-missing': 'конверт есть, а папки сообщения нет',
  'file-missing': 'нет файла, названного в ResourceList',
  'bad-name': 'в ResourceList или в конверте недопустимое имя',
  'not-a-file': 'вместо файла или папки сообщения лежит ссылка или иной объект',
  'no-access': 'нет прав на чтение файлов сообщения',
} as const;

export type UnreadableReason = keyof typeof REASONS;

/** Waiting cannot mend these: nobody is still writing the file, somebody tries something. */
const HOSTILE: ReadonlySet<UnreadableReason> = new Set([
  'too-large',
  'dtd',
  'too-deep',
  'bad-name',
  'not-a-file',
]);

/** A message of the `in` folder that cannot be read now; stays inside this driver. */
export class UnreadableError extends Error {
  readonly reason: UnreadableReason;

  constructor(reason: UnreadableReason) {
    super(reason);
    this.name = 'UnreadableError';
    this.reason = reason;
  }
}

/** Whether the message goes to quarantine at once, without waiting for it to be written to the end. */
export function isHostile(reason: UnreadableReason): boolean {
  return HOSTILE.has(reason);
}

/** The reason in Russian, fit for a page and an e-mail: no names, no text of the message. */
export function reasonText(reason: UnreadableReason): string {
  return REASONS[reason];
}
