import { join } from 'node:path';
import type { IncidentRow } from '../../../alerts/incident/rows.ts';
import { cabinetsOf, readScope } from '../../../alerts/incident/scope.ts';
import type { ErrorCode } from '../../../model/error-codes.ts';
import type { ConsoleDeps } from '../../deps.ts';
import { worldOf } from '../../scope-world.ts';
import { html, type Markup } from '../../web/html.ts';
import { entryOf } from '../trouble.ts';
import type { GroupWords } from './group-words.ts';

/** This one alone is read again while the daemon works (src/replies/rules-in-force.ts). */
const RULES = 'statuses.yaml';
/** The data file, and the part of it, in which a cause is mended. */
const FILES: Partial<Record<ErrorCode, { readonly file: string; readonly part?: string }>> = {
  FORWARD_TARGET_UNKNOWN: { file: RULES, part: 'forward' },
  POSTPONE_REASON_MISSING: { file: RULES, part: 'postponeReasonField' },
  ANSWER_TYPE_NOT_MAPPED: { file: RULES, part: 'answers.types' },
  ANSWER_ACCESS_RESTRICTED: { file: RULES, part: 'answers.openAccess' },
  CARD_MAPPING_INVALID: { file: 'card.yaml' },
  APPEAL_SHAPE_UNKNOWN: { file: 'platform.yaml' },
  PLATFORM_BAD_ANSWER: { file: 'platform.yaml' },
  SED_REQUISITE_MISSING: { file: 'delo.yaml', part: 'requisites' },
  SED_ARCHIVE_BAD_ANSWER: { file: 'delo.yaml' },
};

/** Where the cause is mended: the file or page that the administrator has to open. Empty when it is not ours to mend. */
export function mendPlaces(deps: ConsoleDeps, incident: IncidentRow, say: GroupWords): readonly Markup[] {
  const { code, scope } = incident;
  const { config } = deps.loaded;
  const place = FILES[code];
  const read = readScope(scope);
  const named = cabinetsOf(scope, worldOf(deps))?.[0];
  const cabinet = deps.cabinets().find(({ id }) => id === named);
  const isLogin = entryOf(code)?.kind === 'credentials' && read.what === 'cabinet';
  return [
    ...(place === undefined
      ? []
      : [
          file(
            say,
            place.file === RULES ? 'mendRules' : 'mendFile',
            join(config.mappingsDir, place.file),
            place.part,
          ),
        ]),
    ...(isLogin && cabinet !== undefined ? [file(say, 'mendSettings', cabinet.file, cabinet.id)] : []),
    ...(isLogin && cabinet?.secretFile !== undefined ? [file(say, 'mendSecret', cabinet.secretFile)] : []),
    ...(code.startsWith('RUBRIC_') ? [html`<a href="/rubrics">${say('mendRubrics')}</a>`] : []),
    ...(read.what === 'showcase' ? [html`<a href="/showcase">${say('mendShowcase')}</a>`] : []),
    ...(read.what === 'channel' && code === 'SED_MESSAGE_UNREADABLE'
      ? [html`${say('mendQuarantine', { channel: read.channel })}`]
      : []),
    ...(code === 'CONFIG_INVALID' ? [file(say, 'mendSettings', deps.loaded.path)] : []),
  ];
}

function file(
  say: GroupWords,
  key: 'mendRules' | 'mendFile' | 'mendSettings' | 'mendSecret',
  path: string,
  part?: string,
): Markup {
  const [before = '', after = ''] = say(key, { file: '\0' }).split('\0');
  return html`${before}<code>${path}</code>${part !== undefined && html` (<code>${part}</code>)`}${after}`;
}
