import { z } from 'zod';
import { alertsSchema } from './alerts-schema.ts';
import { addressRange, byteSize, duration, timeZone } from './values.ts';

const party = z.strictObject({
  organizationUid: z.string().min(1).describe('UID организации в справочнике СЭВ'),
  organizationName: z.string().min(1).describe('Название организации'),
  edmsUid: z.string().min(1).describe('UID системы (EDMS)'),
});

export const channelSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'латинские строчные буквы, цифры и дефис')
    .describe('Короткое имя канала: его называют кабинеты'),
  out: z.string().min(1).describe('Папка, в которую пишет посредник и из которой забирает ДЕЛО'),
  in: z.string().min(1).describe('Папка, в которую пишет ДЕЛО и из которой забирает посредник'),
  address: z.string().default('posrednik').describe('Адрес в конверте'),
  number: z.string().default('1').describe('Номер канала в конверте'),
  recipient: party.describe('Организация и СЭД, которые получают карточки'),
  sender: party.describe('Под каким именем посредник известен в ДЕЛО'),
  stopDayCount: z.int().min(1).max(3650).default(365).describe('Сколько дней ДЕЛО шлёт отчёты о карточке'),
  partnerReports: z
    .boolean()
    .default(true)
    .describe('Отвечать ДЕЛО отчётами СЭВ на документы ответов: принят, зарегистрирован, отказ'),
});

export const cabinetSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'латинские строчные буквы, цифры и дефис')
    .describe('Короткое имя для журналов и команд'),
  name: z.string().min(1).describe('Название организации'),
  opaId: z
    .string()
    .regex(/^\d+$/, 'opaId — только цифры, в кавычках')
    .describe('Номер кабинета (ЛКО) на платформе'),
  identifier: z.string().min(1).describe('Идентификатор кабинета для входа'),
  passwordFile: z
    .string()
    .optional()
    .describe('Файл с паролем; иначе переменная POSREDNIK_CABINET_<ID>_PASSWORD или …_PASSWORD_FILE'),
  channel: z.string().describe('Канал СЭД этого кабинета (id из channels)'),
  region: z.string().optional().describe('Код региона: выбирает сроки'),
  archive: z
    .string()
    .optional()
    .describe('Архив СЭД (id из archives), где карточки этого кабинета получают «Статус ПОС» и «Ошибка ПОС»'),
  timeZone: timeZone.default('Europe/Moscow').describe('Часовой пояс, в котором пишутся дни'),
  startFrom: z.iso
    .date()
    .optional()
    .describe(
      'Обращения, поступившие раньше этого дня, карточек не получают; по умолчанию — день первого запуска',
    ),
  pollInterval: duration('60s').describe('Как часто читать ленту кабинета'),
  enabled: z.boolean().default(true).describe('false — кабинет не читается и ничего не отправляет'),
  mode: z
    .enum(['live', 'dry'])
    .optional()
    .describe(
      'dry — пробный режим: кабинет читается, а то, что ушло бы в СЭД и на платформу, пишется в папку dryDir; по умолчанию live',
    ),
});

const shortId = z.string().regex(/^[a-z0-9-]+$/, 'латинские строчные буквы, цифры и дефис');

