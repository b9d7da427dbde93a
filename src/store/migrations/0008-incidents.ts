import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Incidents by cause, what people say of them, their mails; and what was sent again of an incident. */
export class Incidents1760000000008 implements MigrationInterface {
  readonly name = 'Incidents1760000000008';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of UNDO) await runner.query(statement);
  }
}

const STATEMENTS = [
  `ALTER TABLE incident
    -- The cause without ids (src/alerts/fingerprint.ts); '' when the scope has one cause only, '*' for the rest of many.
    ADD COLUMN fingerprint text NOT NULL DEFAULT '',
    ADD COLUMN acknowledged_by text,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN snoozed_until timestamptz,
    ADD COLUMN note text,
    ADD COLUMN note_by text,
    ADD COLUMN note_at timestamptz,
    -- waiting: nobody was written to yet; told: its opening went out; ended: its end went out too; none: no mail at all.
    ADD COLUMN mail_state text NOT NULL DEFAULT 'waiting' CHECK (mail_state IN ('waiting', 'told', 'ended', 'none')),
    -- Who was told of the opening: the same are told of the end.
    ADD COLUMN told_to text[] NOT NULL DEFAULT '{}'`,
  // What ended before there were mails needs none.
  `UPDATE incident SET mail_state = 'none' WHERE closed_at IS NOT NULL`,
  `DROP INDEX incident_open`,
  `CREATE UNIQUE INDEX incident_open ON incident (code, scope, fingerprint) WHERE closed_at IS NULL`,
  `CREATE INDEX incident_mail ON incident (id) WHERE mail_state = 'waiting' OR (mail_state = 'told' AND closed_at IS NOT NULL)`,
  `CREATE INDEX incident_closed ON incident (id) WHERE closed_at IS NOT NULL`,

  // The cause of the failure, as the incident has it; null when nobody has reckoned it yet.
  `ALTER TABLE delivery ADD COLUMN cause text`,
  `CREATE INDEX incident_delivery ON delivery (error_code, (coalesce(cause, '')), id) WHERE state = 'attention'`,
  `ALTER TABLE quarantine ADD COLUMN cause text`,
  `CREATE INDEX incident_card ON card (channel, error_code, id) WHERE stage = 'attention'`,
  `CREATE INDEX incident_package ON package (channel, id) WHERE stage = 'failed'`,
  `CREATE INDEX incident_appeal ON appeal (error_code, id) WHERE error_code IS NOT NULL`,
  `CREATE INDEX incident_orphan ON sed_message (channel, id) WHERE orphan`,

  // A person's wish to send a group again. Its items are given out by steps, whatever daemon has time.
  `CREATE TABLE incident_resend (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL,
    who text NOT NULL,
    why text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Items when it was asked for; given out so far.
    total int NOT NULL,
    given int NOT NULL DEFAULT 0,
    finished_at timestamptz
  )`,
  `CREATE INDEX incident_resend_incident ON incident_resend (incident_id, id)`,
  `CREATE INDEX incident_resend_open ON incident_resend (id) WHERE finished_at IS NULL`,
  // What was given out: event of a delivery, appeal of a card, record of a showcase; how it ended.
  `CREATE TABLE incident_resent (
    resend_id bigint NOT NULL REFERENCES incident_resend ON DELETE CASCADE,
    ref bigint NOT NULL,
    outcome text CHECK (outcome IN ('done', 'again', 'gone')),
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (resend_id, ref)
  )`,
  `CREATE INDEX incident_resent_waiting ON incident_resent (resend_id) WHERE outcome IS NULL`,
];

const UNDO = [
  'DROP TABLE IF EXISTS incident_resent, incident_resend',
  'DROP INDEX IF EXISTS incident_delivery, incident_card, incident_package, incident_appeal, incident_orphan',
  'ALTER TABLE quarantine DROP COLUMN cause',
  'ALTER TABLE delivery DROP COLUMN cause',
  'DROP INDEX IF EXISTS incident_open, incident_mail, incident_closed',
  `ALTER TABLE incident DROP COLUMN fingerprint, DROP COLUMN acknowledged_by, DROP COLUMN acknowledged_at,
    DROP COLUMN snoozed_until, DROP COLUMN note, DROP COLUMN note_by, DROP COLUMN note_at, DROP COLUMN mail_state,
    DROP COLUMN told_to`,
  `DELETE FROM incident i WHERE closed_at IS NULL AND EXISTS (
    SELECT 1 FROM incident o WHERE o.code = i.code AND o.scope = i.scope AND o.closed_at IS NULL AND o.id < i.id)`,
  `CREATE UNIQUE INDEX incident_open ON incident (code, scope) WHERE closed_at IS NULL`,
];
