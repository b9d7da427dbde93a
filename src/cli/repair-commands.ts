import type { Command } from 'commander';
import { DELIVERY_STATES } from '../model/delivery.ts';
import type { BackfillFlags } from './backfill-command.ts';
import type { PauseFlags } from './cabinet-commands.ts';
import type { CancelFlags, DeliveryListFlags, ResendFlags } from './delivery-commands.ts';
import type { EditFlags } from './edit-command.ts';
import type { ExplainFlags } from './explain-command.ts';
import type { GlobalOptions, JsonFlag } from './load.ts';

/** Commands by which a person mends one thing: they work while the daemon runs, through the database. */
export function addRepairCommands(program: Command, options: () => GlobalOptions): void {
  addAppeals(program, options);
  addDeliveries(program, options);
  addQuarantine(program, options);
  addCabinets(program, options);
  addMapping(program, options);
}

function addAppeals(program: Command, options: () => GlobalOptions): void {
  const appeals = program.command('appeals').description('обращения');
  appeals
    .command('show')
    .argument('<номер>', 'номер обращения на платформе (posId)')
    .description('весь путь обращения: изменения, файлы, карточки, отправки, журнал')
    .option('--json', 'ответ в JSON')
    .action(async (posId: string, flags: JsonFlag) =>
      (await import('./journey-command.ts')).showCommand(options(), posId, flags),
    );
  appeals
    .command('resend')
    .argument('<номер>', 'номер обращения на платформе (posId)')
    .description('отправить карточку в СЭД снова: после отказа или молчания')
    .option('--json', 'ответ в JSON')
    .action(async (posId: string, flags: JsonFlag) =>
      (await import('./resend-command.ts')).resendCommand(options(), posId, flags),
    );
}

function addDeliveries(program: Command, options: () => GlobalOptions): void {
  const deliveries = program.command('deliveries').description('статусы и ответы на пути к платформе');
  deliveries
    .command('list')
    .description('отправки, новые сверху')
    .option('--state <состояние>', `только в этом состоянии: ${DELIVERY_STATES.join(', ')}`)
    .option('--error <код>', 'только с этим кодом ошибки')
    .option('--appeal <номер>', 'только по этому обращению')
    .option('--limit <число>', 'не больше стольких', '200')
    .option('--json', 'ответ в JSON')
    .action(async (flags: DeliveryListFlags) =>
      (await import('./delivery-commands.ts')).listCommand(options(), flags),
    );
  deliveries
    .command('resend')
    .argument('[отправка]', 'номер отправки, как его показывает «deliveries list»')
    .description('отправить снова: одну по номеру или все с одним кодом ошибки')
    .option('--error <код>', 'все, что требуют внимания с этим кодом ошибки')
    .option('--why <причина>', 'почему: попадёт в журнал', 'команда')
    .option('--json', 'ответ в JSON')
    .action(async (id: string | undefined, flags: ResendFlags) =>
      (await import('./delivery-commands.ts')).resendCommand(options(), id, flags),
    );
  deliveries
    .command('edit')
    .argument('<отправка>', 'номер отправки, как его показывает «deliveries list»')
    .description(
      'исправить ответ, который требует внимания, и отправить его: без файла, с другим файлом, видом, текстом',
    )
    .option('--without <имя>', 'отправить без этого файла; можно повторять', collect, [])
    .option('--replace <имя=путь>', 'отправить вместо файла другой; можно повторять', collect, [])
    .option('--add <путь>', 'приложить файл; можно повторять', collect, [])
    .option('--type <вид>', 'вид ответа: имя из outgoing.answerTypes файла mappings/platform.yaml')
    .option('--comment <текст>', 'текст ответа')
    .requiredOption('--why <причина>', 'почему: попадёт в журнал')
    .option('--json', 'ответ в JSON')
    .action(async (id: string, flags: EditFlags) =>
      (await import('./edit-command.ts')).editCommand(options(), id, flags),
    );
  deliveries
    .command('cancel')
    .argument('<отправка>', 'номер отправки, как его показывает «deliveries list»')
    .description('не отправлять на платформу')
    .requiredOption('--why <причина>', 'почему: попадёт в журнал')
    .option('--json', 'ответ в JSON')
    .action(async (id: string, flags: CancelFlags) =>
      (await import('./delivery-commands.ts')).cancelCommand(options(), id, flags),
    );
}

