/** How the stored words of stages and states are told to a person; one of a later version stays as it is. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  appeal: {
    awaiting: 'ждёт допуска платформы',
    skipped: 'карточка не нужна',
    open: 'в работе',
    attention: 'требует внимания',
    withdrawn: 'отозвано',
    settled: 'закрыто',
  },
  card: {
    planned: 'готовится',
    sent: 'отправлена',
    taken: 'забрана СЭД',
    received: 'получена СЭД',
    registered: 'зарегистрирована',
    attention: 'требует внимания',
    cancelled: 'отменена',
  },
  package: {
    writing: 'записывается',
    sent: 'отправлен',
    taken: 'забран СЭД',
    received: 'получен СЭД',
    registered: 'зарегистрирован',
    failed: 'отказ',
    again: 'будет отправлен снова',
  },
  file: { wanted: 'загружается', stored: 'загружен', refused: 'не загружен' },
  delivery: {
    queued: 'в очереди',
    sending: 'отправляется',
    unknown: 'исход выясняется',
    done: 'доставлена',
    attention: 'требует внимания',
    cancelled: 'отменена',
  },
  kind: { status: 'статус', answer: 'ответ' },
  change: {
    NEW: 'поступило',
    RATED: 'оценено',
    REPEATED: 'возвращено на повторное рассмотрение',
    WITHDRAWN: 'отозвано',
    TERM_MOVED: 'срок перенесён',
    AMENDED: 'текст изменён',
  },
  event: {
    reception: 'Получение',
    failure: 'Отказ',
    registration: 'Регистрация',
    forwarding: 'Передача внутри организации',
    consideration: 'Резолюция',
    report: 'Отчёт исполнителя',
    redirection: 'Перенаправление',
    deadline: 'Срок карточки',
    'answer-announced': 'Объявление ответа',
    answer: 'Документ ответа',
  },
  cabinet: { active: 'работает', paused: 'приостановлен', blocked: 'заблокирован' },
};

export type WordKind =
  | 'appeal'
  | 'card'
  | 'package'
  | 'file'
  | 'delivery'
  | 'kind'
  | 'change'
  | 'event'
  | 'cabinet';

/** The word of a stored stage, state or kind, in Russian. */
export function wordOf(kind: WordKind, stored: string): string {
  const words = WORDS[kind];
  return words !== undefined && Object.hasOwn(words, stored) ? (words[stored] ?? stored) : stored;
}
