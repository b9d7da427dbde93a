import type { DataSource } from 'typeorm';
import { Fault } from '../model/errors.ts';
import { inTransaction, type Queryable } from '../store/data-source.ts';
import { byCode, faultOfRule, isSameRule, makeRule, type RuleParts, ruleId } from './rules.ts';
import type { RubricRule } from './types.ts';

export type VersionSource = 'starter' | 'person' | 'spreadsheet' | 'classifier' | 'rollback';

/** Who made a version and why; both are kept for ever. */
export interface Authorship {
  readonly who: string;
  readonly why: string;
}

export interface VersionInfo extends Authorship {
  readonly version: number;
  readonly source: VersionSource;
  readonly at: Date;
  readonly rules: number;
  /** The version that a roll-back repeats. */
  readonly equalTo?: number;
}

/** The rules of one version; version 0 has none and stands for a database without any. */
export interface RuleSet {
  readonly version: number;
  readonly rules: readonly RubricRule[];
}

interface VersionRow extends Omit<VersionInfo, 'equalTo'> {
  readonly equal_to: number | null;
}

/** All versions, newest first. */
export async function listVersions(db: Queryable): Promise<readonly VersionInfo[]> {
  const rows = await db.query<VersionRow>(
    'SELECT version, equal_to, source, who, why, at, rules FROM rubric_version ORDER BY version DESC',
  );
  return rows.map(({ equal_to, ...rest }) => ({
    ...rest,
    ...(equal_to === null ? {} : { equalTo: equal_to }),
  }));
}

/** The rules of a version, the newest by default. @throws Fault COMMAND_INVALID when there is no such version */
export async function readRules(db: Queryable, version?: number): Promise<RuleSet> {
  const [found] = await db.query<{ version: number }>(
    `SELECT version FROM rubric_version WHERE $1::int IS NULL OR version = $1 ORDER BY version DESC LIMIT 1`,
    [version ?? null],
  );
  if (found === undefined) {
    if (version === undefined) return { version: 0, rules: [] };
    throw new Fault('COMMAND_INVALID', { detail: `нет версии правил ${version}`, field: 'version' });
  }
  const rows = await db.query<RuleRow>(
    `SELECT code, cardfile, organization, word, subject, subsubject, subject_id, subsubject_id, source, note
     FROM rubric_rule WHERE version = $1`,
    [found.version],
  );
  return { version: found.version, rules: rows.map(fromRow).sort(byCode) };
}

interface RuleRow extends RuleParts {
  readonly subject_id: string | null;
  readonly subsubject_id: string | null;
}

function fromRow({ subject_id, subsubject_id, ...parts }: RuleRow): RubricRule {
  return makeRule({ ...parts, subjectId: subject_id, subsubjectId: subsubject_id });
}

/** Makes the next rules of the present ones; undefined when nothing is to change. */
export type RuleChange = (present: RuleSet) => readonly RubricRule[] | undefined;

/**
 * Adds a version: `change` gets the newest rules and returns all rules of the next one. Two changes at a time come one
 * after the other. Returns undefined when `change` does, or when its rules are those that are there.
 * @throws Fault COMMAND_INVALID for an empty who or why, or an impossible rule; whatever `change` throws
 */
export async function addVersion(
  dataSource: DataSource,
  source: VersionSource,
  by: Authorship,
  change: RuleChange,
): Promise<RuleSet | undefined> {
  return await inTransaction(dataSource, (tx) => addVersionIn(tx, source, by, change));
}

/** The same inside a transaction that does more. */
export async function addVersionIn(
  tx: Queryable,
  source: VersionSource,
  { who, why }: Authorship,
  change: RuleChange,
  equalTo?: number,
): Promise<RuleSet | undefined> {
  for (const [field, text] of [
    ['--who', who],
    ['--why', why],
  ] as const) {
    if (text.trim() === '') throw new Fault('COMMAND_INVALID', { detail: `${field}: напишите текст`, field });
  }
  await tx.query('LOCK TABLE rubric_version IN SHARE ROW EXCLUSIVE MODE');
  const present = await readRules(tx);
  const rules = change(present);
  if (rules === undefined) return undefined;
  checkRules(rules);
  const { added, removed, changed } = diffRules(present.rules, rules);
  if (present.version > 0 && added.length + removed.length + changed.length === 0) return undefined;
  const version = present.version + 1;
  await tx.query(
    `INSERT INTO rubric_version (version, equal_to, source, who, why, rules) VALUES ($1, $2, $3, $4, $5, $6)`,
    [version, equalTo ?? null, source, who.trim(), why.trim(), rules.length],
  );
  await tx.query(
    `INSERT INTO rubric_rule (version, rule_id, code, cardfile, organization, word, subject, subsubject, subject_id,
                              subsubject_id, source, note)
     SELECT $2, r.id, r.code, r.cardfile, r.organization, r.word, r.subject, r.subsubject, r."subjectId",
            r."subsubjectId", r.source, r.note
     FROM jsonb_to_recordset($1::jsonb) AS r
       (id text, code text, cardfile text, organization text, word text, subject text, subsubject text,
        "subjectId" text, "subsubjectId" text, source text, note text)`,
    [JSON.stringify(rules.map((rule) => ({ ...rule, id: ruleId(rule) }))), version],
  );
  return { version, rules: [...rules].sort(byCode) };
}

function checkRules(rules: readonly RubricRule[]): void {
  const ids = new Set<string>();
  for (const rule of rules) {
    const id = ruleId(rule);
    const fault = faultOfRule(rule) ?? (ids.has(id) ? `два правила «${id}»` : undefined);
    if (fault !== undefined) throw new Fault('COMMAND_INVALID', { detail: fault, field: 'rule' });
    ids.add(id);
  }
}

/** A new version with the rules of an old one. @throws Fault COMMAND_INVALID when there is no such version */
export async function rollBack(
  dataSource: DataSource,
  version: number,
  by: Authorship,
): Promise<RuleSet | undefined> {
  return await inTransaction(dataSource, async (tx) => {
    const { rules } = await readRules(tx, version);
    return await addVersionIn(tx, 'rollback', by, () => rules, version);
  });
}

export interface RuleDiff {
  readonly added: readonly RubricRule[];
  readonly removed: readonly RubricRule[];
  readonly changed: readonly { readonly from: RubricRule; readonly to: RubricRule }[];
}

/** What a set of rules changes against another: by code and conditions. Pure. */
export function diffRules(before: readonly RubricRule[], after: readonly RubricRule[]): RuleDiff {
  const old = new Map(before.map((rule) => [ruleId(rule), rule]));
  const fresh = new Map(after.map((rule) => [ruleId(rule), rule]));
  return {
    added: after.filter((rule) => !old.has(ruleId(rule))).sort(byCode),
    removed: before.filter((rule) => !fresh.has(ruleId(rule))).sort(byCode),
    changed: after
      .flatMap((to) => {
        const from = old.get(ruleId(to));
        return from === undefined || (isSameRule(from, to) && from.source === to.source)
          ? []
          : [{ from, to }];
      })
      .sort((a, b) => byCode(a.to, b.to)),
  };
}
