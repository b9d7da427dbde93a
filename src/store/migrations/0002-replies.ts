import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tables of flow 2: deliveries to the platform, their files, and the reports we owe the СЭД. */
export class Replies1760000000002 implements MigrationInterface {
  readonly name = 'Replies1760000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS sed_reply, delivery_file, delivery CASCADE');
  }
}

const STATEMENTS = [
  // `seq` is given under a lock on the appeal's row: the order in which entries of one card go out.
  `CREATE TABLE delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    appeal_id bigint NOT NULL REFERENCES appeal,
    card_id bigint NOT NULL REFERENCES card,
    event_id bigint NOT NULL REFERENCES sed_event,
    seq int NOT NULL,
    key text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('status', 'answer')),
    rule text NOT NULL,
    payload jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'sending', 'unknown', 'done', 'attention', 'cancelled')),
    attempts int NOT NULL DEFAULT 0,
    retry_used_ms bigint NOT NULL DEFAULT 0,
    failures int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    owner text,
    begun_at timestamptz,
    ended_at timestamptz,
    baseline int,
    platform_id text,
    error_code text,
    error_field text,
    error_detail text,
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    UNIQUE (appeal_id, seq)
  )`,
  `CREATE INDEX delivery_unsettled ON delivery (appeal_id, seq) WHERE state IN ('queued', 'sending', 'unknown')`,
  `CREATE INDEX delivery_attention ON delivery (error_code) WHERE state = 'attention'`,
  `CREATE INDEX delivery_card ON delivery (card_id)`,
  `CREATE INDEX delivery_event ON delivery (event_id)`,

  // Each file of an answer is uploaded once: the platform's id is kept.
  `CREATE TABLE delivery_file (
    delivery_id bigint NOT NULL REFERENCES delivery,
    position int NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL REFERENCES blob,
    size bigint NOT NULL,
    platform_file_id text,
    PRIMARY KEY (delivery_id, position)
  )`,

  // What we report to the СЭД about its answer documents, as a partner should; off: the channel wants no reports.
  `CREATE TABLE sed_reply (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id bigint NOT NULL REFERENCES delivery,
    kind text NOT NULL CHECK (kind IN ('reception', 'registration', 'failure')),
    subject text NOT NULL,
    header_time timestamptz NOT NULL DEFAULT date_trunc('seconds', now()),
    failure_code text,
    failure_text text,
    state text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'written', 'off')),
    failures int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (delivery_id, kind, subject)
  )`,
  `CREATE INDEX sed_reply_planned ON sed_reply (delivery_id) WHERE state = 'planned'`,

  `CREATE INDEX sed_event_unhandled ON sed_event (card_id) WHERE handled_at IS NULL`,
];
