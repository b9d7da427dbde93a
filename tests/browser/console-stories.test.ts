import { afterAll, afterEach, beforeAll, it } from '@jest/globals';
import { describeWithBrowser, requireChromium } from '../support/chromium.ts';
import { type ConsoleWorld, openConsoleWorld } from '../support/console-world.ts';
import { importClassifier } from './stories/classifier.ts';
import { mendMapping, resendRefused } from './stories/group.ts';
import { replaceFile } from './stories/large-answer.ts';
import { mendPassword } from './stories/password.ts';
import { mapRubric } from './stories/rubric.ts';
import { lookOnly } from './stories/viewer.ts';

const LONG = 300_000;

// One demo for all of them, since its start takes seconds; each story brings what it needs.
describeWithBrowser('the console of the running demo', () => {
  let world: ConsoleWorld;

  beforeAll(async () => {
    world = await openConsoleWorld(requireChromium());
  }, LONG);
  afterEach(() => world?.closePages());
  afterAll(() => world?.close(), LONG);

  it.each([
    [
      'finds a wrong password on Overview, mends the file that it names, checks, and has one mail at each end',
      mendPassword,
    ],
    ['maps a rubric by its first suggestion, and its 40 waiting records go, they alone', mapRubric],
    ['mends the mapping that refuses 25 answers, and sends the group again, each once', mendMapping],
    ['sends 25 answers that the platform refused again, each once', resendRefused],
    ['replaces the file of an answer that is too large by an upload', replaceFile],
    ['previews a classifier with renamed categories and takes it', importClassifier],
    ['lets a viewer look, and change nothing by page or by API', lookOnly],
  ])('%s', (_what, story) => story(world), LONG);
});
