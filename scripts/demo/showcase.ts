import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DateTime } from 'luxon';
import { type ArchiveSimulator, startArchive } from '../../tests/simulators/delo/archive/index.ts';
import { giveCommand } from './command.ts';
import { newPassword } from './settings.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The platform's classifier as the administrator gets it: a spreadsheet. */
const CLASSIFIER = join(ROOT, 'tests/fixtures/pos-categories.xls');
/** The same as text, for the simulated platform: it must know the categories that it published. */
const CLASSIFIER_TEXT = join(ROOT, 'tests/fixtures/pos-categories.csv');

/** The archive of the demo's ДЕЛО and how the daemon signs in to it. */
export interface DemoArchive {
  readonly simulator: ArchiveSimulator;
  readonly password: string;
}

/** Five cardfiles with 500 cards of the last year; every fifth card has two or three questions, some are poor. */
export async function startDemoArchive(): Promise<DemoArchive> {
  const password = newPassword();
  const today = DateTime.now();
  const simulator = await startArchive({
    cards: 500,
    cardfiles: 5,
    severalQuestions: 0.2,
    poor: 0.06,
    platformBorn: 0,
    rubricsFile: join(ROOT, 'mappings/otk-2025-10-31.tsv'),
    from: today.minus({ months: 11 }).toISODate(),
    to: today.minus({ days: 1 }).toISODate(),
    password,
  });
  return { simulator, password };
}

/** Ids of the published categories as the platform knows them: `category` or `category/sub-category`. */
export async function publishedCategories(): Promise<string[]> {
  const [, ...lines] = (await readFile(CLASSIFIER_TEXT, 'utf8')).split(/\r?\n/);
  const ids = lines.flatMap((line) => {
    const [, subject = '', , subsubject = ''] = line.split(';').map((cell) => cell.trim());
    if (subject === '') return [];
    return subsubject === '' ? [subject] : [subject, `${subject}/${subsubject}`];
  });
  return [...new Set(ids)];
}

/** Imports the classifier and asks for an upload, by the commands that an administrator would give. */
export async function askShowcase(configPath: string): Promise<void> {
  await giveCommand(configPath, ['rubrics', 'import', CLASSIFIER, '--categories', '--who', 'демонстрация']);
  await giveCommand(configPath, ['showcase', 'upload']);
}
