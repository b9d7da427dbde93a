import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Both classifiers as they were imported, and the versioned rules between them. */
export class Rubrics1760000000003 implements MigrationInterface {
  readonly name = 'Rubrics1760000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE IF EXISTS rubric_rule, rubric_version, category, rubric, classifier_import CASCADE',
    );
    await runner.query('DROP FUNCTION IF EXISTS refuse_rule_change');
  }
}

const STATEMENTS = [
  `CREATE TABLE classifier_import (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('otk', 'categories')),
    -- Name of the file, or «platform» and the region.
    source text NOT NULL,
    edition text,
    sha256 text,
    who text NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    added int NOT NULL,
    removed int NOT NULL,
    renamed int NOT NULL,
    total int NOT NULL
  )`,

  // A code of an older edition stays, retired: old cards carry it.
  `CREATE TABLE rubric (
    code text PRIMARY KEY,
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 5),
    parent text,
    name text NOT NULL,
    edition text NOT NULL,
    retired boolean NOT NULL DEFAULT false,
    import_id bigint NOT NULL REFERENCES classifier_import
  )`,
  'CREATE INDEX rubric_parent ON rubric (parent)',

  // The key is made of ids where the classifier brings them, else of the path: names stand under several categories.
  `CREATE TABLE category (
    key text PRIMARY KEY,
    subject_id text,
    subject text NOT NULL,
    subsubject_id text,
    subsubject text,
    retired boolean NOT NULL DEFAULT false,
    first_import_id bigint NOT NULL REFERENCES classifier_import,
    import_id bigint NOT NULL REFERENCES classifier_import
  )`,

  `CREATE TABLE rubric_version (
    version int PRIMARY KEY CHECK (version > 0),
    -- The version whose rules a roll-back repeats.
    equal_to int REFERENCES rubric_version,
    source text NOT NULL CHECK (source IN ('starter', 'person', 'spreadsheet', 'classifier', 'rollback')),
    who text NOT NULL,
    why text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    rules int NOT NULL
  )`,
  `CREATE TABLE rubric_rule (
    version int NOT NULL REFERENCES rubric_version,
    -- Code and conditions: the same rule has the same id in all versions.
    rule_id text NOT NULL,
    code text NOT NULL,
    cardfile text,
    organization text,
    word text,
    subject text NOT NULL,
    subsubject text,
    subject_id text,
    subsubject_id text,
    source text NOT NULL CHECK (source IN ('starter', 'person', 'classifier')),
    note text,
    PRIMARY KEY (version, rule_id)
  )`,

  // A version is history: whatever was sent by it must stay explainable.
  `CREATE FUNCTION refuse_rule_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION 'a version of the rules is never changed';
    END $$`,
  `CREATE TRIGGER rubric_version_kept BEFORE UPDATE OR DELETE ON rubric_version
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_change()`,
  `CREATE TRIGGER rubric_rule_kept BEFORE UPDATE OR DELETE ON rubric_rule
    FOR EACH ROW EXECUTE FUNCTION refuse_rule_change()`,
];
