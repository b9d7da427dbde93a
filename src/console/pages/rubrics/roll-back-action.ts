import { Fault } from '../../../model/errors.ts';
import { rollBack } from '../../../rubrics/versions.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { VERSION_WORDS } from './version-words.ts';
import { numberOf } from './versions-page.ts';

/** A new version with the rules of an old one. */
export async function rollBackAction(
  { dataSource, db }: ConsoleDeps,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(VERSION_WORDS, viewer.lang);
  const to = numberOf(params['version']);
  if (to === undefined) throw new Fault('COMMAND_INVALID', { detail: 'такой версии нет' });
  const by = { who: viewer.login, why: reasonOf(form) };
  const made = await rollBack(dataSource, to, by);
  if (made === undefined) {
    return { goTo: '/rubrics/versions', notice: { tone: 'good', text: say('already', { version: to }) } };
  }
  const { version } = made;
  const object = `rubric-version:${version}`;
  await writeAudit(db, { ...by, action: 'rubrics-rolled-back', object, data: { to } });
  return {
    goTo: `/rubrics/versions/${version}`,
    notice: { tone: 'good', text: say('rolled', { version, to }) },
  };
}
