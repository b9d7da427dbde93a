import { randomUUID } from 'node:crypto';
import { Fault } from '../../model/errors.ts';
import { jsonOf, odataFault, statusFault } from './failure.ts';
import type { DeloMapping } from './mapping-schema.ts';

export interface Merge {
  /** Key of the record under OData, `ENTITY(isn)`. */
  readonly target: string;
  readonly values: Readonly<Record<string, string>>;
}

/** What became of one part of a batch. */
export type PartOutcome =
  | { readonly ok: true }
  /** A business refusal: the same again would be refused again. */
  | { readonly ok: false; readonly message: string };

/**
 * A `$batch` of MERGEs (OData 3). Each stands in a change set of its own, for a change set is done whole or not at all,
 * and one refused card must not undo its neighbours.
 */
export function buildBatch(merges: readonly Merge[]): { readonly body: string; readonly boundary: string } {
  const boundary = `batch_${randomUUID()}`;
  const lines: string[] = [];
  merges.forEach(({ target, values }, index) => {
    const inner = `changeset_${randomUUID()}`;
    lines.push(
      `--${boundary}`,
      `Content-Type: multipart/mixed; boundary=${inner}`,
      '',
      `--${inner}`,
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      `Content-ID: ${index + 1}`,
      '',
      `MERGE ${target} HTTP/1.1`,
      'Accept: application/json;odata=light;q=1,application/json;odata=nometadata',
      'Content-Type: application/json; charset=utf-8',
      'DataServiceVersion: 3.0',
      'MaxDataServiceVersion: 3.0',
      '',
      escapeJson(JSON.stringify(values)),
      `--${inner}--`,
    );
  });
  lines.push(`--${boundary}--`, '');
  return { body: lines.join('\r\n'), boundary };
}

/** ASCII alone, so that no server has to know the encoding of a part. */
function escapeJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One answer inside a batch answer. */
export interface BatchPart {
  readonly status: number;
  readonly text: string;
}

const STATUS_LINE = /^HTTP\/\d(?:\.\d)? (\d{3})\b[^\r\n]*\r?\n/gm;

/**
 * Answers of a batch in their order. Only status lines are looked for: archives differ in how they nest and name the
 * parts, but each answer is one HTTP message.
 */
export function partsOf(text: string): BatchPart[] {
  const heads = [...text.matchAll(STATUS_LINE)];
  return heads.map((head, index) => {
    const from = head.index + head[0].length;
    const message = text.slice(from, heads[index + 1]?.index ?? text.length);
    const blank = /\r?\n\r?\n/.exec(message);
    const rest = blank === null ? '' : message.slice(blank.index + blank[0].length);
    // The body ends at the line of dashes that closes its part.
    return { status: Number(head[1]), text: rest.split(/\r?\n--/)[0]?.trim() ?? '' };
  });
}

/** @throws Fault for anything that is neither done nor a business refusal */
export function outcomeOf(mapping: DeloMapping, { status, text }: BatchPart): PartOutcome {
  if (status >= 200 && status < 300) return { ok: true };
  const fault = odataFault(mapping, jsonOf(text), status);
  if (fault?.code === 'SED_ARCHIVE_REFUSED') return { ok: false, message: fault.detail ?? '' };
  if (status === 404) return { ok: false, message: 'карточки с таким ISN в архиве нет' };
  if (mapping.session.lost.includes(status)) {
    throw new Fault('SED_ARCHIVE_SESSION_REFUSED', { detail: `запись реквизита: код ответа ${status}` });
  }
  throw fault ?? statusFault({ status });
}
