import type { Changed, TouchedRule } from '../../../rubrics/classifier-diff.ts';
import { NOTE_KINDS, type Note, noteText } from '../../../rubrics/notes.ts';
import type { Category } from '../../../rubrics/types.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { html, type Markup, type Piece } from '../../web/html.ts';
import type { PageAnswer, PageRequest } from '../../web/page.ts';
import { moment } from '../../web/time.ts';
import type { Viewer } from '../../web/viewer.ts';
import { type Say, speak } from '../../web/words.ts';
import { whyField } from '../appeals/why.ts';
import { type ImportPlan, planImport } from './import-plan.ts';
import { IMPORT_WORDS } from './import-words.ts';
import { findFile, type KeptFile } from './kept-files.ts';
import { categoryWords, csrfField, tabs } from './parts.ts';
import { ruleDiffView, shortList } from './rule-diff.ts';
import type { RubricView } from './world.ts';

type SayImport = Say<keyof typeof IMPORT_WORDS.ru>;

/** `/rubrics/import/:id`: what the kept file would change, which rules break, and the word that takes it. */
export async function previewPage(
  { db, dataSource }: ConsoleDeps,
  view: RubricView,
  { viewer, params }: PageRequest,
): Promise<PageAnswer> {
  const say = speak(IMPORT_WORDS, viewer.lang);
  const file = await findFile(db, params['id'] ?? '', viewer.login);
  if (file === undefined) {
    const body = html`${tabs(viewer, 'import')}<p>${say('gone')} <a href="/rubrics/import">${say('title')}</a></p>`;
    return { title: say('previewTitle'), body, status: 404 };
  }
  const plan = await planImport(dataSource, view, file);
  const body = html`${tabs(viewer, 'import')}${facts(file, plan, viewer, say)}
${plan.kind !== 'rules' && notesView(plan.notes, say)}${warnings(plan, view, say)}
<section class="card"><h2>${say('changes')}</h2>${changes(plan, viewer, say)}</section>
${plan.kind !== 'rules' && html`<section class="card"><h2>${say('rulesTouched')}</h2>${touched(plan, say)}</section>`}
${forms(file, plan, view, viewer, say)}`;
  return { title: say('previewTitle'), body };
}

function facts(file: KeptFile, plan: ImportPlan, viewer: Viewer, say: SayImport): Markup {
  return html`<dl class="facts"><dt>${say('fileIs')}</dt><dd>${file.name}</dd><dt>${say('kind')}</dt><dd>${say(file.kind)}</dd>
${plan.kind === 'otk' && html`<dt>${say('editionIs')}</dt><dd>${plan.edition}</dd>`}<dt>${say('read')}</dt><dd>${plan.total}${plan.kind === 'rules' && plan.blank > 0 && `. ${say('blank', { count: plan.blank })}`}</dd>
<dt>${say('kept')}</dt><dd>${moment(viewer, file.expiresAt)}</dd></dl>`;
}

/** Lost rows first, and open. */
function notesView(notes: readonly Note[], say: SayImport): Markup | undefined {
  const lost = notes.filter(({ kind }) => NOTE_KINDS[kind].lost);
  const others = notes.filter((note) => !lost.includes(note));
  const count = lost.reduce((sum, note) => sum + note.count, 0);
  const list = (some: readonly Note[]) =>
    html`<ul>${some.map((note) => html`<li>${noteText(note)}</li>`)}</ul>`;
  return html`${lost.length > 0 && html`<div class="notice warn"><b>${say('lost', { count })}</b>${list(lost)}</div>`}
${others.length > 0 && html`<details><summary>${say('notes', { count: others.length })}</summary>${list(others)}</details>`}`;
}

function brokenBy(plan: ImportPlan): number {
  if (plan.kind === 'otk') return 0;
  return plan.kind === 'rules' ? 0 : plan.rules.filter(({ effect }) => effect === 'broken').length;
}

/** What the list lacks of the present one; such a list is taken only by force when that is more than half. */
function shrinking(plan: ImportPlan, view: RubricView): { removed: number; before: number } | undefined {
  if (plan.kind === 'rules') return undefined;
  const present = plan.kind === 'otk' ? view.rubrics : view.categories;
  const before = present.filter(({ retired }) => !retired).length;
  const removed = plan.diff.removed.length;
  return removed * 2 > before ? { removed, before } : undefined;
}

