import { entriesOf } from './cross-archives.ts';
import { place } from './cross-places.ts';
import type { ConfigProblem } from './problems.ts';
import type { RawConfig } from './sources.ts';

/** Schedules of showcases that the queue could not read; their time zones are the cabinets' and checked there. */
export async function scheduleProblems(raw: RawConfig): Promise<ConfigProblem[]> {
  const written = entriesOf(raw, 'showcases').flatMap(({ data, problem }) => {
    const { value, at } = place(data, 'schedule', problem);
    return typeof value === 'string' && value !== '' ? [{ value, at }] : [];
  });
  if (written.length === 0) return [];
  // The queue is large: loaded only where there is something to read.
  const { isCron } = await import('../queue/cron.ts');
  return written.flatMap(({ value, at }) =>
    isCron(value)
      ? []
      : [
          at(
            `расписание «${value}» не читается: нужны пять полей cron — минута, час, день месяца, месяц, день недели; например, «30 2 * * *» — каждый день в 2:30`,
          ),
        ],
  );
}
