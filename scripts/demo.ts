import { setTimeout as pause } from 'node:timers/promises';
import { DemoError } from './demo/errors.ts';
import { listenToWishes, type Wishes } from './demo/signals.ts';
import { openStage, type Stage, type StageOptions } from './demo/stage.ts';
import { createTeller, type TellerSight } from './demo/teller.ts';
import { judge, type Verdict } from './demo/verdict.ts';

export interface DemoOptions extends StageOptions {
  /** Nothing on the standard output but the result, one JSON line; only with `once`, which ends when all is settled. */
  readonly json?: boolean;
}

const LIMIT_MS = 120_000;
const LOOK_MS = 200;

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
    const stage = await openStage(options, wishes, undo, say);
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
  tellVerdict(verdict, stage.mail.mails().length, seconds, options.json === true, say);
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
