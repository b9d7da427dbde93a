import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { Fault, toFault } from '../model/errors.ts';
import { ConfigError } from './problems.ts';

export const CHECK_AREAS = [
  'config',
  'database',
  'cabinet',
  'channel',
  'archive',
  'spool',
  'smtp',
  'mapping',
] as const;
export type CheckArea = (typeof CHECK_AREAS)[number];

/** One line of `posrednik check`. */
export interface CheckLine {
  readonly area: CheckArea;
  /** Which one: a cabinet's or channel's id, a file, a host. */
  readonly name: string;
  readonly ok: boolean;
  /** Absent when all is well. */
  readonly code?: ErrorCode;
  /** Russian; of a failure: what happened, the detail, and what to do. */
  readonly message: string;
  readonly ms: number;
}

/** One thing to try. Resolves when it works, with words worth showing if there are any; throws a `Fault` when not. */
export interface CheckTask {
  readonly name: string;
  run(signal: AbortSignal): Promise<string | undefined>;
}

/** What to try, by area; an area left out is not shown. */
export type CheckDeps = { readonly [area in CheckArea]?: readonly CheckTask[] };

export interface CheckOptions {
  /** Bound of one task, ms. */
  readonly timeoutMs?: number;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

/** What a task that never ended is most probably a sign of. */
const TIMEOUT_CODES: Readonly<Record<CheckArea, ErrorCode>> = {
  config: 'CONFIG_INVALID',
  database: 'DATABASE_UNREACHABLE',
  cabinet: 'PLATFORM_UNREACHABLE',
  channel: 'SED_FOLDER_UNAVAILABLE',
  archive: 'SED_ARCHIVE_UNREACHABLE',
  spool: 'SPOOL_UNAVAILABLE',
  smtp: 'SMTP_UNREACHABLE',
  mapping: 'CONFIG_INVALID',
};

/**
 * Tries everything, several at once, each within its bound; one failing stops no other. Lines come in the order
 * of areas and tasks. Never rejects.
 */
export async function runChecks(deps: CheckDeps, options: CheckOptions = {}): Promise<CheckLine[]> {
  const { timeoutMs = 30_000, concurrency = 8 } = options;
  const tasks = CHECK_AREAS.flatMap((area) => (deps[area] ?? []).map((task) => ({ area, task })));
  const lines: CheckLine[][] = [];
  const queue = tasks.entries();
  const worker = async () => {
    for (const [index, { area, task }] of queue) {
      lines[index] = await runOne(area, task, timeoutMs, options.signal);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, tasks.length) }, worker));
  return lines.flat();
}

async function runOne(
  area: CheckArea,
  task: CheckTask,
  timeoutMs: number,
  outer: AbortSignal | undefined,
): Promise<CheckLine[]> {
  const started = performance.now();
  const elapsed = () => Math.round(performance.now() - started);
  const bound = new AbortController();
  const signal = outer === undefined ? bound.signal : AbortSignal.any([bound.signal, outer]);
  let timer: NodeJS.Timeout | undefined;
  // A call on a dead network share ignores every signal, so the bound is a race too.
  const late = new Promise<never>((_resolve, reject) => {
    const stop = (detail: string) => reject(new Fault(TIMEOUT_CODES[area], { detail }));
    timer = setTimeout(() => {
      stop(`нет ответа за ${Math.ceil(timeoutMs / 1000)} с`);
      bound.abort();
    }, timeoutMs);
    const interrupted = () => stop('проверка прервана');
    if (outer?.aborted === true) interrupted();
    outer?.addEventListener('abort', interrupted, { once: true, signal: bound.signal });
  });
  try {
    const words = await Promise.race([attempt(task, signal), late]);
    return [{ area, name: task.name, ok: true, message: words ?? 'в порядке', ms: elapsed() }];
  } catch (error) {
    if (error instanceof ConfigError) return configLines(error, area, elapsed());
    return [failure(area, task.name, toFault(error), elapsed())];
  } finally {
    clearTimeout(timer);
    bound.abort();
  }
}

/** Turns a synchronous throw into a rejection. */
async function attempt(task: CheckTask, signal: AbortSignal): Promise<string | undefined> {
  return await task.run(signal);
}

function failure(area: CheckArea, name: string, fault: Fault, ms: number): CheckLine {
  const { title, remedy } = ERROR_CODES[fault.code];
  const detail = fault.detail === undefined ? '' : ` (${fault.detail})`;
  return { area, name, ok: false, code: fault.code, message: `${title}${detail}. ${remedy}`, ms };
}

/** Faulty settings as lines, one a fault: for a check that cannot go further, and for faults in data files. */
export function configLines(error: ConfigError, area: CheckArea = 'config', ms = 0): CheckLine[] {
  return error.problems.map(({ path, line, message }) => ({
    area,
    name: line === undefined ? path : `${path} (строка ${line})`,
    ok: false,
    code: error.code,
    message,
    ms,
  }));
}
