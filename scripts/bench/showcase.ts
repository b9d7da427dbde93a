import { Client } from 'pg';
import { jsonLine } from './child.ts';
import { withDatabase } from './database.ts';
import { inPlace, type Place, startFlags } from './place.ts';

export interface ShowcaseOptions {
  /** Questions of the archive. */
  readonly records: number;
  /** Folder to make the working folder in. */
  readonly dir?: string;
}

export interface ShowcaseResult {
  readonly records: number;
  readonly files: number;
  /** From the archive's first page to the last file on the disk, all of it stored. */
  readonly seconds: number;
  readonly perSecond: number;
  /** The most the building process held at any time, MB. */
  readonly rssMb: number;
  /** A second pass over the unchanged archive. */
  readonly againSeconds: number;
  /** Cursor over finished records, JSON, gzip: no mapping, no hashes, nothing stored. */
  readonly floorSeconds: number;
  readonly ratio: number;
}

/**
 * Measures flow 3 from the archive to the files, PostgreSQL and the building process apart, then the floor.
 * @throws Error in Russian when records are missing, or a second pass changes any
 */
export async function runShowcaseBench({ records, dir }: ShowcaseOptions): Promise<ShowcaseResult> {
  return await inPlace(dir, async (place) => {
    return await withDatabase(place, async (url) => await measure(place, url, records));
  });
}

interface Build {
  readonly seconds: number;
  readonly changed: number;
  readonly files: number;
}

async function measure(place: Place, url: string, records: number): Promise<ShowcaseResult> {
  const builder = place.start(
    'scripts/bench/showcase-child.ts',
    [url, place.dir, String(records)],
    await startFlags(),
  );
  const built = await builder.line(jsonLine);
  const [first, again] = [built['first'] as Build, built['again'] as Build];
  await fillRows(url, records);
  const floor = await place.start('scripts/bench/showcase-floor.ts', [url, place.dir]).line(jsonLine);
  if (first.changed !== records || floor['records'] !== records) {
    throw new Error(`собрано ${first.changed}, в файлах ${floor['records']} из ${records}`);
  }
  if (again.changed !== 0 || again.files !== 0) throw new Error(`второй проход изменил ${again.changed}`);
  const floorSeconds = Number(floor['seconds']);
  return {
    records,
    files: first.files,
    seconds: round(first.seconds),
    perSecond: Math.round(records / first.seconds),
    rssMb: Number(Number(built['rssMb']).toFixed(1)),
    againSeconds: round(again.seconds),
    floorSeconds: round(floorSeconds),
    ratio: round(first.seconds / floorSeconds),
  };
}

/** The built records as a table of columns; only what stands in a file counts. */
async function fillRows(url: string, records: number): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `CREATE TABLE bench_row AS SELECT j.* FROM showcase_record,
         json_to_record(content::json) AS j ("recordId" text, "regNumber" text, "regDate" text, kind text,
           "questionNo" int, "questionsTotal" int, "otkCode" text, "subjectId" text, "subsubjectId" text, state text,
           "dueDate" text, "answeredDate" text, overdue boolean, repeated boolean, oktmo text, address text,
           latitude float8, longitude float8, channel text, "applicantKind" text, result text)
       WHERE sent_hash IS NOT NULL`,
    );
    if (rowCount !== records) throw new Error(`в файлах ${rowCount} записей из ${records}`);
    await client.query('VACUUM ANALYZE bench_row');
  } finally {
    await client.end();
  }
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
