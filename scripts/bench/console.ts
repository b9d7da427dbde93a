import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { loadConfig } from '../../src/config/index.ts';
import { consoleRoutes } from '../../src/console/pages/index.ts';
import { type Queryable, queryable } from '../../src/store/data-source.ts';
import { addTestUser, startTestConsole, type Visitor, visitor } from '../../tests/support/console.ts';
import { consoleDeps } from '../../tests/support/console-deps.ts';
import { makeStand } from '../../tests/support/stand.ts';
import { type BenchPage, benchPages, type Known } from './console-pages.ts';
import { type ConsoleSeed, seedConsole, seededCabinet } from './console-seed.ts';
import { withDatabase } from './database.ts';
import { inPlace } from './place.ts';

export interface ConsoleBenchOptions extends ConsoleSeed {
  /** Folder to make the working folder in. */
  readonly dir?: string;
}

export interface ConsoleResult {
  readonly appeals: number;
  readonly cabinets: number;
  readonly attention: number;
  readonly seedSeconds: number;
  readonly pages: readonly MeasuredPage[];
  /** The longest `ms` of all searches. */
  readonly searchMs: number;
}

export interface MeasuredPage {
  readonly name: string;
  /** The middle one of the measured looks at it. */
  readonly ms: number;
  /** The longest of them: on a machine that does other work too, mostly that. */
  readonly worstMs: number;
  /** What came over the wire, KB. */
  readonly kb: number;
}

/** Looks at each page that are measured, after one that is not. */
const LOOKS = 5;

/**
 * Measures every page of the console by HTTP on a seeded database, PostgreSQL in a process of its own.
 * @throws Error in Russian when a page is not there
 */
export async function runConsoleBench({ dir, ...seed }: ConsoleBenchOptions): Promise<ConsoleResult> {
  return await inPlace(dir, async (place) => {
    return await withDatabase(place, async (url, dataSource) => {
      const began = performance.now();
      await seedConsole(url, seed);
      const seedSeconds = Math.round((performance.now() - began) / 100) / 10;
      return {
        ...seed,
        seedSeconds,
        ...(await measureConsole(dataSource, seed, join(place.dir, 'stand'))),
      };
    });
  });
}

/** Measures on a database that is seeded already; `dir` becomes the folder of the settings. */
export async function measureConsole(
  dataSource: DataSource,
  seed: ConsoleSeed,
  dir: string,
): Promise<Pick<ConsoleResult, 'pages' | 'searchMs'>> {
  const db = queryable(dataSource);
  const stand = await makeStand({
    platformUrl: 'http://127.0.0.1:9',
    cabinets: 0,
    dir,
    config: settings(seed),
  });
  const loaded = await loadConfig({ path: stand.configPath, env: {}, cwd: dir });
  const deps = await consoleDeps(dataSource, loaded);
  const site = await startTestConsole(db, consoleRoutes(deps), {
    limits: { requests: 100_000, signIns: 20 },
  });
  try {
    const person = visitor(site.url);
    await person.enter(db, await addTestUser(db, 'bench', 'admin'));
    const pages: MeasuredPage[] = [];
    const searches: number[] = [];
    for (const page of benchPages(await findKnown(db, seed.appeals))) {
      const measured = await look(person, page);
      pages.push(measured);
      if (page.isSearch === true) searches.push(measured.ms);
    }
    return { pages, searchMs: Math.max(...searches) };
  } finally {
    await site.close();
    await deps.platform.close();
  }
}

async function look(person: Visitor, { name, path }: BenchPage): Promise<MeasuredPage> {
  const times: number[] = [];
  let bytes = 0;
  for (let number = 0; number <= LOOKS; number += 1) {
    const began = performance.now();
    const answer = await person.get(path);
    if (number > 0) times.push(performance.now() - began);
    bytes = Buffer.byteLength(answer.text);
    if (answer.status !== 200) throw new Error(`страница «${name}» (${path}) ответила ${answer.status}`);
  }
  times.sort((a, b) => a - b);
  const tenths = (value: number) => Math.round(value * 10) / 10;
  return {
    name,
    ms: tenths(times[Math.floor(LOOKS / 2)] ?? 0),
    worstMs: tenths(times.at(-1) ?? 0),
    kb: tenths(bytes / 1000),
  };
}

function settings({ cabinets }: ConsoleSeed): Record<string, unknown> {
  const { id } = seededCabinet(1);
  return {
    archives: [{ id: 'delo', baseUrl: 'http://127.0.0.1:9', user: 'bench' }],
    showcases: [
      { id: 'region', cabinet: id, archive: 'delo', region: '35', cardfiles: ['0.1.'], from: '2020-01-01' },
    ],
    cabinets: Array.from({ length: cabinets }, (_, index) => ({
      ...seededCabinet(index + 1),
      name: `Администрация муниципального образования № ${index + 1}`,
      identifier: `lko-${index + 1}`,
      channel: 'delo-1',
    })),
  };
}

async function findKnown(db: Queryable, appeals: number): Promise<Known> {
  const [row] = await db.query<Omit<Known, 'appeals'>>(
    `SELECT i.id::text AS "incidentId", d.id::text AS "deliveryId", d.appeal_id::text AS "appealId",
       (SELECT min(id)::text FROM appeal_change WHERE appeal_id = d.appeal_id) AS "changeId"
     FROM (SELECT * FROM incident WHERE scope LIKE 'opa:%' AND closed_at IS NULL ORDER BY count DESC LIMIT 1) i
     JOIN LATERAL (SELECT d.* FROM delivery d JOIN appeal a ON a.id = d.appeal_id
       WHERE d.state = 'attention' AND d.error_code = i.code AND 'opa:' || a.opa_id = i.scope ORDER BY d.id DESC LIMIT 1) d ON true`,
  );
  if (row === undefined) throw new Error('в базе нет ни одной отправки, требующей внимания');
  return { appeals, ...row };
}
