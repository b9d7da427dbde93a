import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../../src/model/errors.ts';
import {
  createDeloArchive,
  type DeloArchive,
  type DeloArchiveOptions,
  type DeloMapping,
  parseDeloMapping,
} from '../../../src/sed/delo/index.ts';
import type { ArchiveCard, ArchiveQuery, SedArchive } from '../../../src/sed/port.ts';
import {
  type ArchiveOptions,
  type ArchiveSimulator,
  startArchive,
} from '../../simulators/delo/archive/index.ts';

const path = (name: string) => fileURLToPath(new URL(`../../../mappings/${name}`, import.meta.url));
export const DELO_YAML = readFileSync(path('delo.yaml'), 'utf8');
export const OTK = path('otk-2025-10-31.tsv');

/** The shipped mapping, parts of its `odata` section replaced. */
export function mappingWith(odata: Partial<DeloMapping['odata']> = {}): DeloMapping {
  const mapping = parseDeloMapping(DELO_YAML, 'delo.yaml');
  return { ...mapping, odata: { ...mapping.odata, ...odata } };
}

export interface Site {
  readonly simulator: ArchiveSimulator;
  readonly archive: DeloArchive;
  readonly warnings: Record<string, unknown>[];
  close(): Promise<void>;
}

/** A simulated archive and the driver that speaks to it. */
export async function makeSite(
  simulated: ArchiveOptions = {},
  options: Partial<DeloArchiveOptions> & { readonly odata?: Partial<DeloMapping['odata']> } = {},
): Promise<Site> {
  const simulator = await startArchive(simulated);
  const warnings: Record<string, unknown>[] = [];
  const archive = driverFor(simulator.url, {
    log: { warn: (fields, text) => void warnings.push({ ...fields, text }) },
    ...options,
    mapping: options.mapping ?? mappingWith(options.odata),
  });
  return {
    simulator,
    archive,
    warnings,
    async close() {
      await archive.close();
      await simulator.close();
    },
  };
}

/** The driver alone, for an address. */
export function driverFor(baseUrl: string, options: Partial<DeloArchiveOptions> = {}): DeloArchive {
  return createDeloArchive({
    baseUrl,
    access: { user: 'posrednik', readPassword: async () => 'secret' },
    mapping: mappingWith(),
    timeZone: 'Europe/Moscow',
    timeoutMs: 20_000,
    pageSize: 100,
    repeatDelayMs: 1,
    ...options,
  });
}

/** All cards of a query, in the order in which they came. */
export async function allCards(archive: SedArchive, query: ArchiveQuery): Promise<ArchiveCard[]> {
  const cards: ArchiveCard[] = [];
  for await (const page of archive.cards(query)) cards.push(...page);
  return cards;
}

/** The fault that a promise was rejected with; fails when it was not. */
export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise;
  } catch (error) {
    return error as Fault;
  }
  throw new Error('was expected to fail');
}

/** A fault with everything that could be printed of it. */
export function printed(fault: Fault): string {
  const seen = new Set<unknown>();
  const parts: string[] = [];
  for (let current: unknown = fault; current instanceof Object && !seen.has(current); ) {
    seen.add(current);
    parts.push(String((current as Error).message), JSON.stringify(current));
    current = (current as { cause?: unknown }).cause;
  }
  return parts.join('\n');
}
