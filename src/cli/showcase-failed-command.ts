import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DateTime } from 'luxon';
import { Fault } from '../model/errors.ts';
import { type CardLinks, cardLinks } from '../showcase/card-links.ts';
import type { Showcase } from '../showcase/deps.ts';
import { listNotUploaded, type NotUploaded } from '../showcase/not-uploaded.ts';
import { csvHead, csvRows } from '../showcase/not-uploaded-csv.ts';
import type { Queryable } from '../store/data-source.ts';
import { thrown } from '../store/thrown.ts';
import { findShowcases } from './find-showcases.ts';
import { commandLog, type GlobalOptions, loadForCommand, printResult } from './load.ts';
import { withTables } from './open-database.ts';
import type { ShowcaseFlags } from './showcase-commands.ts';

export interface FailedFlags extends ShowcaseFlags {
  readonly code?: string;
  readonly csv?: string;
  readonly limit: string;
}

/** Rows read at once for a table. */
const PAGE = 5000;
const FAILED = ['refused', 'unmapped'] as const;

/**
 * `posrednik showcase failed`: the questions that are not in the showcase and wait for a person, the oldest first; with
 * `--csv` all of them, as a table. @throws Fault COMMAND_INVALID
 */
export async function failedCommand(options: GlobalOptions, flags: FailedFlags): Promise<void> {
  const limit = limitOf(flags.limit);
  const loaded = await loadForCommand(options);
  const showcases = findShowcases(loaded, flags.showcase);
  const { csv, code } = flags;
  const linkOf = cardLinks(loaded.config);
  await withTables(loaded, commandLog(), async (db) => {
    if (csv !== undefined) {
      const rows = await writeTable(db, showcases, { code, linkOf }, resolve(csv));
      printResult(flags.json, { rows, csv: resolve(csv) }, [
        `Записано строк: ${rows}, файл ${resolve(csv)}.`,
      ]);
      return;
    }
    const lists = await Promise.all(
      showcases.map((showcase) =>
        listNotUploaded(db, { ...filterOf(showcase, code), linkOf, sort: 'oldest', limit }),
      ),
    );
    const list = lists.flat().sort((a, b) => a.since.getTime() - b.since.getTime());
    const zone = showcases[0].timeZone;
    printResult(
      flags.json,
      { failed: list },
      list.length === 0 ? ['Всё, что можно выгрузить, выгружено или ждёт очереди.'] : list.map(lineOf(zone)),
    );
  });
}

function filterOf({ id }: Showcase, code: string | undefined) {
  return { showcase: id, states: FAILED, ...(code === undefined ? {} : { code }) };
}

function limitOf(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Fault('COMMAND_INVALID', { detail: '--limit: напишите целое число от 1', field: '--limit' });
}

function lineOf(zone: string) {
  return (one: NotUploaded): string => {
    const since = DateTime.fromJSDate(one.since, { zone }).toFormat('dd.MM.yyyy HH:mm');
    const field = one.field === undefined ? '' : `, поле ${one.field}`;
    const detail = one.detail === undefined ? '' : ` (${one.detail})`;
    const what = `${one.showcase} ${one.recordId}, карточка ${one.cardNumber || 'без номера'}`;
    const link = one.link === undefined ? '' : ` ${one.link}`;
    return `${what}, с ${since}: ${one.code ?? one.state}${field}: ${one.reason}${detail}. ${one.remedy}${link}`;
  };
}

async function writeTable(
  db: Queryable,
  showcases: readonly Showcase[],
  { code, linkOf }: { readonly code: string | undefined; readonly linkOf: CardLinks },
  path: string,
): Promise<number> {
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    const [{ timeZone }] = showcases as readonly [Showcase, ...Showcase[]];
    yield csvHead({ timeZone, withDetails: true });
    for (const showcase of showcases) {
      for (let afterId: string | undefined; ; ) {
        const filter = { ...filterOf(showcase, code), linkOf, limit: PAGE };
        const page = await listNotUploaded(db, { ...filter, ...(afterId === undefined ? {} : { afterId }) });
        rows += page.length;
        yield csvRows(page, { timeZone: showcase.timeZone, withDetails: true });
        afterId = page.at(-1)?.id;
        if (page.length < PAGE) break;
      }
    }
  }
  try {
    await writeFile(path, lines());
  } catch (error) {
    const { code: reason } = thrown(error);
    if (error instanceof Fault || reason === '') throw error;
    throw new Fault('COMMAND_INVALID', { detail: `--csv: файл не записать (${reason})`, field: '--csv' });
  }
  return rows;
}
