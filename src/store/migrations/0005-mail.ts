import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The outbox of e-mails: kept until each recipient's server has taken or refused them. */
export class Mail1760000000005 implements MigrationInterface {
  readonly name = 'Mail1760000000005';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS mail_recipient, mail CASCADE');
  }
}

const STATEMENTS = [
  `CREATE TABLE mail (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Names the cause, so that one cause makes one mail, whoever notices it; Message-ID is made of it.
    key text NOT NULL UNIQUE,
    subject text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    attachments jsonb NOT NULL DEFAULT '[]',
    -- A try is begun by compare-and-set on it; next_try_at is its lease meanwhile.
    attempts int NOT NULL DEFAULT 0,
    failures int NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    error_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- No recipient waits any more.
    settled_at timestamptz
  )`,
  `CREATE INDEX mail_waiting ON mail (next_try_at) WHERE settled_at IS NULL`,

  `CREATE TABLE mail_recipient (
    mail_id bigint NOT NULL REFERENCES mail ON DELETE CASCADE,
    address text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'refused')),
    -- The SMTP answer by which it was refused, or put off the last time.
    answer int,
    settled_at timestamptz,
    PRIMARY KEY (mail_id, address)
  )`,
];
