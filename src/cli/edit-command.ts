import { basename, resolve } from 'node:path';
import { Fault } from '../model/errors.ts';
import { answerLimits, loadPlatformMapping } from '../platform/rest/index.ts';
import { editAnswer } from '../replies/edit.ts';
import type { AnswerFile } from '../replies/interpret.ts';
import { openSpool } from '../store/spool.ts';
import { commandLog, type GlobalOptions, type JsonFlag, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import { mappingFile } from './open-platform.ts';
import { requireDelivery, requireWhy } from './required.ts';
import { WHO } from './words.ts';

export interface EditFlags extends JsonFlag {
  readonly without: readonly string[];
  readonly replace: readonly string[];
  readonly add: readonly string[];
  readonly type?: string;
  readonly comment?: string;
  readonly why: string;
}

/** `posrednik deliveries edit`: the clerk's decision about an answer that waits. @throws what `editAnswer` throws */
export async function editCommand(options: GlobalOptions, id: string, flags: EditFlags): Promise<void> {
  requireDelivery(id);
  requireWhy(flags.why);
  const replacements = flags.replace.map(readReplacement);
  const loaded = await loadForCommand(options);
  const mapping = await loadPlatformMapping(mappingFile(loaded, 'platform.yaml'));
  const spool = await openSpool(loaded.config.spoolDir);
  const take = async (path: string): Promise<AnswerFile> => ({
    name: basename(path),
    ...(await spool.putFile(resolve(path))),
  });
  const edit = {
    without: flags.without,
    replace: await Promise.all(replacements.map(async ({ name, path }) => ({ name, by: await take(path) }))),
    add: await Promise.all(flags.add.map(take)),
    ...(flags.type === undefined ? {} : { answerType: flags.type }),
    ...(flags.comment === undefined ? {} : { comment: flags.comment }),
  };
  const rules = {
    limits: answerLimits(mapping),
    answerTypes: new Set(Object.keys(mapping.outgoing.answerTypes)),
  };
  await withTables(loaded, commandLog(), (_db, dataSource) =>
    editAnswer(dataSource, rules, id, edit, { who: WHO, why: flags.why }),
  );
  printResult(flags.json, { id, edited: true }, [`Ответ исправлен, отправка ${id} идёт снова.`]);
}

/** `имя=путь`: a file's name may hold «=», a path too, so the first one that leaves a name counts. */
function readReplacement(text: string): { name: string; path: string } {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return { name: text.slice(0, at), path: text.slice(at + 1) };
  throw new Fault('COMMAND_INVALID', { detail: `--replace «${text}»: напишите имя=путь` });
}
