import type { Member, MemberPage } from '../../../alerts/incident/members.ts';
import { html, type Markup } from '../../web/html.ts';
import { moment } from '../../web/time.ts';
import { may, type Viewer } from '../../web/viewer.ts';
import type { GroupWords } from './group-words.ts';

export interface MembersView extends MemberPage {
  readonly incidentId: string;
  readonly code: string;
  /** How many there are, as words. */
  readonly count: string;
  readonly isLater: boolean;
  /** Open, so something can be done to them. */
  readonly isOpen: boolean;
  /** Its members can be sent again by us. */
  readonly isResendable: boolean;
  cabinetName(opaId: string | null): string | undefined;
}

/** Members of a group, newest first; details and buttons are for operators, for details may name a citizen's file. */
export function membersView(viewer: Viewer, view: MembersView, say: GroupWords): Markup {
  const isOperator = may(viewer.role, 'operator');
  const heads = ['appeal', 'card', 'what', 'since'] as const;
  return html`${memberTable(viewer, view.members, say, {
    heads,
    caption: say('membersCaption', { count: view.count }),
    cabinetName: view.cabinetName,
    more: (member) =>
      isOperator &&
      html`<tr class="more"><td colspan="${heads.length}">${member.detail !== null && html`<p><small>${member.detail}</small></p>`}${view.isOpen && actions(viewer, view, member, say)}</td></tr>`,
  })}
<p class="pager">${view.isLater && html`<a href="/errors/${view.incidentId}#members">${say('fromStart')}</a>`}
${view.next !== undefined && html`<a class="button" rel="next" href="/errors/${view.incidentId}?after=${view.next}#members">${say('next')}</a>`}</p>`;
}

interface TableParts {
  readonly heads: readonly ('appeal' | 'card' | 'what' | 'since')[];
  readonly caption: string;
  cabinetName(opaId: string | null): string | undefined;
  more?(member: Member): Markup | false;
}

/** The table of members alone: also what a preview shows. */
export function memberTable(
  viewer: Viewer,
  members: readonly Member[],
  say: GroupWords,
  { heads, caption, cabinetName, more }: TableParts,
): Markup {
  return html`<div class="table"><table class="rows"><caption>${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${say(head)}</th>`)}</tr></thead>
<tbody>${members.map(
    (
      member,
    ) => html`<tr id="${member.kind}-${member.id}"><th scope="row">${appealOf(member)} ${cabinetName(member.opaId) !== undefined && html`<small>${cabinetName(member.opaId)}</small>`}</th>
<td data-label="${say('card')}">${member.cardNumber ?? html`<span class="none">—</span>`}</td>
<td data-label="${say('what')}">${whatOf(member, say)}</td>
<td data-label="${say('since')}">${moment(viewer, member.since)}</td></tr>
${more?.(member)}`,
  )}</tbody></table></div>`;
}

function appealOf({ appealId, posId }: Member): Markup {
  if (appealId === null || posId === null) return html`<span class="none">—</span>`;
  return html`<a href="/appeals/${appealId}">${posId}</a>`;
}

function whatOf({ kind, what, id }: Member, say: GroupWords): string {
  if (kind === 'delivery')
    return `${say(what === 'answer' ? 'kind-answer' : 'kind-status')}, ${say('delivery')} ${id}`;
  return say(`kind-${kind}`, { what });
}

function actions(
  viewer: Viewer,
  { incidentId, code, isResendable }: MembersView,
  { kind, id, what, appealId }: Member,
  say: GroupWords,
): Markup | false {
  const form = (buttons: Markup) =>
    html`<details><summary>${say('actions')}</summary><form method="post" action="/errors/${incidentId}/members/${kind}/${id}" class="row"><input type="hidden" name="csrf" value="${viewer.csrf}">
<label>${say('why')} <input name="why" required maxlength="300" autocomplete="off" placeholder="${say('whyHint')}"></label>
${buttons}</form></details>`;
  if (kind === 'message' && isSetAside(code)) {
    return form(
      html`${code === 'SED_MESSAGE_UNREADABLE' && html`<button name="do" value="resend" class="quiet">${say('readOne')}</button>`}
<button name="do" value="cancel" class="danger" title="${say('dropHint')}">${say('dropOne')}</button>`,
    );
  }
  if (kind === 'item') return html`<p><a href="/errors/${incidentId}/items/${id}">${say('rawOne')}</a></p>`;
  const isSent = kind === 'delivery' || kind === 'card' || kind === 'addition';
  if (!isResendable || !isSent || appealId === null) return false;
  return form(html`<button name="do" value="resend" class="quiet">${say('resendOne')}</button>
${kind === 'delivery' && what === 'answer' && html`<a class="button quiet" href="/deliveries/${id}/edit">${say('edit')}</a>`}
${kind === 'delivery' && html`<button name="do" value="cancel" class="danger">${say('cancelOne')}</button>`}`);
}

/** Codes of messages that are set aside until somebody deals with them. */
export function isSetAside(code: string): boolean {
  return code === 'SED_MESSAGE_UNREADABLE' || code === 'SED_MESSAGE_NO_ENVELOPE';
}
