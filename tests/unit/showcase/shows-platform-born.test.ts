import { expect, it } from '@jest/globals';
import type { LoadedConfig } from '../../../src/config/index.ts';
import { showsPlatformBorn } from '../../../src/start-showcases.ts';

/** Settings with the cabinets `a` and `b`, and a showcase for each pair: who uploads it, whether it takes such cards. */
function settings(...showcases: readonly (readonly [cabinet: 'a' | 'b', include: boolean])[]) {
  const config = {
    cabinets: ['a', 'b'].map((id) => ({ id, opaId: `opa-${id}`, timeZone: 'Europe/Moscow' })),
    showcases: showcases.map(([cabinet, includePlatformBorn]) => ({ cabinet, includePlatformBorn })),
  };
  return { config } as unknown as LoadedConfig;
}

it.each([
  ['there is no showcase', settings(), false],
  ['its own says so', settings(['a', true], ['b', false]), true],
  ['its own says no', settings(['a', false], ['b', true]), false],
  ['it has none, and another says so', settings(['b', true]), true],
  ['it has none, and the others differ', settings(['b', true], ['b', false]), false],
  ['its own differ', settings(['a', true], ['a', false]), false],
])('new cards of a cabinet go into the showcase when %s', (_when, loaded, expected) => {
  expect(showsPlatformBorn(loaded, 'opa-a')).toBe(expected);
});
