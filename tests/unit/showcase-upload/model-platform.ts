import { gunzipSync } from 'node:zlib';
import { Fault } from '../../../src/model/errors.ts';
import type { PlatformShowcase, ShowcaseReportPage } from '../../../src/platform/port.ts';

export const UPLOAD_FAULTS = ['not-sent', 'cut-before', 'cut-after', 'lost'] as const;
export type UploadFault = (typeof UPLOAD_FAULTS)[number];

interface ModelUpload {
  readonly key: string;
  readonly records: readonly Record<string, unknown>[];
  polls: number;
  state: 'RECEIVED' | 'DONE' | 'REFUSED';
  errors: ShowcaseReportPage['errors'];
}

/** Errors of one page: long reports in small tests. */
const PAGE = 2;

/** A platform in memory, by the contract's words: keys, parsing, pages; with faults to be played in turn. */
export class ModelPlatform implements PlatformShowcase {
  readonly shown = new Map<string, string>();
  /** Every accepted content in order. */
  readonly log: { readonly recordId: string; readonly version: number }[] = [];
  readonly faults: UploadFault[] = [];
  readFaults = 0;
  pollsNeeded = 0;
  /** Refuses a file with a `bad-file` record at once (422) or by its report. */
  refusesAtOnce = false;
  namesBad = false;
  readonly keepsKeys: boolean;
  readonly #uploads = new Map<string, ModelUpload>();
  /** Runs before and after each call: the process may die there. */
  readonly #tick: () => void;

  constructor(keepsKeys: boolean, tick: () => void) {
    this.keepsKeys = keepsKeys;
    this.#tick = tick;
  }

  async uploadShowcase(
    ...[, key, file]: Parameters<PlatformShowcase['uploadShowcase']>
  ): Promise<{ uploadId: string }> {
    this.#tick();
    const fault = this.faults.shift();
    if (fault === 'not-sent') throw new Fault('PLATFORM_UNREACHABLE');
    if (fault === 'cut-before') throw new Fault('PLATFORM_OUTCOME_UNKNOWN');
    const chunks: Buffer[] = [];
    for await (const chunk of file.open()) chunks.push(Buffer.from(chunk as Buffer));
    const [, ...lines] = gunzipSync(Buffer.concat(chunks)).toString('utf8').trimEnd().split('\n');
    const records = lines.map((one) => JSON.parse(one) as Record<string, unknown>);
    const isBad = records.some((record) => record['channel'] === 'bad-file');
    const known = [...this.#uploads].find(([, upload]) => upload.key === key);
    if (this.keepsKeys && known !== undefined) return { uploadId: known[0] };
    if (isBad && this.refusesAtOnce) {
      this.#tick();
      throw new Fault('SHOWCASE_FILE_REFUSED', { detail: 'BAD: плохо', field: 'channel' });
    }
    const uploadId = `u${this.#uploads.size + 1}`;
    this.#uploads.set(uploadId, { key, records, polls: 0, state: 'RECEIVED', errors: [] });
    this.#tick();
    if (fault === 'cut-after') throw new Fault('PLATFORM_OUTCOME_UNKNOWN');
    if (fault === 'lost') {
      this.#parse(this.#uploads.get(uploadId));
      this.#uploads.set(uploadId, { key: '', records: [], polls: 0, state: 'RECEIVED', errors: [] });
      return { uploadId: `gone-${uploadId}` };
    }
    return { uploadId };
  }

  async readShowcaseReport(
    ...[, uploadId, { after }]: Parameters<PlatformShowcase['readShowcaseReport']>
  ): Promise<ShowcaseReportPage> {
    this.#tick();
    if (this.readFaults > 0) {
      this.readFaults -= 1;
      throw new Fault('PLATFORM_UNREACHABLE');
    }
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) throw new Fault('SHOWCASE_UPLOAD_LOST');
    upload.polls += 1;
    if (upload.polls <= this.pollsNeeded)
      return { state: 'PARSING', accepted: 0, rejected: 0, errors: [], last: true };
    this.#parse(upload);
    const place = Number(after ?? 0);
    const errors = upload.errors.slice(place, place + PAGE);
    const next = place + errors.length;
    const last = next >= upload.errors.length;
    const rejected = upload.state === 'DONE' ? upload.errors.length : 0;
    const accepted = upload.state === 'DONE' ? upload.records.length - rejected : 0;
    this.#tick();
    return {
      state: upload.state,
      accepted,
      rejected,
      errors,
      ...(last ? {} : { next: String(next) }),
      last,
    };
  }

  /** Ends the parsing of everything that was ever taken, as a platform does by itself. */
  parseAll(): void {
    for (const upload of this.#uploads.values()) this.#parse(upload);
  }

  #parse(upload: ModelUpload | undefined): void {
    if (upload?.state !== 'RECEIVED') return;
    const bad = upload.records.filter((record) => record['channel'] === 'bad-file');
    if (bad.length > 0) {
      upload.state = 'REFUSED';
      upload.errors = this.namesBad
        ? bad.map((record) => ({ recordId: String(record['recordId']), code: 'BAD', message: 'плохо' }))
        : [{ code: 'BAD', message: 'плохо' }];
      return;
    }
    upload.state = 'DONE';
    const errors = [];
    for (const record of upload.records) {
      const recordId = String(record['recordId']);
      if (record['channel'] === 'bad-record') {
        errors.push({ recordId, field: 'channel', code: 'BAD', message: 'плохо' });
        continue;
      }
      this.log.push({ recordId, version: Number(record['regNumber']) });
      if (record['state'] === 'REMOVED') this.shown.delete(recordId);
      else this.shown.set(recordId, JSON.stringify(record));
    }
    upload.errors = errors;
  }
}
