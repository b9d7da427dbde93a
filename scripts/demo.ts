import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startDelo } from '../tests/simulators/delo/index.ts';
import { startPlatform } from '../tests/simulators/platform/index.ts';
import { startSmtp } from '../tests/simulators/smtp/index.ts';
import { makeAdministrator, sendDigest } from './demo/administrator.ts';
import { readAppeals, sendAppeals } from './demo/appeals.ts';
import { type Board, openBoard } from './demo/board.ts';
import { createDemoClerk } from './demo/clerk.ts';
import { type DemoDaemon, runDaemon } from './demo/daemon.ts';
import { DemoError } from './demo/errors.ts';
import { FORWARD_TARGET, writeMappings } from './demo/mappings.ts';
import { readReplies } from './demo/replies.ts';
import { makeAccess, newPassword, writeSettings } from './demo/settings.ts';
import { askShowcase, publishedCategories, startDemoArchive } from './demo/showcase.ts';
import { listenToWishes, type Wishes } from './demo/signals.ts';
import { createTeller, type TellerSight } from './demo/teller.ts';
import { judge, type Verdict } from './demo/verdict.ts';
import { openWorkplace } from './demo/workplace.ts';

export interface DemoOptions {
  /** End when everything is settled. */
  readonly once?: boolean;
  /** Nothing on the standard output but the result, one JSON line; only with `once`. */
  readonly json?: boolean;
  /** Folder in which channels, taken packages and logs are left. */
  readonly keep?: string;
}

/** A demo that runs: what it shows, and how to end it. */
interface Stage {
  readonly daemon: DemoDaemon;
  /** Where the daemon's log is to be found afterwards. */
  readonly logHint: string;
  look(): Promise<TellerSight | undefined>;
  /** Mails that the administrator has got. */
  mails(): number;
  /** What broke the format, by ДЕЛО's own check. */
  complaints(): readonly string[];
}

const LIMIT_MS = 120_000;
const LOOK_MS = 200;
/** Registered a little later than received, as in life, so that both can be seen. */
const REGISTER_MS = 250;
/** So many calls of the daemon are cut when the platform has already taken them, each after so many others. */
const CUTS = [
  { route: 'statuses', kind: 'cut-after', times: 3, skip: 20 },
  { route: 'answers', kind: 'cut-after', times: 2, skip: 10 },
] as const;

/** Runs the demo and gives the exit code: 0 when it did what was asked. */
export async function runDemo(options: DemoOptions): Promise<number> {
  if (options.json && !options.once) {
    process.stderr.write('--json имеет смысл только вместе с --once.\n');
    return 1;
  }
  const began = performance.now();
  const wishes = listenToWishes();
  const say = options.json ? () => undefined : sayLine;
  const undo: (() => Promise<unknown>)[] = [];
  let code = 1;
  try {
    const stage = await setStage(options, wishes, undo, say);
    code = await (options.once ? playOnce(stage, options, wishes, began, say) : playOn(stage, wishes, say));
  } catch (error) {
    if (!wishes.leave.aborted) process.stderr.write(`${wordsOf(error)}\n`);
  }
  say('завершаю работу…');
  for (const action of undo.reverse()) {
    await action().catch((error: unknown) => {
      process.stderr.write(`При завершении: ${wordsOf(error)}\n`);
      code = 1;
    });
  }
  wishes.ignore();
  return code;
}

