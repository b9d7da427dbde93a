import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Classifiers and tables of rules that were uploaded to the console and wait for somebody's word. */
export class RubricUploads1760000000010 implements MigrationInterface {
  readonly name = 'RubricUploads1760000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE rubric_upload (
      -- Random: it is the address of the preview.
      id text PRIMARY KEY,
      who text NOT NULL,
      name text NOT NULL,
      kind text NOT NULL CHECK (kind IN ('otk', 'categories', 'rules', 'platform')),
      edition text,
      columns text,
      content bytea NOT NULL,
      sha256 text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL
    )`);
    await runner.query(`CREATE INDEX rubric_upload_who ON rubric_upload (who, created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS rubric_upload');
  }
}
