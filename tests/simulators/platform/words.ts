const STATUS_TEXTS: Record<string, string> = {
  MODERATION_NEW: 'На модерации',
  MODERATION_DECLINE: 'Отклонено модератором',
  MODERATION_ACCEPT: 'На рассмотрении',
  FORWARD_TO_PARENT: 'Передано в вышестоящую организацию',
  FORWARD_TO_SUBORDINATE: 'Передано в подведомственную организацию',
  TAKE_TO_WORK: 'Принято в работу',
  SET_EXECUTOR: 'Назначен исполнитель',
  POSTPONE: 'Срок продлён',
  SEND_RESPONSE: 'Получен ответ',
  RETURN: 'Возвращено координатору',
};

const SOURCE_TEXTS: Record<string, string> = {
  EPGU: 'Госуслуги',
  SITE: 'Сайт организации',
  MOBILE: 'Мобильное приложение',
};

const CHANGE_TEXTS: Record<string, string> = {
  NEW: 'Новое',
  RATED: 'Оценено заявителем',
  REPEATED: 'Повторное рассмотрение',
  WITHDRAWN: 'Отозвано заявителем',
  TERM_MOVED: 'Срок перенесён',
  AMENDED: 'Текст уточнён',
};

const ANSWER_TEXTS: Record<string, string> = {
  SOLVED: 'Вопрос решён',
  EXPLAINED: 'Даны разъяснения',
  NOT_SUPPORTED: 'Не поддержано',
  POSTPONED: 'Решение отложено',
  REFUSED: 'Отказано в рассмотрении',
};

/** Russian words for the codes; an unknown code stands for itself. */
export function statusText(code: string): string {
  return STATUS_TEXTS[code] ?? code;
}
export function sourceText(code: string): string {
  return SOURCE_TEXTS[code] ?? code;
}
export function changeText(code: string): string {
  return CHANGE_TEXTS[code] ?? code;
}
export function answerText(code: string): string {
  return ANSWER_TEXTS[code] ?? code;
}

export const ANSWER_TYPES: readonly string[] = Object.keys(ANSWER_TEXTS);

export const REJECT_REASONS: Readonly<Record<string, string>> = {
  '1': 'Вопрос не относится к ведению организации',
  '2': 'Ответ по существу уже давался',
  '3': 'Текст не поддаётся прочтению',
};