async function setStage(
  options: DemoOptions,
  wishes: Wishes,
  undo: (() => Promise<unknown>)[],
  say: (line: string) => void,
): Promise<Stage> {
  say('готовлю демонстрацию: учебные платформа, ДЕЛО и почта, посредник со встроенной базой…');
  const cabinets = await readAppeals();
  const channelIds = [...new Set(cabinets.map(({ cabinet }) => cabinet.channel))];
  const workplace = await openWorkplace(channelIds, options.keep);
  undo.push(async () => {
    await workplace.remove();
    if (options.keep !== undefined) say(`пакеты и журналы оставлены в ${resolve(options.keep)}`);
  });
  const { channels, takenDir, logFile, stateDir } = workplace;
  const platform = await startPlatform({ showcaseCategories: await publishedCategories() });
  undo.push(() => platform.close());
  const access = makeAccess(cabinets);
  for (const { id: _id, ...cabinet } of access) platform.addCabinet(cabinet);
  sendAppeals(platform, cabinets, new Date());
  const mailLogin = { user: 'posrednik', password: newPassword() };
  const mail = await startSmtp({ login: mailLogin });
  undo.push(() => mail.close());
  for (const cut of CUTS) platform.fault(cut);
  const delo = await startDelo({
    channels,
    organizations: [FORWARD_TARGET],
    behaviour: { registerDelayMs: REGISTER_MS },
    ...(takenDir === undefined ? {} : { takenDir }),
  });
  undo.push(() => delo.stop());
  const archive = await startDemoArchive();
  undo.push(() => archive.simulator.close());
  const configPath = await writeSettings({
    folder: workplace.settingsDir,
    stateDir,
    mappingsDir: await writeMappings(join(workplace.settingsDir, 'mappings')),
    platformUrl: platform.url,
    mail: { host: mail.host, port: mail.port },
    mailLogin,
    channels,
    cabinets,
    access,
    archive: {
      url: archive.simulator.url,
      user: archive.simulator.user,
      password: archive.password,
      cardfiles: archive.simulator.cardfiles,
    },
  });
  wishes.leave.throwIfAborted();
  const daemon = await runDaemon(configPath, logFile, wishes.hurry);
  undo.push(() => daemon.stop());
  wishes.leave.throwIfAborted();
  const posIds = platform.appeals().map(({ posId }) => String(posId));
  // To watch, every second answer is left to the one who watches.
  const toAnswer = new Set(posIds.filter((_posId, index) => options.once || index % 2 === 0));
  const clerk = createDemoClerk(delo, posIds, toAnswer);
  const board: Board = await openBoard(stateDir);
  undo.push(() => board.close());
  const [administrator] = await Promise.all([
    makeAdministrator(configPath, workplace.settingsDir),
    askShowcase(configPath),
    sendDigest(configPath),
  ]);
  say('всё запущено:');
  say(`  платформа, страницы заявителя и кабинета   ${platform.url}/`);
  say(`  ДЕЛО, страницы делопроизводителя           ${delo.url}/`);
  say(`  посредник, консоль                         ${daemon.url}/`);
  say(`    вход: ${administrator.login}, пароль: ${administrator.password}`);
  say(`  посредник, показатели                      ${daemon.url}/metrics`);
  say(`  витрина на платформе                       ${platform.url}/showcase`);
  say(`  почта, пойманные письма                    ${mail.url}/api/mails`);
  say(`  журнал посредника                          ${logFile}`);
  return {
    daemon,
    logHint:
      options.keep === undefined
        ? 'Чтобы журнал остался, повторите с --keep ПАПКА.'
        : `Журнал посредника: ${logFile}`,
    async look() {
      const state = await board.look();
      if (state === undefined) return undefined;
      const cards = delo.cards();
      const replies = readReplies(platform);
      const resolutions = clerk.work(cards, replies);
      if (resolutions > 0) say(`делопроизводитель наложил резолюции: ${resolutions}`);
      return { appeals: platform.appeals(), cards, board: state, mails: mail.mails(), replies, toAnswer };
    },
    mails: () => mail.mails().length,
    complaints: () => delo.complaints.map(({ messageDir, text }) => `${messageDir}: ${text}`),
  };
}

