import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of flow 3: questions of cards, their records in the showcase, files uploaded and what the platform said of them. */
export class Showcase1760000000004 implements MigrationInterface {
  readonly name = 'Showcase1760000000004';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE IF EXISTS showcase_error, showcase_record, showcase_upload, showcase_build CASCADE',
    );
  }
}

const STATEMENTS = [
  // One pass over the archive; a record that a whole pass did not see is of a card that is there no more.
  `CREATE TABLE showcase_build (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    showcase text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    cards bigint NOT NULL DEFAULT 0,
    questions bigint NOT NULL DEFAULT 0,
    -- Version of the rubric rules that it mapped with.
    rules_version int,
    error_code text
  )`,
  `CREATE INDEX showcase_build_showcase ON showcase_build (showcase, id)`,

  `CREATE TABLE showcase_upload (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    showcase text NOT NULL,
    opa_id text NOT NULL REFERENCES cabinet,
    -- A half of a file that was refused whole.
    parent_id bigint REFERENCES showcase_upload,
    -- The file that all pieces of one cutting come from; null in that file itself.
    root_id bigint REFERENCES showcase_upload,
    key text NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('ready', 'sending', 'polling', 'settled', 'split', 'failed')),
    -- Name of the file in the showcase folder of the spool, kept until the report is settled.
    file text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    records int NOT NULL,
    upload_id text,
    -- Place in the report: pages before it are stored in showcase_error.
    report_after text,
    accepted int,
    rejected int,
    attempts int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    error_code text,
    error_field text,
    error_detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    settled_at timestamptz
  )`,
  // One upload in flight per organisation.
  `CREATE UNIQUE INDEX showcase_in_flight ON showcase_upload (opa_id) WHERE state IN ('sending', 'polling')`,
  `CREATE INDEX showcase_upload_open ON showcase_upload (next_try_at) WHERE state IN ('ready', 'sending', 'polling')`,

  `CREATE TABLE showcase_record (
    -- Its place in the map of what a pass has seen, and the order in which records go into files.
    id bigint GENERATED ALWAYS AS IDENTITY,
    showcase text NOT NULL,
    card_key text NOT NULL,
    -- Given once for (card, rubric) and never used again for another; 0 stands for a card without any question.
    question_no int NOT NULL,
    otk_code text NOT NULL,
    card_isn text NOT NULL,
    reg_number text NOT NULL,
    reg_date date,
    cardfile text NOT NULL,
    -- What the last look at the card said: only building writes these four.
    verdict text NOT NULL CHECK (verdict IN ('send', 'remove', 'refuse', 'unmapped')),
    own_code text,
    own_field text,
    own_detail text,
    -- The line that should be on the platform, without the line's end, and its hash; of a refused or unmapped question
    -- the last good one, null when there never was one.
    content text,
    hash bytea,
    -- Of the line in flight: set while the record is in a file whose report is not settled, else null.
    sent_hash bytea,
    -- Of the line that the platform accepted last, and of the one that it refused last.
    accepted_hash bytea,
    refused_hash bytea,
    -- The file of the line in flight, else the last one.
    upload_id bigint,
    -- Why the platform refused refused_hash: our code, its field, its own code and words.
    error_code text,
    error_field text,
    error_detail text,
    -- Since when it is not in the showcase in its newest state; null when it is.
    since timestamptz,
    -- The pass that wrote the row last.
    build_id bigint NOT NULL,
    -- Follows from the facts above, so nobody can store one that contradicts them.
    state text NOT NULL GENERATED ALWAYS AS (CASE
      WHEN sent_hash IS NOT NULL THEN 'sent'
      WHEN verdict = 'refuse' THEN 'refused'
      WHEN verdict = 'unmapped' THEN 'unmapped'
      WHEN verdict = 'remove' AND accepted_hash IS NULL THEN 'gone'
      WHEN hash = accepted_hash THEN CASE verdict WHEN 'remove' THEN 'gone' ELSE 'accepted' END
      WHEN hash = refused_hash THEN 'refused'
      ELSE 'ready' END) STORED,
    CHECK (verdict <> 'send' OR (content IS NOT NULL AND hash IS NOT NULL)),
    PRIMARY KEY (showcase, card_key, question_no)
  )`,
  `CREATE INDEX showcase_record_open ON showcase_record (showcase, state, id)
    WHERE state IN ('ready', 'refused', 'unmapped')`,

  // The non-upload log: every question that is not in the showcase in its newest state, and why.
  `CREATE VIEW showcase_open AS SELECT id, showcase, card_key, question_no, otk_code, card_isn, reg_number, reg_date,
      cardfile, state, verdict, since, upload_id,
      CASE WHEN verdict IN ('refuse', 'unmapped') THEN own_code WHEN state = 'refused' THEN error_code END AS code,
      CASE WHEN verdict IN ('refuse', 'unmapped') THEN own_field WHEN state = 'refused' THEN error_field END AS field,
      CASE WHEN verdict IN ('refuse', 'unmapped') THEN own_detail WHEN state = 'refused' THEN error_detail END AS detail
    FROM showcase_record WHERE state IN ('ready', 'sent', 'refused', 'unmapped')`,

  // The report of an upload as far as it was read: survives a restart in the middle of its pages.
  `CREATE TABLE showcase_error (
    upload_id bigint NOT NULL REFERENCES showcase_upload,
    record_id text NOT NULL,
    field text,
    code text NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (upload_id, record_id)
  )`,
];
