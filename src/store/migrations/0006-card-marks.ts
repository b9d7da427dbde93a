import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What clerks are told in the card itself: «Статус ПОС» and «Ошибка ПОС», owed after each change of a delivery. */
export class CardMarks1760000000006 implements MigrationInterface {
  readonly name = 'CardMarks1760000000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION IF EXISTS want_card_mark CASCADE');
    await runner.query('DROP TABLE IF EXISTS card_mark, marked_cabinet CASCADE');
  }
}

const STATEMENTS = [
  // Cabinets that name an archive in the settings now; the others' deliveries owe nothing.
  `CREATE TABLE marked_cabinet (
    opa_id text PRIMARY KEY REFERENCES cabinet,
    archive text NOT NULL
  )`,

  // The texts are made of the deliveries when they are written, so that only the newest state is ever written.
  `CREATE TABLE card_mark (
    card_id bigint PRIMARY KEY REFERENCES card,
    -- Grows with each change that the card has to show; owed while it is ahead of what was written or refused.
    version int NOT NULL DEFAULT 1,
    settled_version int NOT NULL DEFAULT 0,
    -- The archive's own number of the card, once found.
    isn text,
    failures int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    -- Who is writing it now: a newer change must not be written before an older one that is on its way.
    lease uuid,
    leased_until timestamptz,
    written_at timestamptz,
    -- Why it was refused.
    error_code text,
    error_detail text
  )`,
  `CREATE INDEX card_mark_due ON card_mark (next_try_at) WHERE version > settled_version`,
  `CREATE INDEX card_mark_refused ON card_mark (error_code) WHERE error_code IS NOT NULL`,

  // A trigger, for deliveries change in many places and by commands too, and none may be forgotten.
  `CREATE FUNCTION want_card_mark() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO card_mark (card_id)
      SELECT NEW.card_id FROM appeal a JOIN marked_cabinet m ON m.opa_id = a.opa_id WHERE a.id = NEW.appeal_id
    ON CONFLICT (card_id) DO UPDATE
      SET version = card_mark.version + 1, failures = 0, next_try_at = now();
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER delivery_card_mark_new AFTER INSERT ON delivery FOR EACH ROW
   WHEN (NEW.state IN ('done', 'attention')) EXECUTE FUNCTION want_card_mark()`,
  `CREATE TRIGGER delivery_card_mark_changed AFTER UPDATE OF state ON delivery FOR EACH ROW
   WHEN (NEW.state IS DISTINCT FROM OLD.state AND (NEW.state IN ('done', 'attention') OR OLD.state = 'attention'))
   EXECUTE FUNCTION want_card_mark()`,
];