/** Until everything is settled, at most two minutes from the start of the program. */
async function playOnce(
  stage: Stage,
  options: DemoOptions,
  wishes: Wishes,
  began: number,
  say: (line: string) => void,
): Promise<number> {
  const tell = createTeller(say);
  let verdict: Verdict | undefined;
  for await (const sight of looks(stage, wishes, began + LIMIT_MS)) {
    tell(sight);
    verdict = judge(sight);
    if (verdict.settled) break;
  }
  if (wishes.leave.aborted) return 1;
  if (verdict === undefined) throw new DemoError(`База посредника не отвечает. ${stage.logHint}`);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  tellVerdict(verdict, stage.mails(), seconds, options.json === true, say);
  const problems = problemsOf(verdict, stage);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

function tellVerdict(
  verdict: Verdict,
  mails: number,
  seconds: number,
  json: boolean,
  say: (line: string) => void,
): void {
  const { appeals, cards, attention, files, statuses, answers, unknownSettled } = verdict;
  const { records, accepted, refused, unmapped } = verdict.showcase;
  if (json) {
    const shown = { records, accepted, refused, unmapped };
    const result = {
      appeals,
      cards,
      attention,
      files,
      statuses,
      answers,
      unknownSettled,
      ...shown,
      mails,
      seconds,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  say(`итог: обращений ${appeals}, карточек ${cards}, файлов ${files}, требуют внимания ${attention}`);
  say(
    `на платформе: статусов ${statuses}, ответов ${answers}; оборванных отправок выяснено ${unknownSettled}`,
  );
  say(
    `витрина: вопросов ${records}, принято ${accepted}, не принято ${refused}, рубрика не сопоставлена ${unmapped}; писем администратору ${mails}`,
  );
  say(`время: ${String(seconds).replace('.', ',')} с`);
}

/** Until the one who watches has seen enough. */
async function playOn(stage: Stage, wishes: Wishes, say: (line: string) => void): Promise<number> {
  const tell = createTeller(say);
  let invited = false;
  for await (const sight of looks(stage, wishes)) {
    tell(sight);
    if (invited || !judge(sight).settled) continue;
    invited = true;
    say(
      'все обращения стали карточками, половина с ответом; нажмите «Новое сообщение» на странице платформы,',
    );
    say(
      'в ДЕЛО наложите резолюцию и отправьте ответ; оценка 1 или 2 на платформе вернёт обращение новой карточкой',
    );
    say('остановить: Ctrl+C');
  }
  return 0;
}

/** What is to be seen, again and again, until somebody wishes to leave or the time is over. */
async function* looks(stage: Stage, { leave }: Wishes, until = Infinity): AsyncGenerator<TellerSight> {
  do {
    if (!stage.daemon.running()) {
      throw new DemoError(`Посредник неожиданно завершился. ${stage.logHint}`);
    }
    const sight = await stage.look();
    if (sight !== undefined) yield sight;
    await pause(LOOK_MS, undefined, { signal: leave }).catch(() => undefined);
  } while (!leave.aborted && performance.now() < until);
}

function problemsOf(verdict: Verdict, stage: Stage): string[] {
  const { waiting, attention, doubled, doubledReplies, settled } = verdict;
  return [
    ...(waiting.length > 0 ? [`Не закончено за ${LIMIT_MS / 1000} с: ${waiting.join(', ')}.`] : []),
    ...(settled || waiting.length > 0 ? [] : [`Не все отправки закончены за ${LIMIT_MS / 1000} с.`]),
    ...(attention > 0 ? [`Требуют внимания: ${attention}. ${stage.logHint}`] : []),
    ...(doubled.length > 0 ? [`Две карточки по одному обращению: ${doubled.join(', ')}.`] : []),
    ...(doubledReplies.length > 0
      ? [`Статус или ответ на платформе дважды: ${doubledReplies.join(', ')}.`]
      : []),
    ...stage.complaints().map((text) => `ДЕЛО нашло нарушение формата: ${text}`),
  ];
}

function sayLine(line: string): void {
  process.stdout.write(`${new Date().toTimeString().slice(0, 8)}  ${line}\n`);
}

function wordsOf(error: unknown): string {
  if (error instanceof DemoError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
