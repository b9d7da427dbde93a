import { parseUpload } from './showcase-routes.ts';
import type { Shelf, UploadSummary, WireRecord } from './showcase-types.ts';
import { cabinetOf, type PlatformState } from './state.ts';

/** What a test, the demo or the control interface may do with the showcase. */
export interface ShowcaseControl {
  /** The records that the platform shows of an organisation now. */
  showcaseRecords(opaId: string): readonly WireRecord[];
  /** Every record ever accepted, oldest first, as its JSON text. */
  showcaseLog(opaId: string): Shelf['log'];
  showcaseUploads(opaId: string): readonly UploadSummary[];
  /** Ends the parsing of all files of an organisation, or of one. */
  finishUploads(opaId: string, uploadId?: string): void;
  /** The platform loses a file: its report is 404 from now on, and its key is unknown again. */
  loseUpload(opaId: string, uploadId: string): void;
}

function finish(state: PlatformState, opaId: string, uploadId: string | undefined): void {
  const cabinet = cabinetOf(state, opaId);
  for (const upload of cabinet.showcase.uploads.values()) {
    if (uploadId === undefined || upload.id === uploadId) parseUpload(state, cabinet, upload);
  }
}

function lose(shelf: Shelf, uploadId: string): void {
  const upload = shelf.uploads.get(uploadId);
  if (upload === undefined) throw new Error(`no upload ${uploadId}`);
  shelf.uploads.delete(uploadId);
  if (upload.key !== undefined) shelf.byKey.delete(upload.key);
}

export function showcaseControlOf(state: PlatformState): ShowcaseControl {
  const shelfOf = (opaId: string) => cabinetOf(state, opaId).showcase;
  return {
    showcaseRecords: (opaId) => structuredClone([...shelfOf(opaId).shown.values()]),
    showcaseLog: (opaId) => [...shelfOf(opaId).log],
    showcaseUploads: (opaId) =>
      [...shelfOf(opaId).uploads.values()].map((upload) => ({ ...upload, records: upload.records.length })),
    finishUploads: (opaId, uploadId) => finish(state, opaId, uploadId),
    loseUpload: (opaId, uploadId) => lose(shelfOf(opaId), uploadId),
  };
}