function warnings(plan: ImportPlan, view: RubricView, say: SayImport): Markup {
  const broken = brokenBy(plan);
  const shrinks = shrinking(plan, view);
  return html`${shrinks !== undefined && html`<p class="notice bad">${say('warnShrinks', shrinks)}</p>`}
${broken > 0 && html`<p class="notice bad">${say('warnBroken', { count: broken })}</p>`}
${plan.kind === 'rules' && plan.problems.length > 0 && html`<p class="notice warn">${say('problems', { count: plan.problems.length })}</p>`}`;
}

function changes(plan: ImportPlan, viewer: Viewer, say: SayImport): Markup {
  if (plan.kind === 'rules') return ruleDiffView(plan.diff, viewer);
  const more = (count: number) => say('moreItems', { count });
  if (plan.kind === 'otk') {
    const { added, removed, renamed, same } = plan.diff;
    const line = ({ code, name }: { code: string; name: string }) => html`<code>${code}</code> ${name}`;
    return html`${shortList(say('addedList', { count: added.length }), added, line, more)}${shortList(say('removedList', { count: removed.length }), removed, line, more)}${shortList(
      say('renamedList', { count: renamed.length }),
      renamed,
      ({ from, to }) => html`<code>${to.code}</code> ${from.name} → ${to.name}`,
      more,
    )}<p class="soft">${say('same', { count: same })}</p>`;
  }
  const { added, removed, renamed, renumbered, identified, same } = plan.diff;
  const move = ({ from, to }: Changed<Category>) => html`${categoryWords(from)} → ${categoryWords(to)}`;
  const list = <T>(
    word: 'addedList' | 'removedList' | 'renamedList' | 'renumberedList' | 'identifiedList',
    items: readonly T[],
    line: (item: T) => Piece,
  ) => shortList(say(word, { count: items.length }), items, line, more);
  return html`${list('addedList', added, categoryWords)}${list('removedList', removed, categoryWords)}${list('renamedList', renamed, move)}${list('renumberedList', renumbered, move)}${list('identifiedList', identified, move)}
<p class="soft">${say('same', { count: same.length })}</p>`;
}

const EFFECTS = [
  ['broken', 'broken'],
  ['moved', 'moved'],
  ['renamed', 'renamedRules'],
  ['mended', 'mended'],
] as const;

function touched(plan: Exclude<ImportPlan, { kind: 'rules' }>, say: SayImport): Markup {
  const more = (count: number) => say('moreItems', { count });
  const line = (rule: TouchedRule) =>
    html`<a class="mono" href="/rubrics/code/${rule.code}">${rule.ruleId}</a> → ${rule.category}`;
  if (plan.kind === 'otk') {
    const { rules } = plan;
    return html`${rules.length === 0 ? html`<p>${say('untouched')}</p>` : shortList(say('goneCodes', { count: rules.length }), rules, line, more)}`;
  }
  const lists = EFFECTS.map(([effect, word]) => {
    const rules = plan.rules.filter((rule) => rule.effect === effect);
    return shortList(say(word, { count: rules.length }), rules, line, more);
  });
  const { carried } = plan;
  const pairs = (word: 'doubled' | 'overruled') => {
    const items = carried?.[word] ?? [];
    return shortList(
      say(word, { count: items.length }),
      items,
      ({ code, kept, left }) => `${code}: ${kept} / ${left}`,
      more,
    );
  };
  return html`${plan.rules.length === 0 && html`<p>${say('untouched')}</p>`}${lists}${carried !== undefined && html`<p>${say('carried', { count: carried.carried })}</p>`}${pairs('doubled')}${pairs('overruled')}`;
}

function forms(file: KeptFile, plan: ImportPlan, view: RubricView, viewer: Viewer, say: SayImport): Markup {
  const path = `/rubrics/import/${file.id}`;
  return html`<section class="card"><form method="post" action="${path}/take">${csrfField(viewer)}<input type="hidden" name="mark" value="${view.mark}">
${whyField(say)}${shrinking(plan, view) !== undefined && html`<p><label class="inline"><input type="checkbox" name="force" value="1" required>${say('force')}</label></p>`}
<button>${say('take')}</button></form></section>
<form method="post" action="${path}/drop">${csrfField(viewer)}<button class="quiet">${say('drop')}</button></form>`;
}
