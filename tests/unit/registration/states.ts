import type {
  AppealState,
  AttachmentState,
  CardState,
  PackageState,
  PendingChange,
} from '../../../src/registration/state.ts';

/** Half an hour after the appeals of these tests were first seen. */
export const NOW = 1_800_000_000_000;
export const SEEN = NOW - 60_000;
export const SETTINGS = { waitForFilesMs: 900_000 };
export const DEADLINE = SEEN + SETTINGS.waitForFilesMs;

export function appealState(over: Partial<AppealState> = {}): AppealState {
  return {
    id: '1',
    opaId: '100001',
    posId: '42',
    stage: 'open',
    firstSeenAt: SEEN,
    now: NOW,
    dueAt: null,
    cabinetActive: true,
    isFailed: false,
    newest: { changeId: '10', raw: '{}' },
    pending: [],
    attachments: [],
    cards: [],
    repeatOf: null,
    ...over,
  };
}

export function file(id: string, over: Partial<AttachmentState> = {}): AttachmentState {
  return {
    id,
    fileId: `f-${id}`,
    name: `${id}.pdf`,
    size: 10,
    mimeType: null,
    expectedSha256: null,
    state: 'wanted',
    sha256: null,
    storedSize: null,
    attempts: 0,
    retryUsedMs: 0,
    nextTryAt: SEEN,
    seenAt: SEEN,
    errorCode: null,
    ...over,
  };
}

export function storedFile(id: string, over: Partial<AttachmentState> = {}): AttachmentState {
  return file(id, { state: 'stored', sha256: `sha-${id}`, storedSize: 10, ...over });
}

export function refusedFile(id: string, over: Partial<AttachmentState> = {}): AttachmentState {
  return file(id, { state: 'refused', errorCode: 'FILE_TOO_LARGE', ...over });
}

export function pack(over: Partial<PackageState> = {}): PackageState {
  const { part = 0, attempt = 1 } = over;
  return {
    id: `p${part}.${attempt}`,
    part,
    attempt,
    addition: part === 0 ? null : 'amended',
    subject: '',
    channel: 'delo-1',
    changeId: '10',
    attachments: [],
    missing: [],
    earlier: null,
    headerTime: SEEN,
    stage: 'sent',
    begun: 1,
    writeFailures: 0,
    ...over,
  };
}

export function card(over: Partial<CardState> = {}): CardState {
  const { stage = 'sent' } = over;
  const registered = stage === 'registered';
  return {
    id: `k${over.repetition ?? ''}`,
    repetition: '',
    documentUid: `uid${over.repetition ?? ''}`,
    channel: 'delo-1',
    stage,
    number: registered ? 'ОГ-1/26' : null,
    date: registered ? '2026-11-22' : null,
    packages: [pack({ stage: registered ? 'registered' : 'sent' })],
    ...over,
  };
}

export function registeredCard(over: Partial<CardState> = {}): CardState {
  return card({ stage: 'registered', ...over });
}

/** A refused card: in front of the administrator. */
export function refusedCard(over: Partial<CardState> = {}): CardState {
  return card({ stage: 'attention', packages: [pack({ stage: 'failed' })], ...over });
}

export function change(id: string, kind: string, over: Partial<PendingChange> = {}): PendingChange {
  return { id, identity: `c${id}`, change: kind, at: SEEN, ...over };
}
