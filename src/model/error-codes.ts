import type { ErrorKind } from './errors.ts';
import { SHOWCASE_CODES } from './showcase-codes.ts';

export interface ErrorEntry {
  readonly kind: ErrorKind;
  /** What happened, in Russian, one line. */
  readonly title: string;
  /** What the administrator should do, in Russian. */
  readonly remedy: string;
}

/**
 * The one table of error codes: the console, the e-mails and docs/errors.md are made of it.
 * A code is never renamed or reused; a retired one stays with its text.
 */
export const ERROR_CODES = {
  // Platform: credentials and cabinet
  PLATFORM_CREDENTIALS_WRONG: {
    kind: 'credentials',
    title: 'Платформа не приняла идентификатор или пароль кабинета',
    remedy:
      'Сверьте идентификатор и пароль с личным кабинетом организации (ЛКО), исправьте файл с паролем или настройку identifier этого кабинета. Новый вход будет сделан после изменения настройки, по кнопке «Проверить» на странице кабинета или по команде «cabinets check»: многократный неверный ввод блокирует учётную запись.',
  },
  PLATFORM_CABINET_NOT_READY: {
    kind: 'credentials',
    title: 'Кабинет на платформе не готов к работе',
    remedy:
      'В личном кабинете организации отметьте «Мною пройдено обучение» и «ЛКО готов к работе». Посредник проверяет кабинет раз в час; чтобы не ждать, нажмите «Проверить» на странице кабинета или выполните «cabinets check».',
  },
  PLATFORM_CABINET_MISMATCH: {
    kind: 'credentials',
    title: 'Идентификатор принадлежит другому кабинету',
    remedy:
      'Платформа впустила, но назвала другой opaId. Сверьте opaId кабинета и идентификатор: иначе обращения одной организации попали бы в другую.',
  },
  PLATFORM_SESSION_REFUSED: {
    kind: 'credentials',
    title: 'Платформа дважды подряд не приняла выданный ею токен',
    remedy: 'Проверьте права кабинета в ЛКО. Посредник повторяет вход раз в час.',
  },
  PLATFORM_FORBIDDEN: {
    kind: 'credentials',
    title: 'У кабинета нет права на этот вызов',
    remedy: 'Запросите у поддержки платформы право на обмен с СЭД для этого кабинета.',
  },
  // Platform: calls
  PLATFORM_UNREACHABLE: {
    kind: 'transient',
    title: 'Платформа недоступна',
    remedy: 'Проверьте сеть, прокси и адрес platform.baseUrl. Посредник повторяет сам.',
  },
  PLATFORM_BUSY: {
    kind: 'transient',
    title: 'Платформа занята и просит подождать',
    remedy: 'Делать ничего не нужно: посредник ждёт столько, сколько просит платформа.',
  },
  PLATFORM_BAD_ANSWER: {
    kind: 'transient',
    title: 'Ответ платформы не удалось разобрать',
    remedy:
      'Если ошибка держится больше часа, сверьте mappings/platform.yaml с действующим описанием интерфейса платформы; исправленный файл действует после перезапуска посредника.',
  },
  PLATFORM_OUTCOME_UNKNOWN: {
    kind: 'unknown',
    title: 'Связь с платформой прервалась после отправки',
    remedy: 'Делать ничего не нужно: посредник спросит у платформы, дошла ли отправка.',
  },
  PLATFORM_REJECTED: {
    kind: 'rejected',
    title: 'Платформа отказала в приёме данных',
    remedy: 'Исправьте названное поле и отправьте повторно.',
  },
  PLATFORM_APPEAL_UNKNOWN: {
    kind: 'rejected',
    title: 'В этом кабинете платформы нет такого обращения',
    remedy:
      'Проверьте в личном кабинете организации (ЛКО), не передано ли обращение другой организации и не удалено ли оно. Если обращение на месте, отправьте повторно (кнопка «Отправить снова» в консоли или команда «deliveries resend»), иначе отмените отправку (кнопка «Отменить» или команда «deliveries cancel»).',
  },
  PLATFORM_ILLEGAL_TRANSITION: {
    kind: 'rejected',
    title: 'Платформа не допускает этот статус после нынешнего',
    remedy:
      'Обращение на платформе уже в другом статусе; он и допустимые статусы названы в подробностях. Если этот шаг сделан в личном кабинете вручную или больше не нужен, отмените отправку (кнопка «Отменить» в консоли или команда «deliveries cancel»); иначе верните обращение в подходящий статус и отправьте повторно (кнопка «Отправить снова» или команда «deliveries resend»).',
  },
  PLATFORM_CURSOR_EXPIRED: {
    kind: 'transient',
    title: 'Платформа больше не хранит место, с которого продолжается чтение ленты',
    remedy:
      'Посредник продолжил с самого старого места и дочитывает пропуск по датам. Закройте инцидент, когда дочитывание завершится.',
  },
  // Items and files of the platform
  APPEAL_SHAPE_UNKNOWN: {
    kind: 'rejected',
    title: 'Обращение пришло в незнакомом виде',
    remedy:
      'Исходный текст сохранён. Сверьте указанный путь с описанием интерфейса. После исправления mappings/platform.yaml (он действует после перезапуска посредника) или обновления программы нажмите «Прочитать снова» в журнале ошибок консоли или дочитайте эти дни командой «posrednik cabinets backfill»; новая версия обращения будет разобрана сама.',
  },
  FILE_GONE: {
    kind: 'rejected',
    title: 'Файла обращения нет на платформе',
    remedy: 'Карточка отправлена без файла, с пометкой. Запросите файл у заявителя.',
  },
  FILE_TOO_LARGE: {
    kind: 'rejected',
    title: 'Файл больше разрешённого размера',
    remedy: 'Карточка отправлена без файла, с пометкой. При необходимости увеличьте files.maxBytes.',
  },
  FILE_TYPE_FORBIDDEN: {
    kind: 'rejected',
    title: 'Тип файла не разрешён',
    remedy: 'Карточка отправлена без файла, с пометкой. При необходимости дополните files.allowedExtensions.',
  },
  FILE_DAMAGED: {
    kind: 'transient',
    title: 'Файл пришёл с другим размером или контрольной суммой',
    remedy: 'Посредник загрузит файл заново.',
  },
  // Document-management system
  SED_FOLDER_UNAVAILABLE: {
    kind: 'transient',
    title: 'Папка обмена с СЭД недоступна для чтения или записи',
    remedy: 'Проверьте сетевую папку, права и свободное место.',
  },
  SED_REFUSED: {
    kind: 'rejected',
    title: 'СЭД отказала в регистрации карточки',
    remedy:
      'Прочтите код и текст отказа. Исправьте справочник ДЕЛО или mappings/card.yaml (после его правки перезапустите посредник), затем отправьте повторно: кнопкой в журнале ошибок консоли или командой «appeals resend».',
  },
  SED_SILENT: {
    kind: 'rejected',
    title: 'СЭД не забрала или не зарегистрировала карточку в срок',
    remedy:
      'Проверьте, что служба обмена СЭВ в ДЕЛО запущена и читает папку канала; затем отправьте карточку повторно: кнопка «Отправить РК снова» на странице обращения или команда «appeals resend».',
  },
  SED_MESSAGE_UNREADABLE: {
    kind: 'rejected',
    title: 'Сообщение из СЭД не удалось прочитать',
    remedy:
      'Сообщение лежит в папке quarantine канала. Исправьте причину и прочитайте его снова в журнале ошибок консоли или командой «quarantine retry».',
  },
  SED_MESSAGE_ORPHAN: {
    kind: 'rejected',
    title: 'Сообщение из СЭД относится к неизвестной карточке',
    remedy: 'Проверьте, не пишет ли в папку канала другая система.',
  },
  SED_MESSAGE_NO_ENVELOPE: {
    kind: 'rejected',
    title: 'Папка сообщения от СЭД больше часа лежит без конверта',
    remedy: 'Проверьте службу обмена СЭВ: сообщение записано не до конца. Посредник папку не трогает.',
  },
  // Archive of the document-management system
  SED_ARCHIVE_UNREACHABLE: {
    kind: 'transient',
    title: 'Архив СЭД (ДЕЛО-WEB) недоступен',
    remedy: 'Проверьте сеть, адрес baseUrl архива и что ДЕЛО-WEB работает. Посредник повторяет сам.',
  },
  SED_ARCHIVE_BAD_ANSWER: {
    kind: 'transient',
    title: 'Ответ архива СЭД не удалось разобрать',
    remedy:
      'Если ошибка держится больше часа, сверьте mappings/delo.yaml с версией ДЕЛО-WEB; исправленный файл витрина читает при следующей сборке, запись статусов — после перезапуска посредника.',
  },
  SED_ARCHIVE_CREDENTIALS_WRONG: {
    kind: 'credentials',
    title: 'ДЕЛО-WEB не приняло имя или пароль',
    remedy:
      'Сверьте user и файл с паролем этого архива и проверьте кнопкой «Проверить соединение» в журнале ошибок консоли или командой «check»; исправленный пароль посредник попробует сам в течение часа. С тем же паролем он входит не чаще раза в шесть часов: многократный неверный ввод блокирует учётную запись.',
  },
  SED_ARCHIVE_SESSION_REFUSED: {
    kind: 'credentials',
    title: 'ДЕЛО-WEB отказало и после нового входа',
    remedy:
      'Проверьте права учётной записи архива: картотеки, чтение карточек, запись дополнительных реквизитов. Посредник повторяет вход раз в час.',
  },
  SED_ARCHIVE_REFUSED: {
    kind: 'rejected',
    title: 'ДЕЛО отказалось выполнить действие с карточкой',
    remedy: 'Прочтите текст отказа в подробностях и исправьте карточку или права учётной записи архива.',
  },
  SED_REQUISITE_MISSING: {
    kind: 'rejected',
    title: 'В ДЕЛО нет нужного дополнительного реквизита',
    remedy:
      'Создайте названный реквизит в ДЕЛО или укажите его действительное название в разделе requisites файла mappings/delo.yaml и перезапустите посредник.',
  },
  SED_CARD_UNREADABLE: {
    kind: 'rejected',
    title: 'Карточку архива не удалось прочитать',
    remedy:
      'Исправьте названное поле в карточке; если оно в порядке, сверьте раздел card файла mappings/delo.yaml: исправленный витрина читает при следующей сборке, запись статусов — после перезапуска посредника.',
  },
  SED_CARD_NOT_FOUND: {
    kind: 'rejected',
    title: 'Карточка не найдена в архиве СЭД или найдена не одна',
    remedy:
      'Проверьте реквизит «Номер ПОС», номер и дату карточки в ДЕЛО. «Статус ПОС» будет записан при следующей отправке по этой карточке.',
  },
  CARD_MAPPING_INVALID: {
    kind: 'rejected',
    title: 'Настройка карточки не подходит к обращению',
    remedy:
      'Исправьте названное место в mappings/card.yaml, перезапустите посредник и отправьте повторно: кнопкой в журнале ошибок консоли или командой «appeals resend».',
  },
  // Statuses and answers
  FORWARD_TARGET_UNKNOWN: {
    kind: 'rejected',
    title: 'Организация, которой перенаправлено обращение, не найдена в таблице',
    remedy:
      'Добавьте организацию в раздел forward файла mappings/statuses.yaml (перезапуск не нужен) и отправьте повторно: кнопкой в журнале ошибок консоли или командой «deliveries resend».',
  },
  POSTPONE_REASON_MISSING: {
    kind: 'rejected',
    title: 'Срок продлён без указания причины',
    remedy: 'Заполните в карточке реквизит с причиной продления и отправьте повторно.',
  },
  ANSWER_TYPE_NOT_MAPPED: {
    kind: 'rejected',
    title: 'Не определён вид ответа',
    remedy:
      'Добавьте правило в раздел answers.types файла mappings/statuses.yaml (перезапуск не нужен) и отправьте повторно: кнопкой в журнале ошибок консоли или командой «deliveries resend».',
  },
  ANSWER_EMPTY: {
    kind: 'rejected',
    title: 'Пустой ответ: нет ни текста, ни файла',
    remedy: 'Дополните документ ответа в СЭД и отправьте его заново.',
  },
  ANSWER_ACCESS_RESTRICTED: {
    kind: 'rejected',
    title: 'Ответ с ограниченным доступом не отправляется гражданину',
    remedy: 'Измените гриф документа ответа в СЭД или ответьте гражданину другим путём.',
  },
  ANSWER_FILE_REFUSED: {
    kind: 'rejected',
    title: 'Файл ответа не подходит платформе',
    remedy:
      'Замените или уберите названный файл (кнопка «Исправить и отправить» в консоли или команда «deliveries edit» с --replace, --without) либо исправьте документ ответа в СЭД и отправьте его заново.',
  },
  ANSWER_NOT_ARRIVED: {
    kind: 'rejected',
    title: 'СЭД объявила ответ, но документ ответа не пришёл за сутки',
    remedy: 'Отправьте документ ответа из СЭД ещё раз.',
  },
  CARD_TERM_TOO_LATE: {
    kind: 'rejected',
    title: 'Срок в карточке СЭД позже срока платформы',
    remedy:
      'Гражданин ждёт ответа к сроку платформы. Исправьте срок в карточке или продлите его обычным порядком: новый срок с причиной уйдёт на платформу сам. Карточки перечислены в журнале ошибок консоли.',
  },
  ...SHOWCASE_CODES,
  // Our own house
  SPOOL_UNAVAILABLE: {
    kind: 'transient',
    title: 'Рабочая папка файлов недоступна или диск заполнен',
    remedy: 'Освободите место или верните права на папку spoolDir. Посредник повторяет сам.',
  },
  SPOOL_FOREIGN: {
    kind: 'rejected',
    title: 'Рабочая папка принадлежит другой установке',
    remedy: 'Укажите всем демонам одной базы одну и ту же папку spoolDir.',
  },
  CONFIG_INVALID: {
    kind: 'rejected',
    title: 'Настройки содержат ошибки',
    remedy: 'Исправьте перечисленные места и запустите «posrednik check».',
  },
  SECRET_UNREADABLE: {
    kind: 'credentials',
    title: 'Не удалось прочитать секрет',
    remedy: 'Проверьте путь и права файла с паролем.',
  },
  DATABASE_UNREACHABLE: {
    kind: 'transient',
    title: 'База данных недоступна',
    remedy: 'Проверьте DATABASE_URL и что PostgreSQL запущен.',
  },
  DATABASE_UNSUITABLE: {
    kind: 'rejected',
    title: 'База данных не подходит',
    remedy: 'Нужна PostgreSQL 15 или новее с кодировкой UTF8.',
  },
  DATABASE_NOT_MIGRATED: {
    kind: 'rejected',
    title: 'В базе данных нет таблиц этой версии программы',
    remedy: 'Запустите посредник или выполните «posrednik migrate», затем повторите команду.',
  },
  STATE_DIR_BUSY: {
    kind: 'rejected',
    title: 'Папкой состояния уже владеет другой процесс посредника',
    remedy:
      'Остановите другой процесс или укажите другую папку stateDir. Несколько демонов работают вместе только с общей базой DATABASE_URL.',
  },
  EMBEDDED_DATABASE_FAILED: {
    kind: 'transient',
    title: 'Встроенная база данных не запустилась',
    remedy: 'Прочтите postgres.log в папке состояния; проверьте место на диске и права.',
  },
  SMTP_UNREACHABLE: {
    kind: 'transient',
    title: 'Почтовый сервер недоступен',
    remedy: 'Проверьте раздел smtp настроек. Письма хранятся и будут отправлены позже.',
  },
  SMTP_REFUSED: {
    kind: 'rejected',
    title: 'Почтовый сервер отказал',
    remedy: 'Проверьте учётную запись, адрес отправителя и получателей в разделе smtp.',
  },
  CONSOLE_UNAVAILABLE: {
    kind: 'rejected',
    title: 'Консоль не может открыть свой адрес',
    remedy:
      'Если порт занят, остановите занявшую его программу или укажите другой console.port; проверьте console.host.',
  },
  COMMAND_INVALID: {
    kind: 'rejected',
    title: 'Команда написана неверно',
    remedy: 'Исправьте команду. Все команды и их параметры показывает «posrednik --help».',
  },
  // JSON API
  API_UNREACHABLE: {
    kind: 'transient',
    title: 'Посредник не отвечает по адресу API',
    remedy: 'Проверьте адрес ключа --api, сеть и что посредник запущен.',
  },
  API_UNAUTHORIZED: {
    kind: 'credentials',
    title: 'Токен API не принят',
    remedy:
      'Передайте действующий токен в заголовке «Authorization: Bearer». Новый выдаёт администратор на странице «Пользователи» → «Токены API» или командой «posrednik token add»; действующие показывает «posrednik token list».',
  },
  API_FORBIDDEN: {
    kind: 'rejected',
    title: 'У токена API нет права на этот вызов',
    remedy:
      'Выдайте токен с нужными ролью и правами на странице «Пользователи» → «Токены API» или командой «posrednik token add».',
  },
  API_NOT_FOUND: {
    kind: 'rejected',
    title: 'По этому адресу API ничего нет',
    remedy: 'Сверьте адрес и номер с описанием на странице /api/docs.',
  },
  API_REQUEST_INVALID: {
    kind: 'rejected',
    title: 'Запрос к API составлен неверно',
    remedy: 'Исправьте названное в подробностях; вид запроса описан на странице /api/docs.',
  },
  API_RATE_LIMITED: {
    kind: 'transient',
    title: 'Слишком много запросов',
    remedy: 'Повторите через столько секунд, сколько названо в заголовке Retry-After.',
  },
  ENDPOINT_PAUSED: {
    kind: 'transient',
    title: 'Обращения к адресату приостановлены: он не отвечал несколько раз подряд',
    remedy:
      'Делать ничего не нужно: посредник сам проверяет адресата и продолжит, когда тот ответит. Причина видна в ошибках того же адресата.',
  },
  DRY_RUN: {
    kind: 'transient',
    title: 'Пробный режим: наружу ничего не отправляется',
    remedy:
      'Что ушло бы, лежит в папке dryDir. Чтобы отправлять, уберите «mode: dry» у кабинета или запустите «posrednik run» без ключа --dry.',
  },
  STOPPED: {
    kind: 'transient',
    title: 'Действие прервано остановкой посредника',
    remedy: 'Делать ничего не нужно: действие повторится после запуска.',
  },
  DEFECT: {
    kind: 'defect',
    title: 'Ошибка в самой программе',
    remedy: 'Пришлите разработчикам запись журнала с этим кодом: в ней есть место ошибки.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
