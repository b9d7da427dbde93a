import { isRecord } from './env.ts';
import type { ConfigProblem } from './problems.ts';
import type { RawConfig } from './sources.ts';
import { didYouMean } from './suggest.ts';

/** Recipients of alerts that name a cabinet which is not there. */
export function alertProblems(raw: RawConfig): ConfigProblem[] {
  const known = raw.cabinets.flatMap(({ data }) =>
    isRecord(data) && typeof data['id'] === 'string' ? [data['id']] : [],
  );
  const alerts = isRecord(raw.main) ? raw.main['alerts'] : undefined;
  const recipients = isRecord(alerts) ? alerts['recipients'] : undefined;
  if (known.length === 0 || !Array.isArray(recipients)) return [];
  return recipients.flatMap((recipient: unknown, index) => {
    const cabinets = isRecord(recipient) ? recipient['cabinets'] : undefined;
    if (!Array.isArray(cabinets)) return [];
    return cabinets.flatMap((id: unknown, at) =>
      typeof id !== 'string' || known.includes(id)
        ? []
        : [
            raw.problem(
              ['alerts', 'recipients', index, 'cabinets', at],
              `кабинета «${id}» нет${didYouMean(id, known)}`,
            ),
          ],
    );
  });
}
