import type { Call } from './call.ts';
import { jsonReply, type Reply } from './reply.ts';
import { faultOfRecord, faultsOfHeader, meets } from './showcase-check.ts';
import { readShowcaseFile } from './showcase-file.ts';
import type { ReportError, Shelf, ShowcaseRule, Upload, WireRecord } from './showcase-types.ts';
import { type Cabinet, clock, type PlatformState, rfc3339, type Settings } from './state.ts';
import { bareLists } from './wire.ts';

const MAX_SIZE = 200;

function refuseFile(details: readonly object[]): Reply {
  return jsonReply(422, { error: 'validation', details });
}

/** POST /showcase-service/uploads (contract, section 6). */
export function showcaseUploadRoute(call: Call, cabinet: Cabinet): Reply {
  const { state, headers } = call;
  const { settings } = state;
  const shelf = cabinet.showcase;
  if (headers['content-type'] !== 'application/x-ndjson' || headers['content-encoding'] !== 'gzip') {
    return jsonReply(415, { error: 'unsupported_type' });
  }
  const header = headers['idempotency-key'];
  const key = typeof header === 'string' && header !== '' ? header : undefined;
  const known = settings.keyMode === 'keys' && key !== undefined ? shelf.byKey.get(key) : undefined;
  if (known !== undefined) return jsonReply(202, { uploadId: known });
  const file = readShowcaseFile(call.body);
  if ('fault' in file) return refuseFile([{ code: 'BAD_FILE', message: file.fault }]);
  const { records } = file;
  if (records.length > settings.showcaseMaxRecords) {
    return jsonReply(413, { error: 'too_many_records', limit: settings.showcaseMaxRecords });
  }
  const scripted = settings.showcaseHeaderFault;
  const faults = faultsOfHeader(file.header, records.length, cabinet.ogrn);
  if (scripted !== undefined) faults.push({ field: scripted, message: 'не подходит' });
  if (faults.length > 0) return refuseFile(faults.map((fault) => ({ code: 'BAD_HEADER', ...fault })));
  const broken = brokenRule(settings, records, ['at-once']);
  if (broken !== undefined) return refuseFile([errorOf(broken)]);
  const id = `u-${cabinet.opaId}-${state.nextUploadNo++}`;
  shelf.uploads.set(id, {
    id,
    key,
    receivedAt: rfc3339(clock(state)),
    records,
    state: 'RECEIVED',
    polls: 0,
    accepted: 0,
    rejected: 0,
    errors: [],
  });
  if (settings.keyMode === 'keys' && key !== undefined) shelf.byKey.set(key, id);
  return jsonReply(202, { uploadId: id });
}

/** GET /showcase-service/uploads/{uploadId}?after=&size=: the report, errors in pages. */
export function showcaseReportRoute(call: Call, cabinet: Cabinet): Reply {
  const { state } = call;
  const upload = cabinet.showcase.uploads.get(call.params[0] ?? '');
  if (upload === undefined) return jsonReply(404, { error: 'not_found' });
  const query = new URLSearchParams(call.query);
  const size = Number(query.get('size') ?? '50');
  if (!Number.isInteger(size) || size < 1 || size > MAX_SIZE) {
    return refuseFile([{ field: 'size', message: `от 1 до ${MAX_SIZE}` }]);
  }
  const { showcasePolls } = state.settings;
  upload.polls += 1;
  if (upload.state === 'RECEIVED' && showcasePolls >= 0 && upload.polls <= showcasePolls) {
    return jsonReply(200, { state: upload.polls === 1 ? 'RECEIVED' : 'PARSING', last: true });
  }
  if (upload.state === 'RECEIVED' && showcasePolls >= 0) parseUpload(state, cabinet, upload);
  if (upload.state === 'RECEIVED') return jsonReply(200, { state: 'PARSING', last: true });
  const place = Number(query.get('after') ?? '0');
  const errors = upload.errors.slice(place, place + size);
  const next = place + errors.length;
  const last = next >= upload.errors.length;
  const page = {
    state: upload.state,
    accepted: upload.accepted,
    rejected: upload.rejected,
    errors,
    ...(last ? {} : { next: String(next) }),
    last,
  };
  return jsonReply(200, state.settings.bareObject ? bareLists(page) : page);
}

function brokenRule(
  { showcaseRules }: Settings,
  records: readonly WireRecord[],
  effects: readonly ShowcaseRule['effect'][],
): ShowcaseRule | undefined {
  return showcaseRules.find(
    (rule) => effects.includes(rule.effect) && records.some((record) => meets(rule, record)),
  );
}

function errorOf(rule: ShowcaseRule): ReportError {
  return { field: rule.field, code: rule.code ?? 'RULE', message: rule.message ?? 'не подходит' };
}

/** Ends the parsing of a file: its good records are shown from now on, in the place of earlier ones. */
export function parseUpload(state: PlatformState, cabinet: Cabinet, upload: Upload): void {
  if (upload.state !== 'RECEIVED') return;
  const { settings } = state;
  const broken = brokenRule(settings, upload.records, ['file', 'file-named']);
  if (broken !== undefined) {
    upload.state = 'REFUSED';
    const bad = upload.records.filter((record) => meets(broken, record));
    upload.errors =
      broken.effect === 'file'
        ? [errorOf(broken)]
        : bad.map((record) => ({ recordId: String(record['recordId']), ...errorOf(broken) }));
    return;
  }
  const errors: ReportError[] = [];
  const seen = new Set<string>();
  for (const record of upload.records) {
    const recordId = String(record['recordId']);
    const rule = settings.showcaseRules.find((one) => one.effect === 'record' && meets(one, record));
    const fault = seen.has(recordId)
      ? { field: 'recordId', code: 'DOUBLED', message: 'запись повторена' }
      : rule === undefined
        ? faultOfRecord(record, settings.showcaseCategories)
        : errorOf(rule);
    seen.add(recordId);
    if (fault === undefined) show(cabinet.showcase, upload, recordId, record);
    else errors.push({ recordId, ...fault });
  }
  upload.state = 'DONE';
  upload.errors = errors;
  upload.rejected = errors.length;
  upload.accepted = upload.records.length - errors.length;
}

function show(shelf: Shelf, upload: Upload, recordId: string, record: WireRecord): void {
  shelf.log.push({ uploadId: upload.id, recordId, json: JSON.stringify(record) });
  shelf.shown.delete(recordId);
  if (record['state'] !== 'REMOVED') shelf.shown.set(recordId, record);
}
