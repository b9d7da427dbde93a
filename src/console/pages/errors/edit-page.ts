import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { mappingFile } from '../../../checks/mapping-file.ts';
import { Fault, toFault } from '../../../model/errors.ts';
import { loadPlatformMapping } from '../../../platform/rest/index.ts';
import { type AnswerEdit, editAnswer } from '../../../replies/edit.ts';
import type { AnswerFile } from '../../../replies/interpret.ts';
import type { StoredBlob } from '../../../store/spool.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import { html } from '../../web/html.ts';
import type { Form, PageAnswer, PageRequest } from '../../web/page.ts';
import { speak } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { entryOf } from '../trouble.ts';
import { findAnswer, type WaitingAnswer } from './answer.ts';
import { type EditGiven, type EditRules, editForm } from './edit-form.ts';
import { EDIT_WORDS } from './edit-words.ts';

/** `GET /deliveries/:id/edit`: an answer that waits, as a form. Who looked is written: it is a citizen's. */
export async function editPage(deps: ConsoleDeps, { viewer, params }: PageRequest): Promise<PageAnswer> {
  const say = speak(EDIT_WORDS, viewer.lang);
  const answer = await findAnswer(deps.db, params['id'] ?? '');
  if (answer === undefined) return gone(say('title'), say('gone'));
  await writeAudit(deps.db, {
    who: viewer.login,
    action: 'appeal-viewed',
    object: `appeal:${answer.appealId}`,
    data: { delivery: answer.id },
  });
  return { title: say('title'), body: editForm(viewer, answer, await rulesOf(deps), say) };
}

/** `POST /deliveries/:id/edit`: the person's decision; what cannot go this way is told, and what was written stays. */
export async function editAction(
  deps: ConsoleDeps,
  { viewer, params, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(EDIT_WORDS, viewer.lang);
  const answer = await findAnswer(deps.db, params['id'] ?? '');
  if (answer === undefined) return gone(say('title'), say('gone'));
  try {
    const why = reasonOf(form);
    const edit = await readEdit(deps, answer, form);
    await editAnswer(deps.dataSource, deps.answers, answer.id, edit, { who: viewer.login, why });
  } catch (error) {
    const fault = toFault(error);
    if (fault.kind !== 'rejected') throw error;
    const text = [entryOf(fault.code)?.title, fault.detail].filter((part) => part !== undefined).join(': ');
    const body = editForm(viewer, answer, await rulesOf(deps), say, givenOf(form));
    return { title: say('title'), status: 422, body, notice: { tone: 'bad', text } };
  }
  const goTo = answer.incidentId === null ? `/appeals/${answer.appealId}` : `/errors/${answer.incidentId}`;
  return { goTo, notice: { tone: 'good', text: say('sent') } };
}

async function readEdit(deps: ConsoleDeps, answer: WaitingAnswer, form: Form): Promise<AnswerEdit> {
  const names = answer.files.map(({ name }) => name);
  const at = (value: string) => (/^\d{1,3}$/.test(value) ? names[Number(value)] : undefined);
  const without = form.all('without').flatMap((value) => at(value) ?? []);
  const upload = form.file('file');
  const place = form.text('fileFor');
  const hasFile = upload !== undefined && upload.content.length > 0;
  const fresh: AnswerFile | undefined = hasFile
    ? { name: nameOf(upload.name), ...(await keep(deps, upload.content)) }
    : undefined;
  const old = place === 'add' ? undefined : at(place);
  const missing = form.text('withoutMissing') === '1' ? [form.text('missing')] : [];
  return {
    without: [...without, ...missing],
    replace: fresh === undefined || old === undefined ? [] : [{ name: old, by: fresh }],
    add: fresh === undefined || old !== undefined ? [] : [fresh],
    answerType: form.text('answerType'),
    // A browser ends the lines of a form with both signs.
    comment: form.text('comment').replaceAll('\r\n', '\n'),
  };
}

/** What the platform takes, and its types of answers with their titles; without titles when the file is at fault. */
async function rulesOf({ answers, loaded }: ConsoleDeps): Promise<EditRules> {
  const mapping = await loadPlatformMapping(mappingFile(loaded, 'platform.yaml')).catch(() => undefined);
  return { ...answers, titles: mapping?.outgoing.answerTypes ?? {} };
}

async function keep({ spool }: ConsoleDeps, content: Buffer): Promise<StoredBlob> {
  return await spool.put({
    key: `console-${randomUUID()}`,
    maxBytes: content.length,
    openAt: async () => ({ stream: Readable.from([content]), offset: 0 }),
  });
}

/** The last part of what some browsers send as a path. */
function nameOf(name: string): string {
  const bare = name.split(/[\\/]/).at(-1)?.trim() ?? '';
  if (bare === '') throw new Fault('COMMAND_INVALID', { detail: 'у файла нет имени' });
  return bare.toWellFormed().replaceAll('\0', '').slice(0, 255);
}

function givenOf(form: Form): EditGiven {
  return {
    answerType: form.text('answerType'),
    comment: form.text('comment'),
    without: new Set(form.all('without')),
    why: form.text('why'),
  };
}

function gone(title: string, text: string): PageAnswer {
  return { title, status: 404, body: html`<p class="empty">${text}</p>` };
}