function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

function addQuarantine(program: Command, options: () => GlobalOptions): void {
  const quarantine = program.command('quarantine').description('нечитаемые сообщения СЭД');
  quarantine
    .command('list')
    .description('что лежит в карантине')
    .option('--json', 'ответ в JSON')
    .action(async (flags: JsonFlag) =>
      (await import('./quarantine-commands.ts')).listQuarantine(options(), flags),
    );
  quarantine
    .command('retry')
    .argument('<канал>', 'канал СЭД: id из channels')
    .argument('<сообщение>', 'имя сообщения, как его показывает «quarantine list»')
    .description('прочитать сообщение снова')
    .option('--json', 'ответ в JSON')
    .action(async (channel: string, message: string, flags: JsonFlag) =>
      (await import('./quarantine-commands.ts')).retryQuarantine(options(), channel, message, flags),
    );
}

function addCabinets(program: Command, options: () => GlobalOptions): void {
  const cabinets = program.command('cabinets').description('кабинеты');
  cabinets
    .command('pause')
    .argument('<кабинет>', 'id кабинета из настроек')
    .description('не читать кабинет и ничего не отправлять от него на платформу')
    .option('--why <причина>', 'почему: попадёт в журнал', 'команда')
    .option('--json', 'ответ в JSON')
    .action(async (cabinet: string, flags: PauseFlags) =>
      (await import('./cabinet-commands.ts')).pauseCommand(options(), cabinet, flags),
    );
  cabinets
    .command('resume')
    .argument('<кабинет>', 'id кабинета из настроек')
    .description('вернуть приостановленный кабинет к работе')
    .option('--json', 'ответ в JSON')
    .action(async (cabinet: string, flags: JsonFlag) =>
      (await import('./cabinet-commands.ts')).resumeCommand(options(), cabinet, flags),
    );
  cabinets
    .command('check')
    .argument('<кабинет>', 'id кабинета из настроек')
    .description('войти в кабинет заново; заблокированный при удаче снова работает')
    .option('--json', 'ответ в JSON')
    .action(async (cabinet: string, flags: JsonFlag) =>
      (await import('./cabinet-commands.ts')).checkCabinetCommand(options(), cabinet, flags),
    );
  cabinets
    .command('backfill')
    .argument('<кабинет>', 'id кабинета из настроек')
    .description('дочитать изменения кабинета за дни')
    .requiredOption('--from <день>', 'с какого дня, ГГГГ-ММ-ДД')
    .requiredOption('--to <день>', 'по какой день включительно, ГГГГ-ММ-ДД')
    .option('--with-cards', 'завести карточки и тем, что поступили раньше startFrom или уже отвечены')
    .option('--json', 'ответ в JSON')
    .action(async (cabinet: string, flags: BackfillFlags) =>
      (await import('./backfill-command.ts')).backfillCommand(options(), cabinet, flags),
    );
}

function addMapping(program: Command, options: () => GlobalOptions): void {
  const mapping = program.command('mapping').description('правила: что из СЭД уходит на платформу');
  mapping
    .command('explain')
    .description('показать, какое правило сработает и что ушло бы; ничего не отправляет')
    .requiredOption('--event <файл>', 'Report.xml или DocInfo.xml от СЭД')
    .option('--cabinet <кабинет>', 'id кабинета из настроек; иначе первый')
    .option('--appeal <номер>', 'номер обращения (posId), если его нет в файле')
    .option('--answer-at <время>', 'срок ответа на платформе, ISO 8601')
    .option('--earlier-term <день>', 'срок карточки по прежним отчётам, ГГГГ-ММ-ДД')
    .option('--json', 'ответ в JSON')
    .action(async (flags: ExplainFlags) =>
      (await import('./explain-command.ts')).explainCommand(options(), flags),
    );
}
