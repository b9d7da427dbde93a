import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What lets the console find an appeal among a million, count the last hours and see the terms that run out. */
export class ConsoleFigures1760000000009 implements MigrationInterface {
  readonly name = 'ConsoleFigures1760000000009';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of UNDO) await runner.query(statement);
  }
}

/** An entry after which the citizen's term runs no more: an answer, or another organisation's turn. */
const endsTerm = (row: string) => `(${row}.kind = 'answer' OR ${row}.payload->>'role' LIKE 'forward%')`;

const STATEMENTS = [
  // Search: newest first by receipt, whole or of one cabinet or stage; numbers by their beginning.
  `CREATE INDEX appeal_received ON appeal (received_at, id)`,
  `CREATE INDEX appeal_cabinet_received ON appeal (opa_id, received_at, id)`,
  `CREATE INDEX appeal_stage_received ON appeal (stage, received_at, id)`,
  // The plain one of stage and cabinet, in the order of receipt.
  `CREATE INDEX appeal_stage_cabinet_received ON appeal (stage, opa_id, received_at, id)`,
  `DROP INDEX appeal_stage`,
  // Serves equality too, so it takes the place of the plain one.
  `CREATE INDEX appeal_pos_id_prefix ON appeal (pos_id text_pattern_ops)`,
  `DROP INDEX appeal_pos_id`,
  `CREATE INDEX card_number_prefix ON card (lower(number) text_pattern_ops) WHERE number IS NOT NULL`,
  `CREATE INDEX card_attention ON card (appeal_id) WHERE stage = 'attention'`,
  `CREATE INDEX delivery_attention_appeal ON delivery (appeal_id) WHERE state = 'attention'`,
  `CREATE INDEX sed_message_return ON sed_message (return_id)`,
  `CREATE INDEX backfill_cabinet ON backfill (opa_id, id)`,
  `CREATE INDEX showcase_upload_showcase ON showcase_upload (showcase, id)`,

  // Figures of the last hours.
  `CREATE INDEX appeal_first_seen ON appeal (first_seen_at)`,
  `CREATE INDEX card_registered ON card (registered_at) WHERE registered_at IS NOT NULL`,
  `CREATE INDEX delivery_answered ON delivery (settled_at) WHERE state = 'done' AND kind = 'answer'`,

  // Whether the term still runs: to look it up in the deliveries of all appeals ever would be a scan of both tables.
  `ALTER TABLE appeal ADD COLUMN answered_at timestamptz`,
  `UPDATE appeal a SET answered_at = d.at
    FROM (SELECT k.appeal_id, max(d.settled_at) AS at FROM delivery d JOIN card k ON k.id = d.card_id
      WHERE d.state = 'done' AND ${endsTerm('d')}
        AND NOT EXISTS (SELECT 1 FROM card n WHERE n.appeal_id = k.appeal_id AND n.id > k.id)
      GROUP BY 1) d
    WHERE d.appeal_id = a.id`,
  `CREATE INDEX appeal_unanswered ON appeal (answer_at, id)
    WHERE answered_at IS NULL AND answer_at IS NOT NULL AND stage IN ('awaiting', 'open', 'attention')`,
  `CREATE FUNCTION mark_appeal_answered() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE appeal SET answered_at = coalesce(NEW.settled_at, now()) WHERE id = NEW.appeal_id
        AND NOT EXISTS (SELECT 1 FROM card n WHERE n.appeal_id = NEW.appeal_id AND n.id > NEW.card_id);
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER delivery_ends_term AFTER UPDATE OF state ON delivery FOR EACH ROW
    WHEN (NEW.state = 'done' AND OLD.state <> 'done' AND ${endsTerm('NEW')})
    EXECUTE FUNCTION mark_appeal_answered()`,
  // A group of equal failures is one cabinet's: to count it must not mean to look up the appeal of each.
  `ALTER TABLE delivery ADD COLUMN cabinet_opa_id text`,
  `UPDATE delivery d SET cabinet_opa_id = a.opa_id FROM appeal a WHERE a.id = d.appeal_id`,
  `CREATE FUNCTION name_delivery_cabinet() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW.cabinet_opa_id = (SELECT opa_id FROM appeal WHERE id = NEW.appeal_id);
      RETURN NEW;
    END $$`,
  `CREATE TRIGGER delivery_cabinet BEFORE INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION name_delivery_cabinet()`,
  `CREATE INDEX incident_delivery_cabinet ON delivery (error_code, cabinet_opa_id, (coalesce(cause, '')), id)
    WHERE state = 'attention'`,

  // A repeated consideration has a card of its own, and its term runs anew.
  `CREATE FUNCTION mark_appeal_reopened() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE appeal SET answered_at = NULL WHERE id = NEW.appeal_id AND answered_at IS NOT NULL;
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER card_reopened AFTER INSERT ON card FOR EACH ROW WHEN (NEW.repetition <> '')
    EXECUTE FUNCTION mark_appeal_reopened()`,
];

const UNDO = [
  `DROP TRIGGER card_reopened ON card`,
  `DROP TRIGGER delivery_ends_term ON delivery`,
  `DROP TRIGGER delivery_cabinet ON delivery`,
  `DROP FUNCTION mark_appeal_reopened, mark_appeal_answered, name_delivery_cabinet`,
  `ALTER TABLE delivery DROP COLUMN cabinet_opa_id`,
  `DROP INDEX appeal_unanswered`,
  `ALTER TABLE appeal DROP COLUMN answered_at`,
  `CREATE INDEX appeal_pos_id ON appeal (pos_id)`,
  `CREATE INDEX appeal_stage ON appeal (stage, opa_id)`,
  `DROP INDEX appeal_received, appeal_cabinet_received, appeal_stage_received, appeal_stage_cabinet_received, appeal_pos_id_prefix, card_number_prefix,
    card_attention, delivery_attention_appeal, sed_message_return, backfill_cabinet, appeal_first_seen, card_registered,
    delivery_answered, showcase_upload_showcase`,
];