export const archiveSchema = z.strictObject({
  id: shortId.describe('Короткое имя архива: его называют витрины и кабинеты'),
  baseUrl: z.url({ protocol: /^https?$/ }).describe('Адрес ДЕЛО-WEB'),
  user: z.string().min(1).describe('Учётная запись ДЕЛО-WEB'),
  passwordFile: z
    .string()
    .optional()
    .describe('Файл с паролем; иначе POSREDNIK_ARCHIVE_<ID>_PASSWORD или …_PASSWORD_FILE'),
  timeZone: timeZone.default('Europe/Moscow').describe('Часовой пояс, в котором ДЕЛО пишет даты'),
  timeout: duration('60s').describe('Предел одного запроса'),
  pageSize: z.int().min(1).max(5000).default(500).describe('Сколько карточек читать одной страницей'),
  cardUrl: z
    .string()
    .regex(/^https?:\/\/[^\s"'<>]*\{isn\}[^\s"'<>]*$/, 'нужен адрес http(s) с {isn} на месте номера карточки')
    .optional()
    .describe(
      'Адрес карточки в ДЕЛО-WEB, {isn} на месте её номера (ISN): для ссылок в списках невыгруженного',
    ),
});

export const showcaseSchema = z.strictObject({
  id: shortId.describe('Короткое имя витрины для журналов и команд'),
  cabinet: z.string().describe('Кабинет (id), от имени которого выгружается витрина'),
  archive: z.string().describe('Архив СЭД (id из archives), из которого читаются карточки'),
  region: z.string().min(1).describe('Код региона в заголовке файла; выбирает и сроки'),
  cardfiles: z
    .array(z.string().min(1))
    .min(1)
    .describe('Картотеки (DUE); карточка входит в витрину картотеки своей регистрации'),
  docGroups: z
    .array(z.string().min(1))
    .optional()
    .describe('Группы документов (DUE); по умолчанию все письма граждан'),
  from: z.iso.date().describe('Карточки, зарегистрированные раньше этого дня, не выгружаются'),
  ogrn: z
    .string()
    .regex(/^\d{13}(\d{2})?$/, 'ОГРН — 13 цифр, ОГРНИП — 15, в кавычках')
    .optional()
    .describe(
      'ОГРН организации в заголовке файла; по умолчанию тот, что платформа назвала при входе кабинета',
    ),
  includePlatformBorn: z
    .boolean()
    .default(false)
    .describe(
      'Выгружать и карточки, пришедшие с самой платформы: она их уже учла; где реквизит «Выгрузка в витрину ПОС» заполнен, решает он',
    ),
  schedule: z
    .string()
    .min(1)
    .default('30 2 * * *')
    .describe('Когда собирать и выгружать, в виде cron (пять полей), по часовому поясу кабинета'),
  maxRecords: z.int().min(1).max(1_000_000).default(10_000).describe('Сколько записей класть в один файл'),
  reportInterval: duration('15s').describe(
    'Через сколько первый раз спросить отчёт о файле; дальше реже, до десяти минут',
  ),
  digestAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'напишите время вида 07:00')
    .default('07:00')
    .describe('Когда слать ежедневную сводку о невыгруженном, по часовому поясу кабинета'),
  mailTo: z
    .array(z.string().min(3))
    .default([])
    .describe(
      'Кому писать о невыгруженном и о том, что витрина не собирается; по умолчанию адресаты из smtp.to',
    ),
});

export const configSchema = z.strictObject({
  stateDir: z.string().default('./state').describe('Папка состояния: встроенная база, по умолчанию и файлы'),
  spoolDir: z
    .string()
    .optional()
    .describe('Папка файлов; по умолчанию <stateDir>/spool; общая для всех демонов одной базы'),
  dryDir: z
    .string()
    .optional()
    .describe(
      'Папка пробного режима: что ушло бы наружу (содержит персональные данные); по умолчанию <stateDir>/dry',
    ),
  mappingsDir: z
    .string()
    .optional()
    .describe('Папка с platform.yaml, card.yaml, terms.yaml, calendar.yaml; по умолчанию из поставки'),
  database: z
    .strictObject({
      url: z
        .string()
        .regex(/^postgres(ql)?:\/\//, 'напишите адрес вида postgresql://хост:5432/база')
        .optional()
        .describe(
          'Адрес PostgreSQL без пароля; переменная DATABASE_URL важнее; без адреса — встроенная база',
        ),
      poolSize: z.int().min(2).max(100).default(20).describe('Сколько соединений держать с базой'),
    })
    .prefault({})
    .describe('База данных'),
  platform: z
    .strictObject({
      baseUrl: z.url({ protocol: /^https?$/ }).describe('Адрес платформы'),
      timeout: duration('30s').describe('Предел одного запроса'),
      pageSize: z.int().min(1).max(200).default(200).describe('Сколько обращений читать одной страницей'),
      tokenScope: z.string().default('sed').describe('Область прав (scope) при входе'),
      settleAfter: duration('120s').describe(
        'Сколько ждать, прежде чем считать оборванную отправку не дошедшей',
      ),
    })
    .describe('Платформа (ПОС)'),
  intake: z
    .strictObject({
      concurrency: z.int().min(1).max(64).default(4).describe('Сколько кабинетов читать сразу'),
    })
    .prefault({})
    .describe('Чтение ленты обращений'),
  registration: z
    .strictObject({
      waitForFiles: duration('15m').describe('Сколько карточка ждёт свои файлы'),
      notTakenAfter: duration('30m').describe('Когда не забранная карточка становится инцидентом'),
      notRegisteredAfterDays: z
        .int()
        .min(1)
        .max(30)
        .default(1)
        .describe('Рабочих дней до инцидента «не зарегистрирована»'),
      concurrency: z.int().min(1).max(256).default(128).describe('Сколько обращений обрабатывать сразу'),
    })
    .prefault({})
    .describe('Создание карточек'),
  files: z
    .strictObject({
      maxBytes: byteSize('50MB').describe('Предел размера файла'),
      allowedExtensions: z
        .array(z.string().regex(/^[a-z0-9]+$/))
        .default([
          'pdf',
          'doc',
          'docx',
          'rtf',
          'odt',
          'txt',
          'xls',
          'xlsx',
          'ods',
          'jpg',
          'jpeg',
          'png',
          'gif',
          'bmp',
          'tif',
          'tiff',
          'heic',
          'webp',
          'mp3',
          'wav',
          'ogg',
          'mp4',
          'mov',
          'avi',
          'webm',
          'zip',
          '7z',
          'rar',
          'sig',
          'p7s',
          'xml',
        ])
        .describe('Разрешённые расширения, строчными буквами'),
      timeout: duration('30m').describe('Предел загрузки одного файла'),
      idleTimeout: duration('60s').describe('Предел молчания внутри загрузки'),
      concurrency: z.int().min(1).max(32).default(4).describe('Сколько больших файлов загружать сразу'),
    })
    .prefault({})
    .describe('Файлы обращений'),
  retry: z
    .strictObject({
      base: duration('10s').describe('Пауза перед первым повтором'),
      factor: z.number().min(1).max(10).default(4).describe('Во сколько раз растёт пауза'),
      cap: duration('1h').describe('Самая длинная пауза'),
      window: duration('72h').describe('Сколько повторять, считая только время, когда адресат работает'),
    })
    .prefault({})
    .describe('Повторы после временных ошибок'),
  sed: z
    .strictObject({
      sweepInterval: duration('5s').describe('Как часто просматривать папки канала'),
      quarantineAfter: duration('10m').describe('Сколько ждать, пока нечитаемое сообщение дописывают'),
      maxMessageBytes: byteSize('20MB').describe('Предел размера XML'),
    })
    .prefault({})
    .describe('Чтение сообщений из СЭД'),
  console: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Адрес, на котором слушает консоль'),
      port: z.int().min(0).max(65535).default(8080).describe('Порт консоли; 0 — любой свободный'),
      secure: z
        .boolean()
        .default(false)
        .describe('true — перед консолью стоит TLS: куки только по https, браузер запоминает это (HSTS)'),
      publicUrl: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Адрес, по которому консоль открывают в браузере: для ссылок в письмах'),
      trustProxy: z
        .array(addressRange)
        .default([])
        .describe('Адреса обратных прокси, чьим заголовкам X-Forwarded-* верить'),
      headerSignIn: z
        .strictObject({
          header: z
            .string()
            .regex(/^[A-Za-z0-9-]+$/, 'имя заголовка: латинские буквы, цифры и дефис')
            .transform((name) => name.toLowerCase())
            .describe('Заголовок с именем для входа, который ставит прокси и не пропускает снаружи'),
          from: z
            .array(addressRange)
            .min(1)
            .describe('Адреса прокси, которым верить; с других заголовок не значит ничего'),
        })
        .optional()
        .describe('Вход по заголовку доверенного прокси; без раздела выключен'),
    })
    .prefault({})
    .describe('Консоль администратора'),
  smtp: z
    .strictObject({
      host: z.string().min(1).describe('Почтовый сервер'),
      port: z.int().min(1).max(65535).default(25).describe('Порт почтового сервера'),
      secure: z.boolean().default(false).describe('TLS с первого байта (порт 465)'),
      requireTls: z.boolean().default(false).describe('Не отправлять без STARTTLS'),
      user: z.string().min(1).optional().describe('Учётная запись; без неё — вход без пароля'),
      passwordFile: z
        .string()
        .optional()
        .describe('Файл с паролем; иначе POSREDNIK_SMTP_PASSWORD или …_FILE'),
      from: z.string().min(3).describe('Адрес отправителя'),
      to: z.array(z.string().min(3)).min(1).describe('Кому писать о неполадках'),
    })
    .optional()
    .describe('Почта для сообщений о неполадках'),
  alerts: alertsSchema.prefault({}).describe('Письма о неполадках и ежедневная сводка'),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Подробность журнала программы'),
    })
    .prefault({})
    .describe('Журнал программы (JSON, стандартный вывод)'),
  channels: z.array(channelSchema).min(1, 'нужен хотя бы один канал СЭД').describe('Каналы СЭД'),
  archives: z
    .array(archiveSchema)
    .default([])
    .describe('Архивы СЭД (ДЕЛО-WEB): чтение карточек и запись реквизитов'),
  showcases: z.array(showcaseSchema).default([]).describe('Витрины данных'),
  cabinetsDir: z.string().optional().describe('Папка файлов *.yaml, в каждом один кабинет или список'),
  cabinets: z.array(cabinetSchema).default([]).describe('Кабинеты (ЛКО)'),
});

export type Config = z.infer<typeof configSchema>;
export type CabinetConfig = z.infer<typeof cabinetSchema>;
export type ChannelConfig = z.infer<typeof channelSchema>;
export type ArchiveConfig = z.infer<typeof archiveSchema>;
export type ShowcaseConfig = z.infer<typeof showcaseSchema>;
