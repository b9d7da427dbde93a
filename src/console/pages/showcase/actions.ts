import { Fault } from '../../../model/errors.ts';
import { askRuns } from '../../../showcase/asked-runs.ts';
import { resendRecords } from '../../../showcase/resend.ts';
import { inTransaction } from '../../../store/data-source.ts';
import { writeAudit } from '../../users/audit.ts';
import type { Form, PageAnswer, PageRequest } from '../../web/page.ts';
import { safePath } from '../../web/path.ts';
import { speak } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import type { ShowcasePages } from './deps.ts';
import { WORDS } from './words.ts';

/** Asks for a build and upload of one showcase, or of all. */
export async function runAction(pages: ShowcasePages, { viewer, form }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const showcases = chosen(pages, form);
  const why = reasonOf(form);
  await inTransaction(pages.console.dataSource, async (tx) => {
    await askRuns(tx, showcases);
    await writeAudit(tx, { who: viewer.login, action: 'showcase-asked', why, data: { showcases } });
  });
  return { goTo: backOf(form), notice: { tone: 'good', text: say('asked2') } };
}

/** Sends refused records again: all of a showcase, those of a cause, or one. */
export async function resendAction(pages: ShowcasePages, { viewer, form }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const known = chosen(pages, form);
  const why = reasonOf(form);
  const code = form.text('code').replaceAll('\0', '').slice(0, 100);
  const recordId = form.text('record').replaceAll('\0', '').slice(0, 300);
  const filter = {
    ...(code === '' ? {} : { code }),
    ...(recordId === '' ? {} : { recordId }),
  };
  const done = await inTransaction(pages.console.dataSource, async (tx) => {
    const resent = await resendRecords(tx, filter, known);
    const { records, showcases } = resent;
    await writeAudit(tx, {
      who: viewer.login,
      action: 'showcase-resent',
      ...(recordId === '' ? {} : { object: `showcase-record:${recordId}` }),
      why,
      data: { showcases, records, ...(code === '' ? {} : { code }) },
    });
    return resent;
  });
  for (const id of known) {
    pages.status.forget(id);
    pages.causes.forget(id);
  }
  const isDone = done.records > 0 || done.showcases.length > 0;
  const text = isDone ? say('resent', { count: done.records }) : say('resentNone');
  return { goTo: backOf(form), notice: { tone: isDone ? 'good' : 'bad', text } };
}

/** Ids of the showcase named, or of all. @throws Fault COMMAND_INVALID for one that is not in the settings */
function chosen({ showcases }: ShowcasePages, form: Form): readonly string[] {
  const ids = showcases.map(({ id }) => id);
  const asked = form.text('showcase');
  if (asked === '' && ids.length > 0) return ids;
  if (ids.includes(asked)) return [asked];
  throw new Fault('COMMAND_INVALID', { detail: 'такой витрины в настройках нет', field: 'showcase' });
}

function backOf(form: Form): string {
  const back = safePath(form.text('back'));
  return back === '/' ? '/showcase' : back;
}
