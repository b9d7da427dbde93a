import type { LoadedConfig } from '../config/index.ts';
import { Fault } from '../model/errors.ts';
import type { Showcase } from '../showcase/deps.ts';
import { showcasesOf } from '../start-showcases.ts';

/**
 * The showcases of the settings, or the one named.
 * @throws Fault COMMAND_INVALID when there is none, or not this one
 */
export function findShowcases(
  loaded: LoadedConfig,
  id: string | undefined,
): readonly [Showcase, ...Showcase[]] {
  const all = showcasesOf(loaded);
  const [first, ...rest] = id === undefined ? all : all.filter((showcase) => showcase.id === id);
  if (first !== undefined) return [first, ...rest];
  const known = all.map((showcase) => showcase.id).join(', ');
  throw new Fault('COMMAND_INVALID', {
    detail:
      all.length === 0
        ? 'в настройках нет ни одной витрины (showcases)'
        : `--showcase: витрины «${id}» нет; есть: ${known}`,
    field: '--showcase',
  });
}
