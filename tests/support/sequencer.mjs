// Which tests begin first. By itself jest goes by the times it remembers, and a fresh machine remembers none: a file of
// forty lines that runs for a minute and a half would begin last, with one worker idle beside it.
import { statSync } from 'node:fs';

/** Folders of tests with processes, browsers and deaths in them: minutes, not seconds. */
const LONG = /[\\/]tests[\\/](browser|chaos|flows)[\\/]/;

function places(tests) {
  return tests
    .map((test) => ({ test, long: LONG.test(test.path), size: statSync(test.path).size }))
    .sort(
      (a, b) => Number(b.long) - Number(a.long) || b.size - a.size || (a.test.path < b.test.path ? -1 : 1),
    )
    .map(({ test }) => test);
}

// biome-ignore lint/style/noDefaultExport: demanded by jest
export default class LongFirst {
  sort(tests) {
    return places([...tests]);
  }

  shard(tests, { shardIndex, shardCount }) {
    return places([...tests]).filter((_test, at) => at % shardCount === shardIndex - 1);
  }

  /** For `--onlyFailures`: nothing is remembered, so all are run. */
  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
