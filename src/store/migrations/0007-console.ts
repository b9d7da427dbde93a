import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Users of the console, their sessions, tokens of integrations, and who did what. */
export class Console1760000000007 implements MigrationInterface {
  readonly name = 'Console1760000000007';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE IF EXISTS audit, api_token, sign_in_tries, console_device, console_session, console_user CASCADE',
    );
  }
}

const STATEMENTS = [
  `CREATE TABLE console_user (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL,
    name text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    -- scrypt; null: signs in by the trusted proxy's header alone.
    password text,
    lang text NOT NULL DEFAULT 'ru' CHECK (lang IN ('ru', 'en')),
    time_zone text NOT NULL DEFAULT 'Europe/Moscow',
    created_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
  )`,
  `CREATE UNIQUE INDEX console_user_login ON console_user (lower(login))`,
  // Only hashes: who reads the database cannot sign in by it.
  `CREATE TABLE console_session (
    hash bytea PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES console_user ON DELETE CASCADE,
    csrf text NOT NULL,
    -- Of the proxy's header: good only together with it.
    by_header boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
  )`,
  `CREATE INDEX console_session_user ON console_session (user_id)`,
  // Wrong tries by what was typed, whether such a user is or not: so the lock tells nobody who exists.
  `CREATE TABLE sign_in_tries (
    login_hash bytea PRIMARY KEY,
    failures int NOT NULL DEFAULT 0,
    locked_until timestamptz,
    last_at timestamptz NOT NULL DEFAULT now()
  )`,
  // Browsers in which a user has signed in before: strangers' wrong tries do not lock him out of them.
  `CREATE TABLE console_device (
    hash bytea NOT NULL,
    user_id bigint NOT NULL REFERENCES console_user ON DELETE CASCADE,
    failures int NOT NULL DEFAULT 0,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hash, user_id)
  )`,
  `CREATE INDEX console_device_user ON console_device (user_id)`,
  `CREATE TABLE api_token (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    hash bytea NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    scopes text[] NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    used_at timestamptz
  )`,
  `CREATE UNIQUE INDEX api_token_name ON api_token (lower(name)) WHERE revoked_at IS NULL`,
  // Who looked at an appeal and who changed what: identifiers and reasons, no citizen's data.
  `CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    action text NOT NULL,
    object text,
    why text,
    data jsonb NOT NULL DEFAULT '{}'
  )`,
  `CREATE INDEX audit_who ON audit (who, id)`,
  `CREATE INDEX audit_action ON audit (action, id)`,
  `CREATE INDEX audit_object ON audit (object, id) WHERE object IS NOT NULL`,
];
