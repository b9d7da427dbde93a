import type { AnswerLimits } from '../../../replies/interpret-answer.ts';
import { html, type Markup } from '../../web/html.ts';
import type { Viewer } from '../../web/viewer.ts';
import { trouble } from '../trouble.ts';
import type { WaitingAnswer } from './answer.ts';
import type { EditWords } from './edit-words.ts';

/** What was written already, when the form is shown once more. */
export interface EditGiven {
  readonly answerType: string;
  readonly comment: string;
  readonly without: ReadonlySet<string>;
  readonly why: string;
}

export interface EditRules {
  readonly limits: AnswerLimits;
  readonly answerTypes: ReadonlySet<string>;
  /** Of the types, in Russian. */
  readonly titles: Readonly<Record<string, string>>;
}

/** The form of an answer that waits: type, text, files. Files are named by their place: a name may be anything. */
export function editForm(
  viewer: Viewer,
  answer: WaitingAnswer,
  rules: EditRules,
  say: EditWords,
  given?: EditGiven,
): Markup {
  const head = html`<p>${answer.incidentId !== null && html`<a href="/errors/${answer.incidentId}">← ${say('back')}</a> · `}<a href="/appeals/${answer.appealId}">${say('toAppeal', { posId: answer.posId })}</a>${answer.cardNumber !== null && html` · ${say('card', { number: answer.cardNumber })}`}</p>
${trouble(viewer.lang, answer.code, answer.detail)}`;
  if (answer.inDoubt) return html`${head}<p class="notice warn">${say('inDoubt')}</p>`;
  return html`${head}
<form method="post" action="/deliveries/${answer.id}/edit" enctype="multipart/form-data" class="card"><input type="hidden" name="csrf" value="${viewer.csrf}">
${typeField(answer, rules, say, given)}
<label>${say('comment')} <textarea name="comment" rows="8" maxlength="20000">${given?.comment ?? answer.payload.comment}</textarea></label>
${filesField(answer, say, given)}
<p class="hint">${limitsOf(rules.limits, say)}</p>
<div class="row"><label>${say('upload')} <input type="file" name="file"></label>
<label>${say('fileFor')} <select name="fileFor"><option value="add">${say('forNone')}</option>${answer.files.map(({ name }, index) => html`<option value="${index}" ${isAtFault(answer, name) ? html`selected` : undefined}>${say('forReplace', { name })}</option>`)}</select></label></div>
<label>${say('why')} <input name="why" required maxlength="300" autocomplete="off" placeholder="${say('whyHint')}" value="${given?.why ?? ''}"></label>
<button>${say('send')}</button></form>`;
}

function typeField(
  answer: WaitingAnswer,
  { answerTypes, titles }: EditRules,
  say: EditWords,
  given?: EditGiven,
): Markup {
  const chosen = given?.answerType ?? answer.payload.answerType;
  const known = answerTypes.has(chosen);
  return html`<label>${say('type')} <select name="answerType" required>${!known && html`<option value="">${say('chooseType')}</option>`}${[...answerTypes].map((type) => html`<option value="${type}" ${type === chosen ? html`selected` : undefined}>${titles[type] ?? type}</option>`)}</select></label>`;
}

function filesField(answer: WaitingAnswer, say: EditWords, given?: EditGiven): Markup {
  const isMissing = answer.code === 'ANSWER_FILE_REFUSED' && (answer.detail ?? '').startsWith('нет файла');
  return html`<fieldset><legend>${say('files')}</legend>
${answer.files.length === 0 && html`<p class="soft">${say('noFiles')}</p>`}
${answer.files.map(({ name, size }, index) => html`<p><label class="inline"><input type="checkbox" name="without" value="${index}" ${given?.without.has(String(index)) === true ? html`checked` : undefined}> ${say('without', { name, size: sizeWords(size, say) })}</label></p>`)}
${isMissing && html`<p><label class="inline"><input type="checkbox" name="withoutMissing" value="1"> ${say('missing')}</label> <input name="missing" aria-label="${say('missing')}" autocomplete="off"></p>`}</fieldset>`;
}

/** The file that the refusal names: most probably the one to be replaced. */
function isAtFault({ detail }: WaitingAnswer, name: string): boolean {
  return detail?.startsWith(`${name}:`) === true;
}

function limitsOf({ maxFiles, maxFileBytes, types }: AnswerLimits, say: EditWords): string {
  return say('limits', { files: maxFiles, size: sizeWords(maxFileBytes, say), types: [...types].join(', ') });
}

function sizeWords(bytes: number, say: EditWords): string {
  if (bytes < 1024) return say('bytes', { count: bytes });
  if (bytes < 1024 * 1024) return say('kb', { count: Math.round(bytes / 1024) });
  return say('mb', { count: Math.round(bytes / 104_857.6) / 10 });
}
