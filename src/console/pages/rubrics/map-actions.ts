import { mapCode, unmapCode } from '../../../rubrics/edit-rules.ts';
import { mapCodes } from '../../../rubrics/map-many.ts';
import { pathText } from '../../../rubrics/names.ts';
import { ruleId } from '../../../rubrics/rules.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { writeAudit } from '../../users/audit.ts';
import type { Form, PageAnswer, PageRequest } from '../../web/page.ts';
import { safePath } from '../../web/path.ts';
import { speak } from '../../web/words.ts';
import { reasonOf } from '../appeals/actions.ts';
import { type SayRubrics, short } from './parts.ts';
import { readPick } from './suggestions.ts';
import { WORDS } from './words.ts';
import type { RubricView } from './world.ts';

/** A suggestion is taken by one click: its reason says so. */
export async function pickAction(
  deps: ConsoleDeps,
  view: RubricView,
  { viewer, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const { code, category } = readPick(form.text('pick'));
  const near = view.suggest(code).find((each) => each.category.key === category)?.near ?? [];
  const russian = speak(WORDS, 'ru');
  const why = near.length > 0 ? russian('pickedNear', { count: near.length }) : russian('pickedWhy');
  return await mapOne(deps, { code, category }, { who: viewer.login, why }, backOf(form, code), say);
}

/** One code, perhaps under conditions. */
export async function mapAction(deps: ConsoleDeps, { viewer, form }: PageRequest): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const code = form.text('code');
  const request = { code, category: form.text('category'), ...conditionsOf(form) };
  return await mapOne(deps, request, { who: viewer.login, why: reasonOf(form) }, backOf(form, code), say);
}

async function mapOne(
  { dataSource, db }: ConsoleDeps,
  request: Parameters<typeof mapCode>[1],
  by: { readonly who: string; readonly why: string },
  back: string,
  say: SayRubrics,
): Promise<PageAnswer> {
  const { rule, version, isUsable } = await mapCode(dataSource, request, by);
  if (version === undefined) return { goTo: back, notice: { tone: 'good', text: say('same') } };
  const object = `rubric:${rule.code}`;
  await writeAudit(db, { ...by, action: 'rubric-mapped', object, data: { version, rule: ruleId(rule) } });
  const text = say('done', { version, code: rule.code, category: short(pathText(rule)) });
  return { goTo: back, notice: { tone: 'good', text: isUsable ? text : `${text} ${say('waits')}` } };
}

/** Several codes, one category, one version. */
export async function mapManyAction(
  { dataSource, db }: ConsoleDeps,
  { viewer, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const by = { who: viewer.login, why: reasonOf(form) };
  const codes = form.all('code');
  const { rules, version, isUsable } = await mapCodes(
    dataSource,
    { codes, category: form.text('category') },
    by,
  );
  const goTo = '/rubrics/unmapped';
  const [rule] = rules;
  if (version === undefined || rule === undefined) {
    return { goTo, notice: { tone: 'good', text: say('same') } };
  }
  const data = { version, rules: rules.length, codes: rules.slice(0, 50).map(({ code }) => code) };
  await writeAudit(db, { ...by, action: 'rubrics-mapped', object: `rubric-version:${version}`, data });
  const text = say('doneMany', { version, count: rules.length, category: short(pathText(rule)) });
  return { goTo, notice: { tone: 'good', text: isUsable ? text : `${text} ${say('waits')}` } };
}

/** Takes a rule away. */
export async function unmapAction(
  { dataSource, db }: ConsoleDeps,
  { viewer, form }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(WORDS, viewer.lang);
  const by = { who: viewer.login, why: reasonOf(form) };
  const { note: _note, ...conditions } = conditionsOf(form);
  const edit = await unmapCode(dataSource, { code: form.text('code'), ...conditions }, by);
  const goTo = backOf(form, form.text('code'));
  if (edit === undefined) return { goTo, notice: { tone: 'bad', text: say('gone') } };
  const data = { version: edit.version, rule: ruleId(edit.removed) };
  await writeAudit(db, { ...by, action: 'rubric-unmapped', object: `rubric:${edit.removed.code}`, data });
  return { goTo, notice: { tone: 'good', text: say('removed', { version: edit.version }) } };
}

function conditionsOf(form: Form) {
  const given = (name: string) => form.text(name).slice(0, 255);
  const [cardfile, organization, word, note] = ['cardfile', 'organization', 'word', 'note'].map(given);
  return {
    ...(cardfile ? { cardfile } : {}),
    ...(organization ? { organization } : {}),
    ...(word ? { word } : {}),
    ...(note ? { note } : {}),
  };
}

function backOf(form: Form, code: string): string {
  const back = safePath(form.text('back'));
  return back === '/' ? `/rubrics/code/${encodeURIComponent(code)}` : back;
}
