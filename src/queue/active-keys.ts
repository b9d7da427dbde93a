import type { Db } from 'pg-boss';

/** Where pg-boss's statement that takes jobs says which ones and in which order; the table's alias in it is `j`. */
const CHOICE =
  /(\bFROM (\S+) j\s+WHERE [\s\S]*?)(\bORDER BY j\.priority desc, j\.created_on\s+LIMIT \d+\s+FOR UPDATE OF j SKIP LOCKED)/;
/** The keys that it believes to be active. The parameter must stay in the statement. */
const BELIEVED = /COALESCE\(j\.singleton_key, ''\) <> ALL\((\$\d+::text\[\])\)/;

/**
 * Makes pg-boss pass over a queued job whose key has an active one, and over no other. Of itself it goes by the keys
 * that were active when it last counted, seconds ago. A job rung meanwhile for an appeal under work is taken, breaks
 * the rule of one active job a key, and the whole statement fails; being the oldest it fails for every worker, and
 * nothing goes on until the next count. And an appeal whose job has ended is left waiting as long. (Tried: 100 appeals
 * with events coming in took twice as long.)
 */
export function passOverActiveKeys(db: Db): void {
  const execute = db.executeSql.bind(db);
  db.executeSql = (text, values) => execute(byActiveKeys(text), values);
}

/** The statement that takes jobs, going by the keys that are active now; any other text as it is. */
export function byActiveKeys(text: string): string {
  return text.replace(CHOICE, (_whole, choice: string, table: string, order: string) => {
    // As the unique index says it, so that it is looked up there.
    const active = `SELECT 1 FROM ${table} a WHERE a.name = j.name AND a.state = 'active' AND a.policy = 'stately'
            AND COALESCE(a.singleton_key, '') = COALESCE(j.singleton_key, '')`;
    return `${choice.replace(BELIEVED, '$1 IS NOT NULL')} AND NOT EXISTS (${active})\n        ${order}`;
  });
}
