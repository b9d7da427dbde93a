import { GROUPS, REQUISITES } from './names.ts';
import { type ArchiveState, cardOf, requisitesOf } from './state.ts';
import type { ArchiveTruth } from './types.ts';

export type Item = Record<string, unknown>;

/** `DOC_RC` of a card, with the relations asked for. */
export function docRecord(state: ArchiveState, isn: number, expand: ReadonlySet<string>): Item {
  const raw = state.raw.get(isn);
  if (raw !== undefined) return raw;
  const card = cardOf(state, isn);
  if (card === undefined) throw new Error(`no card ${isn}`);
  const record: Item = {
    ISN_DOC: isn,
    FREE_NUM: card.regNumber,
    DOC_DATE: dateTime(card.regDate),
    // What a citizen wrote: the connector must not let it out.
    ANNOTAT: `Прошу помочь. Иванов Иван Иванович, тел. +7 900 ${String(isn).slice(-7)}`,
    DUE_DOCGROUP: card.docGroup,
    DUE_CARD: card.cardfile,
    TERM_EXEC: dateTime(card.dueDate),
    CONTROL_STATE: controlState(card),
    NOTE: null,
  };
  if (expand.has('REF_RUBRIC_List')) {
    record['REF_RUBRIC_List'] = card.rubrics.map((code, index) => ({
      ISN_REF_RUBRIC: isn * 10 + index,
      ISN_REF_DOC: isn,
      DUE_RUBRIC: state.rubrics.byCode.get(code)?.due ?? `0.GONE.${code}.`,
      ORDERNUM: index + 1,
    }));
  }
  if (expand.has('AR_RC_VALUE_Ref')) {
    record['AR_RC_VALUE_Ref'] = {
      ISN_RC: isn,
      ...Object.fromEntries(
        Object.entries(requisitesOf(state, card)).map(([title, value]) => [
          REQUISITES[title] ?? title,
          value,
        ]),
      ),
    };
  }
  if (expand.has('DELIVERY_Ref')) record['DELIVERY_Ref'] = { ISN_LCLASSIF: 3, CLASSIF_NAME: card.delivery };
  if (expand.has('REF_LINK_List')) {
    record['REF_LINK_List'] = card.repeated ? [{ ISN_LINKED_DOC: isn - 1, CLASSIF_NAME: 'Повторно' }] : [];
  }
  return record;
}

function dateTime(day: string): string | null {
  return day === '' ? null : `${day}T00:00:00`;
}

function controlState({ state }: ArchiveTruth): number {
  if (state === 'NEW') return 0;
  return state === 'ANSWERED' ? 2 : 1;
}

/** Records of a dictionary; undefined for an entity that this archive does not show. */
export function dictionary(state: ArchiveState, entity: string): Item[] | undefined {
  switch (entity) {
    case 'DEPARTMENT':
      return [
        { DUE: '0.', ISN_NODE: 1, CARD_FLAG: 0, CARD_NAME: null, CLASSIF_NAME: 'Все подразделения' },
        ...state.cardfiles.map(({ due, name }, index) => ({
          DUE: due,
          ISN_NODE: index + 2,
          CARD_FLAG: 1,
          CARD_NAME: name,
          CLASSIF_NAME: `Отдел ${index + 1}`,
        })),
      ];
    case 'DOCGROUP_CL':
      return GROUPS.map(({ due, name, type, isNode }, index) => ({
        DUE: due,
        ISN_NODE: index + 1,
        IS_NODE: isNode ? 0 : 1,
        CLASSIF_NAME: name,
        RC_TYPE: type,
      }));
    case 'RUBRIC_CL':
      return state.rubrics.all.map(({ code, name, due }, index) => ({
        DUE: due,
        ISN_NODE: index + 1,
        RUBRIC_CODE: code,
        CLASSIF_NAME: name,
        FULLNAME: null,
      }));
    case 'AR_DESCRIPT':
      return Object.entries(REQUISITES)
        .filter(([title]) => !state.missingRequisites.has(title))
        .map(([title, api], index) => ({
          ISN_AR_DESCR: index + 1,
          UI_NAME: title,
          API_NAME: api,
          AR_TYPE: 'text',
        }));
    default:
      return undefined;
  }
}
