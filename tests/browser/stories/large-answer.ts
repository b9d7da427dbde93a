import { expect } from '@jest/globals';
import { ERROR_CODES } from '../../../src/model/error-codes.ts';
import type { ConsoleWorld } from '../../support/console-world.ts';
import { eventually } from '../../support/eventually.ts';
import { answeredOnce, cardOf, OPA_ID, registered, waiting } from './appeals.ts';

/** More than the platform takes of one file (limits.uploadFileBytes of platform.yaml: 50 MB). */
const TOO_MANY_BYTES = 51 * 1024 * 1024;

/** The file of an answer is too large: another one is uploaded in its place. */
export async function replaceFile(world: ConsoleWorld): Promise<void> {
  const code = 'ANSWER_FILE_REFUSED';
  const { delo, platform } = world.stage;
  const posIds = await registered(world, 1);
  const content = Buffer.alloc(TOO_MANY_BYTES, ' ');
  content.write('%PDF-1.4');
  delo.answer(cardOf(world, posIds[0] ?? ''), {
    text: 'Ответ в файле',
    files: [{ name: 'ответ.pdf', content }],
  });
  await eventually('it to be refused', async () => (await waiting(world, code)).length === 1);
  const page = await world.as('operator');
  await page.goto(`${world.url}/errors`);
  await page.click(`main a:has-text("${ERROR_CODES[code].title}")`);
  await page.click('main details:has(a[href$="/edit"]) > summary');
  await page.click('main a[href$="/edit"]');
  const file = { name: 'короткий.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4 да') };
  await page.setInputFiles('[name=file]', file);
  await page.selectOption('[name=fileFor]', '0');
  await page.fill('[name=why]', 'файл сжат');
  await page.click('form[enctype] button');
  await page.waitForSelector('.notice.good');
  await answeredOnce(world, posIds);
  const uploaded = platform.files(OPA_ID).filter((each) => each.uploaded);
  expect(uploaded.map(({ name }) => name)).toEqual(['короткий.pdf']);
}
