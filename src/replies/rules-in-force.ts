import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Incidents } from '../alerts/incidents.ts';
import { type WatchFilesOptions, watchFiles } from '../config/watch-files.ts';
import { toFault } from '../model/errors.ts';
import type { Queryable } from '../store/data-source.ts';
import { loadReplyRules, parseReplyRules, type ReplyRules } from './rules.ts';

export interface FollowRulesDeps extends WatchFilesOptions {
  readonly db: Queryable;
  readonly incidents: Incidents;
  readonly log: Logger;
}

/** The rules of mappings/statuses.yaml as they are now: a person mends them while the daemon works. */
export interface ReplyRulesInForce {
  /** Those read last without a fault. */
  rules(): ReplyRules;
  /**
   * Reads the file again when it changes, until aborted. A version with faults changes nothing and is one incident until
   * it is mended. Never rejects.
   */
  follow(deps: FollowRulesDeps): Promise<void>;
}

/** One incident for rules that cannot be taken, whatever is wrong with them. */
const SCOPE = 'settings:statuses';

/** Reads the rules for the first time. @throws Fault CONFIG_INVALID naming every path at fault */
export async function openReplyRules(path: string): Promise<ReplyRulesInForce> {
  let current = await loadReplyRules(path);
  let text = JSON.stringify(current);
  /** The source taken last: most looks find it unchanged. */
  let seen: string | undefined;
  // The incident may be of an earlier start, whose rules were mended while nothing ran.
  let told: string | undefined = '';

  async function look({ db, incidents, log }: FollowRulesDeps): Promise<void> {
    try {
      const source = await readFile(path, 'utf8');
      // A file being replaced is empty for a moment: the next look decides.
      if (source.trim() === '' || source === seen) return;
      const read = parseReplyRules(source, path);
      const fresh = JSON.stringify(read);
      if (told !== undefined) await incidents.close(db, 'CONFIG_INVALID', SCOPE);
      told = undefined;
      seen = source;
      if (fresh === text) return;
      current = read;
      text = fresh;
      log.info({ file: path }, 'rules of statuses read again');
    } catch (error) {
      const fault = toFault(error);
      // Gone for a moment is how a file is replaced.
      if (fault.code !== 'CONFIG_INVALID') return;
      if (fault.detail === told) return;
      log.error({ code: fault.code, detail: fault.detail }, 'new rules of statuses not taken');
      await incidents.open(db, fault.code, SCOPE, fault.detail);
      told = fault.detail;
    }
  }

  return {
    rules: () => current,
    async follow(deps) {
      const lost = (error: unknown) => deps.log.error({ err: error }, 'state of the rules not stored');
      await watchFiles(
        () => [path],
        () => look(deps).catch(lost),
        deps,
      );
    },
  };
}
