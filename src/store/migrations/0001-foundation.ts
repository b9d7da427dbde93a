import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of flow 1. Raw items are text, never jsonb: jsonb refuses U+0000 and lone surrogates. */
export class Foundation1760000000001 implements MigrationInterface {
  readonly name = 'Foundation1760000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TABLE IF EXISTS ${table} CASCADE`);
  }
}

const TABLES = [
  'incident',
  'journal',
  'quarantine',
  'sed_event',
  'sed_message',
  'package',
  'card',
  'attachment',
  'blob',
  'unread_item',
  'appeal_change',
  'appeal',
  'backfill',
  'cabinet',
  'setting',
];

const STATEMENTS = [
  `CREATE TABLE setting (key text PRIMARY KEY, value text NOT NULL)`,

  // The feed's place, the pause and the reader's lease of each cabinet; the token is memory only.
  `CREATE TABLE cabinet (
    opa_id text PRIMARY KEY,
    name text NOT NULL,
    start_from timestamptz NOT NULL,
    cursor text,
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'blocked')),
    state_code text,
    state_detail text,
    state_since timestamptz NOT NULL DEFAULT now(),
    credentials_mark text,
    next_poll_at timestamptz NOT NULL DEFAULT now(),
    polling_owner text,
    polling_until timestamptz,
    polled_at timestamptz,
    poll_failures int NOT NULL DEFAULT 0
  )`,

  // Gaps of the feed still to be read by time of change.
  `CREATE TABLE backfill (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opa_id text NOT NULL REFERENCES cabinet,
    reason text NOT NULL,
    changed_from timestamptz NOT NULL,
    changed_to timestamptz NOT NULL,
    force_cards boolean NOT NULL DEFAULT false,
    cursor text,
    items bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
  )`,
  `CREATE INDEX backfill_open ON backfill (opa_id) WHERE finished_at IS NULL`,

  `CREATE TABLE appeal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opa_id text NOT NULL REFERENCES cabinet,
    pos_id text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('awaiting', 'skipped', 'open', 'attention', 'withdrawn', 'settled')),
    stage_reason text,
    newest text,
    kind text NOT NULL,
    status text NOT NULL,
    subject_id text,
    received_at timestamptz NOT NULL,
    answer_at timestamptz,
    repeat_of text,
    error_code text,
    error_detail text,
    due_at timestamptz,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (opa_id, pos_id)
  )`,
  `CREATE INDEX appeal_due ON appeal (due_at) WHERE due_at IS NOT NULL`,
  `CREATE INDEX appeal_stage ON appeal (stage, opa_id)`,
  `CREATE INDEX appeal_pos_id ON appeal (pos_id)`,
  `CREATE INDEX appeal_repeat_of ON appeal (opa_id, repeat_of) WHERE repeat_of IS NOT NULL`,

  `CREATE TABLE appeal_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appeal_id bigint NOT NULL REFERENCES appeal,
    identity text NOT NULL,
    change text NOT NULL,
    raw text,
    -- The term that this item told: appeal.answer_at is that of the newest.
    answer_at timestamptz,
    readable boolean NOT NULL DEFAULT true,
    handled_at timestamptz,
    stored_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (appeal_id, identity)
  )`,

  // Items that do not even name their appeal: kept whole, in front of the administrator.
  `CREATE TABLE unread_item (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opa_id text NOT NULL REFERENCES cabinet,
    identity text NOT NULL,
    raw text NOT NULL,
    issues text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (opa_id, identity)
  )`,

  `CREATE TABLE blob (
    sha256 text PRIMARY KEY,
    size bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`,

  `CREATE TABLE attachment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appeal_id bigint NOT NULL REFERENCES appeal,
    file_id text NOT NULL,
    position int NOT NULL,
    name text NOT NULL,
    size bigint,
    mime_type text,
    expected_sha256 text,
    state text NOT NULL DEFAULT 'wanted' CHECK (state IN ('wanted', 'stored', 'refused')),
    sha256 text REFERENCES blob,
    attempts int NOT NULL DEFAULT 0,
    retry_used_ms bigint NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    error_code text,
    error_detail text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (appeal_id, file_id)
  )`,
  `CREATE INDEX attachment_blob ON attachment (sha256) WHERE sha256 IS NOT NULL`,

  // One document in the СЭД: one per consideration of an appeal.
  `CREATE TABLE card (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appeal_id bigint NOT NULL REFERENCES appeal,
    repetition text NOT NULL DEFAULT '',
    document_uid text NOT NULL UNIQUE,
    channel text NOT NULL,
    stage text NOT NULL DEFAULT 'planned'
      CHECK (stage IN ('planned', 'sent', 'taken', 'received', 'registered', 'attention', 'cancelled')),
    number text,
    date date,
    sed_document_id text,
    registered_at timestamptz,
    error_code text,
    error_detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (appeal_id, repetition)
  )`,

  // One writing of one part of a card. Its content is pinned when it is begun: a second writing is byte-equal.
  `CREATE TABLE package (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    card_id bigint NOT NULL REFERENCES card,
    part int NOT NULL,
    attempt int NOT NULL,
    addition text,
    subject text NOT NULL DEFAULT '',
    channel text NOT NULL,
    change_id bigint NOT NULL REFERENCES appeal_change,
    attachments jsonb NOT NULL,
    missing jsonb NOT NULL,
    earlier jsonb,
    message_id text NOT NULL UNIQUE,
    return_id text NOT NULL,
    message_dir text NOT NULL,
    header_time timestamptz NOT NULL,
    stage text NOT NULL DEFAULT 'writing'
      CHECK (stage IN ('writing', 'sent', 'taken', 'received', 'registered', 'failed', 'again')),
    begun int NOT NULL DEFAULT 1,
    owner text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    write_failures int NOT NULL DEFAULT 0,
    sent_at timestamptz,
    taken_at timestamptz,
    received_at timestamptz,
    failure_code int,
    failure_text text,
    UNIQUE (card_id, part, attempt)
  )`,
  `CREATE INDEX package_out ON package (channel, stage) WHERE stage IN ('sent', 'taken', 'received')`,
  `CREATE INDEX package_return_id ON package (return_id)`,

  `CREATE TABLE sed_message (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL,
    message_id text NOT NULL,
    message_dir text NOT NULL,
    message_type text NOT NULL,
    return_id text NOT NULL,
    header_time timestamptz,
    raw text,
    files jsonb NOT NULL,
    orphan boolean NOT NULL DEFAULT false,
    read_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (channel, message_id)
  )`,

  // A fact the СЭД told, once, however many messages repeat it.
  `CREATE TABLE sed_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document_uid text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    card_id bigint REFERENCES card,
    message_id bigint NOT NULL REFERENCES sed_message,
    at timestamptz,
    data jsonb NOT NULL,
    handled_at timestamptz,
    stored_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (document_uid, kind, subject)
  )`,
  `CREATE INDEX sed_event_card ON sed_event (card_id) WHERE card_id IS NOT NULL`,

  `CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL,
    message_dir text NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz
  )`,
  `CREATE UNIQUE INDEX quarantine_open ON quarantine (channel, message_dir, code) WHERE settled_at IS NULL`,

  `CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    opa_id text,
    appeal_id bigint,
    event text NOT NULL,
    code text,
    data jsonb NOT NULL DEFAULT '{}'
  )`,
  `CREATE INDEX journal_appeal ON journal (appeal_id, id) WHERE appeal_id IS NOT NULL`,

  `CREATE TABLE incident (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL,
    scope text NOT NULL,
    detail text,
    count bigint NOT NULL DEFAULT 1,
    opened_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz
  )`,
  `CREATE UNIQUE INDEX incident_open ON incident (code, scope) WHERE closed_at IS NULL`,
];
